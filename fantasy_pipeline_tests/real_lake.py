"""Import real seasons into a lake, from the mirror as it is or as it was before some week."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.players import raw_players
from fantasy_pipeline.ingest.sites.espn import espn
from fantasy_pipeline.ingest.sites.nflcom import NflCom
from fantasy_pipeline.ingest.source_projections import source_projections
from fantasy_pipeline.ingest.sources.nflverse import Nflverse
from fantasy_pipeline.ingest.stats import weekly_stats
from fantasy_pipeline.ingest.team_defense import team_defense_stats
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.leagues.team_defence import with_standard_points
from fantasy_pipeline_tests.system.replay import SCHEDULE, overlay

RELEASES = "github.com/nflverse/nflverse-data/releases/download"
STATS = f"{RELEASES}/stats_player/stats_player_week_{{season}}.parquet"
SNAPS = f"{RELEASES}/snap_counts/snap_counts_{{season}}.parquet"
ROSTERS = f"{RELEASES}/weekly_rosters/roster_weekly_{{season}}.parquet"
INJURIES = f"{RELEASES}/injuries/injuries_{{season}}.parquet"
NFLCOM = "raw.githubusercontent.com/hvpkod/NFL-Data/main/NFL-data-Players/{season}/{week}/"
ESPN = (
    "lm-api-reads.fantasy.espn.com/apis/v3/games/ffl/seasons/{season}/segments/0/leaguedefaults/3"
    "?scoringPeriodId={week}&view=kona_player_info"
)
PLAYERS = f"{RELEASES}/players/players.parquet"
IDS = (
    "raw.githubusercontent.com/dynastyprocess/data/master/files/db_playerids.csv",
    "github.com/dynastyprocess/data/raw/master/files/db_playerids.csv",
)

OF_TODAY = {
    PLAYERS: (
        *("latest_team", "last_season", "status", "ngs_status", "ngs_status_short_description"),
        *("position", "jersey_number", "years_of_experience", "pff_status"),
    ),
    **dict.fromkeys(IDS, ("team", "age", "db_season")),
}
"""Files without seasons, with their columns that describe the day on which the file was saved."""
OF_THE_GAME = (
    *("away_score", "home_score", "result", "total", "overtime", "temp", "wind", "referee"),
    *("away_qb_id", "home_qb_id", "away_qb_name", "home_qb_name", "gsis", "pff", "ftn"),
)
"""Columns of the schedule that upstream fills on the day of the game, or after it."""
LINES = (
    *("away_moneyline", "home_moneyline", "spread_line", "away_spread_odds", "home_spread_odds"),
    *("total_line", "under_odds", "over_odds"),
)
"""Columns of the schedule that upstream fills in the week of the game."""


def import_seasons(
    mirror: Path, root: Path, seasons: Sequence[int], until: SeasonWeek | None = None
) -> Lake:
    """Import whole seasons into a lake, without Dagster, and return the lake.

    Args:
        until: the last week. It is not played yet, so no stats of it are imported.
    """
    transport = Transport(root / "cache", mirror=str(mirror), offline=True)
    source = Nflverse(transport, "auto")
    lake = Lake(str(root / "lake"), "nfl")
    games = source.schedule()
    lake.write(tables.GAMES, games)
    nothing = tables.SOURCE_PROJECTIONS.arrow_schema.empty_table()
    now = datetime.now(timezone.utc)
    for season in seasons:
        weeks = sorted(
            pc.unique(games.filter(pc.equal(games["season"], season))["week"]).to_pylist()
        )
        keys = [SeasonWeek(season, week) for week in weeks]
        keys = [key for key in keys if until is None or key <= until]
        played = [key for key in keys if key != until]
        weeks = [key.week for key in keys]
        players, _ = raw_players(source, games, season, weeks)
        sites = (NflCom(source), espn(transport))
        others = source_projections(sites, players, games, nothing, season, weeks, now)
        lake.write_weeks(tables.RAW_PLAYERS, players, keys)
        lake.write_weeks(tables.SOURCE_PROJECTIONS, others.table, keys)
        if played:
            stats = weekly_stats(source, games, players, season, [key.week for key in played])
            lake.write_weeks(tables.WEEKLY_STATS, stats, played)
            defences = with_standard_points(team_defense_stats(games, stats))
            lake.write_weeks(tables.TEAM_DEFENSE_STATS, defences, played)
    return lake


def upstream_before(mirror: Path, folder: Path, cutoff: SeasonWeek) -> Path:
    """Write a mirror as it was before the kick-offs of a week, and return its folder.

    The schedule has the whole regular season, and of the play-offs the next round. The week has its
    rosters without the game-day inactives, its injury report as each team had it at kick-off, and
    its closing lines. ESPN's answer about the week lacks the players at 0: ESPN sets a part of the
    zeros when the inactives are known. The season has no other files, and later seasons have none.
    """
    overlay(mirror, None, folder)
    rewrite = _rewritten(pq.read_table(mirror / SCHEDULE), cutoff)
    for path in sorted(folder.rglob("*")):
        if not path.is_symlink():
            continue
        name = path.relative_to(folder).as_posix()
        if change := rewrite.get(name):
            table = _read(path)
            path.unlink()
            if (changed := change(table)).num_rows:
                _write(path, changed)
        elif _is_later(name, cutoff):
            path.unlink()
    _remove_zeros(folder / ESPN.format(season=cutoff.season, week=cutoff.week))
    return folder


def _remove_zeros(path: Path) -> None:
    """Remove the players at 0 from ESPN's answer about a week, if the mirror has one."""
    if not path.exists():
        return
    players = json.loads(path.read_bytes())["players"]
    kept = [one for one in players if any(s["appliedTotal"] for s in one["player"]["stats"])]
    assert 100 < len(kept) < len(players)
    path.unlink()
    path.write_text(json.dumps({"players": kept}))


def _is_later(name: str, cutoff: SeasonWeek) -> bool:
    """Return whether a file is of the cut-off's season or later, and from after the cut-off."""
    season = max(map(int, re.findall(r"(?<!\d)20\d\d(?!\d)", name)), default=0)
    if season == cutoff.season and name.startswith(NFLCOM.partition("{")[0]):
        week = re.search(r"/(\d+)/(projected/)?[A-Z]+(_projected)?\.csv$", name)
        # The coming week has only projections, earlier weeks have all files.
        return not week or (int(week[1]), not week[2]) > (cutoff.week, False)
    if season == cutoff.season and name.startswith(ESPN.partition("{")[0]):
        asked = re.search(r"scoringPeriodId=(\d+)", name)
        return not asked or int(asked[1]) > cutoff.week
    return season >= cutoff.season or name.endswith("/games.csv")


def _rewritten(games: pa.Table, cutoff: SeasonWeek) -> dict[str, Callable[[pa.Table], pa.Table]]:
    """Return by file name how to remove what came after the cut-off from a file."""
    kickoffs = _kickoffs(games, cutoff)

    def played(table: pa.Table) -> pa.Table:
        return table.filter(pc.less(table["week"], cutoff.week))

    def rosters(table: pa.Table) -> pa.Table:
        table = table.filter(pc.less_equal(table["week"], cutoff.week))
        inactive = pc.and_(pc.equal(table["week"], cutoff.week), pc.equal(table["status"], "INA"))
        for name, active in (("status", "ACT"), ("status_description_abbr", "A01")):
            table = _set(table, name, pc.if_else(inactive, active, table[name]))
        return table

    def reports(table: pa.Table) -> pa.Table:
        table = table.filter(pc.less_equal(table["week"], cutoff.week))
        begins = pa.array(
            [kickoffs.get(team) for team in table["team"].to_pylist()], table["date_modified"].type
        )
        late = pc.and_(
            pc.equal(table["week"], cutoff.week), pc.greater_equal(table["date_modified"], begins)
        )
        return table.filter(pc.invert(pc.fill_null(late, False)))

    def of_today(name: str) -> Callable[[pa.Table], pa.Table]:
        return lambda table: _blank(table, OF_TODAY[name])

    season = cutoff.season
    return {
        SCHEDULE: lambda table: _schedule_before(table, cutoff),
        STATS.format(season=season): played,
        SNAPS.format(season=season): played,
        ROSTERS.format(season=season): rosters,
        INJURIES.format(season=season): reports,
        **{name: of_today(name) for name in OF_TODAY},
    }


def _kickoffs(games: pa.Table, week: SeasonWeek) -> dict[str, object]:
    """Return the kick-off of each team of a week, from the schedule's US/Eastern times."""
    week_games = games.filter(
        pc.and_(pc.equal(games["season"], week.season), pc.equal(games["week"], week.week))
    )
    local = pc.strptime(
        pc.binary_join_element_wise(week_games["gameday"], week_games["gametime"], " "),
        format="%Y-%m-%d %H:%M",
        unit="us",
    )
    moments = pc.assume_timezone(local, "America/New_York").cast(pa.timestamp("us", "UTC"))
    sides = (week_games["home_team"].to_pylist(), week_games["away_team"].to_pylist())
    return {
        team: at for teams in sides for team, at in zip(teams, moments.to_pylist(), strict=True)
    }


def _schedule_before(games: pa.Table, cutoff: SeasonWeek) -> pa.Table:
    """Return the schedule as it was before a week: coming games have no facts of their game day."""
    code = pc.add(pc.multiply(games["season"], 100), games["week"])
    now = cutoff.season * 100 + cutoff.week
    regular = pc.equal(games["game_type"], "REG")
    published = pc.or_(
        pc.less_equal(code, now), pc.and_(regular, pc.equal(games["season"], cutoff.season))
    )
    games, code = games.filter(published), code.filter(published)
    to_come, later = pc.greater_equal(code, now), pc.greater(code, now)
    games = _blank(_blank(games, OF_THE_GAME, to_come), LINES, later)
    # A roof that can open is settled on the day of the game.
    opens = pc.and_(to_come, pc.is_in(games["roof"], pa.array(["open", "closed"])))
    return _blank(games, ["roof"], opens)


def _blank(table: pa.Table, names: Sequence[str], where: object = True) -> pa.Table:
    """Return the table with nulls in some columns, in all rows or in some."""
    for name in names:
        nothing = pa.scalar(None, table.schema.field(name).type)
        table = _set(table, name, pc.if_else(where, nothing, table[name]))
    return table


def _set(table: pa.Table, name: str, values: pa.ChunkedArray) -> pa.Table:
    at = table.schema.get_field_index(name)
    return table.set_column(at, table.schema.field(at), values)


def _read(path: Path) -> pa.Table:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8") as lines:
            names = lines.readline().strip().split(",")
        texts = pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
        return pa.csv.read_csv(path, convert_options=texts)
    return pq.read_table(path, partitioning=None)


def _write(path: Path, table: pa.Table) -> None:
    if path.suffix == ".csv":
        pa.csv.write_csv(table, path)
    else:
        pq.write_table(table, path)
