"""Make ``python -m fantasy_pipeline.cli`` the same as ``fantasy-pipeline``."""

from fantasy_pipeline.cli import main

if __name__ == "__main__":
    main()
