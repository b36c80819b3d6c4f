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


def tables(rules, text, found, tell, rounds):
    """The same events as tables: objects are structs, and texts are plain or dictionaries."""
    try:
        import pyarrow as pa
        from pyarrow import json as pj
    except ImportError:
        return
    options = pj.ReadOptions(block_size=max(1 << 20, len(text)))
    plain = pj.read_json(pa.BufferReader(text), read_options=options).combine_chunks()
    coded = pa.table({name: coded_column(column) for name, column in zip(plain.column_names, plain.columns)})
    for name, table in (("table", plain), ("table, dictionaries", coded)):
        # pyarrow reads texts that look like times as times, so answers may differ in number; both tables give the same.
        assert len(rules.scan(table)) == len(rules.scan(plain)), "tables must give the same"
        if len(rules.scan(table)) != len(found):
            print(f"({name}: {len(rules.scan(table))} detections, {len(found)} in JSON, because columns have types)")
        tell(name, best(lambda: rules.scan(table), rounds))


def coded_column(column):
    import pyarrow as pa

    if pa.types.is_string(column.type):
        return column.dictionary_encode().combine_chunks()
    if pa.types.is_struct(column.type):
        rows = column.combine_chunks()
        fields = [coded_column(pa.chunked_array([field])) for field in rows.flatten()]
        names = [rows.type.field(at).name for at in range(rows.type.num_fields)]
        return pa.StructArray.from_arrays(fields, names=names, mask=rows.is_null())
    return column.combine_chunks()


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
        print(f"{name:<22} {events / seconds:10,.0f} events/s{beside}")
        return events / seconds

    def together(job):
        threads = [threading.Thread(target=job) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    one = tell("lines", best(lambda: rules.scan(text), own.rounds))
    two = tell("lines, two threads", best(lambda: together(lambda: rules.scan(text)), own.rounds), 2 * len(dicts))
    print(f"two threads            {two / one:10.2f} x one")
    tell("list of dicts", best(lambda: rules.scan(dicts), own.rounds))
    tables(rules, text, found, tell, own.rounds)
    some = dicts[:2000]
    tell("dict by dict", best(lambda: [rules.scan(event) for event in some], own.rounds), len(some))


if __name__ == "__main__":
    main()
