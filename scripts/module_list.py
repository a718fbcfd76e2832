"""Write docs/modules.md, the list of all modules, from the first lines of their docstrings.

usage: module_list.py
"""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "modules.md"
_INTRODUCTION = """# Modules

This page is made from the modules' docstrings by `make docs`. [Architecture](architecture.md) shows
how the packages stand on each other, and where to add what."""


def text(package: Path) -> str:
    """Return the page: a section per package, with a line per module.

    Args:
        package: folder of the outermost package.
    """
    parts = [_INTRODUCTION]
    for init in sorted(package.rglob("__init__.py")):
        name = init.parent.relative_to(package.parent)
        modules = [path for path in sorted(init.parent.glob("*.py")) if path.name[:2] != "__"]
        parts.append(f"## `{name.as_posix()}`")
        parts.append(_summary(init))
        parts.append("\n".join(f"- `{path.name}`: {_summary(path)}" for path in modules))
    return "\n\n".join(filter(None, parts)) + "\n"


def _summary(module: Path) -> str:
    """Return the first paragraph of a module's docstring, on one line."""
    docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    paragraph = " ".join(docstring.partition("\n\n")[0].split())
    return paragraph.replace("``", "`")


if __name__ == "__main__":
    PAGE.write_text(text(ROOT / "fantasy_pipeline"), encoding="utf-8")
