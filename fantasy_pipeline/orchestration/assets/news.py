"""The asset of the news about players."""

import dagster as dg
import pyarrow as pa

from fantasy_pipeline.football import tables
from fantasy_pipeline.football.calendar import games_from_table, weeks_to_project
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.week_rows import weeks_in
from fantasy_pipeline.ingest.news.fetch import fetch_news
from fantasy_pipeline.ingest.news.record import merge_news, stored_news
from fantasy_pipeline.orchestration.assets.base import UPSTREAM, games_played, weekly_table
from fantasy_pipeline.orchestration.assets.ingest import games, raw_players
from fantasy_pipeline.orchestration.metadata import add_week_metadata
from fantasy_pipeline.orchestration.partitions import weeks_of_run
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline.orchestration.retries import asks_upstream
from fantasy_pipeline.orchestration.run_tables import LeftOut
from fantasy_pipeline.orchestration.runs.tags import moment_of

NOT_OF_NOW = "only the weeks to project get news, and this week is not projected now"
NO_NEWS = "no source has news about its players"


# Projections are read as they are, to choose the players: news come before their refresh.
@weekly_table(tables.NEWS, "ingest", {"parquet", "python"}, deps=[games, raw_players], **UPSTREAM)
@asks_upstream
def news(context: dg.AssetExecutionContext, nfl: NflData) -> pa.Table:
    weeks, schedule = weeks_of_run(context), nfl.tables.read(tables.GAMES)
    current = weeks_to_project(games_from_table(schedule), nfl.now())
    stored = stored_news(nfl.lake, weeks)
    parts = [tables.NEWS.arrow_schema.empty_table()]
    warnings: dict[int, list[str]] = {}
    more: dict[SeasonWeek, dict[str, str]] = {}
    for week in [week for week in weeks if week in current]:
        sources = nfl.news_sources()
        found = fetch_news(sources, _players(nfl, week), week, _most_wanted(nfl, week), nfl.now())
        parts.append(found.table)
        warnings.setdefault(week.season, []).extend(found.warnings)
        facts = {"sources": found.answered, "sources failed": found.failed}
        more[week] = {name: ", ".join(names) for name, names in facts.items() if names}
    table = merge_news(stored, pa.concat_tables(parts))
    left_out = {
        week: LeftOut(NO_NEWS if week in current else NOT_OF_NOW, is_due=False)
        for week in sorted(set(weeks) - set(weeks_in(table)))
    }
    nfl.tables.leave_out(tables.NEWS, left_out)
    played = games_played(schedule, moment_of(context.run.tags, nfl.now()))
    add_week_metadata(context, table, weeks, played, warnings, nfl.label, more, left_out)
    return table


def _players(nfl: NflData, week: SeasonWeek) -> pa.Table:
    """Return the rosters of the week, or the latest before it: on Tuesday there are no others.

    Raises:
        dg.Failure: the lake has no rosters up to the week.
    """
    weeks = [other for other in nfl.tables.weeks(tables.RAW_PLAYERS) if other <= week]
    if not weeks:
        raise dg.Failure("raw_players is not in the lake. Materialize it first.")
    return nfl.tables.read(tables.RAW_PLAYERS, weeks[-1:])


def _most_wanted(nfl: NflData, week: SeasonWeek) -> list[str]:
    """Return ids of players by their latest projections, best first."""
    weeks = [other for other in nfl.lake.weeks(tables.PROJECTIONS) if other <= week]
    if not weeks:
        return []
    rows = nfl.lake.read(tables.PROJECTIONS, weeks[-1:], ["player_id", "projected_points"])
    ids: list[str] = rows.sort_by([("projected_points", "descending")])["player_id"].to_pylist()
    return ids
