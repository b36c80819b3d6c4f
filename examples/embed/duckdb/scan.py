"""Scans the events of a database that are new, and writes detections and alerts beside them.

    events ──▶ rows after `last_id` ──▶ Stream ──▶ detections(event_id, …), alerts(…)
                                          └──────▶ progress(last_id, state)

    scan.py DATABASE RULES... [--rows N]

A piece of rows, what was found in it, how far the scan is and the state of correlations become visible in one transaction. So a scan
that is killed loses nothing and tells nothing twice; the next one goes on behind the last whole piece.
"""

import argparse
import json

import duckdb
import tieline

TABLES = """
create table if not exists detections (
    event_id bigint, rule_id varchar, rule_title varchar, level varchar, tags varchar[]);
create table if not exists alerts (
    time timestamptz, rule_id varchar, rule_title varchar, level varchar, "group" json, events bigint);
create table if not exists progress (last_id bigint, state blob);
insert into progress select -1, null where not exists (from progress);
"""


def scan_piece(con, stream, last_id, rows):
    """Scans the next rows; gives the last id, or None when there are none."""
    piece = con.sql("select * from events where id > $last order by id limit $rows", params={"last": last_id, "rows": rows})
    # DuckDB hands its rows over as columns of Arrow; nothing is copied or written as text.
    pushed = stream.push_events(piece.project("* exclude (id)"))
    if pushed.events == 0:
        return None
    # Detections name events by number. The numbers of this piece begin with `first`, in the order of its rows.
    found = pushed.detections
    con.execute(
        """
        insert into detections
        select id, rule_id, rule_title, level, tags
        from found join (select id, row_number() over (order by id) - 1 + $first as event_index from piece) using (event_index)
        """,
        {"first": pushed.first},
    )
    for alert in pushed.alerts:
        row = [alert.time, alert.rule_id, alert.rule_title, alert.level, json.dumps(alert.group), alert.count]
        con.execute("insert into alerts values (?, ?, ?, ?, ?, ?)", row)
    last_id = piece.max("id").fetchall()[0][0]
    con.execute("update progress set last_id = ?, state = ?", [last_id, stream.snapshot()])
    print(f"to {last_id}: {len(found)} detections, {len(pushed.alerts)} alerts", flush=True)
    return last_id


def main():
    """Scans until there is nothing new."""
    reader = argparse.ArgumentParser(description="scan the events of a database that are new")
    reader.add_argument("database")
    reader.add_argument("rules", nargs="+")
    reader.add_argument("--rows", type=int, default=100_000, help="rows in one transaction")
    given = reader.parse_args()
    rules = tieline.load(given.rules)
    with duckdb.connect(given.database) as con, rules.stream() as stream:
        con.execute(TABLES)
        last_id, state = con.execute("from progress").fetchone()
        if state is not None:
            stream.restore(state)
        while last_id is not None:
            con.begin()
            last_id = scan_piece(con, stream, last_id, given.rows)
            con.commit()


if __name__ == "__main__":
    main()
