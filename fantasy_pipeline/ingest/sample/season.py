"""Seasons of the sample league, week by week: line-ups, games, standings, play-offs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fantasy_pipeline.ingest.sample.draws import Bools, Floats, Ints
from fantasy_pipeline.ingest.sample.games import Box, play_games, snaps
from fantasy_pipeline.ingest.sample.health import Health, Report, season_health
from fantasy_pipeline.ingest.sample.outlook import Outlook, Sides, outlook
from fantasy_pipeline.ingest.sample.players import Abilities, Players, practice_squad
from fantasy_pipeline.ingest.sample.present import WEEKS_PLAYED
from fantasy_pipeline.ingest.sample.schedule import (
    LAST_REGULAR_WEEK,
    PLAYOFF_TYPES,
    TEAMS,
    Fixture,
    playoff_pairings,
    regular_season,
    schedule_week,
)

WILD_CARDS = 3
"""Teams per conference in the play-offs besides the division winners."""


class Played(NamedTuple):
    """Results of a week's games; arrays are sides x places, `score` has one value per side."""

    box: Box
    score: Ints
    snaps: Ints
    snap_share: Floats


class Week(NamedTuple):
    """One week; arrays are sides x places of the depth chart."""

    fixtures: list[Fixture]
    sides: Sides
    report: Ints
    """`Report` codes of the players."""
    injury: Ints
    """Indices into `health.INJURIES`."""
    practice: Ints
    """Indices into `health.PRACTICE`."""
    on_squad: Bools
    """True for players on the practice squad, who do not play."""
    active: Bools
    """True for players who play."""
    outlook: Outlook
    """Expectations as of the injury report."""
    played: Played | None
    """None until the games are played."""


class Season(NamedTuple):
    """One season: all its fixtures, the weeks played and the coming week."""

    fixtures: list[Fixture]
    weeks: list[Week]


def play_season(season: int, players: Players) -> Season:
    """Return a season, played through its last week in `WEEKS_PLAYED`, with the week after it."""
    health = season_health(season, players.place)
    abilities = players.abilities(season)
    fixtures = regular_season(season)
    weeks: list[Week] = []
    for number in range(1, LAST_REGULAR_WEEK + 1):
        games = [fixture for fixture in fixtures if fixture.week == number]
        if number <= WEEKS_PLAYED[season] + 1:
            weeks.append(_week(games, players, health, abilities))
    if WEEKS_PLAYED[season] > LAST_REGULAR_WEEK:
        alive = seeds(weeks)
        for number in PLAYOFF_TYPES:
            games = schedule_week(season, number, playoff_pairings(number, alive))
            weeks.append(_week(games, players, health, abilities))
            fixtures += games
            out = losers(weeks[-1])
            alive = [[team for team in conference if team not in out] for conference in alive]
    return Season(fixtures, weeks)


def losers(week: Week) -> set[int]:
    """Return the teams that lost in a week; none before it is played. There are no ties."""
    if week.played is None:
        return set()
    beaten = week.played.score < week.sides.foes(week.played.score)
    return set(week.sides.team[beaten].tolist())


def seeds(weeks: Sequence[Week]) -> list[list[int]]:
    """Return the seeds of each conference: four division winners, then three wild cards.

    Both groups are ordered by record: wins, then the difference of points.
    """
    wins, difference = [0] * len(TEAMS), [0] * len(TEAMS)
    for week in weeks:
        if week.played is not None:
            margin = week.played.score - week.sides.foes(week.played.score)
            for team, points in zip(week.sides.team.tolist(), margin.tolist(), strict=True):
                wins[team] += points > 0
                difference[team] += points

    def best_first(teams: Sequence[int]) -> list[int]:
        return sorted(teams, key=lambda team: (-wins[team], -difference[team], team))

    field = []
    for conference in (range(16), range(16, 32)):
        firsts = [best_first(conference[i : i + 4])[0] for i in range(0, 16, 4)]
        rest = best_first([team for team in conference if team not in firsts])
        field.append(best_first(firsts) + rest[:WILD_CARDS])
    return field


def _week(fixtures: list[Fixture], players: Players, health: Health, abilities: Abilities) -> Week:
    """Return a week: its line-ups and, if the season has come that far, its results.

    Args:
        fixtures: games of the week.
        players: all players.
        health: the season's health.
        abilities: the players' abilities in the season.
    """
    season, number = fixtures[0].season, fixtures[0].week
    team = np.array([f.home for f in fixtures] + [f.away for f in fixtures])
    home = [0.0 if f.is_neutral else 1.0 for f in fixtures]
    # Player numbers, sides x places; every array below has that shape.
    lineup = players.rosters[season][number - 1][team]
    sides = Sides(season, number, team, np.array(home + [-edge for edge in home]), lineup)
    on_squad = practice_squad(season)[team]
    report = health.report[number - 1][lineup]
    available = ~on_squad & (report <= Report.QUESTIONABLE)
    active = ~on_squad & health.plays[number - 1][lineup]
    played = None
    if number <= WEEKS_PLAYED[season]:
        actual = outlook(sides, abilities, active)
        box, score = play_games(sides, actual, active)
        played = Played(box, score, *snaps(sides, box, actual, active))
    return Week(
        fixtures=fixtures,
        sides=sides,
        report=report,
        injury=health.injury[number - 1][lineup],
        practice=health.practice[number - 1][lineup],
        on_squad=on_squad,
        active=active,
        outlook=outlook(sides, abilities, available),
        played=played,
    )
