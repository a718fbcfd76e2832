"""Keep pandas out of the commands: pyarrow loads it, if it is installed, to look for its types.

Loading pandas takes longer than DuckDB, NumPy and pyarrow together. Only nfl_data_py needs it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType


class _Refusal(MetaPathFinder):
    """Refuses to import pandas."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


def settle() -> None:
    """Let pyarrow look for pandas once and not find it.

    pyarrow looks when it first converts Python values, and remembers the outcome. Converting from
    and to data frames still works: pyarrow then looks again.
    """
    if "pandas" in sys.modules:
        return
    import pyarrow as pa

    refusal = _Refusal()
    sys.meta_path.insert(0, refusal)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(refusal)
