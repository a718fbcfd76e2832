"""Gather the report of one league's week: rankings, tiers and value in its scoring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football.positions import DEFENDER_GROUPS, LEAGUE_POSITIONS
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.lake.queries import week_projections
from fantasy_pipeline.leagues.defenders import starts_defenders
from fantasy_pipeline.leagues.projected import without_lines
from fantasy_pipeline.operations.league_background import league_background
from fantasy_pipeline.operations.leagues import view_of
from fantasy_pipeline.operations.projection_list import projection_list, value_league_of
from fantasy_pipeline.operations.team_report import your_team
from fantasy_pipeline.report.league_page import LeagueReport
from fantasy_pipeline.report.players import LISTED
from fantasy_pipeline.report.tiers import tiers

if TYPE_CHECKING:
    from fantasy_pipeline.leagues.view import LeagueView
    from fantasy_pipeline.operations.session import Session


def league_report(
    session: Session, name: str, week: SeasonWeek, team: str | None = None
) -> LeagueReport:
    """Return the contents of a league's report of a week.

    Args:
        team: id, name or manager of the reader's own team, or a part of them; None: no such team.

    Raises:
        InvalidArgumentError: there is no such team or league, or it has no such season.
        NotMaterializedError: the week was not projected.
    """
    view = view_of(session, name, week.season)
    listed = projection_list(session.lake, week, session.present, league=view)
    rows = listed.to_pylist()
    rankings = _rankings(rows)
    ids = [row["player_id"] for of_position in rankings.values() for row in of_position]
    ranked = listed.filter(pc.is_in(listed["player_id"], pa.array(ids, pa.string())))
    return LeagueReport(
        title=f"{view.of.title}: {week}",
        label=session.label,
        about=_about(view, bool(view.owners(session.lake, week))),
        notes=[*_without_lines(session, week), *_without_defenders(view, rows), *_notes(view)],
        rankings=rankings,
        team=None if team is None else your_team(session, name, team, week),
        background=league_background(session.lake, week, session.present, view.of, ranked),
    )


def _about(view: LeagueView, has_rosters: bool) -> str:
    """Return how points and values are computed.

    Args:
        has_rosters: the lake has rosters of the league up to the week.
    """
    league = value_league_of(view)
    spots = [f"{count} {position}" for position, count in league.starters.items() if count]
    spots += ["/".join(positions) for positions in league.flexible]
    replaced = "on no team" if has_rosters else "whom no team starts"
    others = view.other_slots
    without = f" {', '.join(others)} are not projected." if others else ""
    return (
        f"Points in the league's scoring. Value: points above the best player of the position "
        f"{replaced}. {league.teams} teams start {', '.join(spots)}.{without}"
    )


def _notes(view: LeagueView) -> list[str]:
    """Return the keys that the points leave out, as sentences."""
    return [f"{note[0].upper()}{note[1:]}" for note in view.scoring.notes]


def _without_lines(session: Session, week: SeasonWeek) -> list[str]:
    """Return a note if the league's keys do not decide the points of some players."""
    found = without_lines(week_projections(session.lake, week))
    return [f"{note[0].upper()}{note[1:]}." for note in found]


def _without_defenders(view: LeagueView, rows: list[dict[str, Any]]) -> list[str]:
    """Return a note if the league starts defenders and the lake projects none."""
    projected = {row["position"] for row in rows}
    if not starts_defenders(view.of.slots) or projected.intersection(DEFENDER_GROUPS):
        return []
    return ["Defenders are not projected: the lake has no defensive snaps of earlier weeks."]


def _rankings(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the listed players of each position with their tiers, best first."""
    rankings = {}
    for position in LEAGUE_POSITIONS:
        listed = [row for row in rows if row["position"] == position][: LISTED[position]]
        listed = [row for row in listed if row["projected_points"] > 0]
        tier_of = tiers([row["projected_points"] for row in listed])
        if listed:
            rankings[position] = [
                {**row, "tier": tier} for row, tier in zip(listed, tier_of, strict=True)
            ]
    return rankings
