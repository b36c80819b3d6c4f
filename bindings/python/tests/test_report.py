"""Reports as objects: events in, a document, Markdown and a page out; and clocks of sources."""

import json

import pytest
import tieline

RULE = """
title: Audit log cleared
level: high
logsource: {product: windows}
detection: {s: {EventID: 1102}, condition: s}
"""
EVENT = {"EventID": 1102, "Channel": "Security", "Computer": "hmi-1", "TimeCreated": "2026-11-26T09:00:00Z"}


@pytest.fixture(scope="module")
def rules():
    return tieline.compile(RULE)


def test_a_report_is_made_once_and_tells_what_changed(rules):
    first = tieline.Report(rules)
    first.finish()
    report = tieline.Report(rules, "assets:\n  - {id: hmi, host: hmi-1, role: hmi}\n", lateness="5m")
    with pytest.raises(tieline.ClosedError):
        report.to_json()
    assert "not finished" in report._repr_html_() and repr(report) == "Report()"
    report.push(EVENT, at="here")
    assert report.push_lines(json.dumps(EVENT) + "\nx\n", "log").faults[0].event_index == 2
    assert report.push_events([EVENT, "{}"]).events == 2
    with pytest.raises(tieline.EventError):
        report.push("[")
    for since, kind in [(5, TypeError), ("", tieline.ArgumentError), ({}, tieline.ArgumentError), ("{", tieline.ArgumentError)]:
        with pytest.raises(kind):
            report.finish(since)
    document = report.finish(since=first.to_json())
    assert document["events"]["read"] == 6 and document["events"]["broken"] == 2
    assert [own["title"] for own in document["incidents"]] == ["Audit log cleared on hmi"]
    assert document["changes"]["incidents"]["new"] == [document["incidents"][0]["id"]]
    assert json.loads(report.to_json()) == document
    assert report.to_markdown().startswith("# Security report") and report.to_html().startswith("<!doctype html>")
    assert "Audit log cleared on hmi" in report._repr_html_() and repr(report) == "Report(finished)"
    for late in (lambda: report.push(EVENT), report.finish, lambda: report.push_lines("{}")):
        with pytest.raises(tieline.ClosedError):
            late()
    assert tieline.Report(rules).finish(since=document)["changes"]["since"] == document["period"]["last"]


def test_a_page_is_written_where_it_shall_be(rules, tmp_path):
    report = tieline.Report(rules)
    report.finish()
    assert report.to_html(tmp_path / "report.html") is None
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == report.to_html()
    with pytest.raises(OSError):
        report.to_html(tmp_path)


def test_text_of_events_stays_text(rules):
    report = tieline.Report(rules)
    report.push({**EVENT, "Computer": "<script>alert('x')</script>"})
    report.finish()
    assert "<script>alert" not in report._repr_html_() and "<script>alert" not in report.to_html()


def test_options_that_are_wrong_say_so(rules):
    for options in ({"level": "loud"}, {"context": "assets: 5\n"}, {"clock_offsets_s": 5}, {"nope": 1}):
        with pytest.raises((tieline.ArgumentError, TypeError)):
            tieline.Report(rules, **options)


def test_clocks_that_are_off_are_told_and_put_right(rules):
    def skews(**options):
        incidents = tieline.Incidents(rules, **options)
        for number in range(9):
            for name, late in (("it.log", 0), ("ot.log", 480)):
                event = {"ts": 1_795_680_000 + number * number * 3_000 - late, "id.orig_h": f"10.0.0.{number}", "id.resp_h": "10.0.1.1", "id.resp_p": 22}
                incidents.push(event, at=f"{name}:1")
        return [(skew.source, skew.offset_s, skew.pairs) for skew in incidents.skews()]

    assert skews() == [("ot.log:events", 480.0, 9)]
    assert skews(clock_offsets_s={"ot.log": 420}) == [("ot.log:events", 60.0, 9)]
