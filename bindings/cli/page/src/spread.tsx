// What an incident has reached, and what it can reach next, by level and zone.
import { useState } from "preact/hooks";
import type { Incident, Reach } from "./document";
import { HostName, useView } from "./parts";
import { count, purdue, rank } from "./words";

const FIRST = 10;

export function SpreadView({ incident }: { incident: Incident }) {
  const places = new Map<string, { zone: string; level: number | null; reached: Reach[]; next: Reach[] }>();
  const add = (list: Reach[], kind: "reached" | "next") => {
    for (const one of list) {
      const key = `${one.level ?? ""}\n${one.zone}`;
      if (!places.has(key)) places.set(key, { zone: one.zone, level: one.level, reached: [], next: [] });
      places.get(key)![kind].push(one);
    }
  };
  add(incident.reached, "reached");
  add(incident.next, "next");
  const rows = [...places.values()].sort((one, other) => (other.level ?? 99) - (one.level ?? 99) || other.reached.length - one.reached.length);
  return (
    <div class="rows" role="region" aria-label="Reached and next, scrollable" tabIndex={0}>
      <table class="spread">
        <thead><tr><th scope="col">Zone</th><th scope="col">Reached ({count(incident.reached.length)})</th><th scope="col">Can be reached next ({count(incident.next.length)})</th></tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.level} ${row.zone}`}>
              <th scope="row"><bdi>{row.zone || "outside"}</bdi><span class="dim">{purdue(row.level)}</span></th>
              <td><Chips all={row.reached} kind="reached" /></td>
              <td><Chips all={row.next} kind="next" /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Chips({ all, kind }: { all: Reach[]; kind: string }) {
  const { printing } = useView();
  const [open, setOpen] = useState(false);
  const sorted = [...all].sort((one, other) => rank(other.criticality) - rank(one.criticality));
  const shown = open && !printing ? sorted : sorted.slice(0, FIRST);
  if (!all.length) return <span class="dim">none</span>;
  return (
    <ul class="hosts">
      {shown.map((one) => (
        <li key={one.host} class={kind} title={one.from.length ? `from ${one.from.join(", ")}` : undefined}>
          <HostName name={one.host} />{one.criticality && <span class="dim"> {one.criticality}</span>}
        </li>
      ))}
      {sorted.length > shown.length && <li><button type="button" class="link" onClick={() => setOpen(true)}>and {count(sorted.length - shown.length)} more</button></li>}
    </ul>
  );
}
