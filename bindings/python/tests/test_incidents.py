"""Incidents as objects: forms of events and findings, errors, data frames, pictures, threads and forks."""

import datetime
import html.parser
import json
import os
import pickle
import sys
import threading
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import tieline

SUITE = json.loads((Path(__file__).parents[2] / "parity" / "incidents.json").read_text(encoding="utf-8"))
STEPS = SUITE["cases"][0]["steps"]
(RULES,) = ([text for _, text in step["texts"]][0] for step in STEPS if step["do"] == "compile")
(PLANT,) = (step["options"]["context"][0] for step in STEPS if step["do"] == "incidents")
(LINES,) = (step["text"].encode() for step in STEPS if step["do"] == "learn_lines")
HOSTILE = "<script>alert('x')</script>\u202e\x01\"&"


@pytest.fixture(scope="module")
def rules():
    return tieline.compile(RULES)


@pytest.fixture
def story(rules):
    incidents = tieline.Incidents(rules, PLANT, lateness="1h")
    incidents.push_lines(LINES, "events.ndjson")
    incidents.finish()
    return incidents


def test_events_and_findings_come_in_any_form(rules):
    incidents = tieline.Incidents(rules)
    assert incidents.push(json.loads(LINES.splitlines()[2]), at="here") is None
    for text in (LINES, LINES.decode(), bytearray(LINES), memoryview(LINES)):
        assert incidents.push_lines(text).events == 10
    assert incidents.push_events(iter([{}, "x", b"{}"])).faults[0].event_index == 42
    time = datetime.datetime(2026, 11, 26, 21, tzinfo=datetime.timezone.utc)
    for finding in ({"time": time, "rule": "a"}, '{"time": "2026-11-26T21:00:00Z", "rule": "a"}', b'{"time": "2026-11-26", "rule": "a"}'):
        incidents.add(finding)
    for call, argument, kind in [
        (incidents.push, 5, TypeError),
        (incidents.push, "[]", tieline.EventError),
        (incidents.push_lines, b"[{}]", tieline.EventError),
        (incidents.push_events, 5, TypeError),
        (incidents.add, 5, TypeError),
        (incidents.add, {}, tieline.EventError),
        (incidents.add, {"time": time, "rule": "a", "entities": {"ghost": "x"}}, tieline.EventError),
    ]:
        with pytest.raises(kind):
            call(argument)


def test_options_that_are_wrong_say_so(rules, tmp_path):
    for make, error, words in [
        (lambda: tieline.Incidents(), TypeError, "rules"),
        (lambda: tieline.Incidents("rules"), TypeError, "Rules"),
        (lambda: tieline.Incidents(rules, level="loud"), tieline.ArgumentError, "`level` is `loud`; write one of informational"),
        (lambda: tieline.Incidents(rules, quiet="soon"), tieline.ArgumentError, "`quiet`"),
        (lambda: tieline.Incidents(rules, peers=3), tieline.ArgumentError, "there is no option `peers`; write one of"),
        (lambda: tieline.Incidents(rules, tmp_path / "nowhere.yml"), tieline.LoadError, "nowhere"),
    ]:
        with pytest.raises(error, match=words):
            make()
    quiet = datetime.timedelta(hours=1)
    assert tieline.Incidents(rules, [PLANT], quiet=quiet, lateness=5, hub_peers=4, level="high", findings_max=9, contacts_max=9)


def test_incidents_say_how_they_came(story):
    (first, *_) = story.incidents()
    assert [(hop.from_, hop.to, hop.what) for hop in first.path.hops][-1] == ("ews-1", "plc-7", "mode_stop")
    assert first.path.hops[-1].levels == [3.0, 1.0] and first.path.hops[-1].conduit == "programming"
    assert first.score.total == first.score.likelihood * first.score.consequence // 100
    assert sum(term.points for term in first.score.likelihood_terms) >= first.score.likelihood
    assert list(first.stages)[0] == "lateral-movement" and first.merged == {} and first.accounts == ["mk"]
    assert first.findings[0].because is None and all(own.because for own in first.findings[1:])
    assert {own.host for own in first.spread.reached} >= {"ews-1", "plc-7"} and first.spread.lowest_level == 1.0
    assert first.hosts[0].name and not first.is_closed and first.hints
    assert pickle.loads(pickle.dumps(first)) == first
    changes = story.take_changes()
    assert changes[0].change == "opened" and first.id in {own.id for own in changes} and story.take_changes() == []
    assert repr(story).startswith(f"Incidents(findings={story.stats().findings}, contacts=")


def test_tables_are_tidy(rules, story):
    pandas = pytest.importorskip("pandas")
    frame = story.to_pandas()
    assert list(frame["id"]) == [own.id for own in story.incidents()]
    assert str(frame["first"].dtype).startswith("datetime64") and frame["score"].is_monotonic_decreasing
    hops = story.to_pandas("hops")
    assert list(hops[hops["incident"] == frame["id"][0]]["to"])[-1] == "plc-7"
    findings = story.to_pandas("findings")
    assert isinstance(findings, pandas.DataFrame) and set(findings["incident"]) == set(frame["id"])
    empty = tieline.Incidents(rules)
    for what, columns in (("incidents", frame.columns), ("hops", hops.columns), ("findings", findings.columns)):
        assert list(empty.to_pandas(what).columns) == list(columns) and len(empty.to_pandas(what)) == 0
    with pytest.raises(tieline.ArgumentError, match="write one of incidents, findings, hops"):
        story.to_pandas("paths")


def test_graphs_are_those_of_networkx(rules, story):
    first = story.incidents()[0]
    networkx = pytest.importorskip("networkx")
    graph = story.to_networkx(first.id)
    assert isinstance(graph, networkx.MultiDiGraph)
    ways = {(f"host:{hop.from_}", f"host:{hop.to}") for hop in first.path.hops}
    assert {(a, b) for a, b, relation in graph.edges(data="relation") if relation == "path"} == ways
    assert len(story.to_networkx()) > len(graph) and len(tieline.Incidents(rules).to_networkx()) == 0


def test_without_networkx_it_says_what_is_missing(story, monkeypatch):
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(ImportError, match="pip install networkx"):
        story.to_networkx()
    with pytest.raises(tieline.ArgumentError, match="write one of ndjson, ocsf"):
        story.export("xml")


class Tags(html.parser.HTMLParser):
    """The tags of a text, and whether each is closed."""

    def __init__(self, text):
        super().__init__()
        self.seen, self.open = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.open += [] if tag in ("br", "rect") else [tag]
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_startendtag(self, tag, attrs):
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_pictures_and_tables_escape_what_comes_from_events(rules, story):
    hostile = tieline.Incidents(rules, level="low")
    events = [{**json.loads(line), "Computer": HOSTILE, "SubjectUserName": HOSTILE} for line in LINES.splitlines()]
    hostile.push_events(events)
    entities = {"account": HOSTILE}
    hostile.add({"time": "2026-11-26T21:20:00Z", "rule": HOSTILE, "source": HOSTILE, "target": "10.0.0.1", "entities": entities})
    hostile.finish()
    for own in (story, hostile):
        for shown in (own._repr_html_(), *(incident._repr_html_() for incident in own.incidents())):
            tags = Tags(shown)
            assert not tags.open and "script" not in tags.seen
        for incident in own.incidents():
            root = ET.fromstring(incident.to_svg())
            assert root.tag.endswith("svg") and root.attrib["aria-label"]
    words = "".join(ET.fromstring(story.incidents()[0].to_svg()).itertext())
    for word in ("ews-1", "plc-7", "mode_stop", "operations", "level 3", "outside"):
        assert word in words, word
    assert "no way is known" in tieline.Incident({"path": {"hops": []}}).to_svg()


def test_a_long_way_shows_its_end():
    hop = {"kind": "flow", "what": "x", "first": "2026-11-26T21:20:00Z", "last": "2026-11-26T21:20:00Z", "confidence": 0.1, "events": []}
    hops = [{**hop, "from": f"h{at}", "to": f"h{at + 1}"} for at in range(500)]
    words = "".join(ET.fromstring(tieline.Incident({"path": {"hops": hops}}).to_svg()).itertext())
    assert "h500" in words and "h1 " not in words


def test_what_the_last_host_then_did_is_told_beside_the_way():
    time = {"first": "2026-11-26T21:20:00Z", "last": "2026-11-26T21:20:00Z"}
    hop = {"from": "jump-1", "to": "hmi-1", "kind": "logon", "what": "rdp", "confidence": 0.9, "events": ["a:1"], "zones": ["dmz", "cell"], **time}
    act = {"from": "hmi-1", "to": "plc-7", "kind": "operation", "what": "write", "confidence": 0.5, "events": ["a:2"], **time}
    plain = {"title": "T", "level": "high", **time, "path": {"hops": [hop], "confidence": 0.9}, "score": {"total": 1}, "spread": {}}
    incident = tieline.Incident(plain)
    assert incident.path.onward is None and "not among the findings" not in incident._repr_html_()
    for hops, boxes in (([hop], 3), ([], 2)):
        incident = tieline.Incident({**plain, "path": {"hops": hops, "onward": act, "confidence": 0.9}})
        assert incident.path.onward.to == "plc-7" and incident.path.onward.events == ["a:2"]
        assert "hmi-1 → plc-7: write" in incident._repr_html_()
        svg = incident.to_svg()
        assert svg.count("hmi-1 (the effect)") == 1 and svg.count("not among the findings") == 1 and svg.count('rx="5"') == boxes
    words = "".join(ET.fromstring(tieline.Incident({"path": {"hops": [hop], "onward": act}}).to_svg()).itertext())
    assert "outside" not in words, "without zones a hop stays in one"


def test_threads_share_it(rules):
    incidents = tieline.Incidents(rules, PLANT)
    threads = [threading.Thread(target=incidents.push_lines, args=(LINES * 200,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    incidents.finish()
    assert incidents.stats().findings > 0 and incidents.push_lines(b"x").faults[0].event_index == 4000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_forks_make_their_own(rules, story):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            story.push({})
        except tieline.ForkedError:
            own = tieline.Incidents(rules, PLANT)
            own.push_lines(LINES)
            own.finish()
            code = 0 if own.incidents() else 2
        os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
