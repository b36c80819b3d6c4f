"""Incidents as HTML for notebooks: where they came from, how far they got, and why anybody should believe that."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from ._html import ROWS_MAX, count, table
from ._incident_svg import picture

if TYPE_CHECKING:
    from ._incidents import FindingSeen, Hop, Incident, Reach, Term

_LIST_MAX = 12
"""Names that a line tells at most."""


def incidents(own: list[Incident]) -> str:
    """The first incidents, and how many there are."""
    more = f", the first {ROWS_MAX}" if len(own) > ROWS_MAX else ""
    return table((_row(incident) for incident in own[:ROWS_MAX]), count(len(own), "incident") + more)


def _row(own: Incident) -> dict[str, Any]:
    way = [own.path.hops[0].from_, *(hop.to for hop in own.path.hops)] if own.path.hops else []
    return {
        "score": own.score.total, "level": own.level, "first": own.first, "incident": own.title, "way": " → ".join(way),
        "findings": len(own.findings), "hosts": len(own.hosts), "id": own.id,
    }  # fmt: skip


def report(document: dict[str, Any] | None) -> str:
    """What a report counts, and what nobody should overlook."""
    if document is None:
        return '<div class="tieline">The report is not finished.</div>'
    events, risk = document["events"], document["risk"]["by_asset"]
    gaps = [own for own in document["governance"]["iec62443"] if own["status"] == "gap"]
    told = [
        ("site", document.get("site") or ""),
        ("period", " to ".join(str(document["period"].get(end) or "unknown") for end in ("first", "last"))),
        ("events", f"{count(events['read'], 'event')}, {events['broken']} broken, {events['late']} late"),
        ("incidents", _some([f"{own['title']} ({own['score']['total']})" for own in document["incidents"]])),
        ("assets", count(len(document["assets"]), "asset")),
        ("most at risk", _some([own["name"] for own in risk])),
        ("gaps of IEC 62443", _some([f"{own['id']} {own['title']}" for own in gaps])),
        ("blind spots", _some([own["what"] for own in document["blind_spots"]])),
    ]
    lines = "".join(f'<div><span style="opacity:0.7">{name}</span> {escape(text)}</div>' for name, text in told if text)
    return f'<div class="tieline" style="color:inherit;font-size:90%"><p><b>Security report</b></p>{lines}</div>'


def incident(own: Incident) -> str:
    """An incident with its way, its score and what was found."""
    score = own.score
    told = [
        ("when", f"{own.first} to {own.last}{', over' if own.is_closed else ''}"),
        ("score", f"{score.total} = likelihood {score.likelihood} × consequence {score.consequence} / 100"),
        ("accounts", _some(own.accounts)),
        ("tactics", _some(list(own.stages))),
        ("reached", _reached(own.spread.reached)),
        ("can be reached next", _reached(own.spread.next)),
        ("fetched from", own.path.fetched or ""),
        ("gap", own.path.gap or ""),
        ("then, not among the findings", _act(own.path.onward)),
    ]
    lines = "".join(f'<div><span style="opacity:0.7">{name}</span> {escape(text)}</div>' for name, text in told if text)
    hints = "".join(f"<li>{escape(hint)}</li>" for hint in own.hints)
    more = f", the first {ROWS_MAX}" if len(own.findings) > ROWS_MAX else ""
    return (
        '<div class="tieline" style="color:inherit;font-size:90%">'
        f"<p><b>{escape(own.title)}</b> {escape(own.level)}</p>{lines}"
        f'<div style="overflow-x:auto;margin:8px 0">{picture(own)}</div>'
        + _terms(score.likelihood_terms, "likelihood") + _terms(score.consequence_terms, "consequence")
        + table((_finding(found) for found in own.findings[:ROWS_MAX]), count(len(own.findings), "finding") + more)
        + (f"<p><b>what to do</b></p><ul>{hints}</ul>" if hints else "")
        + "</div>"
    )  # fmt: skip


def _act(act: Hop | None) -> str:
    return f"{act.from_} → {act.to}: {act.what}, {act.first}, {', '.join(act.events)}" if act else ""


def _terms(terms: list[Term], caption: str) -> str:
    return table(({"points": own.points, caption: own.name, "why": own.why} for own in terms), caption) if terms else ""


def _finding(own: FindingSeen) -> dict[str, Any]:
    named = ("level", "first", "title", "source", "target", "operation", "because", "events")
    plain = own.to_dict()
    return {**{name: plain.get(name) for name in named}, "count": own.count if own.count > 1 else None}


def _reached(hosts: list[Reach]) -> str:
    return _some([f"{own.host} ({own.zone})" if own.zone else own.host for own in hosts])


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _LIST_MAX:,} more" if len(names) > _LIST_MAX else ""
    return ", ".join(names[:_LIST_MAX]) + more
