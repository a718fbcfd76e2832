"""The tests. Folders mirror the package; `system` has tests of the whole pipeline."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
"""The checkout."""
