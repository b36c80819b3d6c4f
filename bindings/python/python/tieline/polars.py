"""`df.tieline` for polars: import this module, and every DataFrame has it.

>>> import polars, tieline.polars
>>> df = polars.DataFrame({"Image": ["C:\\\\a.exe", "C:\\\\whoami.exe"]})
>>> df.tieline.scan(tieline.compile(WHOAMI)).select("event_index", "rule_title").rows()
[(1, 'Whoami')]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ._frames import to_polars

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._native import Detections, Rules, ScanOptions

__all__ = ["Tieline"]


@pl.api.register_dataframe_namespace("tieline")
class Tieline:
    """What Tieline does with a DataFrame, whose rows are events and whose columns are fields."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def detections(self, rules: Rules, /, **options: Unpack[ScanOptions]) -> Detections:
        """Scans the rows, column by column where they lie; `event_index` is the number of the row. Null is a missing field."""
        return rules.scan(self._frame, **options)

    def scan(self, rules: Rules, /, **options: Unpack[ScanOptions]) -> pl.DataFrame:
        """Scans the rows, and gives a row for each detection."""
        return to_polars(self.detections(rules, **options))

    def matched(self, rules: Rules, /, **options: Unpack[ScanOptions]) -> pl.DataFrame:
        """The rows that some rule matched, with the titles of these rules in the column `rule_titles`."""
        titles: dict[int, list[str]] = {}
        for found in self.detections(rules, **options):
            titles.setdefault(found.event_index or 0, []).append(found.rule_title)
        return self._frame[list(titles)].with_columns(pl.Series("rule_titles", list(titles.values()), dtype=pl.List(pl.String)))
