"""Makes the calls of `bindings/parity` in Python, and compares the answers. Its README says what they are."""

import json
from pathlib import Path

import pytest
import tieline

FOLDER = Path(__file__).parents[2] / "parity"
SUITES = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))]
CASES = [(suite["suite"], case) for suite in SUITES for case in suite["cases"]]


def place(told):
    return f"{told.code} {told.line}:{told.column}"


def narrow(value, name=""):
    """Numbers under names that end in `_ns` as text."""
    if isinstance(value, dict):
        return {name: narrow(own, name) for name, own in value.items()}
    if isinstance(value, list):
        return [narrow(own) for own in value]
    is_wide = name.endswith("_ns") and isinstance(value, int)
    return str(value) if is_wide else value


class Twice(Exception):
    pass


def as_object(text):
    """A JSON object as a dict; None when a dict would be something else."""

    def once(pairs):
        if len(dict(pairs)) != len(pairs):
            raise Twice
        return dict(pairs)

    try:
        event = json.loads(text, object_pairs_hook=once)
        # Numbers that a float cannot hold, and text that no str is, are other values as objects.
        same = json.loads(json.dumps(event, allow_nan=False)) == event and "\\u" not in text
        is_exact = json.loads(text, parse_float=str) == json.loads(json.dumps(event), parse_float=str)
    except (ValueError, RecursionError, Twice):
        return None
    return event if same and is_exact and isinstance(event, dict) else None


class Held:
    """What the steps of a case share."""

    rules = None
    stream = None
    normaliser = None
    learns = None
    saved = b""

    def counts(self):
        return {"rules": len(self.rules), "correlations": len(self.rules.correlations)}

    def run(self, step):
        return getattr(self, "do_" + step["do"])(step, step.get("options", {}))

    def do_compile(self, step, options):
        self.rules = tieline.compile(step["texts"], **options)
        return {**self.counts(), "diagnostics": [place(told) for told in self.rules.diagnostics]}

    def do_check(self, step, options):
        return [place(told) for told in tieline.check(step["texts"], **options)]

    def do_again(self, step, options):
        self.rules = tieline.Rules.from_bytes(self.rules.to_bytes())
        return self.counts()

    def do_in_context(self, step, options):
        self.rules = self.rules.in_context(step["context"])
        return {**self.counts(), "diagnostics": [place(told) for told in self.rules.diagnostics]}

    def do_from_bytes(self, step, options):
        self.rules = tieline.Rules.from_bytes(bytes.fromhex(step["hex"]))
        return self.counts()

    def do_scan(self, step, options):
        found = self.rules.scan_event(step["event"], **options).to_dicts()
        event = as_object(step["event"])
        if event is not None:
            assert self.rules.scan(event, **options).to_dicts() == found
            assert self.rules.scan([event], **options).to_dicts() == found
        return found

    def scanned(self, found):
        faults = [fault.to_dict() for fault in found.faults]
        return {"events": found.events, "detections": found.to_dicts(), "faults": faults}

    def do_scan_lines(self, step, options):
        found = self.scanned(self.rules.scan_lines(step["text"], **options))
        assert self.scanned(self.rules.scan(step["text"].encode(), **options)) == found
        assert self.scanned(self.rules.scan(memoryview(step["text"].encode()), **options)) == found
        return found

    def do_scan_events(self, step, options):
        found = self.scanned(self.rules.scan(step["events"], **options))
        assert self.scanned(self.rules.scan((event.encode() for event in step["events"]), **options)) == found
        return found

    def do_explain(self, step, options):
        return self.rules.explain(step["rule"], step["event"]).to_dict()

    def do_normaliser(self, step, options):
        self.normaliser = tieline.Normaliser(**options)

    def do_records(self, step, options):
        found = self.normaliser.records(step["event"])
        event = as_object(step["event"])
        if event is not None:
            assert self.normaliser.records(event) == found
        return found

    def do_discovery(self, step, options):
        self.learns = tieline.Discovery(**options)

    def do_trust(self, step, options):
        self.learns = tieline.Trust(**options)

    def do_learner(self, step, options):
        self.learns = tieline.Learner(**options)

    def do_incidents(self, step, options):
        self.learns = tieline.Incidents(self.rules, **options)

    def do_report(self, step, options):
        self.learns = tieline.Report(self.rules, **options)

    def do_document(self, step, options):
        since = step.get("since")
        document = self.learns.finish(self.document if since == "last" else since)
        self.document = self.learns.to_json()
        return document

    def do_markdown(self, step, options):
        return self.learns.to_markdown()

    def do_html(self, step, options):
        return self.learns.to_html()[:15]

    def do_learn(self, step, options):
        event = as_object(step["event"])
        event = step["event"] if event is None else event
        self.learns.push(event, *([step["at"]] if "at" in step else []))

    def do_learn_lines(self, step, options):
        names = [step["name"]] if isinstance(self.learns, (tieline.Trust, tieline.Incidents, tieline.Report)) and "name" in step else []
        return self.learns.push_lines(step["text"], *names).to_dict()

    def do_learn_events(self, step, options):
        return self.learns.push_events(step["events"]).to_dict()

    def do_assets(self, step, options):
        return [asset.to_dict() for asset in self.learns.assets()]

    def do_compare(self, step, options):
        return [own.to_dict() for own in self.learns.compare(step.get("context"))]

    def do_inventory(self, step, options):
        return self.learns.inventory(step["form"])

    def do_advance_to(self, step, options):
        self.learns.advance(int(step["time_ns"]))

    def do_finish(self, step, options):
        self.learns.finish()

    def do_take(self, step, options):
        return [own.to_dict() for own in self.learns.take()]

    def do_add(self, step, options):
        finding = as_object(step["finding"])
        self.learns.add(step["finding"] if finding is None else finding)

    def do_told(self, step, options):
        return [own.to_dict() for own in self.learns.incidents()]

    def do_export(self, step, options):
        return self.learns.export(step["form"], step.get("id"))

    def do_changes(self, step, options):
        return [own.to_dict() for own in self.learns.take_changes()]

    def do_proposal(self, step, options):
        return self.learns.proposal()

    def do_learned(self, step, options):
        return self.learns.given_up if isinstance(self.learns, tieline.Learner) else self.learns.stats().to_dict()

    def do_save_learned(self, step, options):
        self.saved = self.learns.snapshot()

    def do_restore_learned(self, step, options):
        restored = self.learns.restore(bytes.fromhex(step["hex"]) if "hex" in step else self.saved)
        return None if restored is None else restored.to_dict()

    def do_other_rules(self, step, options):
        return self.learns.reload(tieline.compile(step["texts"], **options), step.get("context")).to_dict()

    def do_other_plant(self, step, options):
        self.learns.reload(step.get("context", []))

    def do_indicators(self, step, options):
        self.rules = self.rules.with_indicators(step["lists"])
        return {"rules": len(self.rules), "correlations": len(self.rules.correlations)}

    def do_stream(self, step, options):
        self.stream = self.rules.stream(**step.get("settings", {}), **options)

    def pushed(self, pushed):
        return {
            "detections": pushed.detections.to_dicts(),
            "alerts": [alert.to_dict() for alert in pushed.alerts],
            "not_counted": [own.to_dict() for own in pushed.not_counted],
            "untimed": pushed.untimed,
        }

    def do_push(self, step, options):
        time_ns = step.get("time_ns")
        event = as_object(step["event"])
        event = step["event"] if event is None else event
        return self.pushed(self.stream.push(event, None if time_ns is None else int(time_ns)))

    def do_push_lines(self, step, options):
        pushed = self.stream.push_lines(step["text"])
        faults = [fault.to_dict() for fault in pushed.faults]
        return {**self.pushed(pushed), "events": pushed.events, "faults": faults}

    def do_advance(self, step, options):
        return {"alerts": [alert.to_dict() for alert in self.stream.advance(int(step["time_ns"]))]}

    def do_flush(self, step, options):
        return {"alerts": [alert.to_dict() for alert in self.stream.flush()]}

    def do_stats(self, step, options):
        return self.stream.stats().to_dict()

    def do_save(self, step, options):
        self.saved = self.stream.snapshot()

    def do_restore(self, step, options):
        return self.stream.restore(self.saved).to_dict()

    def do_restore_bytes(self, step, options):
        return self.stream.restore(bytes.fromhex(step["hex"])).to_dict()

    def do_reload(self, step, options):
        return self.stream.reload(tieline.compile(step["texts"], **options)).to_dict()

    def do_close(self, step, options):
        self.stream.close()


def error_of(error):
    shown = {"code": error.code}
    if error.diagnostics:
        shown["diagnostics"] = [place(told) for told in error.diagnostics]
    if error.byte is not None:
        shown["byte"] = error.byte
    return shown


@pytest.mark.parametrize("case", [case for _, case in CASES], ids=[f"{suite}: {case['name']}" for suite, case in CASES])
def test_case(case):
    held = Held()
    for step in case["steps"]:
        try:
            own = {"answer": narrow(held.run(step))}
        except tieline.TielineError as error:
            own = {"error": error_of(error)}
        expected = {name: step[name] for name in ("answer", "error") if name in step}
        assert own == expected, step
