"""Lakes of real seasons, imported from the mirror."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline import tables
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.players import raw_players
from fantasy_pipeline.season_week import SeasonWeek
from fantasy_pipeline.sources.nflverse import Nflverse
from fantasy_pipeline.sources.projections.nflcom import nflcom_projections
from fantasy_pipeline.sources.transport import Transport
from fantasy_pipeline.stats import weekly_stats


def import_seasons(mirror: Path, root: Path, seasons: Sequence[int]) -> Lake:
    """Import whole seasons into a new lake, without Dagster."""
    source = Nflverse(Transport(root / "cache", mirror=str(mirror), offline=True), "auto")
    lake = Lake(str(root / "lake"), "nfl")
    games = source.schedule()
    lake.write(tables.GAMES, games)
    for season in seasons:
        weeks = sorted(
            pc.unique(games.filter(pc.equal(games["season"], season))["week"]).to_pylist()
        )
        keys = [SeasonWeek(season, week) for week in weeks]
        players, _ = raw_players(source, games, season, weeks)
        stats = weekly_stats(source, games, players, season, weeks)
        [others] = nflcom_projections(source, players, season, weeks).parts
        lake.write_weeks(tables.RAW_PLAYERS, players, keys)
        lake.write_weeks(tables.WEEKLY_STATS, stats, keys)
        lake.write_weeks(tables.SOURCE_PROJECTIONS, others, keys)
    return lake


def truncated(lake: Lake, root: Path, cutoff: SeasonWeek) -> Lake:
    """A copy of a lake as it was just before a week's games: whatever came later is gone."""
    out = Lake(str(root), "nfl")
    games = lake.read(tables.GAMES)
    code = pc.add(pc.multiply(games["season"], 100), games["week"])
    future = pc.greater_equal(code, cutoff.season * 100 + cutoff.week)
    for name in ("home_score", "away_score", "temp", "wind"):
        column = games[name]
        blank = pc.if_else(future, pa.scalar(None, column.type), column)
        games = games.set_column(games.schema.get_field_index(name), name, blank)
    # A roof that can open is settled on game day.
    opens = pc.and_(future, pc.is_in(games["roof"], pa.array(["open", "closed"])))
    roof = pc.if_else(opens, pa.scalar(None, pa.string()), games["roof"])
    out.write(tables.GAMES, games.set_column(games.schema.get_field_index("roof"), "roof", roof))
    for table in (tables.RAW_PLAYERS, tables.WEEKLY_STATS, tables.SOURCE_PROJECTIONS):
        weeks = [week for week in lake.weeks(table) if week < cutoff]
        out.write_weeks(table, lake.read(table, weeks), weeks)
    out.write_weeks(
        tables.SOURCE_PROJECTIONS, lake.read(tables.SOURCE_PROJECTIONS, [cutoff]), [cutoff]
    )
    players = _before_kickoff(lake.read(tables.RAW_PLAYERS, [cutoff]), lake.read(tables.GAMES))
    out.write_weeks(tables.RAW_PLAYERS, players, [cutoff])
    return out


def _before_kickoff(players: pa.Table, games: pa.Table) -> pa.Table:
    """A week's players without snaps, game-day inactives and reports of after the kick-off."""
    week = games.filter(
        pc.and_(
            pc.equal(games["season"], players["season"][0]),
            pc.equal(games["week"], players["week"][0]),
        )
    )
    kickoff = dict(zip(week["home_team"].to_pylist(), week["kickoff"].to_pylist(), strict=True))
    kickoff |= dict(zip(week["away_team"].to_pylist(), week["kickoff"].to_pylist(), strict=True))
    rows = []
    for row in players.to_pylist():
        row["offense_snaps"] = row["snap_share"] = None
        if row["roster_status"] == "INA":
            row["roster_status"] = "ACT"
        start = kickoff.get(row["team"])
        if row["injury_modified_at"] and start and row["injury_modified_at"] > start:
            row["injury_status"] = row["practice_status"] = row["injury"] = None
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=players.schema)
