"""Models in the lake: arrays in an .npz file and facts in JSON, without pickle.

Layout: ``<root>/models/projection/season=2024/<version>.npz``, ``<version>.json`` beside it, and
``model.json``, which names the version in use. The version is a hash of arrays and facts: the same
data give the same version.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.tables import PLAYER_HISTORY, SOURCE_PROJECTIONS
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.projections.model import features, linear, training
from fantasy_pipeline.projections.model.stat_line import STATS
from fantasy_pipeline.projections.model.training import Model, PositionModel

NAME = "projection"
FORMAT = 4

Facts = Mapping[str, Any]
"""Facts of a model as JSON stores them, by name."""


class ModelMismatchError(PipelineError):
    """A stored model has other features or another format than this code, or is damaged."""


def _folder(season: int) -> str:
    return f"models/{NAME}/season={season}"


def _arrays(model: Model) -> dict[str, np.ndarray]:
    """Return the model's arrays by name, e.g. ``RB/coefficients``."""
    out = {}
    for position, learnt in model.positions.items():
        out[f"{position}/mean"] = learnt.scale.mean
        out[f"{position}/deviation"] = learnt.scale.deviation
        out[f"{position}/coefficients"] = learnt.coefficients
        out[f"{position}/intercepts"] = learnt.intercepts
        out[f"{position}/plays_mean"] = learnt.plays_scale.mean
        out[f"{position}/plays_deviation"] = learnt.plays_scale.deviation
        out[f"{position}/plays"] = learnt.plays
        out[f"{position}/starts_mean"] = learnt.starts_scale.mean
        out[f"{position}/starts_deviation"] = learnt.starts_scale.deviation
        out[f"{position}/starts"] = learnt.starts
        for scoring, table in learnt.tables.items():
            out[f"{position}/table/{scoring}"] = table
    return out


def _hash(arrays: dict[str, np.ndarray], facts: Facts) -> str:
    """Return the hash of arrays and facts, without the facts that the hash itself is stored in."""
    hashed = {name: value for name, value in facts.items() if name not in ("version", "sha256")}
    digest = hashlib.sha256(json.dumps(hashed, sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _facts_of(model: Model) -> dict[str, Any]:
    """Return the facts of a model, without its version."""
    return {
        "format": FORMAT,
        "season": model.season,
        "features": list(features.NAMES),
        "feature_set": features.fingerprint(),
        "stats": {position: list(STATS[position]) for position in model.positions},
        "window": {str(season): rows for season, rows in model.window.items()},
        "source_window": {str(season): rows for season, rows in model.source_window.items()},
        "source_weights": model.source_weights,
        "width": model.width,
        "content": model.content,
        "metrics": model.metrics,
    }


def version_of(model: Model) -> str:
    """Return the version under which a model is stored."""
    return _version(_hash(_arrays(model), _facts_of(model)))


def _version(digest: str) -> str:
    return digest[:12]


def save(lake: Lake, model: Model) -> str:
    """Write a model to the lake and return its version."""
    arrays, about = _arrays(model), _facts_of(model)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    digest = _hash(arrays, about)
    version = _version(digest)
    text = json.dumps({**about, "version": version, "sha256": digest}, indent=1, sort_keys=True)
    folder = _folder(model.season)
    lake.write_bytes(f"{folder}/{version}.npz", buffer.getvalue())
    # Each version keeps its own facts; model.json has the facts of the version in use.
    for name in (version, "model"):
        lake.write_bytes(f"{folder}/{name}.json", text.encode())
    return version


def facts(lake: Lake, season: int, version: str | None = None) -> dict[str, Any] | None:
    """Return the facts of a season's model; None if there is no such model.

    Args:
        version: a stored version; None: the version in use.
    """
    text = lake.read_bytes(f"{_folder(season)}/{version or 'model'}.json")
    if text is None:
        return None
    found: dict[str, Any] = json.loads(text)
    return found


def load(lake: Lake, season: int) -> Model | None:
    """Return a season's model from the lake; None if there is none.

    Raises:
        ModelMismatchError: the model has other features or another format, or is damaged.
    """
    about = facts(lake, season)
    if about is None:
        return None
    where = f"the model of {season} in {lake.root}"
    advice = "Materialize projection_model to train it again."
    if about.get("format") != FORMAT or about.get("feature_set") != features.fingerprint():
        raise ModelMismatchError(f"{where} was trained with another feature set. {advice}")
    raw = lake.read_bytes(f"{_folder(season)}/{about['version']}.npz")
    if raw is None:
        raise ModelMismatchError(f"{where} has no arrays. {advice}")
    try:
        with np.load(io.BytesIO(raw), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except Exception as error:
        raise ModelMismatchError(f"{where} is damaged: {error}. {advice}") from error
    if _hash(arrays, about) != about["sha256"]:
        raise ModelMismatchError(f"{where} does not match its hash. {advice}")
    if any(tuple(names) != STATS.get(position) for position, names in about["stats"].items()):
        raise ModelMismatchError(f"{where} projects other stats than this version. {advice}")
    try:
        return Model(
            season=about["season"],
            window={int(key): rows for key, rows in about["window"].items()},
            positions={position: _position(arrays, position) for position in about["stats"]},
            metrics=about["metrics"],
            source_window={int(key): rows for key, rows in about["source_window"].items()},
            source_weights=about["source_weights"],
            width=about["width"],
            content=about["content"],
        )
    except KeyError as error:
        raise ModelMismatchError(f"{where} lacks the fact or array {error}. {advice}") from error


def _position(arrays: dict[str, np.ndarray], position: str) -> PositionModel:
    """Return a position's model from the arrays of all positions."""
    own = {
        name.removeprefix(f"{position}/"): array
        for name, array in arrays.items()
        if name.startswith(f"{position}/")
    }
    return PositionModel(
        scale=linear.Scale(own["mean"], own["deviation"]),
        coefficients=own["coefficients"],
        intercepts=own["intercepts"],
        tables={
            name.removeprefix("table/"): array
            for name, array in own.items()
            if name.startswith("table/")
        },
        plays_scale=linear.Scale(own["plays_mean"], own["plays_deviation"]),
        plays=own["plays"],
        starts_scale=linear.Scale(own["starts_mean"], own["starts_deviation"]),
        starts=own["starts"],
    )


def fitting(lake: Lake, season: int) -> Model | None:
    """Return the stored model of a season; None if it must be trained again.

    It must be when any stored value of the seasons that it learnt from has changed, or when it does
    not fit this code.
    """
    try:
        stored = load(lake, season)
    except ModelMismatchError:
        return None
    return stored if stored is not None and stored.content == _content(lake, season) else None


def trained(lake: Lake, season: int) -> Model:
    """Train a model of a season on the seasons before it in the lake, store and return it.

    Raises:
        NotMaterializedError: the lake has no player history.
    """
    # Hashed before training: if rows change meanwhile, the model counts as out of date.
    content = _content(lake, season)
    before = training.seasons_before(season)
    sources = lake.read(SOURCE_PROJECTIONS, seasons=before)
    history = map(training.TrainingSeason.of, lake.by_season(PLAYER_HISTORY, before))
    model = training.train(history, season, sources)
    model = replace(model, content=content)
    save(lake, model)
    return model


def _content(lake: Lake, season: int) -> str:
    """Return a hash of all stored rows that a model of a season learns from, all columns."""
    before = training.seasons_before(season)
    return "-".join(lake.digest(table, before) for table in (PLAYER_HISTORY, SOURCE_PROJECTIONS))
