"""Detections as data frames, and data frames as events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas
    import polars

    from ._native import Detections


def to_pandas(found: Detections) -> pandas.DataFrame:
    """A row for each detection."""
    import pandas

    return pandas.DataFrame(found.to_columns())


def to_polars(found: Detections) -> polars.DataFrame:
    """A row for each detection."""
    import polars

    text = polars.String
    types: dict[str, Any] = {
        "event_index": polars.UInt64,
        "rule_id": text,
        "rule_title": text,
        "level": text,
        "tags": polars.List(text),
        "source": text,
    }
    return polars.DataFrame(found.to_columns(), schema=types)
