"""Assets, judgements and conduits, as objects: forms of events, errors, saved state, threads and forks."""

import json
import os
import pickle
import threading
import time

import pytest
import tieline

PLANT = """
assets:
  - {id: ews-1, ip: 10.0.0.2, role: engineering_workstation}
  - {id: plc-7, ip: 10.0.1.2, role: controller}
"""
MORE = PLANT + "  - {id: plc-8, ip: 10.0.1.3, role: controller}\n"

STOP = {
    "_path": "s7comm", "ts": "2026-11-26T09:00:00Z", "id.orig_h": "10.0.0.2", "id.orig_p": 50000, "id.resp_h": "10.0.1.2",
    "id.resp_p": 102, "is_orig": True, "source_h": "10.0.0.2", "source_p": 50000, "destination_h": "10.0.1.2",
    "destination_p": 102, "rosctr_code": 1, "rosctr_name": "Job-Request", "function_code": "0x29", "function_name": "PLC Stop",
}  # fmt: skip
LINES = (json.dumps(STOP) + "\nno event\n{}\n").encode()


@pytest.mark.parametrize("make", [tieline.Discovery, lambda: tieline.Trust(PLANT), tieline.Learner])
def test_events_come_in_any_form(make):
    learns = make()
    assert learns.push(STOP) is None
    for text in (LINES, LINES.decode(), bytearray(LINES), memoryview(LINES)):
        taken = learns.push_lines(text)
        assert (taken.events, len(taken.faults)) == (3, 1)
    assert taken.faults[0].event_index == 11
    assert learns.push_events(iter([STOP, "x", json.dumps(STOP).encode()])).faults[0].event_index == 14
    assert learns.push_events([]) == tieline.Taken({"events": 0, "faults": []})
    for call, argument, kind in [
        (learns.push, 5, TypeError),
        (learns.push, "[]", tieline.EventError),
        (learns.push, {"a": float("nan")}, tieline.EventError),
        (learns.push_lines, 5, TypeError),
        (learns.push_lines, b"[{}]", tieline.EventError),
        (learns.push_events, 5, TypeError),
    ]:
        with pytest.raises(kind):
            call(argument)


def test_options_that_are_wrong_say_so(tmp_path):
    for make, error in [
        (lambda: tieline.Discovery(tables="x"), tieline.ArgumentError),
        (lambda: tieline.Discovery(tmp_path / "nowhere.yml"), tieline.LoadError),
        (lambda: tieline.Discovery(taxonomy="nowhere"), tieline.LoadError),
        (lambda: tieline.Discovery().compare(), tieline.ArgumentError),
        (lambda: tieline.Discovery().compare(5), TypeError),
        (lambda: tieline.Discovery().inventory("xml"), tieline.ArgumentError),
        (lambda: tieline.Trust(), tieline.ArgumentError),
        (lambda: tieline.Trust(PLANT, lateness="soon"), tieline.ArgumentError),
        (lambda: tieline.Trust(PLANT).reload([]), tieline.ArgumentError),
        (lambda: tieline.Learner(5), tieline.ArgumentError),
    ]:
        with pytest.raises(error):
            make()
    (tmp_path / "plant.yml").write_text("assets: 5\n")
    for make in (tieline.Discovery, tieline.Trust, tieline.Learner, tieline.Discovery().compare, tieline.Trust(PLANT).reload):
        with pytest.raises(tieline.ArgumentError) as raised:
            make(tmp_path / "plant.yml")
        assert (raised.value.line, raised.value.column) == (1, 9) and raised.value.path.endswith("plant.yml")


def test_assets_have_evidence_and_are_compared(tmp_path):
    (tmp_path / "plant.yml").write_text(MORE)
    discovery = tieline.Discovery(tmp_path / "plant.yml")
    discovery.push(STOP)
    ews, plc = discovery.assets()
    assert (ews.ip, ews.acts, ews.uses, ews.heard) == (["10.0.0.2"], ["mode_stop"], ["s7comm"], True)
    assert ews.evidence[0] == tieline.AssetEvidence(ews.to_dict()["evidence"][0]) and ews.evidence[0].count == 1
    assert (plc.peers, plc.heard, plc.first) == (["10.0.0.2"], False, "2026-11-26T09:00:00Z")
    assert [(own.kind, own.declared) for own in discovery.compare()] == [("silent", "plc-7"), ("silent", "plc-8")]
    unknown = discovery.compare(["id,ip,role\newsA,10.0.0.2,hmi\n"])
    assert [(own.kind, own.what, own.was, own.now) for own in unknown] == []
    assert pickle.loads(pickle.dumps(ews)) == ews
    for form in ("yaml", "csv", "netbox", "cyclonedx"):
        (tmp_path / "found").write_text(discovery.inventory(form))
        assert not [own for own in tieline.Discovery(tmp_path / "found").compare() if own.kind != "silent"]
    assert discovery.stats().to_dict() == {
        "events": 1, "given_up": {"assets": 0, "signs": 0, "links": 0, "outside": 0}
    }  # fmt: skip
    assert repr(discovery) == "Discovery(events=1)"


def test_judgements_wait_for_their_time():
    trust = tieline.Trust(PLANT, lateness="5m")
    trust.push(STOP, at="tap:1")
    trust.push_lines(b"\n" + json.dumps({**STOP, "ts": "2026-11-26T09:10:00Z"}).encode(), name="s7.log")
    (judged,) = trust.take()
    assert not judged and (judged.at, judged.source, judged.destination) == ("tap:1", "ews-1", "plc-7")
    assert judged.missing == ["session:engineering_workstation"] and judged.sessions == [] and trust.take() == []
    trust.advance(2**62)
    assert [own.at for own in trust.take()] == ["s7.log:2"]
    assert trust.stats().to_dict() == {
        "logons": 0, "operations": 2, "unexplained": 2, "late": 0, "early": 0, "sessions_given_up": 0
    }  # fmt: skip
    assert repr(trust) == "Trust(operations=2, unexplained=2)"


def test_saved_state_goes_on_over_another_plant():
    logon = {"EventID": 4624, "Channel": "Security", "Computer": "ews-1", "TimeCreated": "2026-11-26T08:00:00Z", "LogonType": 2}
    logon |= {"TargetUserName": "MK", "TargetLogonId": "0x1"}
    plant = PLANT.replace("ip: 10.0.0.2,", "ip: 10.0.0.2, host: ews-1,")
    trust = tieline.Trust(plant, lateness=60)
    trust.push(logon)
    saved = trust.snapshot()
    other = tieline.Trust(MORE.replace("ip: 10.0.0.2,", "ip: 10.0.0.2, host: ews-1,"))
    other.restore(saved)
    other.reload(plant)
    other.push(STOP)
    other.finish()
    (judged,) = other.take()
    assert judged and judged.sessions[0].user == "mk" and judged.sessions[0].kind == "console"
    assert judged.sessions[0].from_ is None and judged.to_dict()["sessions"][0]["at"] == "0"
    discovery = tieline.Discovery()
    discovery.push(STOP)
    again = tieline.Discovery()
    again.restore(memoryview(discovery.snapshot()))
    assert again.assets() == discovery.assets()
    for bad in (b"", saved[:-1], discovery.snapshot(), saved[:30] + b"x" + saved[31:]):
        with pytest.raises(tieline.StateError):
            trust.restore(bad)
    again.reload(plant + "zones: [{name: cells, networks: [10.0.1.0/24]}]\n")
    assert [own.zone for own in again.assets()] == [None, "cells"] and [own.kind for own in again.compare()] == ["silent"]
    again.reload()
    assert [own.zone for own in again.assets()] == [None, None]
    with pytest.raises(tieline.ArgumentError):
        again.reload("assets: 5\n")
    for bad in (b"x", saved):
        with pytest.raises(tieline.StateError):
            discovery.restore(bad)
    assert again.assets() == discovery.assets()


def test_conduits_are_proposed(tmp_path):
    learner = tieline.Learner([PLANT])
    learner.push_events([STOP] * 10)
    (tmp_path / "plant.yml").write_text(PLANT)
    (tmp_path / "more.yml").write_text(learner.proposal())
    assert learner.given_up == 0
    again = tieline.Learner(tmp_path)
    again.push(STOP)
    assert "conduits: []" in again.proposal()


def test_others_go_on_while_a_buffer_is_read():
    text = (json.dumps(STOP).encode() + b"\n") * 20_000
    discovery, ticks = tieline.Discovery(), 0
    threads = [threading.Thread(target=discovery.push_lines, args=(text,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(0.001)
        ticks += 1
    assert discovery.stats().events == 40_000 and ticks > 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_forks_make_their_own():
    learns = [tieline.Discovery(), tieline.Trust(PLANT), tieline.Learner()]
    child = os.fork()
    if child == 0:
        refused = 0
        for own in learns:
            try:
                own.push({})
            except tieline.ForkedError:
                refused += 1
        os._exit(0 if refused == 3 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
