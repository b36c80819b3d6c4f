"""Records: plain data with names, docs and a form for notebooks.

    Diagnostic({"code": "TL0010", "line": 3, …}).line ─▶ 3

They are equal when their data are. They are read, not changed.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, Optional, TypeVar, Union, overload

if TYPE_CHECKING:
    from ._native import Detection

T = TypeVar("T")
Plain = dict[str, Any]


class Member(Generic[T]):
    """A member of a record, with what it means."""

    def __init__(self, meaning: str, default: Any = None, of: Optional[type[Record]] = None, key: str = "") -> None:
        self.__doc__ = meaning
        self._default = default
        self._of = of
        self._key = key

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, record: None, owner: type) -> Member[T]: ...
    @overload
    def __get__(self, record: Record, owner: type) -> T: ...
    def __get__(self, record: Optional[Record], owner: type) -> Union[Member[T], T]:
        if record is None:
            return self
        value: Any = record._plain.get(self._key or self._name)
        if value is None:
            value = self._default
        if self._of is not None and value is not None:
            value = [self._of(own) for own in value] if isinstance(value, list) else self._of(value)
        elif isinstance(value, (list, dict)):
            value = copy.deepcopy(value)
        result: T = value
        return result

    def __set__(self, record: Record, value: T) -> None:
        raise AttributeError(f"`{self._name}` cannot be set; records are read only")


class Record:
    """Plain data with names."""

    __slots__ = ("_plain", "_text")
    _shown: tuple[str, ...] = ()

    def __init__(self, plain: Plain, text: Optional[str] = None) -> None:
        self._plain = plain
        self._text = text

    def to_dict(self) -> Plain:
        """The record as a dict of its own."""
        return copy.deepcopy(self._plain)

    def __eq__(self, other: object) -> bool:
        return self._plain == other._plain if type(other) is type(self) and isinstance(other, Record) else NotImplemented

    def __hash__(self) -> int:
        return hash(repr(sorted(self._plain.items(), key=lambda member: member[0])))

    def __reduce__(self) -> tuple[type[Record], tuple[Plain, Optional[str]]]:
        return type(self), (self._plain, self._text)

    def __repr__(self) -> str:
        members = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._shown)
        return f"{type(self).__name__}({members})"


class Rule(Record):
    """What a rule says of itself."""

    _shown = ("title", "id", "level")
    kind = Member[str]("`detection` or `correlation`.")
    title = Member[str]("The title; empty when the rule has none.", "")
    id = Member[Optional[str]]("The id as written.")
    name = Member[Optional[str]]("The name by which correlations refer to it.")
    related = Member[list[Plain]]("Other rules this one is related to.", [])
    taxonomy = Member[Optional[str]]("The taxonomy of its field names.")
    status = Member[Optional[str]]("How ripe it is.")
    level = Member[Optional[str]]("How serious it is.")
    description = Member[Optional[str]]("What it detects.")
    license = Member[Optional[str]]("Its licence.")
    author = Member[Optional[str]]("Its authors.")
    date = Member[Optional[str]]("When it was written.")
    modified = Member[Optional[str]]("When it was last changed.")
    references = Member[list[str]]("Where its idea comes from.", [])
    tags = Member[list[str]]("Tags such as `attack.t1059`.", [])
    fields = Member[list[str]]("Fields an analyst wants to see.", [])
    falsepositives = Member[list[str]]("What may trigger it without being bad.", [])
    scope = Member[list[str]]("Where it is meant to run.", [])
    custom = Member[str]("All other keys, as one JSON object.", "{}")
    logsource = Member[Optional[Plain]]("Which events it is about; None for correlations.")
    path = Member[Optional[str]]("The file it came from, or the name of its text.")
    type = Member[Optional[str]]("The type of a correlation, such as `event_count`.")

    def _repr_html_(self) -> str:
        from ._html import sheet

        return sheet(self.to_dict(), self.title or "Rule")


class Diagnostic(Record):
    """One finding about a rule, a filter, a correlation or a pipeline. As text it shows the line and a caret."""

    _shown = ("code", "severity", "message", "path", "line", "column")
    code = Member[str]("The stable code, such as `TL0010`.")
    severity = Member[str]("`error`, `warning` or `note`.")
    message = Member[str]("What is wrong.")
    help = Member[Optional[str]]("What to write instead.")
    path = Member[Optional[str]]("The file, or the name of the text.")
    line = Member[int]("The first line, from 1; 0 when there is no place.", 0)
    column = Member[int]("The first column in characters, from 1.", 0)
    end_line = Member[int]("The last line.", 0)
    end_column = Member[int]("The column behind the last character.", 0)
    rule = Member[Optional[str]]("Title or id of the rule.")

    def __str__(self) -> str:
        return self._text if self._text is not None else repr(self)

    def _repr_html_(self) -> str:
        from ._html import text

        return text(str(self))


class Fault(Record):
    """An event that cannot be read."""

    _shown = ("event_index", "file", "line", "byte", "message")
    event_index = Member[Optional[int]]("The number of the event, from 0; None for files.")
    file = Member[Optional[str]]("The file; None for events in memory.")
    line = Member[Optional[int]]("The line in its file, from 1.")
    byte = Member[Optional[int]]("The byte at which reading stopped.")
    message = Member[str]("What is wrong.")


class BadFile(Record):
    """A file that cannot be read, or not further."""

    _shown = ("message",)
    message = Member[str]("Which file, and why.")


class NotCounted(Record):
    """An event that correlations do not count."""

    _shown = ("why", "event_index", "file", "line")
    event_index = Member[Optional[int]]("The number of the event, from 0; None for files.")
    file = Member[Optional[str]]("The file; None for events in memory.")
    line = Member[Optional[int]]("The line in its file, from 1.")
    why = Member[str]("`late`, `ahead` or `untimed`.")


class FieldEvidence(Record):
    """A field that took part in a detection."""

    _shown = ("selection", "field", "value", "pattern")
    selection = Member[str]("The selection the test belongs to.")
    field = Member[Optional[str]]("The field; None for keywords.")
    value = Member[Optional[str]]("The value that passed; None when there is to be none.")
    pattern = Member[str]("The test in words.")


class IndicatorSeen(Record):
    """An indicator that an event holds, and where."""

    _shown = ("value", "name", "field", "seen")
    id = Member[str]("Its id in the list; the value, when the list gives none.")
    name = Member[Optional[str]]("What the list calls it; None without a name.")
    kind = Member[str]("`address`, `domain`, `url`, `hash`, `imphash`, `file_name`, `file_path` or `email`.")
    value = Member[str]("The value of the list.")
    list = Member[str]("The list's path or name.")
    level = Member[str]("How serious it is.")
    confidence = Member[Optional[int]]("How sure the list is, from 0 to 100; None when it does not say.")
    valid_from = Member[Optional[str]]("From when on it counts, RFC 3339; None for always.")
    valid_until = Member[Optional[str]]("Up to when it counts; None for ever.")
    tags = Member[Sequence[str]]("Labels, and tags of ATT&CK.", [])
    field = Member[str]("The field of the event.")
    seen = Member[str]("Its value, of which the indicator's may be a part.")


class FieldUse(Record):
    """A field, and who reads it."""

    _shown = ("field", "rules", "logsources")
    field = Member[Optional[str]]("The field's name; None for keywords.")
    rules = Member[int]("How many rules read it.")
    logsources = Member[list[str]]("Their log sources.", [])


class Alert(Record):
    """A correlation that holds for a group."""

    _shown = ("rule_title", "level", "group", "count", "time")
    rule_id = Member[Optional[str]]("The correlation's id, else its name.")
    rule_title = Member[str]("Its title.", "")
    level = Member[Optional[str]]("How serious it is.")
    kind = Member[str]("Always `correlation`.")
    time = Member[str]("When it holds, RFC 3339.")
    time_ns = Member[Optional[int]]("The same in nanoseconds since 1970; None for files.")
    tags = Member[list[str]]("Its tags.", [])
    type = Member[str]("Its type, such as `event_count`.")
    update = Member[bool]("Whether this tells the latest state of an alert whose window is not over.", False)
    group = Member[dict[str, Optional[str]]]("The names of `group-by` and their values.", {})
    first = Member[str]("The time of the first event that contributes.")
    last = Member[str]("The time of the last one.")
    first_ns = Member[Optional[int]]("`first` in nanoseconds since 1970; None for files.")
    last_ns = Member[Optional[int]]("`last` in nanoseconds since 1970; None for files.")
    count = Member[int]("How many events contribute.")
    value = Member[float]("What the condition was about.")
    events = Member[list[Any]]("The latest events that contribute: numbers, or places in files.", [])
    file = Member[Optional[str]]("The file of the latest event; None for events in memory.")
    line = Member[Optional[int]]("Its line.")

    def _repr_html_(self) -> str:
        from ._html import sheet

        return sheet(self.to_dict(), self.rule_title or "Alert")


class ValueSeen(Record):
    """A value that a test looked at."""

    _shown = ("value", "passed")
    value = Member[str]("The value as text.")
    passed = Member[bool]("Whether it passed.")


class Step(Record):
    """One step of an explanation."""

    _shown = ("what", "held")
    what = Member[str]("What is asked.")
    held = Member[bool]("Whether it holds.")
    field = Member[Optional[str]]("The field, for tests on a field.")
    values = Member[list[ValueSeen]]("The values that were looked at.", [], of=ValueSeen)
    selection = Member[Optional[str]]("The selection this step is the root of.")

    @property
    def steps(self) -> list[Step]:
        """What the step is made of."""
        return [Step(own) for own in self._plain.get("steps", [])]


class Explanation(Record):
    """Why a rule matches an event, or does not. As text it is a tree."""

    _shown = ("title", "matched")
    rule = Member[str]("The rule's id, name or title.")
    title = Member[str]("Its title.")
    matched = Member[bool]("The verdict.")
    steps = Member[list[Step]]("The condition tree.", [], of=Step)

    def __bool__(self) -> bool:
        return self.matched

    def __str__(self) -> str:
        return (self._text or repr(self)).rstrip("\n")

    def _repr_html_(self) -> str:
        from ._html import explanation

        return explanation(self)


class Reason(Record):
    """How often one code was told."""

    _shown = ("code", "name", "count")
    code = Member[str]("The code.")
    name = Member[str]("Its name.")
    meaning = Member[str]("What it means.")
    count = Member[int]("How often it was told.")
    about = Member[list[str]]("The first rules or files it is about.", [])


class LoadReport(Record):
    """What was loaded, and what was left out and why."""

    _shown = ("files", "documents", "rules", "correlations", "filters")
    files = Member[int]("Files that were read.")
    passed_over = Member[int]("Files that hold a pipeline, and so no rules.")
    documents = Member[int]("Documents in these files.")
    rules = Member[int]("Rules that can match.")
    correlations = Member[int]("Correlations without a fault.")
    filters = Member[int]("Filters.")
    elsewhere = Member[int]("Rules that are about other events.")
    left_out = Member[list[Reason]]("What was left out, by reason.", [], of=Reason)
    warnings = Member[list[Reason]]("Warnings and notes, by kind.", [], of=Reason)

    def _repr_html_(self) -> str:
        from ._html import report

        return report(self)


class TestFailure(Record):
    """An event that did not do what its file says."""

    __test__ = False
    _shown = ("rule", "file", "line", "message")
    rule = Member[str]("The rule file.")
    file = Member[str]("The file with the event.")
    line = Member[int]("Its line, from 1; 0 when the whole file is meant.")
    message = Member[str]("What is wrong.")
    explanation = Member[Optional[str]]("The condition tree with its verdicts.")


class TestReport(Record):
    """What a run of rules' own events found. It is true when nothing went wrong."""

    __test__ = False
    _shown = ("tested", "events", "failures")
    tested = Member[int]("Rule files with events beside them.")
    untested = Member[list[str]]("Rule files without.", [])
    events = Member[int]("Events that were tried.")
    failures = Member[list[TestFailure]]("What went wrong.", [], of=TestFailure)

    def __bool__(self) -> bool:
        return not self.failures


class Restored(Record):
    """What became of saved state."""

    _shown = ("kept", "dropped")
    kept = Member[int]("Groups that go on.")
    dropped = Member[list[list[Any]]]("For each correlation that is gone or changed: its id, and its groups.", [])


class Totals(Record):
    """What was scanned."""

    _shown = ("files", "events", "detections", "alerts", "bytes")
    files = Member[int]("Files that were opened.")
    bad_files = Member[int]("Files that could not be read, or not to their end.")
    events = Member[int]("Events, unreadable ones among them.")
    bad_events = Member[int]("Events that cannot be read.")
    detections = Member[int]("Detections handed out.")
    alerts = Member[int]("Alerts handed out.")
    bytes = Member[int]("Bytes of the files as stored.")


class StreamStats(Record):
    """What a stream counted, and what it holds."""

    _shown = ("events", "alerts", "groups", "bytes")
    events = Member[int]("Events that were pushed.")
    untimed = Member[int]("Events without a time.")
    signals = Member[int]("Events that some correlation heard of.")
    alerts = Member[int]("Alerts that were told.")
    late = Member[int]("Events that were too late.")
    ahead = Member[int]("Events that were too far ahead.")
    set_back = Member[int]("How often the clock was set back.")
    ungrouped = Member[int]("Signals that lack a field of `group-by`.")
    unvalued = Member[int]("Signals that lack the value that is computed with.")
    evicted = Member[int]("Groups that gave way to others for want of memory.")
    crowded = Member[int]("Groups that gave way because there were too many.")
    trimmed = Member[int]("Groups whose oldest events were left out.")
    hurried = Member[int]("Signals that were counted before their turn for want of memory.")
    dropped = Member[int]("Alerts that were dropped because too many waited.")
    groups = Member[int]("Groups that are held.")
    waiting = Member[int]("Signals that are held back.")
    bytes = Member[int]("Bytes of all state.")


class Taken(Record):
    """What came of events that were pushed into a `Discovery`, a `Trust`, a `Learner` or `Incidents`."""

    _shown = ("events", "faults")
    events = Member[int]("How many there were, those that cannot be read among them.")
    faults = Member[list[Fault]]("Events that cannot be read, numbered from the first that was ever pushed.", [], of=Fault)


class AssetEvidence(Record):
    """Why something is believed of an asset."""

    _shown = ("tells", "value", "field", "count")
    tells = Member[str]("What it is about: `vendor`, `serves`, `acts`, ...")
    value = Member[str]("What is told.")
    field = Member[str]("The field that told it.")
    count = Member[int]("How often.")
    first = Member[Optional[str]]("The earliest time, RFC 3339; None when none is known.")
    last = Member[Optional[str]]("The latest.")


class SeenAsset(Record):
    """An asset that events tell of."""

    _shown = ("id", "role", "vendor", "model", "firmware", "last")
    id = Member[str]("Its host name, else its address, else its MAC, with the site before it.")
    name = Member[Optional[str]]("What it calls itself.")
    site = Member[Optional[str]]("The site where it was seen.")
    zone = Member[Optional[str]]("The zone of the plant in which its address lies.")
    ip = Member[list[str]]("Its addresses.", [])
    mac = Member[list[str]]("Its MAC addresses, lower case with colons.", [])
    host = Member[list[str]]("Its host names, the fuller one first.", [])
    station = Member[list[str]]("The station or slot behind its address.", [])
    serial = Member[Optional[str]]("Its serial number.")
    role = Member[Optional[str]]("What it does, such as `controller` or `hmi`.")
    vendor = Member[Optional[str]]("Who made it.")
    model = Member[Optional[str]]("Its product.")
    firmware = Member[Optional[str]]("The version of its firmware.")
    os = Member[Optional[str]]("Its operating system.")
    confidence = Member[dict[str, float]]("How far `role`, `vendor`, `model` and so on are to be trusted, from 0 to 1.", {})
    serves = Member[list[str]]("Protocols and services by which it answers, or sends on its own.", [])
    uses = Member[list[str]]("Those by which it asks others.", [])
    acts = Member[list[str]]("Operation classes that it has asked others for.", [])
    peers = Member[list[str]]("With whom it spoke, by id.", [])
    heard = Member[bool]("Whether it has sent anything, and was not only spoken to.")
    events = Member[int]("Events and records in which it took part.")
    first = Member[Optional[str]]("The earliest time, RFC 3339; None when no event had one.")
    last = Member[Optional[str]]("The latest.")
    evidence = Member[list[AssetEvidence]]("What says all this.", [], of=AssetEvidence)


class Difference(Record):
    """How what was seen differs from what was declared."""

    _shown = ("kind", "declared", "seen", "what", "was", "now")
    kind = Member[str]("`unknown`, `silent`, `moved` or `changed`.")
    declared = Member[Optional[str]]("The id of the declared asset; None when there is none.")
    seen = Member[Optional[str]]("The id of what was seen; None when nothing was.")
    what = Member[Optional[str]]("What differs: `ip`, `zone`, `firmware`, ...; None of unknown and silent ones.")
    was = Member[Optional[str]]("What was declared of it.")
    now = Member[Optional[str]]("What was seen of it; `is` in `to_dict()`.", key="is")
    confidence = Member[Optional[float]]("How far that is to be trusted.")
    first = Member[Optional[str]]("When it was first seen, RFC 3339.")
    last = Member[Optional[str]]("When it was last seen.")


class DiscoveryStats(Record):
    """What a discovery took in, and what found no room."""

    _shown = ("events", "given_up")
    events = Member[int]("Events that could be read.")
    given_up = Member[dict[str, int]](
        "Times that a new one of `assets`, `signs` or `links` found no room; `outside` are no assets.", {}
    )


class SessionSeen(Record):
    """A session on the way to an operation."""

    _shown = ("step", "kind", "user", "host", "begun")
    step = Member[str]("What it stands for: `vpn`, or the role of its host.")
    kind = Member[str]("How it was begun: `vpn`, `console`, `rdp`, `ssh`, ...")
    user = Member[Optional[str]]("The account, in lower case and without its domain.")
    host = Member[str]("On which host; of a VPN the address it has given out.")
    begun = Member[str]("When it began, RFC 3339.")
    at = Member[str]("Where the event of the logon stands.")

    @property
    def from_(self) -> Optional[str]:
        """From where; `from` in `to_dict()`."""
        found: Optional[str] = self._plain.get("from")
        return found


class Judgement(Record):
    """An operation on a device, and whether what the plant asks for is there. It is true when nothing is missing."""

    _shown = ("time", "source", "destination", "operation", "missing")
    time = Member[str]("When it happened, RFC 3339.")
    at = Member[str]("Where its event stands.")
    operation = Member[str]("The operation class.")
    protocol = Member[Optional[str]]("The protocol.")
    source = Member[str]("Who has asked for it: the id of an asset, or else an address or name.")
    destination = Member[str]("The device.")
    conduit = Member[Optional[str]]("The conduit that allows it, or comes nearest.")
    chain = Member[Optional[str]]("The chain that explains it, or comes nearest.")
    missing = Member[list[str]]("What is missing: `conduit`, `role`, `hours`, `session:vpn`, ...", [])
    sessions = Member[list[SessionSeen]]("The sessions that were found, from the beginning of the chain.", [], of=SessionSeen)

    def __bool__(self) -> bool:
        return not self.missing


class TrustStats(Record):
    """What a trust has seen, and what it had to give up."""

    _shown = ("logons", "operations", "unexplained", "late")
    logons = Member[int]("Logons, logoffs and the like.")
    operations = Member[int]("Operations that were judged.")
    unexplained = Member[int]("Those of them that nothing explains.")
    late = Member[int]("What came later than the lateness allows; it was taken when it came.")
    early = Member[int]("What was taken before its time because too much waited.")
    sessions_given_up = Member[int]("Sessions that were forgotten because there were too many.")


def repr_detection(found: Detection) -> str:
    """The short form of a detection."""
    place = f"event_index={found.event_index}" if found.file is None else f"file={found.file!r}, line={found.line}"
    return f"Detection(rule_title={found.rule_title!r}, level={found.level!r}, {place})"
