"""The report of one league's week, as Markdown: rankings, tiers and value in its scoring."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fantasy_pipeline.football.positions import FANTASY_POSITIONS
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.operations.leagues import view_of
from fantasy_pipeline.operations.projection_list import projection_list, value_league_of
from fantasy_pipeline.report.players import LISTED
from fantasy_pipeline.report.tiers import tiers

if TYPE_CHECKING:
    from fantasy_pipeline.leagues.view import LeagueView
    from fantasy_pipeline.operations.session import Session


def league_report(session: Session, name: str, week: SeasonWeek) -> str:
    """Return the Markdown of a league's week.

    Raises:
        InvalidArgumentError: there is no such league, or it has no such season.
        NotMaterializedError: the week was not projected.
    """
    view = view_of(session, name, week.season)
    rows = projection_list(session.lake, week, session.now, league=view).to_pylist()
    return "\n".join([*_head(session, view, week), *_rankings(rows)]) + "\n"


def _head(session: Session, view: LeagueView, week: SeasonWeek) -> Iterator[str]:
    league, label = value_league_of(view), session.label
    spots = [f"{count} {position}" for position, count in league.starters.items() if count]
    spots += ["/".join(positions) for positions in league.flexible]
    yield f"# {view.of.title}: {week}"
    yield ""
    if label:
        yield f"Data: {label}."
        yield ""
    yield (
        f"Points in the league's scoring. Value: points above the best player whom no team starts, "
        f"with {league.teams} teams that start {', '.join(spots)}."
    )
    for note in view.scoring.notes:
        yield f"\n{note[0].upper()}{note[1:]}."


def _rankings(rows: list[dict[str, Any]]) -> Iterator[str]:
    for position in FANTASY_POSITIONS:
        listed = [row for row in rows if row["position"] == position][: LISTED[position]]
        listed = [row for row in listed if row["projected_points"] > 0]
        if not listed:
            continue
        yield f"\n## {position}\n"
        yield "| rank | tier | player | opponent | points | floor-ceiling | value | team | status |"
        yield "|---|---|---|---|---|---|---|---|---|"
        tier_of = tiers([row["projected_points"] for row in listed])
        for row, tier in zip(listed, tier_of, strict=True):
            away = "@" if row["is_home"] is False else ""
            yield (
                f"| {position}{row['rank']} | {tier} | {row['player_name']}, {row['team']} "
                f"| {away}{row['opponent'] or ''} | {row['projected_points']:.1f} "
                f"| {row['p10']:.1f}-{row['p90']:.1f} | {row['value']:+.1f} "
                f"| {row['rostered_by'] or ''} | {row['status'] or ''} |"
            )
