"""Columns of Arrow tables as numpy arrays."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


def as_floats(column: pa.ChunkedArray) -> np.ndarray:
    """Return a numeric or boolean column as floats, one per row; null becomes NaN."""
    return column.cast("float64").fill_null(float("nan")).to_numpy()


def as_texts(column: pa.ChunkedArray) -> np.ndarray:
    """Return a string column as an array of objects, one per row; null becomes ``""``."""
    return column.fill_null("").to_numpy()
