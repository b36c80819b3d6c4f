// Incidents: those that are looked for in a list, and the chosen one in full.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { IncidentDetail } from "./incident";
import { LEVELS, type Incident } from "./document";
import { Choice, LevelMark, Search, Section, facets, searched, useView } from "./parts";
import { useVirtual } from "./table";
import { capital, counted, moment, purdue, rank, span } from "./words";

const ORDERS: Record<string, [string, (one: Incident, other: Incident) => number]> = {
  score: ["Highest score", (one, other) => other.score.total - one.score.total],
  level: ["Highest level", (one, other) => rank(other.level) - rank(one.level) || other.score.total - one.score.total],
  newest: ["Newest", (one, other) => (other.last ?? 0) - (one.last ?? 0)],
  oldest: ["Oldest", (one, other) => (one.first ?? 0) - (other.first ?? 0)],
  findings: ["Most findings", (one, other) => other.findings.length - one.findings.length],
  lowest: ["Deepest in the plant", (one, other) => (one.lowest ?? 99) - (other.lowest ?? 99) || other.score.total - one.score.total],
};
const says = (one: Incident) => [
  one.id, one.title, ...one.accounts, ...one.zones, ...one.hosts.flatMap((host) => [host.name, host.role]), ...one.findings.flatMap((own) => [own.title, own.rule]),
];
const ROW = 76;
/** Incidents that are printed in full. */
const PRINTED_MAX = 5;

export function Incidents({ found, chosen, onChoose }: { found: Incident[]; chosen: string; onChoose(id: string): void }) {
  const { report, printing } = useView();
  const [search, setSearch] = useState("");
  const [level, setLevel] = useState("");
  const [zone, setZone] = useState("");
  const [status, setStatus] = useState("");
  const [order, setOrder] = useState("score");
  const shown = useMemo(() => {
    return searched(found, search, says)
      .filter((one) => (!level || one.level === level) && (!zone || one.zones.includes(zone)) && (!status || (status === "over") === one.isClosed))
      .sort(ORDERS[order]![1]);
  }, [found, search, level, zone, status, order]);
  const own = shown.find((one) => one.id === chosen) ?? report.incidents.find((one) => one.id === chosen) ?? shown[0];
  const printed = useMemo(() => (printing ? [...new Set([own, ...shown])].filter((one): one is Incident => !!one).slice(0, PRINTED_MAX) : []), [printing, shown, own]);
  return (
    <Section id="incidents" title="Incidents" lead="Findings that are likely one attack, with the way it came and how far it got.">
      <div class="filters" role="search" aria-label="Incidents">
        <Search label="Search" value={search} onValue={setSearch} />
        <Choice label="Level" value={level} onValue={setLevel} options={LEVELS.map((own) => [own, capital(own)])} />
        <Choice label="Zone" value={zone} onValue={setZone} options={facets(report.incidents, (one) => one.zones)} />
        <Choice label="Status" value={status} onValue={setStatus} options={[["open", "Going on"], ["over", "Over"]]} />
        <Choice label="Order" value={order} onValue={setOrder} all={null} options={Object.entries(ORDERS).map(([key, [words]]) => [key, words])} />
        <p class="told" aria-live="polite">{shown.length === report.incidents.length ? counted(shown.length, "incident") : `${shown.length} of ${counted(report.incidents.length, "incident")}`}</p>
      </div>
      {shown.length === 0 && <p class="empty">{report.incidents.length ? "No incident matches." : "No incident was found."}</p>}
      {printing ? (
        <>
          <PrintedList shown={shown} />
          {printed.map((one) => <article class="detail" key={one.id}><IncidentDetail incident={one} /></article>)}
        </>
      ) : own && (
        <div class="split">
          {shown.length > 0 && <List shown={shown} chosen={own.id} onChoose={onChoose} />}
          <article class="detail" id="incident" tabIndex={-1} aria-labelledby="incident-title" key={own.id}><IncidentDetail incident={own} titled="incident-title" /></article>
        </div>
      )}
    </Section>
  );
}

function List({ shown, chosen, onChoose }: { shown: Incident[]; chosen: string; onChoose(id: string): void }) {
  const place = useRef<HTMLDivElement>(null);
  const virtual = useVirtual(place, { count: shown.length, height: ROW });
  const at = shown.findIndex((one) => one.id === chosen);
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at);
  }, [chosen, shown]);
  const move = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((place.current?.clientHeight ?? 500) / ROW) - 1);
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -shown.length, End: shown.length };
    const step = steps[event.key];
    if (event.key === "Enter") document.getElementById("incident")?.focus();
    if (step === undefined) return;
    event.preventDefault();
    const next = shown[Math.max(0, Math.min(shown.length - 1, Math.max(at, step > 0 ? -1 : 0) + step))];
    if (next) onChoose(next.id);
  };
  return (
    <div
      class="list" ref={place} role="listbox" tabIndex={0} aria-label="Incidents; arrow keys choose, Enter goes to the details" onKeyDown={move}
      aria-activedescendant={virtual.getVirtualItems().some((item) => item.index === at) ? `choice-${at}` : undefined}
    >
      <div role="presentation" style={{ height: `${virtual.getTotalSize()}px` }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const one = shown[index];
          return one && (
            <div
              key={one.id} id={`choice-${index}`} role="option" class={`choice ${one.level}`} aria-selected={index === at} aria-setsize={shown.length} aria-posinset={index + 1}
              style={{ transform: `translateY(${start}px)`, height: `${ROW}px` }} onClick={() => onChoose(one.id)}
            >
              <span class="score" aria-label={`score ${one.score.total}`}>{one.score.total}</span>
              <span class="name"><bdi>{one.title}</bdi></span>
              <span class="about">
                <LevelMark level={one.level} /> <span>{one.first === null ? "no time" : moment(one.first).slice(5, 16)}</span>{" "}
                <span>{counted(one.findings.length, "finding")}</span> {one.lowest !== null && <span>{purdue(one.lowest)}</span>}
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

const PrintedList = ({ shown }: { shown: Incident[] }) => (
  <>
    <table>
      <thead><tr><th>Score</th><th>Level</th><th>Incident</th><th>When (UTC)</th><th>Findings</th></tr></thead>
      <tbody>
        {shown.slice(0, 40).map((one) => (
          <tr key={one.id}><td>{one.score.total}</td><td><LevelMark level={one.level} /></td><td><bdi>{one.title}</bdi></td><td>{span(one.first, one.last)}</td><td>{one.findings.length}</td></tr>
        ))}
      </tbody>
    </table>
    {shown.length > 40 && <p class="more">{shown.length - 40} further incidents are in the page itself.</p>}
  </>
);
