"""The way of an incident as a picture: a band for each zone, the highest Purdue level on top, and hosts from left to right.

    outside           [203.0.113.50] ─vpn as mk─┐
    dmz         3.5                          [jump-1] ─rdp─┐
    operations  3                                       [ews-1] ─mode_stop─┐
    cells       1                                                       [plc-7]

It has the colour of the text around it, so that it can be read on light and dark. What comes from events is always escaped.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple, Optional

if TYPE_CHECKING:
    from ._incidents import Hop, Incident

HOSTS_MAX = 24
"""Hosts that a picture shows at most; of longer ways it shows the end."""

_LEFT, _COLUMN, _BAND, _BOX_WIDTH, _BOX_HEIGHT = 130, 178, 74, 112, 34
_LINE, _CROSSING, _EFFECT = "#1c7ed6", "#e8590c", "#e03131"


class _Band(NamedTuple):
    """A zone."""

    level: Optional[float]
    zone: Optional[str]

    def order(self) -> tuple[float, str]:
        # Outside is above everything, and a zone that does not say its level below that.
        level = self.level if self.level is not None else 98.0 if self.zone else 99.0
        return -level, self.zone or ""


def picture(incident: Incident) -> str:
    """The picture; one that says so when no way is known."""
    way, onward = incident.path.hops[-(HOSTS_MAX - 1) :], incident.path.onward
    hops = [*way, onward] if onward else way
    if not hops:
        return _svg(320, 40, f'<text x="8" y="25">{_text("no way is known", 60)}</text>', incident)
    hosts = list(dict.fromkeys([hops[0].from_, *(own for hop in hops for own in (hop.from_, hop.to))]))
    of_host = _bands(incident, hops)
    bands = sorted(set(of_host.values()), key=_Band.order)
    places = {
        host: (_LEFT + at * _COLUMN + _BOX_WIDTH // 2 + 10, bands.index(of_host[host]) * _BAND + _BAND // 2 + 4)
        for at, host in enumerate(hosts)
    }
    width = _LEFT + (len(hosts) - 1) * _COLUMN + _BOX_WIDTH + 20
    drawn = [_band(band, at, width) for at, band in enumerate(bands)]
    drawn += [_arrow(hop, places, of_host) for hop in way]
    drawn += [_arrow(onward, places, of_host, ", not among the findings")] if onward else []
    effect = way[-1].to if way else hops[0].from_
    drawn += [_box(host, places[host], host == effect, at == 0) for at, host in enumerate(hosts)]
    return _svg(width, len(bands) * _BAND + 8, "".join(drawn), incident)


def _bands(incident: Incident, hops: list[Hop]) -> dict[str, _Band]:
    known = {own.name: _Band(own.level, own.zone) for own in incident.hosts}
    for hop in hops:
        for at, host in enumerate((hop.from_, hop.to)):
            if host not in known or known[host].zone is None:
                # A hop that tells no zones stays in one.
                near = known.get(hop.from_ if at else hop.to, _Band(None, None))
                known[host] = _Band(hop.levels[at] if hop.levels else None, hop.zones[at]) if hop.zones else near
        if hop.kind == "logon" and hop.what == "console":
            # Who sits at a console is where the console is.
            known[hop.from_] = known[hop.to]
    return known


def _band(band: _Band, at: int, width: int) -> str:
    top = at * _BAND + 4
    level = f"level {band.level:g}" if band.level is not None else ""
    return (
        f'<rect x="0" y="{top}" width="{width}" height="{_BAND}" fill="currentColor" fill-opacity="{0.03 if at % 2 else 0.07}"/>'
        f'<text x="8" y="{top + _BAND // 2 - 2}" font-weight="bold">{_text(band.zone or "outside", 15)}</text>'
        f'<text x="8" y="{top + _BAND // 2 + 14}" opacity="0.7">{level}</text>'
    )


def _arrow(hop: Hop, places: dict[str, tuple[int, int]], of_host: dict[str, _Band], more: str = "") -> str:
    (x1, y1), (x2, y2) = places[hop.from_], places[hop.to]
    side = 1 if x2 >= x1 else -1
    start = x1 + side * _BOX_WIDTH // 2
    # Along the band of the first host, and then down or up into the other.
    end = (x2 - side * (_BOX_WIDTH // 2 + 2), y2) if y1 == y2 else (x2, y2 - (1 if y2 > y1 else -1) * (_BOX_HEIGHT // 2 + 2))
    line = f"M{start},{y1} H{end[0]}" + ("" if y1 == y2 else f" V{end[1]}")
    crosses = of_host[hop.from_] != of_host[hop.to]
    colour = _CROSSING if crosses else _LINE
    dash = "" if hop.confidence >= 0.5 and not more else ' stroke-dasharray="5 4"'
    x, y = end
    head = f"M{x - side * 8},{y - 4} L{x},{y} L{x - side * 8},{y + 4}"
    if y1 != y2:
        down = 1 if y2 > y1 else -1
        head = f"M{x - 4},{y - down * 8} L{x},{y} L{x + 4},{y - down * 8}"
    account = f" as {hop.account}" if hop.account else ""
    told = f"{hop.from_} → {hop.to}: {hop.what}{account}, {hop.first}, confidence {hop.confidence:.2f}{more}"
    middle = (start + (x1 + side * _COLUMN - side * _BOX_WIDTH // 2)) // 2
    return (
        f'<g><title>{_text(told, 300)}</title><path d="{line} {head}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'
        f'<text x="{middle}" y="{y1 - 6}" text-anchor="middle" font-size="11">{_text(hop.what, 11)}</text>'
        f'<text x="{middle}" y="{y1 + 14}" text-anchor="middle" font-size="10" opacity="0.75">{_text(hop.account or "", 11)}</text>'
        f'<text x="{middle}" y="{y1 + 26}" text-anchor="middle" font-size="10" opacity="0.75">{_text(_clock(hop.first), 8)}</text></g>'
    )


def _box(host: str, place: tuple[int, int], is_effect: bool, is_first: bool) -> str:
    x, y = place
    stroke = f'stroke="{_EFFECT}" stroke-width="2.5"' if is_effect else 'stroke="currentColor" stroke-width="1.2"'
    said = " (the effect)" if is_effect else " (where it begins)" if is_first else ""
    return (
        f'<g><title>{_text(host + said, 300)}</title><rect x="{x - _BOX_WIDTH // 2}" y="{y - _BOX_HEIGHT // 2}" '
        f'width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="5" fill="currentColor" fill-opacity="0.06" {stroke}/>'
        f'<text x="{x}" y="{y + 4}" text-anchor="middle">{_text(host, 16)}</text></g>'
    )


def _svg(width: int, height: int, inner: str, incident: Incident) -> str:
    label = _text("way of the incident: " + incident.title, 200)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{label}" style="max-width:100%;height:auto;color:inherit" font-family="sans-serif" font-size="12" '
        f'fill="currentColor">{inner}</svg>'
    )


def _clock(time: str) -> str:
    """The time of day."""
    return time[11:19]


def _text(text: str, most: int) -> str:
    """Text that may stand in XML."""
    shown = text if len(text) <= most else text[: most - 1] + "…"
    return escape("".join(own if own.isprintable() else "\ufffd" for own in shown))
