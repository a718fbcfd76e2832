"""Keep pandas out of the commands: pyarrow loads it, if it is installed, to look for its types.

Loading pandas takes longer than DuckDB, NumPy and pyarrow together. Only nfl_data_py needs it.
"""

from __future__ import annotations

import sys

from fantasy_pipeline.unused_packages import refused


def settle() -> None:
    """Let pyarrow look for pandas once and not find it.

    pyarrow looks when it first converts Python values, and remembers the outcome. Converting from
    and to data frames still works: pyarrow then looks again.
    """
    if "pandas" in sys.modules:
        return
    import pyarrow as pa

    with refused("pandas"):
        pa.array([0])
