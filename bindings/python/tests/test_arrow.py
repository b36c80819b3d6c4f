"""Tables of other libraries as events, and detections as tables."""

import _thread
import gc
import json
import os
import subprocess
import sys
import threading

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import tieline
import tieline.pandas
import tieline.polars

from conftest import HIT, WHOAMI

SYSMON = "Microsoft-Windows-Sysmon/Operational"
EVENTS = [
    {"Image": "C:\\whoami.exe", "User": "anna", "Channel": SYSMON, "EventID": 1},
    {"Image": "c:\\a.exe", "EventID": 1, "Channel": None},
    {"Image": "x\\WHOAMI.EXE", "EventID": 1, "Channel": SYSMON},
    {"Image": None, "User": "C:\\whoami.exe"},
]


class Only:
    """Has the one method, whatever else the table can do."""

    def __init__(self, table, name="__arrow_c_stream__"):
        self.table = table
        setattr(type(self), name, lambda self, requested_schema=None: getattr(self.table, name)(requested_schema))


class Gives:
    def __init__(self, what):
        self.what = what

    def __arrow_c_stream__(self, requested_schema=None):
        return self.what


def expected(rules, **options):
    lines = [{name: value for name, value in event.items() if value is not None} for event in EVENTS]
    found = rules.scan(lines, **options).to_dicts()
    assert [(it["event_index"], it.get("source")) for it in found] == [(0, "windows"), (2, "windows")]
    return found


TABLE = pa.Table.from_pylist(EVENTS)


@pytest.mark.parametrize(
    "table",
    [
        TABLE,
        TABLE.combine_chunks().to_batches()[0],
        pa.RecordBatchReader.from_batches(TABLE.schema, TABLE.to_batches(max_chunksize=1)),
        pa.concat_tables([TABLE.slice(0, 1), TABLE.slice(1)]),
        pl.DataFrame(EVENTS),
        pl.DataFrame(EVENTS).rechunk().cast({"Image": pl.Categorical, "Channel": pl.Categorical}),
        pl.DataFrame(EVENTS).to_struct("e"),
        pd.DataFrame(EVENTS).convert_dtypes(),
        pa.table({name: TABLE[name].dictionary_encode() for name in TABLE.column_names}),
        pa.table({name: TABLE[name].cast(pa.large_string()) if name == "Image" else TABLE[name] for name in TABLE.column_names}),
        pa.table({name: TABLE[name].cast(pa.string_view()) if name == "Image" else TABLE[name] for name in TABLE.column_names}),
    ],
)
def test_rows_are_events(rules, table):
    assert rules.scan(table).to_dicts() == expected(rules)


def test_an_array_of_structs_is_a_table(rules):
    array = type("Array", (Only,), {})(TABLE.to_struct_array().combine_chunks(), "__arrow_c_array__")
    assert rules.scan(array, evidence=True).to_dicts() == expected(rules, evidence=True)


def test_frames_give_frames_of_their_kind(rules):
    titles = [found["rule_title"] for found in expected(rules)]
    for frame in (pl.DataFrame(EVENTS), pd.DataFrame(EVENTS), pd.DataFrame({"Image": ["C:\\whoami.exe", 5, None]})):
        found = frame.tieline.scan(rules)
        assert type(found) is type(frame)
        assert list(found["rule_title"]) == titles[: len(found)]
        assert len(frame.tieline.matched(rules)) == len(found)


def test_an_index_is_no_field():
    rules = tieline.compile("title: r\nlogsource: {category: c}\ndetection: {s: [secret], condition: s}", source="none")
    frame = pd.DataFrame({"a": ["x"]}, index=["secret"])
    assert len(frame.tieline.scan(rules)) == 0


def test_detections_are_a_table(rules):
    found = rules.scan(TABLE)
    table = pa.table(found)
    assert table.column_names == list(found.to_columns())
    assert {name: table[name].to_pylist() for name in table.column_names} == found.to_columns()
    assert pa.table(rules.scan([])).schema == table.schema
    assert found.to_polars().to_dict(as_series=False) == found.to_columns()
    # What was pickled is the same.
    import pickle

    assert pa.table(pickle.loads(pickle.dumps(found))).equals(table)


def test_a_stream_takes_tables(both):
    events = [dict(HIT, UtcTime=f"2026-01-01 00:00:0{second}") for second in range(3)]
    with both.stream() as by_table, both.stream() as by_dicts:
        answers = [by_table.push_events(pl.DataFrame(events)), by_dicts.push_events(events)]
        assert answers[0].events == 3
        assert [alert.to_dict() for alert in answers[0].alerts] == [alert.to_dict() for alert in answers[1].alerts]
        assert answers[0].detections == answers[1].detections


def test_what_is_no_table_is_refused(rules):
    with pytest.raises(TypeError, match="in place of a capsule `arrow_array_stream`"):
        rules.scan(Gives(7))
    with pytest.raises(ValueError, match="incorrect name"):
        rules.scan(Gives(TABLE.schema.__arrow_c_schema__()))
    with pytest.raises((tieline.EventError, TypeError)):
        rules.scan(pa.chunked_array([[1, 2]]))
    with pytest.raises((tieline.EventError, TypeError)):
        rules.scan(pa.array([1, 2]))
    with pytest.raises(TypeError, match="give what its `collect"):
        rules.scan(pl.DataFrame(EVENTS).lazy())
    with pytest.raises(TypeError, match="none of which is null"):
        rules.scan(pa.array([{"a": 1}, None]))


def test_a_table_that_was_given_away_is_an_error(rules):
    capsule = TABLE.__arrow_c_stream__()
    assert len(rules.scan(Gives(capsule))) == 2
    with pytest.raises(tieline.EventError, match="released"):
        rules.scan(Gives(capsule))
    array = Only(TABLE.to_struct_array().combine_chunks().__arrow_c_array__())

    class Twice:
        def __arrow_c_array__(self, requested_schema=None):
            return array.table

    assert len(rules.scan(Twice())) == 2
    with pytest.raises(tieline.EventError, match="released"):
        rules.scan(Twice())


def test_memory_that_is_not_what_its_type_says_is_refused(rules):
    broken = pa.StringArray.from_buffers(1, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe"))
    with pytest.raises(tieline.EventError, match="the column `Image` is not what its type says"):
        rules.scan(pa.table({"Image": broken}))
    places = b"".join(place.to_bytes(4, "little") for place in [0, 0x7FFFFFFF, 2])
    outside = pa.StringArray.from_buffers(2, pa.py_buffer(places), pa.py_buffer(b"ab"))
    with pytest.raises(tieline.EventError, match="the column `Image`"):
        rules.scan(pa.table({"Image": outside}))

    for places in ([0, 2, 1, 4], [0, -1, 2, 4], [0, 1, 9, 4], [0, 2**31 - 1, -(2**31), 4]):
        raw = b"".join(place.to_bytes(4, "little", signed=True) for place in places)
        outside = pa.StringArray.from_buffers(3, pa.py_buffer(raw), pa.py_buffer(b"abcd"))
        with pytest.raises(tieline.EventError, match="the column `Image`"):
            rules.scan(pa.table({"Image": outside}))
        raw = b"".join((place << 32 if abs(place) > 9 else place).to_bytes(8, "little", signed=True) for place in places)
        outside = pa.LargeStringArray.from_buffers(3, pa.py_buffer(raw), pa.py_buffer(b"abcd"))
        # Whether rules ask for the column or not, with texts of rows or without.
        for name, evidence in (("Image", False), ("nobody asks", False), ("Image", True)):
            with pytest.raises(tieline.EventError, match=f"the column `{name}`"):
                rules.scan(pa.table({name: outside}), evidence=evidence)
    for keys in ([0, 2], [-1, 0], [2**31 - 1, 1]):
        for of in (pa.int32(), pa.int64()):
            coded = pa.DictionaryArray.from_arrays(pa.array(keys, of), pa.array(["a", "b"]), safe=False)
            for name in ("Image", "nobody asks"):
                with pytest.raises(tieline.EventError, match=f"the column `{name}`"):
                    rules.scan(pa.table({name: coded}))
    cut = pa.StringArray.from_buffers(2, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0"), pa.py_buffer("é".encode()))
    with pytest.raises(tieline.EventError, match="the column `Image`"):
        rules.scan(pa.table({"Image": cut}))


@pytest.mark.parametrize("wrong", [-1, 2**31 - 1, -(2**31), 0])
def test_places_of_texts_that_are_null_are_not_looked_at(rules, wrong):
    text = b"C:\\whoami.exe"
    words = tieline.compile("title: w\nlogsource: {product: x}\ndetection: {k: ['whoami'], condition: k}\n")

    def column(is_there):
        """Rows 0 to 63 and 128 to 191 have the text; those between are null, but where somebody is there."""
        there = [not 64 <= row < 128 or row == is_there for row in range(192)]
        places = [min(row, 64) + max(row - 128, 0) for row in range(193)]
        places[65:128] = [wrong] * 63
        raw = b"".join((place * len(text) if place != wrong else place).to_bytes(4, "little", signed=True) for place in places)
        return pa.Array.from_buffers(pa.string(), 192, [pa.array(there).buffers()[1], pa.py_buffer(raw), pa.py_buffer(text * 128)])

    for own in (rules, words):
        assert len(own.scan(pa.table({"Image": column(None)}))) == 128
        with pytest.raises(tieline.EventError, match="the column `Image`"):
            own.scan(pa.table({"Image": column(100)}))


@pytest.mark.parametrize("coded", [False, True])
def test_a_text_that_does_not_lie_between_the_first_place_and_the_last_is_refused(rules, coded):
    text = b"C:\\whoami.exe"
    # Row 64 has the text; the rows before are null, and have places behind it.
    places = [len(text)] * 64 + [0] + [len(text)] * 64
    raw = b"".join(place.to_bytes(4, "little") for place in places)
    nulls = bytes(8) + bytes([1]) + bytes(7)
    own = pa.Array.from_buffers(pa.string(), 128, [pa.py_buffer(nulls), pa.py_buffer(raw), pa.py_buffer(text)])
    if coded:
        own = pa.DictionaryArray.from_arrays(pa.array([64, 64], pa.int32()), own, safe=False)
    words = tieline.compile("title: w\nlogsource: {product: x}\ndetection: {k: ['whoami'], condition: k}\n")
    for of in (rules, words):
        with pytest.raises(tieline.EventError, match="the column `Image`"):
            of.scan(pa.table({"Image": own}))


def test_views_that_lead_outside_are_refused(rules):
    text = "C:\\Windows\\whoami.exe"

    def view(length=len(text), prefix=text[:4].encode(), buffer=0, start=0):
        return b"".join(
            [length.to_bytes(4, "little", signed=True), prefix, buffer.to_bytes(4, "little"), start.to_bytes(4, "little")]
        )

    def column(one, data=text.encode(), nulls=None):
        filler = (2).to_bytes(4, "little") + b"ok" + bytes(10)
        return pa.Array.from_buffers(pa.string_view(), 2, [nulls, pa.py_buffer(one + filler), pa.py_buffer(data)])

    def inline(text, padding=b"\0"):
        return len(text).to_bytes(4, "little") + text + padding * (12 - len(text))

    assert len(rules.scan(pa.table({"Image": column(view())}))) == 1
    assert len(rules.scan(pa.table({"Image": column(inline(b"\\whoami.exe"))}))) == 1
    assert len(rules.scan(pa.table({"Image": column(inline("é".encode()))}))) == 0
    umlauts = ("é" * 9 + "\\whoami.exe").encode()
    assert len(rules.scan(pa.table({"Image": column(view(len(umlauts), umlauts[:4]), umlauts)}))) == 1
    wrong = [
        column(view(length=len(text) + 1)),
        column(view(length=-1)),
        column(view(buffer=1)),
        column(view(start=1)),
        column(view(start=2**32 - 1)),
        column(view(prefix=b"nope")),
        column(inline(b"\xff")),
        column(inline("é".encode()[:1])),
        column(inline(b"a", padding=b"x")),
        column(view(13, umlauts[1:5], start=1), umlauts),
    ]
    for broken in wrong:
        with pytest.raises(tieline.EventError, match="the column `Image`"):
            rules.scan(pa.table({"Image": broken}))
    # Behind null stands anything.
    nulls = pa.array([False, True]).buffers()[1]
    assert len(rules.scan(pa.table({"Image": column(view(buffer=7), nulls=nulls)}))) == 0


@pytest.mark.parametrize("kind", [pa.int8(), pa.int32(), pa.uint32(), pa.int64()])
def test_keys_that_lead_outside_are_refused(rules, kind):
    texts = pa.array(["C:\\whoami.exe", "b"])
    for wrong in [2, -1, 100] if kind != pa.uint32() else [2, 2**32 - 1]:
        for row in (0, 70):
            keys = [None] * 64 + [0] * 16
            keys[row] = wrong
            column = pa.DictionaryArray.from_arrays(pa.array(keys, kind), texts, safe=False)
            with pytest.raises(tieline.EventError, match="the column `Image`"):
                rules.scan(pa.table({"Image": column}))
            # Behind null stands anything.
            keys[row] = None
            held = pa.array([wrong if key is None else key for key in keys], kind)
            nulls = pa.array([key is not None for key in keys]).buffers()[1]
            held = pa.Array.from_buffers(kind, len(keys), [nulls, held.buffers()[1]])
            column = pa.DictionaryArray.from_arrays(held, texts, safe=False)
            assert len(rules.scan(pa.table({"Image": column}))) == keys.count(0)


def test_a_reader_that_fails_says_why(rules):
    def batches():
        yield TABLE.to_batches()[0]
        raise RuntimeError("the disk is gone")

    with pytest.raises(tieline.EventError, match="the disk is gone"):
        rules.scan(pa.RecordBatchReader.from_batches(TABLE.schema, batches()))


def test_ctrl_c_ends_a_long_scan(rules):
    batch = pa.table({"Image": ["C:\\whoami.exe"] * 1000}).to_batches()[0]
    endless = pa.RecordBatchReader.from_batches(batch.schema, iter(lambda: batch, None))
    threading.Timer(0.5, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        rules.scan(endless)
    long = pa.table({"Image": pa.array(["C:\\who.exe"]).dictionary_encode().take(pa.array([0] * 20_000_000))})
    threading.Timer(0.2, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        rules.scan(long)
    line = json.dumps(HIT).encode() + b"\n"
    code = (
        "import _thread, threading, time, tieline, sys\n"
        f"rules = tieline.compile({WHOAMI!r})\n"
        f"text = {line!r} * 3_000_000\n"
        "threading.Timer(0.2, _thread.interrupt_main).start()\n"
        "try:\n    rules.scan(text)\nexcept KeyboardInterrupt:\n    print('interrupted')\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=True)
    assert run.stdout == b"interrupted\n"


def test_tables_are_let_go(rules):
    gc.collect()
    before = pa.total_allocated_bytes()
    for _ in range(3):
        table = pa.table({"Image": ["C:\\whoami.exe"] * 10_000})
        found = rules.scan(table)
        assert len(pa.table(found)) == 10_000
        del table, found
    gc.collect()
    assert pa.total_allocated_bytes() == before


def test_scans_of_tables_in_threads_and_forks(rules):
    wanted = expected(rules)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(rules.scan(TABLE, threads=2).to_dicts())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [wanted] * 4
    child = os.fork()
    if child == 0:
        os._exit(0 if rules.scan(TABLE, threads=2).to_dicts() == wanted else 1)
    assert os.waitpid(child, 0)[1] == 0
