"""Objects: equality, pickles, copies, errors, HTML, sequences, files, streams, threads, forks, memory."""

import copy
import doctest
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pandas
import polars
import pytest
import tieline
import tieline.pandas
import tieline.polars
from conftest import HIT, TWICE, WHOAMI

LINES = b'{"Image": "C:\\\\whoami.exe"}\n{}\n'


def test_detections_are_a_sequence(rules):
    found = rules.scan([HIT, {}, HIT], evidence=True)
    assert isinstance(found, Sequence)
    assert [own.event_index for own in found[::-1]] == [2, 0]
    assert found[-1].event_index == 2 and found.index(found[1]) == 1 and found.count(found[0]) == 1
    assert found[0] in found and found[0] != found[1] and hash(found[0]) == hash(found[0])
    with pytest.raises(IndexError):
        found[2]
    with pytest.raises(TypeError):
        found["x"]
    assert pickle.loads(pickle.dumps(found)) == found
    assert pickle.loads(pickle.dumps(found[0])) == found[0]
    assert found[0].fields == pickle.loads(pickle.dumps(found[0])).fields != []


def test_rules_are_shared_by_copies(rules):
    assert copy.copy(rules) is rules and copy.deepcopy(rules) is rules
    again = pickle.loads(pickle.dumps(rules))
    assert again.scan(HIT) == rules.scan(HIT)
    assert "Whoami" in rules and "other" not in rules and rules[0] == rules["whoami"]
    with pytest.raises(KeyError):
        rules["other"]


def test_errors_have_kinds():
    with pytest.raises(ValueError) as raised:
        tieline.compile({"a.yml": WHOAMI.replace("endswith", "endwith")})
    error = raised.value
    assert (type(error), error.code, error.path, error.line, error.column) == (tieline.RuleError, "rules", "a.yml", 8, 15)
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) and again.diagnostics == error.diagnostics
    assert "^" in str(error.diagnostics[0])
    bases = {tieline.LoadError: OSError, tieline.ClosedError: RuntimeError, tieline.StateError: ValueError}
    assert all(issubclass(kind, (tieline.TielineError, base)) for kind, base in bases.items())


def test_html_is_escaped(rules):
    evil = tieline.compile([WHOAMI.replace("Whoami", "<script>x</script>"), TWICE])
    event = {"Image": "<img>\\whoami.exe", "User": "<u>"}
    found = evil.scan([event], evidence=True)
    with evil.stream() as stream:
        alerts = stream.push(event, 0).alerts + stream.push(event, 1).alerts + stream.flush()
    bad = tieline.check(WHOAMI.replace("endswith", "<i>"))[0]
    objects = [evil, found, found[0], alerts[0], evil.explain("whoami", event), evil.report, bad, evil[0]]
    for own in objects:
        html = own._repr_html_()
        assert not any(tag in html for tag in ("<script", "<img", "<u>", "<i>")), html
        assert repr(own)


def test_html_of_an_explanation_shows_what_decided():
    rule = """
title: Shell
logsource: {category: c}
detection:
  sel: {Image|endswith: ['cmd.exe', 'pwsh.exe']}
  other: {User: [anna, bob]}
  condition: sel and not other
"""
    rules = tieline.compile(rule)
    held = rules.explain("Shell", {"Image": "x\\cmd.exe", "User": "eve"})._repr_html_()
    assert held.count("saw <code>x\\cmd.exe</code>") == 1, "a value is told once for all tests that saw it"
    filtered = rules.explain("Shell", {"Image": "x\\cmd.exe", "User": "bob"})._repr_html_()
    is_open = [step.endswith("<details open ") for step in filtered.split('style="margin-left:1.2em"><summary>')[:-1]]
    assert is_open == [True, False, False, True, True, True], "the filter stays open, what it overruled closes"
    found = rules.scan([{"Image": "cmd.exe"}], evidence=True)
    assert "1 detection in 1 event<" in found._repr_html_() and "Image endswith" in found._repr_html_()
    assert ">0<" in found._repr_html_() and ">0<" in found[0]._repr_html_(), "the first event has a number too"


def test_files(tmp_path, rules, capsys):
    path = tmp_path / "a.ndjson"
    path.write_bytes(LINES + b"{\n")
    scan = rules.scan_files([path], progress=True, event=True, evidence=True)
    found = list(scan)
    assert [(own.file, own.line, own.event["Image"]) for own in found] == [(str(path), 1, "C:\\whoami.exe")]
    assert (scan.totals.events, scan.totals.bad_events, scan.faults[0].line) == (3, 1, 3)
    assert list(scan) == [] and pickle.loads(pickle.dumps(found)) == found
    assert "%" in capsys.readouterr().err
    missing = rules.scan_files(tmp_path / "none")
    assert list(missing) == [] and len(missing.bad_files) == 1
    with pytest.raises(tieline.ArgumentError):
        rules.scan_files(path, format="pdf")
    with pytest.raises(tieline.ArgumentError):
        pickle.dumps(scan)


def test_following_ends_when_it_is_told_to(tmp_path, rules):
    path = tmp_path / "a.ndjson"
    path.write_bytes(LINES)
    with rules.scan_files(path, follow=True) as scan:
        assert next(scan).line == 1
        with path.open("ab") as file:
            file.write(LINES)
        assert next(scan).line == 3
        timer = threading.Timer(0.2, scan.stop)
        timer.start()
        assert list(scan) == []
    quiet = rules.scan_files(path, follow=True, follow_idle=0.1)
    assert len(list(quiet)) == 2


def test_interrupts_are_heard(tmp_path):
    (tmp_path / "a.ndjson").write_bytes(LINES)
    code = (
        "import os, signal, threading, tieline, sys\n"
        f"rules = tieline.compile({WHOAMI!r})\n"
        "threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "try:\n    list(rules.scan_files(sys.argv[1], follow=True))\n"
        "except KeyboardInterrupt:\n    print('heard')\n"
    )
    run = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, timeout=30, check=True)
    assert run.stdout == b"heard\n"


def test_a_closed_stream_refuses(both):
    stream = both.stream()
    stream.close()
    stream.close()
    calls = [
        lambda: stream.push({}), lambda: stream.push_lines(b""), lambda: stream.push_events([]), stream.flush,
        lambda: stream.advance(0), stream.snapshot, lambda: stream.restore(b""), lambda: stream.reload(both),
        stream.stats, lambda: stream.watermark_ns, lambda: stream.rules,
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(tieline.ClosedError):
            call()
    assert "closed" in repr(stream)


def test_bad_calls_of_a_stream(both):
    with both.stream() as stream:
        for bad in (2**70, "0", 1.5):
            with pytest.raises((TypeError, OverflowError)):
                stream.push({}, bad)
        with pytest.raises(TypeError):
            stream.reload(None)
        with pytest.raises(TypeError):
            stream.restore(None)
        with pytest.raises(tieline.StateError):
            stream.restore(b"nothing")
        with pytest.raises(tieline.EventError):
            stream.push("{")
        with pytest.raises(TypeError):
            pickle.dumps(stream)


def test_threads_share_rules_and_streams(both):
    stream, found = both.stream(), []

    def work(number):
        for at in range(200):
            stream.push(HIT, at * 10**9)
            found.append(len(both.scan([HIT] * 3)))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert found == [3] * 800 and stream.stats().events == 800


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_forks(both):
    both.scan([HIT] * 600, threads=2)
    stream = both.stream()
    child = os.fork()
    if child == 0:
        try:
            assert len(both.scan([HIT] * 600, threads=2)) == 600
            assert len(tieline.compile(WHOAMI).scan(HIT)) == 1
            try:
                stream.push({})
            except tieline.ForkedError:
                os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_processes(rules):
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        found = pool.map(rules.scan, [[HIT], [{}, HIT]])
    assert [[own.event_index for own in each] for each in found] == [[0], [1]]


def test_data_frames(rules):
    columns = {"Image": ["a", None, "C:\\whoami.exe"], "n": [1.5, None, 2]}
    for frame in (pandas.DataFrame(columns), polars.DataFrame(columns)):
        assert len(frame.tieline.scan(rules)) == 1
        assert [list(own) for own in frame.tieline.matched(rules)["rule_titles"]] == [["Whoami"]]
        assert len(frame.tieline.scan(rules, level="critical")) == 0
        with pytest.raises(tieline.ArgumentError, match="other"):
            frame.tieline.scan(rules, rules=["other"])
        assert frame.tieline.detections(rules)[0].event_index == 2
    assert rules.scan([]).to_polars().schema == rules.scan(HIT).to_polars().schema
    assert list(rules.scan(HIT).to_pandas()["tags"]) == [["attack.t1033"]]


def test_memory_is_flat():
    """`TIELINE_FULL=1` makes ten million detections."""
    rounds = 100 if os.environ.get("TIELINE_FULL") else 10
    code = (
        "import tieline\n"
        "def rss():\n    return int(open('/proc/self/statm').read().split()[1]) * 4\n"
        f"rules = tieline.compile({WHOAMI!r})\n"
        f"lines = {LINES!r} * 100_000\n"
        "events = [{'Image': 'whoami.exe', 'a': [1, 'x']}] * 10_000\n"
        "def work():\n"
        "    for own in rules.scan(lines): own.rule_title, own.tags\n"
        "    rules.scan(events).to_dicts()\n"
        "    try: rules.scan([{'a': float('nan')}])\n    except ValueError: pass\n"
        "for _ in range(5): work()\n"
        "before = rss()\n"
        f"for _ in range({rounds}): work()\n"
        "print(rss() - before)\n"
    )
    if not sys.platform.startswith("linux"):
        pytest.skip("memory is read from /proc")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert int(run.stdout) < 30_000, "kibibytes"


def test_import_is_quick():
    code = "import time; a = time.perf_counter(); import tieline; print(time.perf_counter() - a)"
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, check=True) for _ in range(5)]
    assert min(float(run.stdout) for run in runs) < 0.1


def test_docs_run(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yml").write_text(WHOAMI)
    (tmp_path / "a.ndjson").write_bytes(b"{}\n" + LINES.split(b"\n")[0])
    names = {"tieline": tieline, "WHOAMI": WHOAMI.replace("\ntags: [attack.t1033]", ""), "TWICE": TWICE}
    names |= {"COIL": COIL, "STOP": STOP, "FOLDER": str(tmp_path / "rules"), "EVENTS": str(tmp_path / "a.ndjson")}
    texts = {"README": (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")}
    texts |= {"pandas": tieline.pandas.__doc__, "polars": tieline.polars.__doc__}
    for name in tieline.__all__:
        own = getattr(tieline, name)
        assert name == "__version__" or own.__doc__, name
        texts[name] = own.__doc__ or ""
        for member in vars(own) if isinstance(own, type) else ():
            texts[f"{name}.{member}"] = str(getattr(own, member).__doc__ or "")
    ran = 0
    for name, text in texts.items():
        text = "\n".join(line for line in text.splitlines() if not line.startswith("```"))
        test = doctest.DocTestParser().get_doctest(text, dict(names), name, name, 0)
        result = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF).run(test)
        assert result.failed == 0, name
        ran += result.attempted
    assert ran > 30


COIL = {
    "layers": {
        "tcp": {"tcp_tcp_dstport": "502"},
        "modbus": {"modbus_modbus_func_code": "5", "modbus_modbus_reference_num": "12"},
    }
}

STOP = {
    "_path": "s7comm", "ts": "2026-11-26T09:00:00Z", "id.orig_h": "10.0.0.2", "id.resp_h": "10.0.1.2", "is_orig": True,
    "rosctr_code": 1, "rosctr_name": "Job-Request", "function_code": "0x29", "function_name": "PLC Stop",
}  # fmt: skip


def test_operations_are_read_by_many_threads():
    normaliser = tieline.Normaliser()
    (expected,) = normaliser.records(COIL)
    assert (expected["ot.operation"], expected["ot.address"], expected["ot.direction"]) == ("control", [12], "request")
    found = []
    threads = [threading.Thread(target=lambda: found.extend(normaliser.records(COIL) * 10)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 80


def test_tables_of_operations_are_paths_or_texts(tmp_path):
    table = "protocol: p\nsources: {t: test}\nsensors: [{sensor: s, needs: [func], inputs: {code: func}}]\n"
    (tmp_path / "sensors.yml").write_text("sensor: s\ninputs: {}\n")
    (tmp_path / "p.yml").write_text(table + "operations: [{code: 2, class: mode_stop, source: t}]\n")
    normaliser = tieline.Normaliser(taxonomy=tmp_path)
    assert normaliser.records(b'{"func": 2}')[0]["ot.operation"] == "mode_stop"
    assert normaliser.records(COIL) == []
    (tmp_path / "p.yml").write_text(table + "operations: [{code: 2, class: mode_stopp, source: t}]\n")
    with pytest.raises(tieline.ArgumentError) as raised:
        tieline.Normaliser(taxonomy=[tmp_path / "sensors.yml", tmp_path / "p.yml"])
    assert (raised.value.line, raised.value.column) == (4, 14) and raised.value.path.endswith("p.yml")
    assert "did you mean `mode_stop`?" in str(raised.value)
    (tmp_path / "empty").mkdir()
    for options, kind in [
        ({"taxonomy": tmp_path / "empty"}, tieline.LoadError),
        ({"taxonomy": "nowhere"}, tieline.LoadError),
        ({"tables": []}, tieline.ArgumentError),
    ]:
        with pytest.raises(kind):
            tieline.Normaliser(**options)
    for event, kind in [(b"[]", tieline.EventError), (5, TypeError), ({"a": float("nan")}, tieline.EventError)]:
        with pytest.raises(kind):
            normaliser.records(event)
