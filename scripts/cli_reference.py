"""Write docs/cli.md, the reference of every command, from the help of the commands.

usage: cli_reference.py
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import typer

from fantasy_pipeline.cli import app
from fantasy_pipeline.cli.help import PROGRAM, leaves

PAGE = Path(__file__).parents[1] / "docs" / "cli.md"


def text(app: typer.Typer, program: str) -> str:
    """Return the page: the program itself, the list of its commands, a section per command.

    Args:
        program: name under which a shell finds the program.
    """
    # Typer exports no public names for its command classes, hence Any.
    group: Any = typer.main.get_command(app)
    context = typer.Context(group, info_name=program)
    head, *rest = _parts(group, context)
    commands = leaves(group)
    parts = [f"# {program}", head, *rest, "## Commands", *_command_list(commands, program)]
    for name, command in commands.items():
        parts.append(f"## `{program} {name}`")
        parts += _parts(command, typer.Context(command, parent=context, info_name=name))
    return "\n\n".join(parts) + "\n"


def _command_list(commands: dict[str, Any], program: str) -> list[str]:
    """Return the commands by panel, each with the first paragraph of its help."""
    panels: dict[str, list[str]] = {}
    for name, command in commands.items():
        summary = _plain(command.help).partition("\n\n")[0]
        line = f"- [`{name}`](#{program}-{name.replace(' ', '-')}): {summary}"
        panels.setdefault(command.rich_help_panel, []).append(line)
    return [part for panel, lines in panels.items() for part in (f"{panel}:", "\n".join(lines))]


def _parts(command: Any, context: typer.Context) -> list[str]:
    """Return the paragraphs of a command: help, usage, arguments, options, examples."""
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    parts = [_plain(command.help), f"```console\n$ {usage}\n```"]
    params = command.get_params(context)
    for kind, heading in (("argument", "Arguments"), ("option", "Options")):
        records = (p.get_help_record(context) for p in params if p.param_type_name == kind)
        if lines := list(_param_lines(filter(None, records))):
            parts += [f"{heading}:", "\n".join(lines)]
    return [*parts, _plain(command.epilog)]


def _param_lines(records: Iterable[tuple[str, str]]) -> Iterable[str]:
    """Return a line per argument or option: name, value, meaning, default, limits, variable."""
    for names, meaning in records:
        yield f"- `{names}`: {' '.join(_plain(meaning).split())}"


def _plain(text: str) -> str:
    """Return help without the backslash that keeps rich from reading a bracket as markup."""
    return text.replace("\\[", "[")


def main() -> None:
    PAGE.write_text(text(app, PROGRAM), encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
