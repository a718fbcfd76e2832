"""Read a platform's answer about a league, and refuse a wrong one in one line.

An adapter turns an answer into the words of `base.py`; here is what must hold for every platform.
What the lake has of the league stays when an answer is refused.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from fantasy_pipeline.errors import NotPublishedError, PipelineError, SourceError
from fantasy_pipeline.errors import UnusableAnswerError as Unusable
from fantasy_pipeline.football.slots import starting_slots, unknown_slots
from fantasy_pipeline.football.tables.leagues import PLAYER_POINTS, TEAM_POINTS
from fantasy_pipeline.ingest.leagues.base import (
    DATASET,
    Adapter,
    LeagueSeason,
    LeagueWeek,
    check_points,
)
from fantasy_pipeline.ingest.leagues.files import File, read_file, weeks_of

_NAMED = 3
_MOST_SLOTS, _MOST_TEAMS = 100, 100
_MALFORMED = (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError)
"""Errors of code that reads an answer in another format."""
_STAYS = "What the lake has of it stays"


def season_of(adapter: Adapter, league_id: str, season: int | None = None) -> LeagueSeason:
    """Return a season of a league as its platform states it.

    Raises:
        NotPublishedError: the platform has no such league.
        SourceError: the platform failed, or its answer is wrong.
        PipelineError: the id is not one of the platform's.
    """
    with _reading(f"league {league_id}", season):
        found = adapter.season(league_id, season)
        if wrong := _wrong_season(found, league_id, season):
            raise _unusable(wrong, found.season)
        return found


def week_of(adapter: Adapter, of: LeagueSeason, week: int) -> LeagueWeek:
    """Return a week of a league's season as its platform states it.

    Raises:
        NotPublishedError: the platform has nothing of the week.
        SourceError: the platform failed, or its answer is wrong.
    """
    with _reading(f"league {of.league_id}", of.season, week):
        found = adapter.week(of, week)
        if wrong := wrong_week(found, of):
            raise _unusable(wrong, of.season, week)
        return found


def coming_week_of(adapter: Adapter, of: LeagueSeason, week: int) -> LeagueWeek:
    """Return a week that has not begun: its pairings, and rosters as they are now, without points.

    Raises:
        NotPublishedError: the platform has neither.
        SourceError: the platform failed, or its answer is wrong.
    """
    try:
        found = week_of(adapter, of, week)
    except NotPublishedError:
        found = LeagueWeek()
    with _reading(f"league {of.league_id}", of.season, week):
        if not found.spots:
            found = LeagueWeek(adapter.current(of).spots, found.games)
            if wrong := wrong_week(found, of):
                raise _unusable(wrong, of.season, week)
    # Platforms state 0 for everyone before the first game.
    return LeagueWeek(
        [replace(spot, points=None) for spot in found.spots],
        [replace(game, points=None) for game in found.games],
    )


def season_of_file(path: Path) -> LeagueSeason:
    """Return the season that a league file describes, with all weeks of its rosters.

    Raises:
        PipelineError: the file is wrong; names what is.
    """
    found = read_file(path)
    wrong = _wrong_season(found, found.league_id, found.season)
    if wrong is None:
        for week in weeks_of(found):
            if (wrong := wrong_week(File().week(found, week), found)) is not None:
                wrong = f"week {week}: {wrong}"
                break
    if wrong is not None:
        raise PipelineError(f"league file {path}: {wrong}. Correct the file.")
    return found


@contextmanager
def _reading(league: str, season: int | None, week: int | None = None) -> Iterator[None]:
    """Turn every error of reading an answer into a `SourceError` that names the week."""
    try:
        yield
    except SourceError:
        raise
    except PipelineError as error:
        if season is None:
            raise
        raise _unusable(str(error).rstrip("."), season, week) from error
    except _MALFORMED as error:
        cause = f"the answer about {league} has another format ({type(error).__name__}: {error})"
        raise _unusable(cause, season, week) from error


def _unusable(cause: str, season: int | None, week: int | None = None) -> Unusable:
    kept = "league" if week is None else "week"
    return Unusable(
        DATASET,
        cause,
        f"Nothing of the {kept} is imported. {_STAYS}. Run `league add` again later; if the answer "
        "stays so, look at the league on its platform.",
        season,
        week,
    )


def _wrong_season(found: LeagueSeason, league_id: str, season: int | None) -> str | None:
    """Return what is wrong with the settings of a season; None if they can be used."""
    if found.league_id != league_id:
        return f"the answer about league {league_id} is about league {found.league_id}"
    if season is not None and found.season != season:
        return f"the answer about league {league_id} is of season {found.season}"
    if not found.slots or len(found.slots) > _MOST_SLOTS:
        return f"league {league_id} has {len(found.slots)} roster slots"
    unknown = unknown_slots(found.slots)
    if 2 * len(unknown) > len(set(starting_slots(found.slots))):
        # Single unknown slots stay empty; see `unfilled`.
        return f"league {league_id} has slots that are not known: {_named(unknown)}"
    if not found.scoring:
        return f"league {league_id} has no scoring settings"
    ids = Counter(team.team_id for team in found.teams)
    if len(ids) > _MOST_TEAMS:
        return f"league {league_id} has {len(ids)} teams"
    if repeated := _named(name for name, count in ids.items() if count > 1):
        return f"league {league_id} has more than one team {repeated}"
    if found.platform != "file" and (odd := _named(n for n in ids if not _is_id(n))):
        return f"league {league_id} has a team with the id {odd}"
    check_scoring(found.scoring)
    return None


def _is_id(team_id: str) -> bool:
    """Return whether a platform's team id is a whole number above 0."""
    return team_id.isdecimal() and int(team_id) > 0


def check_scoring(scoring: Mapping[str, object] | Sequence[object]) -> None:
    """Check that every scoring key pays a number of points that a league may pay.

    Raises:
        PipelineError: names the key.
    """
    if isinstance(scoring, Mapping):
        for key, value in scoring.items():
            check_points(str(key), value)
        return
    for item in scoring:
        if not isinstance(item, Mapping):
            raise PipelineError(f"league: the scoring item {item!r} is not an object.")
        key = f"stat {item.get('statId')}"
        check_points("statId", item.get("statId"))
        check_points(key, item.get("points", 0))
        for value in (item.get("pointsOverrides") or {}).values():
            check_points(key, value)


def wrong_week(found: LeagueWeek, of: LeagueSeason) -> str | None:
    """Return what is wrong with the rosters and games of a week; None if they can be used."""
    teams = [game.team_id for game in found.games]
    known = {team.team_id for team in of.teams}
    named = {
        *teams,
        *(spot.team_id for spot in found.spots),
        *(game.opponent_id for game in found.games if game.opponent_id is not None),
    }
    if strangers := _named(named - known):
        return f"team {strangers} is not in the league, which has teams {_named(known, 100)}"
    if repeated := _named(name for name, count in Counter(teams).items() if count > 1):
        return f"team {repeated} is in the answer twice"
    if wrong := _wrong_opponents({game.team_id: game.opponent_id for game in found.games}):
        return wrong
    owners: dict[str, list[str]] = {}
    for spot in found.spots:
        owners.setdefault(spot.player, []).append(spot.team_id)
    for player, of_teams in owners.items():
        if len(of_teams) > 1:
            name = next(s.name or s.player for s in found.spots if s.player == player)
            return f"player {name} is on the teams {' and '.join(of_teams)}"
    for spot in found.spots:
        if not _is_within(spot.points, PLAYER_POINTS):
            return f"player {spot.name or spot.player} has {spot.points} points"
    for game in found.games:
        if not _is_within(game.points, TEAM_POINTS):
            return f"team {game.team_id} has {game.points} points"
    return None


def _wrong_opponents(opponent_of: Mapping[str, str | None]) -> str | None:
    for team, opponent in opponent_of.items():
        if opponent is not None and opponent_of.get(opponent, team) != team:
            return f"team {team} plays team {opponent}, which plays another one"
    return None


def _is_within(points: float | None, bounds: tuple[float, float]) -> bool:
    return points is None or (math.isfinite(points) and bounds[0] <= points <= bounds[1])


def _named(names: Iterable[str], most: int = _NAMED) -> str:
    """Return some names in order, and the number of those left out."""
    listed = sorted(names, key=lambda name: (len(name), name))
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return f"{', '.join(listed[:most])}{more}"
