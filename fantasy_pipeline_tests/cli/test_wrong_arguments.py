"""Every wrong argument: exit code 2, and one line that says what is allowed."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

from fantasy_pipeline.cli import program as cli
from fantasy_pipeline.cli.help import leaves
from fantasy_pipeline_tests.cli.calling import call
from fantasy_pipeline_tests.cli.test_fuzzing import FLAGS, NOT_TRIED, options_of

WEEK = "--season 2025 --week 5"
ISO = "write it like 2025-09-30T08:00Z"
SOURCES = "'auto', 'nfl_data_py', 'nflreadpy', 'sample'"
OLDEST, NEWEST = "greater than or equal to 1999", "less than or equal to 2100"
POSITIVE = "greater than or equal to 1"
SEASONS = "is not a list like 2001, 1999-2003 or 1999,2002-2004"
WEEKS = "is not a list like 3, 1-5 or 1,4-6"
FILE = "is a directory"
FORMATS = "'table', 'csv', 'json', 'parquet'"
SCORINGS = "'std', 'half', 'ppr'"
TEAMS = "is none of ARI, ATL, BAL"
LAST = "2025 week 11 is the last week that can be made"

WRONG = {
    "demo": [
        ("--source teletext", SOURCES),
        ("--at yesterday", ISO),
        ("--at 2010-01-01", "Choose a later time"),
    ],
    "run": [
        ("--season 2025", "go together; add --week"),
        ("--week 5", "go together; add --season"),
        ("--season 1998 --week 1", OLDEST),
        ("--season 2101 --week 1", NEWEST),
        ("--season 2025 --week 23", "less than or equal to 22"),
        ("--season 2025 --week 22", "2025 has the weeks 1-18"),
        ("--season 2031 --week 1", "the schedule has the seasons 2023-2025"),
        ("--season 2025 --week 12", LAST),
        ("--season 2025 --week 12 --projections-only", LAST),
        (f"{WEEK} --at 1950-01-01", "there is no week that can be made"),
        ("--projections-only", "add --season and --week"),
        ("--source ''", SOURCES),
        ("--at 2023-02-29", ISO),
        ("--at ''", ISO),
        ("--top -1", "greater than or equal to 0"),
        ("5", "run --help"),
    ],
    "backfill": [
        ("", "'--seasons'"),
        ("--seasons abc", SEASONS),
        ("--seasons ''", SEASONS),
        ("--seasons 2024-", SEASONS),
        ("--seasons 2025-2024", "use numbers from 1999 to 2100, the smaller one first"),
        ("--seasons 1998", "use numbers from 1999 to 2100"),
        ("--seasons 2024 --weeks five", WEEKS),
        ("--seasons 2024 --weeks ''", WEEKS),
        ("--seasons 2024 --weeks 22-23", "use numbers from 1 to 22"),
        ("--seasons 2031", "the schedule has the seasons 2023-2025"),
        ("--seasons 2025 --weeks 10-12", "choose --seasons and --weeks up to 2025 week 9"),
        ("--seasons 2024 --source nfl", SOURCES),
        ("--seasons 2024 --at 2025-13-01", ISO),
        ("--seasons 2024 --workers 0", POSITIVE),
    ],
    "mirror": [
        ("--seasons 2024", "'FOLDER'"),
        ("'' --seasons 2024", "is empty"),
        ("files --seasons abc", SEASONS),
        ("files --seasons 2024", "give another source"),
        ("files --seasons 2024 --source nfl", SOURCES),
        ("files --seasons 2024 --at noon", ISO),
    ],
    "week": [
        ("--at yesterday", ISO),
        ("--at 2025-13-01", ISO),
        ("--at 2023-02-29", ISO),
        ("--at ''", ISO),
        ("--at 2010-01-01", "Choose a later time"),
        ("--source nfl", SOURCES),
    ],
    "compare": [
        ("a b --league friends --scoring half", "--league and --scoring contradict"),
        ("", "'PLAYER'"),
        ("henry", "compare takes 2 to 8 players, not 1"),
        ("a b c d e f g h i", "compare takes 2 to 8 players, not 9"),
        ("a b --week 5", "go together; add --season"),
        ("a b --season 2025 --week 22", "2025 has the weeks 1-18"),
        ("a b --season 2025 --week 12", LAST),
        ("a b --scoring standard", SCORINGS),
        (f"a b {WEEK} --league nobody", "there is no league 'nobody'"),
        ("a b --source nfl", SOURCES),
        ("a b --at noon", ISO),
    ],
    "trade": [
        ("--give a --get b", "'--league'"),
        ("--league friends --get b", "give --give and --get for a trade to judge, or --find"),
        ("--league friends --give a", "give --give and --get for a trade to judge, or --find"),
        ("--league friends --find --give a", "--find takes no --give and --get"),
        ("--league friends --give a --get b --team 1", "--team needs --find"),
        ("--league friends --give a --get b --top 3", "--top needs --find"),
        ("--league friends --give a --get b --at noon", ISO),
        ("--league friends --give a --get b --week 5", "go together; add --season"),
        ("--league friends --give a --get b --season 2025 --week 22", "2025 has the weeks 1-18"),
        (f"--league nobody --give a --get b {WEEK}", "there is no league 'nobody'"),
        ("--league friends --give a --get b --source nfl", SOURCES),
    ],
    "waivers": [
        ("--team 1", "'--league'"),
        ("--league friends", "'--team'"),
        ("--league friends --team 1 --top 0", "--top"),
        ("--league friends --team 1 --week 5", "go together; add --season"),
        ("--league friends --team 1 --season 2025 --week 22", "2025 has the weeks 1-18"),
        (f"--league nobody --team 1 {WEEK}", "there is no league 'nobody'"),
        ("--league friends --team 1 --source nfl", SOURCES),
        ("--league friends --team 1 --at noon", ISO),
    ],
    "odds": [
        ("", "'--league'"),
        ("--league friends --week 5", "go together; add --season"),
        ("--league friends --season 2025 --week 22", "2025 has the weeks 1-18"),
        ("--league friends --season 2025 --week 12", LAST),
        (f"--league nobody {WEEK}", "there is no league 'nobody'"),
        ("--league friends --sims 99", "should be greater than or equal to 100"),
        ("--league friends --sims many", "should be a valid integer"),
        ("--league friends --source nfl", SOURCES),
        ("--league friends --at noon", ISO),
    ],
    "lineup": [
        ("--team 1", "'--league'"),
        ("--league friends", "'--team'"),
        ("--league friends --team 1 --week 5", "go together; add --season"),
        ("--league friends --team 1 --season 2025 --week 22", "2025 has the weeks 1-18"),
        ("--league friends --team 1 --season 2025 --week 12", LAST),
        (f"--league nobody --team 1 {WEEK}", "there is no league 'nobody'"),
        ("--league friends --team 1 --objective most", "'mean', 'floor', 'ceiling', 'win'"),
        (f"--league nobody --team 1 {WEEK} --lock a --exclude b --opponent c", "no league"),
        ("--league friends --team 1 --source nfl", SOURCES),
        ("--league friends --team 1 --at noon", ISO),
    ],
    "projections": [
        ("--league friends --scoring half", "--league and --scoring contradict"),
        ("--league nobody", "registered: none yet"),
        ("--week 5", "go together; add --season"),
        ("--season 0 --week 1", OLDEST),
        ("--season 2025 --week 0", POSITIVE),
        ("--season 2025 --week 22", "2025 has the weeks 1-18"),
        ("--season 2025 --week 12", LAST),
        ("--position XX", "is none of QB, RB, WR, TE, K"),
        ("--position ''", "is none of QB, RB, WR, TE, K"),
        ("--player ''", "give part of a name, or a player_id"),
        ("--team XX", TEAMS),
        ("--team ''", TEAMS),
        ("--scoring standard", SCORINGS),
        ("--top 0", POSITIVE),
        ("--format xml", FORMATS),
        ("--format parquet", "add --output FILE"),
        ("--json --format csv", "give one of them"),
        ("--output .", FILE),
        ("--output ''", FILE),
        ("--source nfl", SOURCES),
        ("--at noon", ISO),
    ],
    "sql": [
        ("", "'QUERY'"),
        ("''", "one read-only statement: select, from, with"),
        ("'drop table games'", "one read-only statement: select, from, with"),
        ("'select 1; select 2'", "one read-only statement: select, from, with"),
        ("'selec 1'", "tables in the lake: games"),
        ("'select nothing'", "tables in the lake: games"),
        ("'from nowhere'", "tables in the lake: games"),
        ("'select 1' --format xml", FORMATS),
        ("'select 1' --format parquet", "add --output FILE"),
        ("'select 1' --json --format parquet", "give one of them"),
        ("'select 1' --output .", FILE),
        ("'select 1' --timeout -1", "greater than or equal to 0"),
        ("'select 1' --timeout 1000000000000", "less than or equal to 1000000"),
        ("'select 1' --source nfl", SOURCES),
    ],
    "report": [
        ("--league friends --scoring half", "--league and --scoring contradict"),
        ("--league nobody", "registered: none yet"),
        ("--team 1", "--team needs --league"),
        ("--season 2025", "go together; add --week"),
        ("--season 9999 --week 1", NEWEST),
        ("--season 2025 --week 99", "less than or equal to 22"),
        ("--season 2025 --week 22", "2025 has the weeks 1-18"),
        ("--season 2025 --week 12", LAST),
        ("--format pdf", "'html', 'md'"),
        ("--scoring standard", SCORINGS),
        ("--output ''", FILE),
        ("--source nfl", SOURCES),
        ("--at noon", ISO),
    ],
    "accuracy": [
        ("--league friends --scoring half", "--league and --scoring contradict"),
        ("--league nobody", "registered: none yet"),
        ("--seasons abc", SEASONS),
        ("--seasons ''", SEASONS),
        ("--seasons 2025-2024", "the smaller one first"),
        ("--by team", "'season', 'week', 'position'"),
        ("--scoring std", "'half', 'ppr'"),
        ("--pool none", "'played', 'all', 'everyone'"),
        ("--teams --by position", "--teams takes --by season or week"),
        ("--teams --pool all", "--teams takes --by season or week"),
        ("--source nfl", SOURCES),
    ],
    "news": [
        ("--player ''", "empty"),
        ("--since yesterday", ISO),
        ("--top 0", POSITIVE),
        ("--top 10001", "less than or equal to 10000"),
        ("--season 2025", "go together; add --week"),
        ("--week 5", "go together; add --season"),
        ("--season 1998 --week 1", OLDEST),
        ("--season 2025 --week 23", "less than or equal to 22"),
        ("--source nfl", SOURCES),
        ("--at yesterday", ISO),
    ],
    "backtest": [
        ("--seasons abc", SEASONS),
        ("--seasons 2024 --scores ''", FILE),
        ("--seasons 2024 --source nfl", SOURCES),
    ],
    "status": [("--source nfl", SOURCES), ("--at noon", ISO)],
    "health": [("--source nfl", SOURCES), ("--at noon", ISO), ("--at ''", ISO)],
    "trigger": [
        ("--season 2025", "'--week'"),
        ("--season 1 --week 1", OLDEST),
        ("--season 2025 --week 0", POSITIVE),
        ("--season 2025 --week 22", "2025 has the weeks 1-18"),
        ("--season 2031 --week 1", "the schedule has the seasons 2023-2025"),
        ("--season 2025 --week 12", LAST),
        (f"{WEEK} --source nfl", SOURCES),
        (f"{WEEK} --at noon", ISO),
    ],
    "history": [
        ("--job nonsense", "choose one of __ASSET_JOB, games_refresh"),
        ("--job ''", "choose one of __ASSET_JOB, games_refresh"),
        ("--status lost", "choose one of running, queued"),
        ("--status ''", "choose one of running, queued"),
        ("--season 1", OLDEST),
        ("--week 0", POSITIVE),
        ("--since later", "write 7d, 12h or 2025-09-30T08:00Z"),
        ("--since ''", "write 7d, 12h or 2025-09-30T08:00Z"),
        ("--since 2023-02-29", "write 7d, 12h or 2025-09-30T08:00Z"),
        ("--limit 0", POSITIVE),
        ("--source nfl", SOURCES),
    ],
    "show": [
        ("''", "its first 6 or more characters"),
        ("abc", "its first 6 or more characters"),
        ("12345678 --source nfl", SOURCES),
    ],
    "reconcile": [("--source nfl", SOURCES)],
    "prune": [
        ("--older-than x", "write 180d"),
        ("--older-than ''", "write 180d"),
        ("--older-than 1d", "14 days"),
        ("--older-than 180d --source nfl", SOURCES),
    ],
    "alert-test": [("now", "alert-test --help")],
    "league add": [
        ("myspace 1", "is none of sleeper, espn, file"),
        ("sleeper", "league add --help"),
        ("file x.yaml --name 'A b' --source teletext", SOURCES),
    ],
    "league list": [("--source teletext", SOURCES)],
    "league show": [
        ("nobody", "registered: none yet"),
        ("nobody --season 1998", OLDEST),
        ("nobody --source teletext", SOURCES),
    ],
    "league check": [("nobody", "registered: none yet"), ("x --source teletext", SOURCES)],
    "league remove": [("nobody", "registered: none yet"), ("x --source teletext", SOURCES)],
    "api": [("--host ''", "is empty"), ("--port 0", POSITIVE), ("--port x", "integer")],
}
"""By command: wrong arguments, and what the error says about those that are allowed."""


def test_every_option_with_a_value_is_tried() -> None:
    program: Any = typer.main.get_command(cli.app)
    options = {
        name: options_of(command) - FLAGS - set(NOT_TRIED)
        for name, command in leaves(program).items()
    }
    tried = {
        name: {word for words, _ in cases for word in shlex.split(words) if word.startswith("--")}
        for name, cases in WRONG.items()
    }
    assert set(tried) == set(options)
    for name, known in options.items():
        assert known <= tried[name], name


@pytest.fixture(scope="module")
def schedule(home: Path) -> None:
    """Store the schedule, as the first command of a home does."""
    code, _, err = call(home, ["backfill", "--seasons", "2025", "--weeks", "12"])
    assert (code, runs(home)) == (cli.MISUSED, 1), err


def runs(home: Path) -> int:
    """Return the number of runs of a home; each has its own file."""
    return len(list((home / "history" / "runs").glob("*-*.db")))


@pytest.mark.usefixtures("schedule")
@pytest.mark.parametrize(
    ("words", "allowed"),
    [(f"{name} {words}", allowed) for name, cases in WRONG.items() for words, allowed in cases],
)
def test_a_wrong_argument_ends_with_2_and_says_what_is_allowed(
    home: Path, words: str, allowed: str
) -> None:
    before = runs(home)
    code, out, err = call(home, shlex.split(words))
    lines = [line for line in err.splitlines() if not line.startswith("Data: ")]
    assert (code, out) == (cli.MISUSED, ""), err
    assert len(lines) == 1, err
    assert lines[0].startswith("error: ")
    assert allowed in lines[0]
    # A backfill refreshes the schedule before it looks for the weeks.
    assert runs(home) - before <= words.startswith("backfill"), "a run was started"
