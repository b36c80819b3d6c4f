"""What becomes of values of Python, and how bad ones are refused: always by an exception that says where."""

import collections
import datetime
import decimal
import enum
import json

import numpy as np
import pandas as pd
import pytest
import tieline


class Truth(str, enum.Enum):
    YES = "yes"


def seen(value):
    """The value as the engine sees it, in words."""
    rules = tieline.compile("title: r\nlogsource: {category: c}\ndetection: {s: {a: nothing}, condition: s}", source="none")
    step = rules.explain("r", {"a": value})
    while step.steps:
        step = step.steps[0]
    return step.values[0].value if step.values else None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("é\n\"\\\x01😀", "é\n\"\\\x01😀"),
        (2**70, str(2**70)),
        (-(2**63), str(-(2**63))),
        (True, "true"),
        (1.5, "1.5"),
        (Truth.YES, "yes"),
        (np.int64(7), "7"),
        (np.uint8(7), "7"),
        (np.float32(0.5), "0.5"),
        (np.bool_(True), "true"),
        (np.str_("x"), "x"),
        (np.datetime64("2026-01-02T03:04:05"), "2026-01-02T03:04:05"),
        (decimal.Decimal("2.5"), "2.5"),
        (datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc), "2026-01-02T03:04:05+00:00"),
        (pd.Timestamp("2026-01-02T03:04:05Z"), "2026-01-02T03:04:05+00:00"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
    ],
)
def test_a_value_is_kept(value, shown):
    assert seen(value) == shown


@pytest.mark.parametrize("kind", [dict, collections.OrderedDict, lambda own: collections.defaultdict(int, own)])
@pytest.mark.parametrize("value", [("x", "C:\\whoami.exe"), np.array(["C:\\whoami.exe"]), ["C:\\whoami.exe"]])
def test_kinds_of_containers(rules, kind, value):
    assert len(rules.scan(kind({"Image": value}))) == 1


def nested(depth):
    event = {}
    for _ in range(depth):
        event = {"a": event}
    return event


CYCLE = {"a": []}
CYCLE["a"].append(CYCLE)


class Raises:
    def __index__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "kind", "path"),
    [
        (float("nan"), tieline.EventError, "events[1]['a'][0]"),
        (float("inf"), tieline.EventError, "events[1]['a'][0]"),
        (pd.NaT, tieline.EventError, "events[1]['a'][0]"),
        ("\ud800", tieline.EventError, "events[1]['a'][0]"),
        (CYCLE, tieline.EventError, "events[1]['a'][0]"),
        (nested(600), tieline.EventError, "events[1]['a'][0]"),
        (10**5000, tieline.EventError, "events[1]['a'][0]"),
        (Raises(), tieline.EventError, "events[1]['a'][0]"),
        ({5: 1}, TypeError, "events[1]['a'][0]"),
        ({None: 1}, TypeError, "events[1]['a'][0]"),
        (b"x", TypeError, "events[1]['a'][0]"),
        ({1, 2}, TypeError, "events[1]['a'][0]"),
        (object(), TypeError, "events[1]['a'][0]"),
        (1j, TypeError, "events[1]['a'][0]"),
    ],
    ids=lambda own: type(own).__name__,
)
def test_a_bad_value_is_refused_with_its_path(rules, both, value, kind, path):
    events = [{}, {"a": [value]}]
    with both.stream() as stream:
        for job in (rules.scan, lambda own: rules.scan(iter(own)), stream.push_events):
            with pytest.raises(kind) as raised:
                job(events)
            assert path in str(raised.value)
    with pytest.raises(kind, match=r"event\['a'\]\[0\]"):
        rules.scan(events[1])


@pytest.mark.parametrize("events", [None, 5, 1.5, object(), [None], [5], [[{}]], {1: 2}])
def test_events_of_a_wrong_type_are_refused(rules, events):
    with pytest.raises(TypeError):
        rules.scan(events)


def test_buffers_are_lines(rules):
    text = b'{"Image": "C:\\\\whoami.exe"}\n\n{"a":\n'
    for kind in (bytes, bytearray, memoryview, bytes.decode):
        found = rules.scan(kind(text))
        assert (len(found), found.events, found.faults[0].event_index) == (1, 2, 2)
    assert len(rules.scan(memoryview(text)[::-1])) == 0
    released = memoryview(text)
    released.release()
    with pytest.raises(tieline.EventError):
        rules.scan(released)
    with pytest.raises(tieline.EventError):
        rules.scan("\ud800")
    for bad in (b"[{}]", b"\x1f\x8b\x08", b"\xff\xfe{"):
        with pytest.raises(tieline.EventError):
            rules.scan(bad)


def test_what_changes_while_it_is_read(rules):
    class Grows:
        def __init__(self, act):
            self.act = act

        def __index__(self):
            self.act()
            return 1

    event = {}
    event.update(a=Grows(lambda: event.update(b=1)))
    with pytest.raises(tieline.EventError, match="changed"):
        rules.scan(event)
    swapped = {}

    def swap():
        for at in range(50):
            swapped[f"new{at}"] = 1
            swapped.pop(f"new{at}")
        swapped.pop("b", None)
        swapped["c"] = Grows(swap)

    swapped.update(a=Grows(swap), b=1)
    # No crash and no panic of Rust, whatever the dict does.
    try:
        rules.scan(swapped)
    except tieline.TielineError as error:
        assert error.code in ("event", "internal")
    events = [{"a": Grows(lambda: events.clear())}, {}]
    assert rules.scan(events).events == 1


def test_a_generator_that_fails_gives_its_own_error(rules):
    def events():
        yield {}
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        rules.scan(events())


def test_pieces_are_numbered_on(rules):
    pad = "x" * 1_500_000
    events = [{"pad": pad}] * 5 + [{"Image": "C:\\whoami.exe"}, "{", {"pad": pad}] * 3
    for threads in (1, 2):
        found = rules.scan(events, threads=threads)
        assert [own.event_index for own in found] == [5, 8, 11]
        assert [own.event_index for own in found.faults] == [6, 9, 12]
        assert found.events == len(events)


@pytest.mark.parametrize(
    "options",
    [
        {"level": "severe"}, {"levels": "low"}, {"threads": -1}, {"threads": "two"}, {"tags": 7}, {"evidence": 1},
        {"logsource": {"vendor": "x"}}, {"threads": float("nan")}, {"threads": 2**80}, {"tags": ["\ud800"]},
    ],
)  # fmt: skip
def test_bad_options_are_refused(rules, options):
    with pytest.raises(tieline.ArgumentError):
        rules.scan([], **options)


def test_options_of_a_type_that_is_no_data(rules):
    with pytest.raises(TypeError, match=r"options\['tags'\]\[0\]"):
        rules.scan([], tags=[object()])
    assert rules.scan([], level=None, tags=None).events == 0


def test_rules_of_a_wrong_type():
    for bad in (None, 5, b"title: x", [None], {"a": 1}, {1: "x"}, [("a", "b", "c")]):
        with pytest.raises(TypeError):
            tieline.compile(bad)
    for bad in (None, 5, [None]):
        with pytest.raises(TypeError):
            tieline.load(bad)
    with pytest.raises(tieline.LoadError):
        tieline.load("there is no such path")
    with pytest.raises(tieline.ArgumentError):
        tieline.compile("", source="nowhere")


def test_json_is_written_as_json_does(rules):
    event = {"a": ["é\x1f\x7f\u2028", {"b": -0.0, "c": 1e300, "d": None}]}
    found = rules.scan_event(json.dumps(event)) == rules.scan_event(event)
    assert found
