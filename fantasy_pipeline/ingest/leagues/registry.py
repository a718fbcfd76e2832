"""The registry of the user's leagues, a file of the lake: every worker that reads the lake sees it.

``leagues/registry.json`` has each league's platform and the platform's id of each season;
``leagues/<name>/<season>.json`` has the season's settings and teams as last imported.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable

from fantasy_pipeline.errors import InvalidArgumentError, PipelineError
from fantasy_pipeline.football.tables.leagues import LEAGUE_TEAMS
from fantasy_pipeline.ingest.leagues.base import LeagueSeason, Registered
from fantasy_pipeline.lake import Lake

PLATFORMS = ("sleeper", "espn", "file")
_REGISTRY = "leagues/registry.json"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def registered(lake: Lake) -> list[Registered]:
    """Return the registered leagues in the order of their names.

    Raises:
        PipelineError: the registry is broken.
    """
    content = lake.read_bytes(_REGISTRY)
    if content is None:
        return []
    try:
        stored = json.loads(content)
        return [
            Registered(
                name,
                league["platform"],
                {int(season): str(id_) for season, id_ in league["seasons"].items()},
            )
            for name, league in sorted(stored.items())
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PipelineError(
            f"{lake.root}/{_REGISTRY} is broken. Remove it and run `league add` for each league."
        ) from error


def find(lake: Lake, name: str) -> Registered:
    """Return a registered league.

    Raises:
        InvalidArgumentError: no league has that name.
    """
    leagues = registered(lake)
    for league in leagues:
        if league.name == name:
            return league
    known = ", ".join(league.name for league in leagues) or "none yet; see `league add --help`"
    raise InvalidArgumentError(f"there is no league {name!r}; registered: {known}.")


def store(
    lake: Lake, name: str, seasons: list[LeagueSeason], instead_of: Collection[int] = ()
) -> Registered:
    """Register seasons of a league, beside those that are registered already.

    Args:
        instead_of: registered seasons that are registered no longer.

    Raises:
        InvalidArgumentError: the name is not lower-case letters, digits, - and _, or another
            league has it.
    """
    if not _NAME.fullmatch(name):
        raise InvalidArgumentError(
            f"league name {name!r}: use up to 40 lower-case letters, digits, - and _; give one "
            "with --name."
        )
    with lake.rebuild_lock(LEAGUE_TEAMS):
        leagues = {league.name: league for league in registered(lake)}
        platform = seasons[0].platform
        old = leagues.get(name)
        if old is not None and not _is_same(lake, old, seasons):
            raise InvalidArgumentError(
                f"a league {name!r} of {old.platform} is registered already; give another --name, "
                f"or run `league remove {name}` first."
            )
        before = old.seasons.items() if old else ()
        ids = {year: id_ for year, id_ in before if year not in instead_of}
        ids |= {season.season: season.league_id for season in seasons}
        leagues[name] = Registered(name, platform, ids)
        for season in seasons:
            keep(lake, name, season)
        _write(lake, leagues)
    return leagues[name]


def keep(lake: Lake, name: str, season: LeagueSeason) -> None:
    """Store the settings and teams of one season."""
    text = json.dumps(season.to_json(), indent=1, sort_keys=True)
    lake.write_bytes(_season_file(name, season.season), text.encode())


def remove(lake: Lake, name: str) -> None:
    """Remove a league from the registry; its rows in the lake stay."""
    find(lake, name)
    with lake.rebuild_lock(LEAGUE_TEAMS):
        _write(lake, {league.name: league for league in registered(lake) if league.name != name})


def stored_season(lake: Lake, name: str, season: int) -> LeagueSeason | None:
    """Return a season's settings and teams as stored; None if the league has no such season."""
    content = lake.read_bytes(_season_file(name, season))
    return None if content is None else LeagueSeason.from_json(json.loads(content))


def _is_same(lake: Lake, old: Registered, seasons: list[LeagueSeason]) -> bool:
    """Return whether seasons belong to a registered league.

    They do if no season has another id, and the platform ties them together: Sleeper by the ids of
    the seasons before, ESPN by one id for all seasons, files by their file name or `name`.
    """
    if any(
        season.platform != old.platform
        or old.seasons.get(season.season, season.league_id) != season.league_id
        for season in seasons
    ):
        return False
    stored = [stored_season(lake, old.name, season) for season in old.seasons]
    known = [season for season in stored if season is not None]
    ids = {("id", league_id) for league_id in old.seasons.values()}
    return not (_ties(known) | ids).isdisjoint(_ties(seasons))


def _ties(seasons: Iterable[LeagueSeason]) -> set[tuple[str, str]]:
    """Return what seasons of one league have in common: ids, and the title of a file."""
    found: set[tuple[str, str]] = set()
    for season in seasons:
        found.add(("id", season.league_id))
        if season.previous is not None:
            found.add(("id", season.previous))
        if season.platform == "file":
            found.add(("title", season.title))
    return found


def _season_file(name: str, season: int) -> str:
    return f"leagues/{name}/{season}.json"


def _write(lake: Lake, leagues: dict[str, Registered]) -> None:
    stored = {
        name: {
            "platform": league.platform,
            "seasons": {str(y): i for y, i in league.seasons.items()},
        }
        for name, league in sorted(leagues.items())
    }
    lake.write_bytes(_REGISTRY, json.dumps(stored, indent=1).encode())
