"""Compares what was done with what Tieline tells of it.

    acts.ndjson ──▶ records that are due ─┐
                                          ├──▶ a table, and every difference          exit 0: none
    events.ndjson ─▶ records that came ───┤
    found.ndjson ──▶ rules that fired ────┘

    compare.py ACTS EVENTS FOUND [--acts]

EVENTS are those of `tieline normalise --output ndjson`, FOUND those of `tieline scan --output ndjson --event`. Each record that
is due takes the first record not yet taken that has its protocol, direction and code. All that a record tells of the operation has
to be as written, and nothing else may stand there; no record may be left. It does not compare names or the clocks.
"""

import argparse
import json
import sys
from collections import Counter

# What stands beside the fields of a record that is due.
MARKS = {"rule", "by", "yet"}
# Who sent it and what holds it together is checked in another way; names follow codes.
ASIDE = {"sensor", "name", "subname", "error.name", "session", "transaction", "frame"}


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def frame(event):
    return int(event["layers"]["frame"]["frame_frame_number"])


def records(events):
    for event in events:
        record = {name[3:]: value for name, value in event.items() if name.startswith("ot.")}
        if record:
            yield {**record, "frame": frame(event)}


def listed(value):
    return value if value is None or isinstance(value, list) else [value]


def kind(record):
    return record.get("protocol"), record.get("direction"), record.get("code")


def ends(record, side):
    return record.get(f"{side}.ip"), record.get(f"{side}.port")


def compare(act, due, came):
    """The fields of one record that differ."""
    told = {name: value for name, value in came.items() if name not in ASIDE and not name.startswith(("source.", "destination."))}
    by = due.get("by")
    due = {name: value for name, value in due.items() if name not in MARKS}
    # The server is the receiver of a request, unless it asks itself.
    receives = (due["direction"] == "request") != (by == "server")
    if ends(came, "destination" if receives else "source") != (act["host"], act["port"]):
        yield "ends", f"{act['host']}:{act['port']}", f"{ends(came, 'source')} to {ends(came, 'destination')}"
    for name in sorted(due.keys() | told.keys()):
        if due.get(name) == "*" and told.get(name) is not None:
            continue
        if listed(due.get(name)) != listed(told.get(name)):
            yield name, due.get(name), told.get(name)


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("acts")
    words.add_argument("events")
    words.add_argument("found")
    words.add_argument("--acts", action="store_true", dest="each", help="a line for each act")
    given = words.parse_args()

    left = list(records(lines(given.events)))
    differences, known, due_rules = [], [], Counter()
    table = {}
    between = []
    for act in lines(given.acts):
        between += [one for one in act["between"] if one not in between]
        taken, fields, wrong, otherwise = [], 0, 0, 0
        for due in act["records"]:
            came = next((one for one in left if kind(one) == kind(due)), None)
            if came is None:
                missing = f"{due['operation']} {due.get('code', '')} {due['direction']}"
                differences.append(f"{act['act']} ({act['what']}): nothing tells of {missing}")
                wrong += 1
                continue
            left.remove(came)
            taken.append(came)
            if "rule" in due:
                due_rules[due["rule"], came["frame"]] += 1
            fields += len(due.keys() - MARKS) + 1
            for name, wanted, told in compare(act, due, came):
                text = f"{act['act']} ({act['what']}), {due['direction']}: {name} is {json.dumps(told)}, not {json.dumps(wanted)}"
                yet = due.get("yet", {})
                reason = name in yet and listed(yet[name]) == listed(told)
                (known if reason else differences).append(text)
                wrong += not reason
                otherwise += reason
        # A request and its answer are held together.
        asked = [one.get("transaction") for one in taken if one["direction"] == "request"]
        answered = [one.get("transaction") for one in taken if one["direction"] == "response"]
        for one, other in zip(asked, answered):
            if one != other:
                differences.append(f"{act['act']} ({act['what']}): transaction {one} is answered as {other}")
        if given.each:
            told = dict.fromkeys(one["operation"] for one in taken)
            print(f"{act['act']:<10}  {act['what']:<48}  {', '.join(told):<28}  {'DIFFERENT' if wrong else 'known' if otherwise else 'as done'}")
        row = table.setdefault(act["act"].split()[0], Counter())
        row.update(acts=1, records=len(taken), fields=fields, known=otherwise, different=wrong)
    for one in left:
        if any(like.items() <= one.items() for like in between):
            continue
        differences.append(f"nobody did this: {json.dumps(one)}")

    fired = Counter((found["rule_title"], frame(found["event"])) for found in lines(given.found) if found["kind"] == "detection")
    for (rule, where), times in (fired - due_rules).items():
        differences.append(f"rule `{rule}` fired {times} times too often at frame {where}")
    for (rule, where), times in (due_rules - fired).items():
        differences.append(f"rule `{rule}` is silent at frame {where}")

    print(f"{'protocol':<10}{'acts':>6}{'records':>9}{'fields':>8}{'known':>7}{'different':>11}")
    for protocol, row in table.items():
        print(f"{protocol:<10}{row['acts']:>6}{row['records']:>9}{row['fields']:>8}{row['known']:>7}{row['different']:>11}")
    print(f"rules fired {sum(fired.values())} times of {sum(due_rules.values())}")
    for text in known:
        print(f"known: {text}")
    for text in differences:
        print(f"difference: {text}")
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
