"""Objects as HTML for notebooks: self-contained, readable on light and dark, and everything from outside escaped."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any, Iterable

if TYPE_CHECKING:
    from ._native import Detection, Detections, Rules
    from ._records import Explanation, LoadReport, Reason, Step

ROWS_MAX = 50
"""Rows that a table shows at most."""

_TEXT_MAX = 300
_COLOURS = {"critical": "#c2255c", "high": "#e03131", "medium": "#e8590c", "low": "#2f9e44", "informational": "#1c7ed6"}
_CELL = "text-align:left;vertical-align:top;padding:2px 10px 2px 0"
_WHOLE = ("level", "id", "event_index", "line", "time")
"""Columns whose values are not broken into lines."""
_SAID = ("rule_title", "title", "kind", "time_ns", "first_ns", "last_ns")
"""Members that a caption says, or another member in better words."""


def _show(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, tuple)) and all(isinstance(own, (str, int)) for own in value):
        value = ", ".join(map(str, value))
    if isinstance(value, dict) and all(own is None or isinstance(own, str) for own in value.values()):
        value = ", ".join(f"{name}: {own}" for name, own in value.items() if own is not None)
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return escape(shown if len(shown) <= _TEXT_MAX else shown[: _TEXT_MAX - 1] + "…")


def _cell(name: str, value: Any) -> str:
    colour = _COLOURS.get(value) if name == "level" and isinstance(value, str) else None
    shown = f'<b style="color:{colour}">{_show(value)}</b>' if colour else _show(value)
    return f'<td style="{_CELL}{";white-space:nowrap" if name in _WHOLE else ""}">{shown}</td>'


def _is_told(value: Any) -> bool:
    return value is not None and value is not False and value not in ([], {}, "", "{}")


def _framed(caption: str, inner: str) -> str:
    return (
        '<div class="tieline" style="color:inherit;font-size:90%">'
        f'<p><b>{escape(caption)}</b></p><table style="border-collapse:collapse;color:inherit">{inner}</table></div>'
    )


def table(rows: Iterable[dict[str, Any]], caption: str) -> str:
    """Rows with the same names, as a table."""
    rows = list(rows)
    names = list(dict.fromkeys(name for row in rows for name, value in row.items() if _is_told(value)))
    head = "".join(f'<th style="{_CELL};opacity:0.7">{escape(name)}</th>' for name in names)
    body = "".join("<tr>" + "".join(_cell(name, row.get(name)) for name in names) + "</tr>" for row in rows)
    return _framed(caption, f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>")


def sheet(record: dict[str, Any], caption: str) -> str:
    """One record, a line for each member."""
    told = {name: value for name, value in record.items() if name not in _SAID and _is_told(value)}
    rows = "".join(
        f'<tr><th style="{_CELL};opacity:0.7">{escape(name)}</th>{_cell(name, value)}</tr>' for name, value in told.items()
    )
    return _framed(caption, f"<tbody>{rows}</tbody>")


def text(shown: str) -> str:
    """Text as it is."""
    return f'<pre class="tieline" style="color:inherit;background:transparent;font-family:monospace">{escape(shown)}</pre>'


def detection(found: Detection) -> str:
    """A detection with its evidence."""
    record = found.to_dict()
    evidence = record.pop("fields", [])
    indicators = record.pop("indicators", [])
    record.pop("selections", None)
    shown = sheet(record, found.rule_title or "Detection")
    shown += table(evidence, "because") if evidence else ""
    return shown + table(indicators, "indicators") if indicators else shown


def detections(found: Detections) -> str:
    """The first detections, and how many there are."""
    more = f", the first {ROWS_MAX}" if len(found) > ROWS_MAX else ""
    faults = len(found.faults)
    unread = f", {faults:,} unreadable" if faults else ""
    caption = f"{count(len(found), 'detection')} in {count(found.events, 'event')}{unread}{more}"
    return table((_row(own) for own in found[:ROWS_MAX]), caption)


def _row(found: Detection) -> dict[str, Any]:
    """A detection in one row: where, what, and as evidence the tests that held."""
    place = {"event_index": found.event_index, "file": found.file, "line": found.line, "time": found.time}
    what = {"level": found.level, "rule": found.rule_title or found.rule_id, "tags": found.tags}
    return {**place, **what, "because": "; ".join(own.pattern for own in found.fields), "event": found.event}


def count(number: int, what: str) -> str:
    """A number of things, in words."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def rules(own: Rules) -> str:
    """The first rules, and how many there are."""
    counts = {"rule": len(own), "correlation": len(own.correlations), "diagnostic": len(own.diagnostics)}
    caption = ", ".join(count(number, what) for what, number in counts.items())
    every = (*own.rules, *own.correlations)
    shown = [{"title": rule.title, "level": rule.level, "id": rule.id, "tags": rule.tags} for rule in every[:ROWS_MAX]]
    return table(shown, caption + (f", the first {ROWS_MAX}" if len(every) > ROWS_MAX else ""))


def explanation(own: Explanation) -> str:
    """A tree that can be opened and closed. What speaks against the verdict is closed."""
    verdict = "matches" if own.matched else "does not match"
    steps = "".join(_step(step, own.matched) for step in own.steps)
    return f'<div class="tieline" style="color:inherit"><b>{escape(own.title or own.rule)} {verdict}</b>{steps}</div>'


def _step(step: Step, due: bool, told: str = "") -> str:
    """A step, open when it came out as is due for the verdict. What stands above has told the value of `told`."""
    mark, colour = ("✓", "#2f9e44") if step.held else ("✗", "#e03131")
    shown = f'<span style="color:{colour}">{mark}</span> <code>{_show(step.what)}</code>'
    # Tests of one field see the same value, which is then told once, above them.
    seen = {_seen(own) for own in step.steps}
    common = seen.pop() if len(step.steps) > 1 and len(seen) == 1 else ""
    inner = "".join(_step(own, due != (step.what == "not"), common) for own in step.steps)
    saw = f'<span style="opacity:0.7">{common or (_seen(step) if not told else "")}</span>'
    if inner:
        is_open = " open" if step.held == due else ""
        return f'<details{is_open} style="margin-left:1.2em"><summary>{shown}{saw}</summary>{inner}</details>'
    return f'<div style="margin-left:1.2em">{shown}{saw}</div>'


def _seen(step: Step) -> str:
    """What a test looked at; empty for what is made of other steps."""
    seen = ", ".join(_show(value.value) for value in step.values)
    return f" saw <code>{seen}</code>" if seen else " field is missing" if step.field and not step.steps else ""


def report(own: LoadReport) -> str:
    """Counts, and what was left out."""
    counts = {name: value for name, value in own.to_dict().items() if isinstance(value, int)}
    reasons: list[tuple[str, list[Reason]]] = [("left out", own.left_out), ("warnings", own.warnings)]
    return table([counts], "Loaded") + "".join(table([r.to_dict() for r in rows], name) for name, rows in reasons if rows)
