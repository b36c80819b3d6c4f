"""Records of incidents.

    for incident in incidents.incidents():
        print(incident.score.total, incident.title, [hop.to for hop in incident.path.hops])
"""

from __future__ import annotations

from typing import Optional

from ._records import Member, Plain, Record


class Term(Record):
    """A part of a score."""

    _shown = ("name", "points", "why")
    name = Member[str]("What is counted.")
    points = Member[int]("What it counts.")
    why = Member[str]("Why.")


class Score(Record):
    """How likely an incident is one, and what depends on it."""

    _shown = ("total", "likelihood", "consequence")
    total = Member[int]("Likelihood times consequence over 100.")
    likelihood = Member[int]("The sum of its terms, at most 100.")
    consequence = Member[int]("The sum of its terms, at most 100.")
    likelihood_terms = Member[list[Term]]("What the likelihood is made of.", [], of=Term)
    consequence_terms = Member[list[Term]]("What the consequence is made of.", [], of=Term)


class Hop(Record):
    """From one host to another."""

    _shown = ("from_", "to", "what", "account", "first", "confidence")
    from_ = Member[str]("From where; `from` in `to_dict()`.", key="from")
    to = Member[str]("To where.")
    kind = Member[str]("`logon`, `remote`, `operation` or `flow`.")
    what = Member[str]("The kind of logon, the operation class, or the protocol.")
    account = Member[Optional[str]]("The account, when it is known.")
    first = Member[str]("The time of the first contact, RFC 3339.")
    last = Member[str]("The time of the last one that is no later than what it led to.")
    confidence = Member[float]("How sure it is, from 0 to 1.")
    events = Member[list[str]]("Where events stand that prove it.", [])
    zones = Member[Optional[list[str]]]("The two zones it goes between, when it leaves one.")
    levels = Member[Optional[list[float]]]("Their Purdue levels.")
    conduit = Member[Optional[str]]("The conduit.")
    alternatives = Member[list[str]]("Other hosts from which a contact came that is as credible.", [])


class IncidentPath(Record):
    """The way from the likely beginning to the worst effect."""

    _shown = ("hops", "confidence", "gap")
    hops = Member[list[Hop]]("From the beginning to the effect.", [], of=Hop)
    confidence = Member[float]("The product of the confidences of all hops.", 0.0)
    fetched = Member[Optional[str]]("Where the first host fetched something from, just then.")
    gap = Member[Optional[str]]("What nobody saw.")
    onward = Member[Optional[Hop]](
        "What the last host then did to a device, when the effect is no operation: an operation of which no finding tells. Its "
        "confidence is none of that of the way.",
        of=Hop,
    )


class Reach(Record):
    """A host, and how it is reached."""

    _shown = ("host", "zone", "criticality")
    host = Member[str]("The host.")
    zone = Member[Optional[str]]("Its zone.")
    level = Member[Optional[float]]("The Purdue level of its zone.")
    criticality = Member[Optional[str]]("Its criticality.")
    from_ = Member[list[str]]("From which of the reached hosts; empty for what is reached already; `from` in `to_dict()`.", [], key="from")


class Spread(Record):
    """Hosts that an incident has reached, and those that it can reach."""

    _shown = ("reached", "next", "lowest_level")
    reached = Member[list[Reach]]("Hosts on which or from which something was found.", [], of=Reach)
    next = Member[list[Reach]]("Hosts with which those deal, as far as the plant allows it.", [], of=Reach)
    zones = Member[dict[str, int]]("How many are reached in each zone; `outside` for those in none.", {})
    lowest_level = Member[Optional[float]]("The lowest Purdue level that is reached.")


class FindingSeen(Record):
    """A rule that was found to hold."""

    _shown = ("title", "level", "first", "source", "target", "because")
    rule = Member[str]("The rule's id, else its name, else its title.")
    title = Member[str]("Its title.", "")
    level = Member[str]("Its level.")
    made = Member[str]("What made it: `detection`, `correlation`, `trust` or `elsewhere`.")
    first = Member[str]("When it was found first, RFC 3339.")
    last = Member[str]("When it was found last.")
    count = Member[int]("How often.")
    source = Member[Optional[str]]("From which host.")
    target = Member[Optional[str]]("On which host.")
    operation = Member[Optional[str]]("The operation class, when it is about one.")
    tactics = Member[list[str]]("Tactics of ATT&CK, from its tags.", [])
    techniques = Member[list[str]]("Techniques of ATT&CK.", [])
    entities = Member[dict[str, list[str]]]("Accounts and other things that it names, by kind.", {})
    events = Member[list[str]]("Where its events stand, at most 16.", [])
    because = Member[Optional[str]]("What it has in common with another finding of the incident; None for the first.")


class HostSeen(Record):
    """A host of an incident."""

    _shown = ("name", "role", "zone", "level")
    name = Member[str]("The asset's id, or else an address or a name.")
    is_asset = Member[bool]("Whether it is in the inventory.")
    addresses = Member[list[str]]("Its addresses.", [])
    role = Member[Optional[str]]("Its role.")
    site = Member[Optional[str]]("Its site.")
    zone = Member[Optional[str]]("Its zone.")
    level = Member[Optional[float]]("The Purdue level of its zone.")
    criticality = Member[Optional[str]]("Its criticality.")
    owner = Member[Optional[str]]("Who answers for it.")
    first = Member[str]("When it occurs first.")


class Incident(Record):
    """Findings that are one attack, where it came from, how far it got, and what to do about it."""

    _shown = ("id", "title", "level", "first", "last", "score")
    id = Member[str]("The same in every run over the same events.")
    title = Member[str]("The worst that was found, and where.", "")
    level = Member[str]("The highest level of its rules.")
    first = Member[str]("The time of the first finding, RFC 3339.")
    last = Member[str]("The time of the last one.")
    is_closed = Member[bool]("Whether it has been quiet for so long that it is over.")
    score = Member[Score]("How likely it is one, and what depends on it.", {}, of=Score)
    accounts = Member[list[str]]("Accounts that occur in it.", [])
    hosts = Member[list[HostSeen]]("Hosts that occur in it, in the order in which they do.", [], of=HostSeen)
    path = Member[IncidentPath]("From the beginning to the worst effect.", {}, of=IncidentPath)
    spread = Member[Spread]("What was reached, and what can be.", {}, of=Spread)
    findings = Member[list[FindingSeen]]("What was found, in the order of time.", [], of=FindingSeen)
    hints = Member[list[str]]("What to do. Nothing is ever done by itself.", [])

    @property
    def stages(self) -> dict[str, list[str]]:
        """ATT&CK tactics in the order in which they occur first, each with its techniques."""
        return {tactic: list(techniques) for tactic, techniques in self._plain.get("stages", [])}

    @property
    def merged(self) -> dict[str, str]:
        """Ids of incidents that turned out to be part of this one, and why."""
        return dict(self._plain.get("merged", []))

    @property
    def split(self) -> dict[str, str]:
        """Ids of what was part of this one and turned out to be by itself, and why."""
        return dict(self._plain.get("split", []))

    def to_svg(self) -> str:
        """A picture of the way over zones and Purdue levels, as SVG. Words from events are escaped."""
        from ._incident_svg import picture

        return picture(self)

    def _repr_html_(self) -> str:
        from ._incident_html import incident

        return incident(self)


class IncidentChange(Record):
    """What became of an incident."""

    _shown = ("change", "id", "into", "part", "because")
    change = Member[str]("`opened`, `grew`, `merged`, `split` or `closed`.")
    id = Member[str]("Its id; of what was merged the id that is no more.")
    into = Member[Optional[str]]("Of what was merged: the id that counts now.")
    part = Member[Optional[str]]("Of what was split: the id of what is by itself now; it is no incident when its level is low.")
    because = Member[Optional[str]]("Why it was merged or split.")


class Skew(Record):
    """How far the clock of a source seems to be from that of another."""

    _shown = ("source", "against", "offset_s", "pairs")
    source = Member[str]("The source.")
    against = Member[str]("The source that it is compared with: the one that most others are.")
    offset_s = Member[float]("Seconds that are to be added to its times.")
    pairs = Member[int]("Things of which both told.")
    spread_s = Member[float]("Half of the differences are no farther than this from the median, in seconds.")


class IncidentStats(Record):
    """What incidents have seen, and what they had to give up."""

    _shown = ("findings", "contacts", "late", "given_up")
    findings = Member[int]("Findings.")
    contacts = Member[int]("Contacts between hosts.")
    late = Member[int]("What came later than the lateness allows; it was taken when it came.")
    early = Member[int]("What was taken before its time because too much waited.")
    given_up = Member[int]("Findings, hosts and contacts for which there was no room.")


COLUMNS = {
    "incidents": [
        "id", "title", "level", "first", "last", "is_closed", "score", "likelihood", "consequence", "findings", "hosts",
        "accounts", "tactics", "hops", "confidence", "gap", "begins", "ends", "lowest_level", "reached", "next",
    ],
    "findings": [
        "incident", "rule", "title", "level", "made", "first", "last", "count", "source", "target", "operation", "tactics",
        "techniques", "entities", "events", "because",
    ],
    "hops": [
        "incident", "hop", "from", "to", "kind", "what", "account", "first", "last", "confidence", "events", "zones",
        "levels", "conduit", "alternatives",
    ],
}  # fmt: skip
"""The columns of tables of incidents."""


def rows(incidents: list[Incident], what: str) -> list[Plain]:
    """Incidents as flat rows."""
    if what not in COLUMNS:
        from ._errors import ArgumentError

        raise ArgumentError(f"`what` is `{what}`; write one of {', '.join(COLUMNS)}")
    if what == "findings":
        return [{"incident": own.id, **found.to_dict()} for own in incidents for found in own.findings]
    if what == "hops":
        return [{"incident": own.id, "hop": at, **hop.to_dict()} for own in incidents for at, hop in enumerate(own.path.hops)]
    return [_row(own) for own in incidents]


def _row(own: Incident) -> Plain:
    score, path, spread = own.score, own.path, own.spread
    return {
        "id": own.id, "title": own.title, "level": own.level, "first": own.first, "last": own.last, "is_closed": own.is_closed,
        "score": score.total, "likelihood": score.likelihood, "consequence": score.consequence,
        "findings": len(own.findings), "hosts": len(own.hosts), "accounts": own.accounts, "tactics": list(own.stages),
        "hops": len(path.hops), "confidence": path.confidence, "gap": path.gap,
        "begins": path.hops[0].from_ if path.hops else None, "ends": path.hops[-1].to if path.hops else None,
        "lowest_level": spread.lowest_level, "reached": len(spread.reached), "next": len(spread.next),
    }  # fmt: skip
