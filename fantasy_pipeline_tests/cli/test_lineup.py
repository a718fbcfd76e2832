"""What `lineup` and `waivers` say about the rosters that they use."""

from __future__ import annotations

from fantasy_pipeline.cli.lineup import of_earlier_rosters
from fantasy_pipeline.football.season_week import SeasonWeek


def test_rosters_of_an_earlier_week_are_named_with_the_command_that_imports_the_week() -> None:
    week = SeasonWeek(2025, 10)
    assert of_earlier_rosters(week, week) == []
    assert of_earlier_rosters(week, SeasonWeek(2025, 9)) == [
        "league_rosters 2025 week 10: not in the lake, so the rosters are those of 2025 week 9; "
        "import them with `fantasy-pipeline run --season 2025 --week 10`"
    ]
