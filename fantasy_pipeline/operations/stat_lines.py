"""The stat lines of a week, as the HTTP interface lists them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.errors import InvalidArgumentError, NotMaterializedError, PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import WEEKLY_STATS
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.projection_list import check_choices, of_player


def latest_stats(lake: Lake) -> SeasonWeek:
    """Return the latest imported week.

    Raises:
        NotMaterializedError: the lake has none.
    """
    weeks = lake.weeks(WEEKLY_STATS)
    if not weeks:
        raise NotMaterializedError(
            "weekly_stats: no week is imported yet; run `fantasy-pipeline run` first."
        )
    return weeks[-1]


def stat_lines(
    lake: Lake,
    week: SeasonWeek,
    position: str | None = None,
    player: str | None = None,
    team: str | None = None,
) -> pa.Table:
    """Return rows of `WEEKLY_STATS` of a week, most PPR points first.

    Args:
        position, team: the only position and team to return; None: all.
        player: part of a name, without regard to case, or a player id; None: all.

    Raises:
        NotMaterializedError: the week was not imported.
        InvalidArgumentError: there is no such team, or the player's name is empty.
        PipelineError: no stat line matches.
    """
    check_choices(None, player, team)
    if position is not None and not position.strip():
        raise InvalidArgumentError("the position is empty; give one such as QB or LB.")
    table = lake.read(WEEKLY_STATS, [week])
    for name, wanted in (("position", position), ("team", team)):
        if wanted is not None:
            table = table.filter(pc.equal(table[name], wanted))
    if player is not None:
        table = table.filter(of_player(table, player))
    if not table.num_rows:
        chosen = ", ".join(filter(None, [position, team, player]))
        raise PipelineError(
            f"weekly_stats {week}: no stat line matches {chosen or 'the week'}; leave out filters."
        )
    order = [("fantasy_points_ppr", "descending"), ("player_id", "ascending")]
    return table.sort_by(order)
