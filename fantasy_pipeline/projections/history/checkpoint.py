"""The state after a season, stored, so that a later walk continues from there.

A season changes what is known of its own players, of teams and of the league. Its file has just
those; what is known of other players is in the files of earlier seasons.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fantasy_pipeline.projections.history.rows import Names
from fantasy_pipeline.projections.history.state import State

_STAMP, _PLAYERS, _TEAMS = "stamp", "players", "teams"


class Checkpoint(NamedTuple):
    """The state after a season, as stored.

    Args:
        stamp: hash of all that the state was computed from.
        names: the players of the season, and all teams so far.
        arrays: their rows of `State.arrays`, then those of unknown names.
    """

    stamp: str
    names: Names
    arrays: dict[str, np.ndarray]


def packed(players: tuple[str, ...], state: State, stamp: str) -> bytes:
    """Return the file of a season.

    Args:
        players: the players of the season.
        state: the state after it.
    """
    names = Names(players, state.names.teams)
    arrays = state.arrays()
    chosen = {name: arrays[name][rows] for name, rows in state.rows_of(names).items()}
    buffer = io.BytesIO()
    texts = {_STAMP: stamp, _PLAYERS: names.players, _TEAMS: names.teams}
    for name, text in texts.items():
        chosen[name] = np.array(text, dtype=str)
    np.savez_compressed(buffer, **chosen)
    return buffer.getvalue()


def unpacked(content: bytes | None) -> Checkpoint | None:
    """Return the content of a file; None if there is none or if it is damaged."""
    try:
        with np.load(io.BytesIO(content or b""), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        players, teams = (tuple(arrays.pop(name).tolist()) for name in (_PLAYERS, _TEAMS))
        return Checkpoint(str(arrays.pop(_STAMP)), Names(players, teams), arrays)
    # The class depends on where the damage is.
    except Exception:
        return None


def restored(checkpoints: Sequence[Checkpoint]) -> State:
    """Return the state after the last of the seasons from the first on, in order."""
    names = [checkpoint.names for checkpoint in checkpoints]
    players = sorted(set().union(*(of_season.players for of_season in names)))
    teams = sorted(set().union(*(of_season.teams for of_season in names)))
    state = State(Names(tuple(players), tuple(teams)))
    for checkpoint in checkpoints:
        state.put(checkpoint.names, checkpoint.arrays)
    return state
