from typing import Any

# Kernels take and return arrays or scalars, as their arguments are.
def __getattr__(name: str) -> Any: ...
