"""A Sunday of the sample league on the command line: week 9 of 2025 is running."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fantasy_pipeline_tests.cli.calling import Shell

pytestmark = pytest.mark.slow

SUNDAY = "2025-11-02T14:30Z"
"""One of the 15 games of week 9 is over; the others have not kicked off."""
WHY = "2025 week 9 is chosen because 14 of its 15 games have not kicked off."


def week(number: int) -> dict[str, int]:
    return {"season": 2025, "week": number}


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def sunday(shell: Shell) -> tuple[str, str]:
    """Return the output of `run` on that Sunday."""
    return shell("run", "--at", SUNDAY, "--top", "3")


def test_on_sunday_the_running_week_is_projected_and_shown(
    shell: Shell, sunday: tuple[str, str]
) -> None:
    out, err = sunday
    assert "Projections 2025 week 9, ppr - synthetic sample league - so far 1 of 15 games" in out
    assert "week 10" not in out
    assert (
        "Importing 2025 week 9, the week due, which is in progress (1 of its 15 games is over); "
        "projecting 2025 week 9 because 14 of its 15 games have not kicked off, and 2025 week 10 "
        "as well."
    ) in err
    status = shell.json("week", "--at", SUNDAY)
    assert status["projecting"] == status["in_progress"] == week(9)
    assert status["upcoming"] == week(10)
    # The next week is made as well, with its report.
    runs = shell.json("history")
    assert sorted((run["job_id"], run["week"]) for run in runs) == [
        *(("report_week", 9), ("report_week", 10)),
        ("weekly_import", 9),
        *(("weekly_projections", 9), ("weekly_projections", 10)),
    ]


@pytest.mark.parametrize(
    ("at", "number", "why"),
    [
        (SUNDAY, 9, WHY),
        # The Monday game is being played.
        (
            "2025-11-04T02:00Z",
            10,
            "2025 week 10 is chosen because it kicks off next, on 2025-11-07 01:15 UTC.",
        ),
    ],
)
def test_report_and_projections_show_the_same_week(
    shell: Shell, sunday: tuple[str, str], at: str, number: int, why: str
) -> None:
    assert sunday
    out, err = shell("projections", "--at", at, "--top", "1")
    assert f"Projections 2025 week {number}, ppr" in out
    assert err.startswith(why)
    out, err = shell("report", "--at", at, "--json")
    assert json.loads(out).items() >= week(number).items()
    assert err.startswith(why)


def test_the_running_week_is_projected_without_its_stats(
    shell: Shell, sunday: tuple[str, str]
) -> None:
    """A week later, upstream ends with the stats of week 9 and the rosters of week 10.

    The import of week 10 does not fail: its games were played a few hours ago. But the rosters of
    week 11 cannot be carried that far.
    """
    assert sunday
    out, err = shell("run", "--at", "2025-11-09T14:30Z", "--json", code=1)
    assert "error: raw_players: weekly_rosters 2025 week 11: upstream has no row of GB, NE" in err
    facts = json.loads(out)
    assert (facts["imported"], facts["phase"]) == (None, None)
    imported = facts["runs"]["weekly_import 2025 week 10"]
    assert imported["success"] is True
    assert imported["rows"]["weekly_stats"] == 0
    assert (
        "weekly_stats_made: weekly_stats 2025 week 10: left out: the schedule has games, but "
        "upstream's file has weeks 1-9 only. Upstream publishes within a day of the last game: "
        "re-run then"
    ) in imported["warnings"]
    assert facts["projected"] == week(10)
    assert facts["projected_weeks"] == [week(10)]
    # From Tuesday on, it is a failure.
    out, err = shell("run", "--at", "2025-11-11T08:00Z", "--json", code=1)
    assert "weekly_stats 2025 week 10" in err
    assert json.loads(out)["success"] is False


def test_the_running_week_is_shown_so_far(shell: Shell, sunday: tuple[str, str]) -> None:
    assert sunday
    so_far = "2025 week 9 so far: stats of 1 of 15 games"
    [shown] = shell.json("status", "--at", SUNDAY)["so_far"]
    numbers = {"games_imported": 1, "games_over": 1, "games": 15}
    assert shown == {**week(9), **numbers, "text": so_far}
    out, err = shell("status", "--at", SUNDAY)
    assert so_far in out
    assert "synthetic sample league" in err
    out, _ = shell("health", "--no-daemon", "--json", "--at", SUNDAY, code=1)
    messages = [finding["message"] for finding in json.loads(out)["findings"]]
    assert f"{so_far}; its import is due on 2025-11-04 08:00 UTC" in messages
    runs = {run["job_id"]: run["result"]["phase"] for run in shell.json("history")}
    assert runs["weekly_import"] == "in_progress"
    assert "so far (in progress)" in shell("history")[0]
    # The report marks it, and the tables have the teams that have played.
    out, _ = shell("report", "--at", SUNDAY, "--format", "md")
    assert "Week played so far: 1 of 15 games." in out
    [teams] = shell.json("sql", "select count(distinct team) as n from weekly_stats")
    assert teams == {"n": 2}
    words = ("projections", "--at", SUNDAY, "--season", "2025", "--week", "9")
    played = [row["team"] for row in shell.json(*words) if row["actual_points"] is not None]
    assert len(set(played)) == 2


def test_a_named_week_before_its_first_game_is_only_projected(
    shell: Shell, sunday: tuple[str, str]
) -> None:
    assert sunday
    out, err = shell("run", "--season", "2025", "--week", "10", "--at", SUNDAY, "--json")
    facts = json.loads(out)
    assert list(facts["runs"]) == ["weekly_projections 2025 week 10"]
    assert facts["imported"] is None
    assert facts["projected_weeks"] == [week(10)]
    assert "2025 week 10 is only projected: none of its games is over." in err


def test_status_health_and_trigger_act_as_of_another_time(
    shell: Shell, sunday: tuple[str, str]
) -> None:
    assert sunday
    status = shell.json("status", "--at", SUNDAY)
    assert status["at"] == "2025-11-02T14:30:00+00:00"
    next_run = {job["name"]: job["next_run"] for job in status["jobs"]}
    assert next_run["tuesday_import"] == "2025-11-04T08:00:00+00:00"
    # The import of Sunday is not the week's: on Tuesday 08:00 the provisional one is due, and late
    # from 12:00 on. Earlier weeks are missing at any time.
    for at, late in (("2025-11-04T11:00Z", False), ("2025-11-04T13:00Z", True)):
        out, _ = shell("health", "--no-daemon", "--json", "--at", at, code=2 if late else 1)
        text = " ".join(finding["message"] for finding in json.loads(out)["findings"])
        assert ("2025 week 9 is missing: its provisional import was due on" in text) == late
    # Before its first game, a week is projected and not imported.
    words = ("trigger", "--season", "2025", "--week", "9", "--at", "2025-10-29T12:00Z", "--wait")
    run = shell.json(*words)
    assert (run["job_id"], run["status"]) == ("weekly_projections", "success")


def test_a_backfill_as_of_sunday_has_no_later_game(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.bash(f"fantasy-pipeline backfill --seasons 2025 --weeks 8-9 --at {SUNDAY}")
    games = shell.json(
        "sql",
        "select week, count(distinct team) / 2 as games from weekly_stats group by 1 order by 1",
    )
    assert [(row["week"], row["games"]) for row in games][1:] == [(9, 1)]
    [shown] = shell.json("status", "--at", SUNDAY)["so_far"]
    assert shown["week"] == 9
