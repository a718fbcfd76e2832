"""Test the league files that users write."""

from __future__ import annotations

from pathlib import Path

import pytest

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.ingest.leagues.files import read_file

LEAGUE = "season: 2025\nslots: [QB]\nscoring: {rec: 1}\nrosters: rosters.csv\n"


@pytest.mark.parametrize("points", ["inf", "-Infinity", "nan", "many"])
def test_points_that_are_no_number_are_named_with_their_line(tmp_path: Path, points: str) -> None:
    rosters = f"week,team,player,slot,points\n1,A,00-1,QB,4.5\n1,A,00-2,QB,{points}\n"
    (tmp_path / "rosters.csv").write_text(rosters)
    (tmp_path / "league.yaml").write_text(LEAGUE)
    with pytest.raises(PipelineError, match=rf"rosters\.csv, line 3: .*{points}"):
        read_file(tmp_path / "league.yaml")


@pytest.mark.parametrize("season", ["1950", "last"])
def test_a_season_before_the_first_is_refused(tmp_path: Path, season: str) -> None:
    (tmp_path / "rosters.csv").write_text("week,team,player,slot\n1,A,00-1,QB\n")
    (tmp_path / "league.yaml").write_text(LEAGUE.replace("2025", season))
    with pytest.raises(PipelineError, match=r"season must be a year, 1999 or later\.$"):
        read_file(tmp_path / "league.yaml")
