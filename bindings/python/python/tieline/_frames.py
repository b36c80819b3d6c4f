"""Detections and incidents as data frames and graphs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas
    import polars

    from ._incidents import Incident
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


def incidents_to_pandas(incidents: list[Incident], what: str) -> pandas.DataFrame:
    """A row for each incident, finding or hop, with times as times."""
    import pandas

    from ._incidents import COLUMNS, rows

    frame = pandas.DataFrame(rows(incidents, what), columns=COLUMNS[what])
    for name in ("first", "last"):
        frame[name] = pandas.to_datetime(frame[name], format="ISO8601", utc=True)
    return frame


def incidents_to_networkx(graph: str) -> Any:
    """A graph of networkx."""
    try:
        import networkx
    except ImportError as error:
        raise ImportError("`to_networkx` needs networkx; install it with `pip install networkx`") from error
    plain = json.loads(graph)
    own = networkx.MultiDiGraph(**plain["graph"])
    for node in plain["nodes"]:
        own.add_node(node.pop("id"), **node)
    for edge in plain["edges"]:
        own.add_edge(edge.pop("source"), edge.pop("target"), edge.pop("key"), **edge)
    return own


class Table:
    """Nothing but a table, for libraries that take a sequence for something else."""

    def __init__(self, of: Any) -> None:
        self.of = of

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.of.__arrow_c_stream__(requested_schema)
