"""A week as one league sees it: points in its scoring, its slots, and who has each player."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from fantasy_pipeline.football.positions import DEFENDER_GROUPS, DST, FANTASY_POSITIONS
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.slots import ELIGIBLE, starting_slots
from fantasy_pipeline.football.tables import (
    LEAGUE_ROSTERS,
    PROJECTIONS,
    RAW_PLAYERS,
    TEAM_DEFENSE_STATS,
    WEEKLY_STATS,
)
from fantasy_pipeline.football.tables.week_rows import of_players
from fantasy_pipeline.ingest.leagues.base import LeagueSeason
from fantasy_pipeline.ingest.leagues.rosters import of_league
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.leagues.defenders import with_defenders
from fantasy_pipeline.leagues.projected import projected_points
from fantasy_pipeline.leagues.scoring import Scoring
from fantasy_pipeline.leagues.stat_lines import OF_PLAYERS, weeks_of_older_imports, with_players
from fantasy_pipeline.leagues.tables import DEFENCE, scoring_of
from fantasy_pipeline.leagues.team_defence import scored_defences, team_scoring

POINTS = ("projected_points", "p10", "p50", "p90")
_PLAYERS = (*FANTASY_POSITIONS, *DEFENDER_GROUPS)
"""Positions of players with projections."""


@dataclass(frozen=True)
class LeagueView:
    """A league's season.

    Args:
        name: name of the league.
        of: its settings.
    """

    name: str
    of: LeagueSeason

    @property
    def scoring(self) -> Scoring:
        return scoring_of(self.of)

    @property
    def fixed_slots(self) -> dict[str, int]:
        """Number of slots of a line-up that only one projected position may fill."""
        slots = [ELIGIBLE.get(slot, ()) for slot in starting_slots(self.of.slots)]
        counts = Counter(slot[0] for slot in slots if len(slot) == 1)
        players = {name: counts[name] for name in _PLAYERS}
        return {**players, DST: counts[DEFENCE]}

    @property
    def flexible_slots(self) -> tuple[tuple[str, ...], ...]:
        """Positions of each slot of a line-up that several projected positions may fill."""
        slots = [ELIGIBLE.get(slot, ()) for slot in starting_slots(self.of.slots)]
        wide = [tuple(name for name in slot if name in _PLAYERS) for slot in slots]
        return tuple(sorted((slot for slot in wide if len(slot) > 1), key=len))

    @property
    def other_slots(self) -> list[str]:
        """Slots of a line-up that no projected position may fill, in order, each once."""
        return [
            slot
            for slot in dict.fromkeys(starting_slots(self.of.slots))
            if not {*_PLAYERS, DEFENCE}.intersection(ELIGIBLE.get(slot, ()))
        ]

    def projected(self, lake: Lake, weeks: Sequence[SeasonWeek]) -> pa.Table:
        """Return `PROJECTIONS` rows with points in the league's scoring, highest first.

        Team defences are left out if the league pays none, defenders if it starts none.
        """
        scoring = self.scoring
        projections = with_defenders(lake.read(PROJECTIONS, weeks), lake, weeks, self.of.slots)
        if not team_scoring(scoring.team_defence).rules:
            projections = of_players(projections)
        points = projected_points(projections, scoring, scored_defences(lake))
        for name, values in points.items():
            at = projections.schema.get_field_index(name)
            projections = projections.set_column(at, name, pa.array(values))
        return projections.sort_by([("projected_points", "descending"), ("player_id", "ascending")])

    def actual(self, lake: Lake, week: SeasonWeek) -> Mapping[str, float]:
        """Return the points of each player's stat line.

        There are none if the lake lacks the week, or has it from an import of an earlier version,
        without the stats that leagues score.
        """
        stats = lake.read_if_stored(WEEKLY_STATS, week)
        if stats is None or weeks_of_older_imports(stats):
            return {}
        lines = with_players(stats, lake.read(RAW_PLAYERS, [week], OF_PLAYERS))
        points = self.scoring.points(lines).tolist()
        found = dict(zip(lines["player_id"].to_pylist(), points, strict=True))
        defences = lake.read_if_stored(TEAM_DEFENSE_STATS, week)
        if defences is not None:
            points = team_scoring(self.scoring.team_defence).points(defences).tolist()
            found |= zip(defences["player_id"].to_pylist(), points, strict=True)
        return found

    def owners(self, lake: Lake, week: SeasonWeek) -> Mapping[str, str]:
        """Return the team that has each player, as of the latest imported roster up to the week."""
        weeks = [w for w in lake.weeks(LEAGUE_ROSTERS) if w.season == week.season and w <= week]
        names = {team.team_id: team.name or team.team_id for team in self.of.teams}
        for at in reversed(weeks):
            rows = of_league(lake.read(LEAGUE_ROSTERS, [at]), self.name).to_pylist()
            if rows:
                owned = ((projection_id(row), row["team_id"]) for row in rows)
                return {id_: names.get(team, team) for id_, team in owned if id_ is not None}
        return {}


def projection_id(row: Mapping[str, Any]) -> str | None:
    """Return the id in `projections` of a row of `LEAGUE_ROSTERS`; None for an unmapped player.

    Rosters of an earlier version have no id of team defences.
    """
    return f"{DST}-{row['team']}" if row["position"] == DEFENCE else row["player_id"]
