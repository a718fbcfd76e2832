"""Three seasons of a real league: its brackets, its records, and how good the odds are."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fantasy_pipeline.decisions.odds import Odds, Rules, Strengths, odds, strengths
from fantasy_pipeline.decisions.season_record import records
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.leagues.espn import Espn
from fantasy_pipeline.ingest.leagues.sleeper import Sleeper

IDS = ("9110010000000000000", "9110020000000000000", "9110030000000000000")
ESPN = "lm-api-reads.fantasy.espn.com/apis/v3/games/ffl/seasons/2020/segments/0/leagues"
RULES = Rules(6, (1, 1, 1))
REGULAR, ALL_WEEKS = 14, 17


@dataclass
class Played:
    """A season: points of 17 weeks and opponents of 14, (weeks, teams); platform's answers."""

    points: np.ndarray
    opponents: np.ndarray
    bracket: list[dict[str, Any]]
    rosters: list[dict[str, Any]]

    def of_bracket(self, number: int, *sides: str) -> set[int]:
        """Return the teams that enter the play-offs in a round."""
        games = [game for game in self.bracket if game["r"] == number and game.get("p") != 5]
        return {
            game[side] - 1 for game in games for side in ("t1", "t2") if f"{side}_from" not in game
        }


@pytest.fixture(scope="module")
def seasons(nfl_mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Played]:
    sleeper = Sleeper(Transport(tmp_path_factory.mktemp("cache"), str(nfl_mirror)))
    found = []
    for identity in IDS:
        of = sleeper.season(identity)
        assert (of.playoff_week, of.playoffs.teams) == (REGULAR + 1, RULES.places)
        points = np.zeros((ALL_WEEKS, len(of.teams)))
        for week in range(1, ALL_WEEKS + 1):
            for game in sleeper.week(of, week).games:
                points[week - 1, int(game.team_id) - 1] = game.points
        opponents = [[int(one) - 1 for one in of.opponents[team.team_id]] for team in of.teams]
        folder = nfl_mirror / "api.sleeper.app/v1/league" / identity
        answers = [
            json.loads((folder / f"{name}.json").read_text())
            for name in ("winners_bracket", "rosters")
        ]
        found.append(Played(points, np.array(opponents).T, *answers))
    return found


def test_seeds_byes_and_champions_are_the_leagues(seasons: list[Played]) -> None:
    for season in seasons:
        nothing = Strengths(np.zeros((0, 12)), 1.0, 0.0)
        found = odds(RULES, season.opponents, season.points, nothing, 10)
        byes = season.of_bracket(2)
        assert set(np.flatnonzero(found.bye)) == byes
        assert set(np.flatnonzero(found.playoffs)) == byes | season.of_bracket(1)
        [final] = [game for game in season.bracket if game.get("p") == 1]
        assert found.title[final["w"] - 1] == 1.0


def test_records_are_the_platforms(seasons: list[Played]) -> None:
    apart = []
    for season in seasons:
        points = season.points[:REGULAR]
        for row, found in zip(
            sorted(season.rosters, key=lambda row: row["roster_id"]),
            records(points, season.opponents, points, median_game=False),
            strict=True,
        ):
            stated = row["settings"]
            assert (found.wins, found.losses, found.ties) == (
                stated["wins"],
                stated["losses"],
                stated["ties"],
            )
            total = stated["fpts"] + stated["fpts_decimal"] / 100
            apart.append(abs(found.points - total))
    # The platform's total of a few teams differs from its own weeks, by a point at most.
    assert max(apart) <= 1.001
    assert sum(gap <= 0.021 for gap in apart) >= 33


def test_espns_rounds_of_two_weeks_have_its_finalists_and_its_champion(
    nfl_mirror: Path, tmp_path: Path
) -> None:
    of = Espn(Transport(tmp_path, str(nfl_mirror))).season("100001", 2020)
    rules = Rules(of.playoffs.teams or 0, tuple(of.playoffs.round_weeks))
    assert (rules.rounds, of.playoff_week, of.matchup_weeks) == ((2, 2), 13, [])
    # The answer about a week has the games of the whole season.
    [answer] = nfl_mirror.glob(f"{ESPN}/100001[?]scoringPeriodId=1&*")
    schedule = json.loads(answer.read_text())["schedule"]
    numbers = {team.team_id: index for index, team in enumerate(of.teams)}
    points, bracket = np.zeros((16, len(numbers))), []
    for game in schedule:
        sides = [game[side] for side in ("home", "away")]
        for side in sides:
            for week, scored in side["pointsByScoringPeriod"].items():
                points[int(week) - 1, numbers[str(side["teamId"])]] = scored
        if game["playoffTierType"] == "WINNERS_BRACKET":
            teams = [numbers[str(side["teamId"])] for side in sides]
            bracket.append((teams, teams[game["winner"] == "AWAY"]))
    opponents = np.array([[numbers[other] for other in of.opponents[team]] for team in numbers]).T
    found = odds(rules, opponents, points, Strengths(np.zeros((0, 10)), 1.0, 0.0), 10)
    assert set(np.flatnonzero(found.playoffs)) == {*bracket[0][0], *bracket[1][0]}
    assert found.title[bracket[-1][1]] == 1.0
    # After the first week of the final, its points count and the second week is open.
    later = Strengths(np.full((1, 10), 120.0), 20.0, 0.0)
    halfway = odds(rules, opponents, points[:15], later, 2000)
    lead = [points[14, team] for team in bracket[-1][0]]
    chances = [halfway.title[team] for team in bracket[-1][0]]
    assert chances.index(max(chances)) == lead.index(max(lead))
    assert 0 < min(chances) < 0.1


def brier(seasons: list[Played], coming: Callable[[np.ndarray, int], Strengths]) -> float:
    """Return the mean squared error of the play-off odds after each week but the last."""
    errors = []
    for season in seasons:
        plays_on = season.of_bracket(1) | season.of_bracket(2)
        happened = np.array([team in plays_on for team in range(12)])
        for week in range(1, REGULAR):
            past = season.points[:week]
            found: Odds = odds(RULES, season.opponents, past, coming(past, ALL_WEEKS - week), 1000)
            errors.append(((found.playoffs - happened) ** 2).mean())
    return float(np.mean(errors))


def test_odds_are_better_than_coin_flips_also_without_projections(seasons: list[Played]) -> None:
    coin = brier(seasons, lambda _, left: Strengths(np.full((left, 12), 100.0), 20.0, 0.0))
    of_past = brier(seasons, lambda past, left: strengths(past, np.zeros((left, 12))))
    assert coin == pytest.approx(0.1286, abs=0.003)
    assert of_past < 0.95 * coin
