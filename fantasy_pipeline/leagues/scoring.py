"""A league's scoring: rules made from a platform's keys, and the points of stat lines by them.

The points of a line are a sum of amounts (`amounts.py`), each times the points that its rule pays.
A key that no rule can be made of is kept with the reason, so that every list of points can name it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from fantasy_pipeline.football import scoring as football
from fantasy_pipeline.football.tables import STAT_COLUMNS
from fantasy_pipeline.ingest.leagues.base import check_points
from fantasy_pipeline.leagues import espn_keys, sleeper_keys, team_keys
from fantasy_pipeline.leagues.amounts import Amount, Floats, Lines, column

_COLUMNS = frozenset(stat.name for stat in STAT_COLUMNS)


@dataclass(frozen=True)
class Rule:
    """One scoring rule.

    Args:
        key: the platform's key.
        points: points per unit of the amount.
        amount: what the rule pays for.
        at: points per unit at positions with points of their own, e.g. ``{"TE": 1.5}``.
    """

    key: str
    points: float
    amount: Amount
    at: Mapping[str, float] = field(default_factory=dict)

    def weights(self, lines: Lines) -> float | Floats:
        """Return the points per unit of each line; one number if all positions have the same."""
        if not self.at:
            return self.points
        weights = np.full(lines.count, self.points)
        for position, points in self.at.items():
            weights[lines.at(position)] = points
        return weights


@dataclass(frozen=True)
class Scoring:
    """The scoring of a league.

    Args:
        rules: in the order in which they are added up.
        not_computed: keys that pay players and have no rule, with the reason in words.
        team_defence: keys that pay team defences, with their points.
        unpaid: points of the keys in `not_computed`.
    """

    rules: tuple[Rule, ...]
    not_computed: Mapping[str, str] = field(default_factory=dict)
    team_defence: Mapping[str, float] = field(default_factory=dict)
    unpaid: Mapping[str, float] = field(default_factory=dict)

    @property
    def notes(self) -> list[str]:
        """The keys that the points leave out, one sentence per reason."""
        by_reason: dict[str, list[str]] = {}
        of_teams = team_keys.left_out(self.team_defence)
        for key, reason in {**self.not_computed, **of_teams}.items():
            by_reason.setdefault(reason, []).append(key)
        return [f"not scored: {', '.join(keys)}: {why}" for why, keys in by_reason.items()]

    def points(self, lines: pa.Table) -> Floats:
        """Return the points of each stat line, rounded to 2 decimals.

        Args:
            lines: columns of `WEEKLY_STATS`; see `Lines`.
        """
        return self.points_and_parts(lines)[0]

    def parts(self, lines: pa.Table) -> dict[str, Floats]:
        """Return the points of each stat line by key; keys that pay no line are left out."""
        return self.points_and_parts(lines)[1]

    def withheld(self, lines: pa.Table) -> dict[str, Floats]:
        """Return the units of defensive stats that the rules do not pay, of each line by key.

        They are tackles that players of the offence seem to have on kick returns; see `defensive`.
        """
        paid, all_lines = Lines(lines), Lines(lines, all_defend=True)
        found = {rule.key: rule.amount(all_lines) - rule.amount(paid) for rule in self.rules}
        return {key: units for key, units in found.items() if np.any(units > 0)}

    def points_and_parts(self, lines: pa.Table) -> tuple[Floats, dict[str, Floats]]:
        """Return `points` and `parts`, from one evaluation of the rules."""
        opened = Lines(lines)
        found = [(rule.weights(opened), rule.amount(opened)) for rule in self.rules]
        by_key = {
            rule.key: weights * amounts
            for rule, (weights, amounts) in zip(self.rules, found, strict=True)
            if np.any(amounts)
        }
        parts = {key: points for key, points in by_key.items() if np.any(points)}
        return football.weighted_sum(lines.num_rows, found), parts


def of_columns(weights: Mapping[str, float]) -> Scoring:
    """Return a scoring whose keys are stat columns of `weekly_stats`."""
    return Scoring(tuple(Rule(key, points, column(key)) for key, points in weights.items()))


def of_sleeper(settings: Mapping[str, object], season: int | None = None) -> Scoring:
    """Return the scoring of a Sleeper league, or of a file with Sleeper's keys.

    Args:
        settings: points by key; a stat column of `weekly_stats` is a key too. Keys that pay 0 are
            left out.
        season: its stat lines are scored; None: every stat is known.
    """
    impossible = dict(sleeper_keys.NOT_COMPUTED)
    if season is not None and season < sleeper_keys.FIRST_SEASON_OF_40_YARDS:
        impossible |= dict.fromkeys(sleeper_keys.PLAYS_OF_40_YARDS, sleeper_keys.NO_40_YARDS)
    if season is not None and season not in sleeper_keys.SEASONS_OF_BLOCKS:
        impossible["idp_blk_kick"] = sleeper_keys.NO_BLOCKS
    rules, not_computed, team = [], {}, {}
    for key, value in settings.items():
        points = _points(key, value)
        if points == 0:
            continue
        if key in impossible:
            not_computed[key] = impossible[key]
        elif key in sleeper_keys.PLAYER_KEYS:
            rules.append(Rule(key, points, sleeper_keys.PLAYER_KEYS[key]))
            if key in sleeper_keys.PARTLY:
                not_computed[key] = sleeper_keys.PARTLY[key]
        elif sleeper_keys.is_of_team_defence(key) and key not in _COLUMNS:
            team[key] = points
        elif key in _COLUMNS:
            rules.append(Rule(key, points, column(key)))
        else:
            not_computed[key] = "the key is not known"
    unpaid = {key: _points(key, settings[key]) for key in not_computed}
    return Scoring(tuple(sorted(rules, key=lambda rule: rule.key)), not_computed, team, unpaid)


def of_espn(items: Sequence[Mapping[str, object]]) -> Scoring:
    """Return the scoring of an ESPN league.

    Args:
        items: the league's scoring items, each with its stat id, points, and `pointsOverrides` by
            slot. The override of slot 16 is the points of team defences.
    """
    rules, not_computed, team, unpaid = [], {}, {}, {}
    for item in items:
        number = int(_points("statId", item.get("statId")))
        key, points = f"stat {number}", _points("points", item.get("points", 0))
        stated = item.get("pointsOverrides")
        overrides = {
            int(slot): _points(key, value)
            for slot, value in (stated.items() if isinstance(stated, Mapping) else ())
        }
        # Points without an override pay team defences, too.
        usual = points if key in team_keys.ESPN else 0.0
        if of_team := overrides.pop(espn_keys.TEAM_DEFENCE_SLOT, usual):
            team[key] = of_team
        at = {
            espn_keys.SLOT_POSITION[slot]: worth
            for slot, worth in overrides.items()
            if slot in espn_keys.SLOT_POSITION
        }
        if points == 0 and not any(at.values()):
            continue
        if number in espn_keys.PLAYER_STATS:
            rules.append(Rule(key, points, espn_keys.PLAYER_STATS[number], at))
        elif number in espn_keys.TEAM_STATS:
            team[key] = points
        else:
            reason = espn_keys.NOT_COMPUTED.get(number, "the stat id is not known")
            not_computed[key], unpaid[key] = reason, points
    return Scoring(tuple(rules), not_computed, team, unpaid)


def _points(key: str, value: object) -> float:
    """Return a number of a league's settings.

    Sleeper states 0.04 as 0.03999999910593033 in leagues of some years, a number of 32 bits.

    Raises:
        PipelineError: it is not a number that a league may pay.
    """
    return round(check_points(key, value), 6)
