"""Loads lines of JSON into the table `events` of a database file.

    load.py DATABASE FILE ──▶ events(id, …a column for each field)

Every row has an `id` that grows, so that a scan knows how far it is. A field that was never seen before becomes a new column.
"""

import sys

import duckdb

database, file = sys.argv[1:]
with duckdb.connect(database) as con:
    con.begin()
    con.execute("create temp table incoming as from read_ndjson(?, sample_size = -1)", [file])
    con.execute("create sequence if not exists event_ids minvalue 0")
    con.execute("create table if not exists events (id bigint primary key default nextval('event_ids'))")
    for name, kind, *_ in con.sql("describe incoming").fetchall():
        column = '"' + name.replace('"', '""') + '"'
        if kind == "JSON":
            # Values of several types. DuckDB keeps the quotes of those that are text; a rule means the text.
            con.execute(f"alter table incoming alter {column} type varchar using {column} ->> '$'")
            kind = "VARCHAR"
        con.execute(f"alter table events add column if not exists {column} {kind}")
    con.execute("insert into events by name from incoming")
    con.commit()
    print(con.execute("select count(*) || ' events' from events").fetchone()[0])
