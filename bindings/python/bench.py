"""Rates of the Python package on this machine: lines, dicts, threads, import.

    python bench.py EVENTS.ndjson[.gz] RULES… [--source windows] [--rust 123456]

`--rust` is the rate of the Rust library over the same file (`cargo run --release -p tieline-common --example rate -- RULES EVENTS.ndjson`).
Answers are compared before times are.
"""

import argparse
import gzip
import json
import subprocess
import sys
import threading
import time


def best(job, rounds):
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        job()
        times.append(time.perf_counter() - begin)
    return min(times)


def tables(rules, dicts, tell, rounds):
    """Events as tables whose texts are plain, or dictionaries, beside the same events as lines."""
    try:
        import pyarrow as pa
    except ImportError:
        return
    columns = {name: [event.get(name) for event in dicts] for name in sorted({name for event in dicts for name in event})}
    table = pa.table({name: column(pa, values) for name, values in columns.items()})
    rows = [{name: value for name, value in row.items() if value is not None} for row in table.to_pylist()]
    lines = "\n".join(json.dumps(row) for row in rows).encode()
    coded = pa.table({name: of.dictionary_encode() if pa.types.is_string(of.type) else of for name, of in zip(table.column_names, table.columns)})
    expected = rules.scan(lines).to_dicts()
    one = tell("events of a table, as lines", best(lambda: rules.scan(lines), rounds))
    for name, own in (("table", table), ("table, dictionaries", coded)):
        assert rules.scan(own).to_dicts() == expected, "tables and lines must give the same"
        rate = tell(name, best(lambda own=own: rules.scan(own), rounds))
        print(f"{name:<28} {rate / one:10.2f} x lines")


def column(pa, values):
    """A column of one type; values of several types are texts."""
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([value if value is None or isinstance(value, str) else json.dumps(value) for value in values])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("events")
    parser.add_argument("rules", nargs="+")
    parser.add_argument("--source", default="windows")
    parser.add_argument("--rust", type=float)
    parser.add_argument("--rounds", type=int, default=5)
    own = parser.parse_args()

    load = [sys.executable, "-c", "import time; a = time.perf_counter(); import tieline; print(time.perf_counter() - a)"]
    seconds = min(float(subprocess.run(load, capture_output=True, check=True).stdout) for _ in range(own.rounds))
    print(f"import                 {seconds * 1000:10.1f} ms")

    import tieline

    text = (gzip.open if own.events.endswith(".gz") else open)(own.events, "rb").read()
    rules = tieline.load(own.rules, source=own.source)
    dicts = [json.loads(line) for line in text.splitlines() if line.strip()]
    found = rules.scan(text)
    assert rules.scan(dicts).to_dicts() == found.to_dicts(), "dicts and lines must give the same"
    print(f"rules {len(rules)}, events {len(dicts)}, detections {len(found)}")

    def tell(name, seconds, events=len(dicts)):
        beside = f"  {events / seconds / own.rust:6.2f} of Rust" if own.rust else ""
        print(f"{name:<28} {events / seconds:10,.0f} events/s{beside}")
        return events / seconds

    def together(job):
        threads = [threading.Thread(target=job) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    one = tell("lines", best(lambda: rules.scan(text), own.rounds))
    # Several scans in each thread, so that starting one and waking its core are not what is measured.
    scans = lambda: [rules.scan(text) for _ in range(8)]
    two = tell("lines, two threads", best(lambda: together(scans), own.rounds), 16 * len(dicts))
    print(f"two threads            {two / one:10.2f} x one")
    tell("list of dicts", best(lambda: rules.scan(dicts), own.rounds))
    tables(rules, dicts, tell, own.rounds)
    some = dicts[:2000]
    tell("dict by dict", best(lambda: [rules.scan(event) for event in some], own.rounds), len(some))


if __name__ == "__main__":
    main()
