// One incident: its score and why, its way, how far it got, what was found, what to do.
import { useState } from "preact/hooks";
import { LEVELS, type Finding, type Incident, type Term } from "./document";
import { Bar, HostName, LevelMark, Pill, useView } from "./parts";
import { PathPicture, PathSteps } from "./path";
import { SpreadView } from "./spread";
import { capital, clock, count, counted, long, percent, place, places, plain, rank, span } from "./words";

export function IncidentDetail({ incident, titled }: { incident: Incident; titled?: string }) {
  const { setPeriod } = useView();
  const length = incident.first !== null && incident.last !== null ? incident.last - incident.first : null;
  return (
    <>
      <header class="head">
        <p class="over"><LevelMark level={incident.level} /><span class="mono"><bdi>{incident.id}</bdi></span><span>{incident.isClosed ? "Over" : "Going on"}</span></p>
        <h3 id={titled}><bdi>{incident.title}</bdi></h3>
        <p>
          {span(incident.first, incident.last)} UTC{length !== null && length >= 1000 && <> · {long(length)}</>} · {counted(incident.findings.length, "finding")} · {counted(incident.hosts.length, "host")}
          {incident.first !== null && incident.last !== null && (
            <> · <button type="button" class="link noprint" onClick={() => setPeriod({ from: incident.first!, to: Math.max(incident.last!, incident.first! + 60_000) })}>Look at this period</button></>
          )}
        </p>
        {incident.leftOut.length > 0 && <p class="notice">Left out here: {incident.leftOut.map((one) => `${count(one.count)} ${one.what}`).join(", ")}.</p>}
      </header>

      {(incident.hops.length > 0 || incident.gap || incident.fetched || incident.onward) && (
        <section>
          <h4>The way {incident.confidence !== null && incident.hops.length > 0 && <small>confidence {percent(incident.confidence)}</small>}</h4>
          {(incident.hops.length > 0 || incident.onward) && <PathPicture incident={incident} />}
          {incident.fetched && <p class="aside"><strong>Before it:</strong> <bdi>{places(incident.fetched)}</bdi></p>}
          {incident.gap && <p class="aside gap"><Pill kind="open">Gap</Pill> <bdi>{incident.gap}</bdi></p>}
          {(incident.hops.length > 0 || incident.onward) && <PathSteps incident={incident} />}
        </section>
      )}

      {incident.hints.length > 0 && (
        <section>
          <h4>What to do <small>nothing of it is done by itself</small></h4>
          <Hints hints={incident.hints} />
        </section>
      )}

      <section>
        <h4>Score {incident.score.total} <small>likelihood {incident.score.likelihood} × consequence {incident.score.consequence} / 100</small></h4>
        <div class="pair">
          <Terms title="Likelihood" sum={incident.score.likelihood} terms={incident.score.likelihoodTerms} />
          <Terms title="Consequence" sum={incident.score.consequence} terms={incident.score.consequenceTerms} />
        </div>
      </section>

      {(incident.reached.length > 0 || incident.next.length > 0) && <section><h4>How far it got</h4><SpreadView incident={incident} /></section>}

      {incident.stages.length > 0 && (
        <section>
          <h4>Stages <small>ATT&amp;CK tactics in the order in which they occur first</small></h4>
          <ol class="stages">{incident.stages.map(([tactic, own]) => <li key={tactic}><strong><bdi>{capital(plain(tactic))}</bdi></strong> <span>{own.join(", ")}</span></li>)}</ol>
        </section>
      )}

      <Findings findings={incident.findings} />

      <section class="pair">
        <div>
          <h4>Hosts</h4>
          <ul class="plain">
            {incident.hosts.slice(0, 60).map((host) => (
              <li key={host.name}><HostName name={host.name} /> <span class="dim">{[plain(host.role), host.zone, host.criticality && `criticality ${host.criticality}`, host.owner].filter(Boolean).join(" · ") || "not in the inventory"}</span></li>
            ))}
            {incident.hosts.length > 60 && <li class="dim">and {count(incident.hosts.length - 60)} more</li>}
          </ul>
        </div>
        <div>
          {incident.accounts.length > 0 && <><h4>Accounts</h4><p><bdi>{incident.accounts.join(", ")}</bdi></p></>}
          <Others title="Merged" of={incident.merged} />
          <Others title="Split" of={incident.split} />
        </div>
      </section>
    </>
  );
}

const KINDS: [string, string, RegExp][] = [["call", "Call", /^call /i], ["keep", "Keep running", /^keep running: /i], ["contain", "Contain first", /^contain first, /i]];
const HINTS = 6;

/** Incidents that became part of this one, or were split from it, with the reason. */
function Others({ title, of }: { title: string; of: [string, string][] }) {
  if (of.length === 0) return null;
  return (
    <><h4>{title}</h4><ul class="plain">{of.map(([id, why]) => <li key={id}><span class="mono"><bdi>{id}</bdi></span> <span class="dim"><bdi>{why}</bdi></span></li>)}</ul></>
  );
}

/** Whom to call, what has to go on and what to contain before anything else; what rules advise below. */
function Hints({ hints }: { hints: string[] }) {
  const { printing } = useView();
  const [all, setAll] = useState(false);
  const first = KINDS.map(([kind, title, begins]) => ({ kind, title, hints: hints.filter((hint) => begins.test(hint)).map((hint) => hint.replace(begins, "")) })).filter((one) => one.hints.length);
  const rest = hints.filter((hint) => !KINDS.some(([, , begins]) => begins.test(hint)));
  const shown = all || printing ? rest : rest.slice(0, HINTS);
  return (
    <>
      {first.length > 0 && <dl class="first">{first.map((one) => <div key={one.kind} class={one.kind}><dt>{one.title}</dt><dd>{one.hints.map((hint, at) => <div key={at}><bdi>{hint}</bdi></div>)}</dd></div>)}</dl>}
      <ul class="hints">{shown.map((hint, at) => <li key={at}><bdi>{capital(hint)}</bdi></li>)}</ul>
      {rest.length > shown.length && <p class="more"><button type="button" onClick={() => setAll(true)}>Show {count(rest.length - shown.length)} more</button></p>}
    </>
  );
}

const Terms = ({ title, sum, terms }: { title: string; sum: number; terms: Term[] }) => (
  <table class="terms">
    <caption>{title} <strong>{sum}</strong></caption>
    <thead class="hidden"><tr><th scope="col">Points</th><th scope="col">What</th><th scope="col">Why</th></tr></thead>
    <tbody>
      {terms.map((term) => (
        <tr key={term.name}><td class="number">{term.points}<Bar share={term.points / 40} /></td><th scope="row"><bdi>{capital(term.name)}</bdi></th><td><bdi>{term.why}</bdi></td></tr>
      ))}
    </tbody>
  </table>
);

const FIRST = 25;

function Findings({ findings }: { findings: Finding[] }) {
  const { printing } = useView();
  const [all, setAll] = useState(false);
  const [level, setLevel] = useState("");
  const matching = findings.filter((one) => !level || rank(one.level) >= rank(level));
  const shown = all && !printing ? matching : matching.slice(0, FIRST);
  return (
    <section>
      <h4>Findings <small>{counted(findings.length, "finding")} in the order of time</small></h4>
      <div class="chips noprint" role="group" aria-label="Findings of at least this level">
        {["", ...LEVELS.slice(0, 3)].map((own) => <button type="button" key={own} aria-pressed={level === own} onClick={() => setLevel(own)}>{own ? `${capital(own)}${own === "critical" ? "" : " and above"}` : "All"}</button>)}
      </div>
      <div class="rows" role="region" aria-label="Findings, scrollable" tabIndex={0}>
        <table class="findings">
          <thead><tr><th scope="col">Time (UTC)</th><th scope="col">Level</th><th scope="col">What</th><th scope="col">Where</th><th scope="col">Event</th></tr></thead>
          <tbody>{shown.map((one, at) => <FindingRow key={at} finding={one} />)}</tbody>
        </table>
      </div>
      {matching.length > shown.length && (
        printing ? <p class="more">{count(matching.length - shown.length)} further findings are in the page itself.</p>
          : <button type="button" onClick={() => setAll(true)}>Show all {count(matching.length)}</button>
      )}
    </section>
  );
}

const MADE: Record<string, string> = { correlation: "correlation", trust: "unexplained privileged operation", detection: "" };

function FindingRow({ finding }: { finding: Finding }) {
  return (
    <tr>
      <td class="time">{finding.first === null ? "unknown" : clock(finding.first)}{finding.count > 1 && <span class="dim"> × {count(finding.count)}</span>}</td>
      <td><LevelMark level={finding.level} /></td>
      <td class="wide">
        <bdi>{finding.title}</bdi>
        <span class="dim">{[MADE[finding.made] ?? finding.made, finding.operation].filter(Boolean).map((word) => ` · ${word}`)}</span>
        {finding.because && <div class="because">joined by: <bdi>{places(finding.because)}</bdi></div>}
        {finding.entities.length > 0 && (
          <details>
            <summary>Names in it</summary>
            <dl>{finding.entities.map(([kind, names]) => <div key={kind}><dt>{plain(kind)}</dt><dd>{names.map((name) => <bdi key={name}>{name}</bdi>)}</dd></div>)}</dl>
          </details>
        )}
      </td>
      <td>{finding.source && <HostName name={finding.source} />}{finding.source && finding.target && finding.source !== finding.target && <span aria-label="to"> → </span>}{finding.target && finding.target !== finding.source && <HostName name={finding.target} />}</td>
      <td class="mono">{finding.events.slice(0, 3).map((event) => <div key={event} title={event}><bdi>{place(event)}</bdi></div>)}{finding.events.length > 3 && <div class="dim">and {finding.events.length - 3} more</div>}</td>
    </tr>
  );
}
