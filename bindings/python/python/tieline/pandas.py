"""`df.tieline` for pandas: import this module, and every DataFrame has it.

>>> import pandas, tieline.pandas
>>> df = pandas.DataFrame({"Image": ["C:\\\\a.exe", "C:\\\\whoami.exe"]})
>>> df.tieline.scan(tieline.compile(WHOAMI))[["event_index", "rule_title"]].values.tolist()
[[1, 'Whoami']]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterator

import pandas as pd

from ._frames import to_pandas

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._native import Detections, Rules, ScanOptions

__all__ = ["Tieline"]


def _events(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Rows as events. A value that is missing is no field, because NaN stands for nothing."""
    names = [str(name) for name in frame.columns]
    for row in frame.itertuples(index=False, name=None):
        yield {name: value for name, value in zip(names, row) if not _is_missing(value)}


def _table(frame: pd.DataFrame) -> Any:
    """The frame as a table of Arrow, without its index; None where there is none."""
    if not all(isinstance(name, str) for name in frame.columns) or not frame.columns.is_unique:
        return None
    try:
        import pyarrow

        return pyarrow.Table.from_pandas(frame, preserve_index=False)
    except (ImportError, ValueError, TypeError, NotImplementedError):
        return None


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


@pd.api.extensions.register_dataframe_accessor("tieline")
class Tieline:
    """What Tieline does with a DataFrame, whose rows are events and whose columns are fields."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def detections(self, rules: Rules, /, **options: Unpack[ScanOptions]) -> Detections:
        """Scans the rows; `event_index` is the position of the row. What pandas calls missing is a missing field.

        With pyarrow the frame is scanned column by column; a frame that Arrow cannot say, because a column holds values of
        several types, is scanned row by row.
        """
        table = _table(self._frame)
        return rules.scan(_events(self._frame) if table is None else table, **options)

    def scan(self, rules: Rules, /, **options: Unpack[ScanOptions]) -> pd.DataFrame:
        """Scans the rows, and gives a row for each detection."""
        return to_pandas(self.detections(rules, **options))

    def matched(self, rules: Rules, /, **options: Unpack[ScanOptions]) -> pd.DataFrame:
        """The rows that some rule matched, with the titles of these rules in the column `rule_titles`."""
        titles: dict[int, list[str]] = {}
        for found in self.detections(rules, **options):
            titles.setdefault(found.event_index or 0, []).append(found.rule_title)
        return self._frame.iloc[list(titles)].assign(rule_titles=list(titles.values()))
