"""Columns as arrays: nulls become NaN or an empty string."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from fantasy_pipeline.projections.columns import as_floats, as_texts


@pytest.mark.parametrize(
    ("values", "kind"),
    [([1.5, None], pa.float32()), ([1, None], pa.int64()), ([True, None], pa.bool_())],
)
def test_numbers_and_flags_become_floats_and_null_nan(
    values: list[object], kind: pa.DataType
) -> None:
    found = as_floats(pa.chunked_array([values], kind))
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, [float(values[0]), np.nan])  # type: ignore[arg-type]


def test_a_null_text_is_empty() -> None:
    assert as_texts(pa.chunked_array([["QB"], [None]], pa.string())).tolist() == ["QB", ""]
