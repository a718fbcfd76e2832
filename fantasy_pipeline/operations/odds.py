"""Play-off odds of a registered league: read what `decisions/odds.py` needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fantasy_pipeline.decisions.league_week import rosters_until
from fantasy_pipeline.decisions.odds import SIMULATIONS, Odds, Rules, odds, strengths
from fantasy_pipeline.decisions.season_record import Record, records
from fantasy_pipeline.decisions.trade import season_points
from fantasy_pipeline.errors import NotMaterializedError, PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek, week_ranges
from fantasy_pipeline.football.slots import starting_slots
from fantasy_pipeline.football.tables import LEAGUE_MATCHUPS
from fantasy_pipeline.ingest.leagues.base import HEAD_TO_HEAD, NO_OPPONENT, LeagueSeason, Team
from fantasy_pipeline.ingest.leagues.rosters import of_league
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.league_season import check_runs
from fantasy_pipeline.operations.leagues import season_of
from fantasy_pipeline.operations.rest_points import rest_points
from fantasy_pipeline.operations.trades import owned

if TYPE_CHECKING:
    from fantasy_pipeline.operations.session import Session


@dataclass(frozen=True)
class TeamOdds:
    """A team's record and odds.

    Args:
        expected: expected points per coming week.
        power: rank by the expected points, from 1 on.
        wins: expected wins at the end of the regular season.
        playoffs, bye, title: chances, 0-1.
    """

    team: Team
    record: Record
    expected: float
    power: int
    wins: float
    playoffs: float
    bye: float
    title: float

    def to_json(self) -> dict[str, Any]:
        """Return the team as the command line prints it in JSON."""
        return {
            "team_id": self.team.team_id,
            "team_name": self.team.name,
            "division": self.team.division,
            **vars(self.record),
            "expected_points": self.expected,
            "power": self.power,
            "expected_wins": self.wins,
            "playoffs": self.playoffs,
            "bye": self.bye,
            "title": self.title,
        }


@dataclass(frozen=True)
class LeagueOdds:
    """The odds of a league before a week.

    Args:
        teams: the likeliest champion first.
        drawn: weeks without known pairings, which every simulated season draws.
        simulations: number of simulated seasons.
    """

    week: SeasonWeek
    rules: Rules
    teams: Sequence[TeamOdds]
    drawn: Sequence[SeasonWeek]
    simulations: int

    def to_json(self, league: str) -> dict[str, Any]:
        """Return the odds as the command line prints them in JSON."""
        return {
            "league": league,
            "season": self.week.season,
            "week": self.week.week,
            "playoff_teams": self.rules.places,
            "drawn_weeks": [one.week for one in self.drawn],
            "teams": [one.to_json() for one in self.teams],
            "simulations": self.simulations,
        }


@dataclass(frozen=True)
class Past:
    """Weeks of a league before a week, (weeks, teams) each; NaN: not known, -1: no opponent."""

    points: np.ndarray
    optimal: np.ndarray
    opponents: np.ndarray


@dataclass(frozen=True)
class OddsInputs:
    """The inputs of the odds before a week.

    Args:
        opponents: opponents of the regular season, (weeks, teams); -1: none, or not stated.
        projected: points of the best line-ups from the week to the last one of the play-offs,
            (weeks, teams).
    """

    rules: Rules
    past: Past
    opponents: np.ndarray
    projected: np.ndarray


def league_odds(
    session: Session, league: str, week: SeasonWeek, simulations: int = SIMULATIONS
) -> LeagueOdds:
    """Return the odds of a league's teams, as known before a week.

    Raises:
        InvalidArgumentError: there is no such league or season.
        NotMaterializedError: the lake lacks a week before it, the week's rosters or projections.
        PipelineError: the season is over, or the platform does not state the play-off rules.
    """
    of = season_of(session, league, week.season)
    known = odds_inputs(session.lake, league, of, week)
    rules, past, opponents = known.rules, known.past, known.opponents
    coming = strengths(past.points, known.projected)
    found = odds(rules, opponents, past.points, coming, simulations)
    regular = slice(0, min(len(past.points), len(opponents)))
    so_far = records(
        past.points[regular],
        past.opponents[regular],
        past.optimal[regular],
        rules.median_game,
        rules.matchup_weeks,
    )
    drawn = [
        SeasonWeek(week.season, number)
        for number in range(week.week, len(opponents) + 1)
        if not (opponents[number - 1] >= 0).any()
    ]
    rows = _rows(of.teams, so_far, coming.means.mean(axis=0), found)
    return LeagueOdds(week, rules, rows, drawn, simulations)


def odds_inputs(
    lake: Lake,
    league: str,
    of: LeagueSeason,
    week: SeasonWeek,
    rosters_of: SeasonWeek | None = None,
) -> OddsInputs:
    """Return what the odds before a week follow from.

    Args:
        rosters_of: the latest week whose rosters count; None: the week itself.

    Raises:
        NotMaterializedError: the lake lacks a week before it, the rosters or the projections.
        PipelineError: the season is over, or the platform does not state the play-off rules.
    """
    first, rules = _rules(league, of)
    check_runs(league, of, week)
    last = first + sum(rules.rounds) - 1
    past = weeks_before(lake, league, of, week, first)
    stated = _stated(of, first)
    opponents = np.vstack([past.opponents[: first - 1], stated[len(past.opponents) :]])
    _, rosters = rosters_until(lake, league, rosters_of or week)
    return OddsInputs(rules, past, opponents, _projected(lake, of, rosters, week, last))


def _rows(
    teams: Sequence[Team], so_far: Sequence[Record], expected: np.ndarray, found: Odds
) -> list[TeamOdds]:
    power = np.argsort(np.argsort(-expected, kind="stable"), kind="stable") + 1
    rows = [
        TeamOdds(
            team,
            so_far[number],
            round(float(expected[number]), 1),
            int(power[number]),
            round(float(found.wins[number]), 2),
            float(found.playoffs[number]),
            float(found.bye[number]),
            float(found.title[number]),
        )
        for number, team in enumerate(teams)
    ]
    return sorted(rows, key=lambda row: (-row.title, -row.playoffs, -row.wins, row.power))


def _rules(league: str, of: LeagueSeason) -> tuple[int, Rules]:
    """Return the first week of the play-offs, and the rules.

    Raises:
        PipelineError: the platform states no play-offs, or more places than teams.
    """
    first, places = of.playoff_week, of.playoffs.teams
    if first is None or places is None:
        what = "play-off week" if first is None else "number of play-off teams"
        how = "add playoff_week and playoff_teams to the league's file, then " * (
            of.platform == "file"
        )
        raise PipelineError(
            f"league {league} {of.season}: its {what} is not stored; {how}run `fantasy-pipeline "
            "league add` for the league again."
        )
    if places > len(of.teams):
        raise PipelineError(
            f"league {league} {of.season}: {places} teams make the play-offs, but the league has "
            f"{len(of.teams)}. Correct the settings, then run `fantasy-pipeline league add` again."
        )
    names = sorted({team.division for team in of.teams if team.division is not None})
    of_team = tuple(names.index(team.division) for team in of.teams if team.division in names)
    rules = Rules(
        places,
        tuple(of.playoffs.round_weeks),
        of_team if len(names) > 1 and len(of_team) == len(of.teams) else (),
        of.median_game,
        of.playoffs.tie_break == HEAD_TO_HEAD,
        of.playoffs.reseeds,
        tuple(of.matchup_weeks),
    )
    return first, rules


def _stated(of: LeagueSeason, first: int) -> np.ndarray:
    """Return the opponents that the platform states, (weeks, teams) of the regular season."""
    number = {team.team_id: index for index, team in enumerate(of.teams)}
    none = [NO_OPPONENT] * (first - 1)
    rows = [of.opponents.get(team.team_id, none) for team in of.teams]
    return (
        np.array([[number.get(other, -1) for other in row] for row in rows])
        .reshape(len(of.teams), first - 1)
        .T
    )


def weeks_before(lake: Lake, league: str, of: LeagueSeason, week: SeasonWeek, first: int) -> Past:
    """Return the weeks before a week.

    Args:
        first: first week of the play-offs.

    Raises:
        NotMaterializedError: the lake lacks one of them.
        PipelineError: a week of the regular season has no match-ups.
    """
    wanted = [SeasonWeek(week.season, number) for number in range(1, week.week)]
    number = {team.team_id: index for index, team in enumerate(of.teams)}
    points, optimal = (np.full((len(wanted), len(number)), np.nan) for _ in range(2))
    opponents = np.full((len(wanted), len(number)), -1)
    stored = set(lake.weeks(LEAGUE_MATCHUPS)).intersection(wanted)
    rows = lake.read(LEAGUE_MATCHUPS, sorted(stored)) if stored else None
    for row in [] if rows is None else of_league(rows, league).to_pylist():
        at = row["week"] - 1, number.get(row["team_id"], -1)
        if at[1] >= 0:
            stated = row["platform_points"]
            points[at] = row["points"] if stated is None else stated
            optimal[at] = np.nan if row["optimal_points"] is None else row["optimal_points"]
            opponents[at] = number.get(row["opponent_id"], -1)
    # A week to come has pairings, and no points yet.
    points[~(np.nan_to_num(points) != 0).any(axis=1)] = np.nan
    if absent := [one for one in wanted if np.isnan(points[one.week - 1]).all()]:
        raise NotMaterializedError(
            f"league_matchups {week_ranges(absent)}: the lake has no points of league {league}, "
            f"and the odds of {week} count them. Run `fantasy-pipeline league add` for the league "
            "again, or choose an earlier week."
        )
    unpaired = [
        one for one in wanted if one.week < first and not (opponents[one.week - 1] >= 0).any()
    ]
    if unpaired:
        raise PipelineError(
            f"league_matchups {week_ranges(unpaired)}: league {league} has no pairings. Odds need "
            "a league whose teams play against each other."
        )
    return Past(points, optimal, opponents)


def _projected(
    lake: Lake,
    of: LeagueSeason,
    rosters: Sequence[Mapping[str, Any]],
    week: SeasonWeek,
    last: int,
) -> np.ndarray:
    """Return the points of the teams' best line-ups, (weeks from `week` to `last`, teams).

    Raises:
        NotMaterializedError: the lake lacks the projections.
    """
    points = rest_points(lake, week, of, replaced=True)
    slots, length = starting_slots(of.slots), last - week.week + 1
    columns = []
    for team in of.teams:
        own = [row for row in rosters if row["team_id"] == team.team_id]
        players = [owned(row, points) for row in own]
        # (players, weeks): the season of the NFL may end before the league's.
        weeks = np.array([one.weeks for one in players]).reshape(len(players), -1)
        columns.append(
            [
                season_points(slots, players, weeks[:, number : number + 1])
                for number in range(min(length, weeks.shape[1]))
            ]
        )
    found = np.array(columns).T
    # A league that plays on after the NFL's regular season has the projections of its last week.
    return np.vstack([found, np.repeat(found[-1:], length - len(found), axis=0)])
