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

    # polars makes categories of texts that repeat; texts are easier to join and compare.
    names = ["rule_id", "rule_title", "level", "source"]
    return polars.DataFrame(Table(found)).with_columns(polars.col(names).cast(polars.String))


class Table:
    """Nothing but a table, for libraries that take a sequence for something else."""

    def __init__(self, of: Any) -> None:
        self.of = of

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.of.__arrow_c_stream__(requested_schema)
