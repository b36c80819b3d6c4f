// ATT&CK as a heat map: a column for each tactic, a cell for each technique, darker the more was found.
import { useMemo, useState } from "preact/hooks";
import type { Incident, Technique } from "./document";
import { Choice, Dialog, LevelMark, Section, foundIn, useView, within } from "./parts";
import { capital, count, counted, plain, rank } from "./words";

const ORDER = {
  enterprise: ["reconnaissance", "resource-development", "initial-access", "execution", "persistence", "privilege-escalation", "stealth", "defense-evasion", "defense-impairment", "credential-access", "discovery", "lateral-movement", "collection", "command-and-control", "exfiltration", "impact"],
  ics: ["initial-access", "execution", "persistence", "privilege-escalation", "evasion", "discovery", "lateral-movement", "collection", "command-and-control", "inhibit-response-function", "impair-process-control", "impact"],
};
const NAMES = { enterprise: "Enterprise", ics: "ICS" };
type Side = keyof typeof ORDER;
const key = (tactic: string) => tactic.trim().toLowerCase().replace(/^attack\./, "").replace(/[\s_]+/g, "-");

export function Attack({ found }: { found: Incident[] }) {
  const { report, openTechnique, printing, period } = useView();
  const [side, setSide] = useState<Side>(report.ics.some((one) => one.detections) && !report.enterprise.some((one) => one.detections) ? "ics" : "enterprise");
  const [show, setShow] = useState("");
  const matrices = useMemo((): Record<Side, Technique[]> => {
    const own = (all: Technique[]) => (period ? all.map((one) => ({ ...one, detections: foundIn(period, report.step, one) })) : all);
    return { enterprise: own(report.enterprise), ics: own(report.ics) };
  }, [report, period]);
  const isUntimed = useMemo(() => !report.rules.some((one) => one.times.length), [report]);
  const inIncidents = useMemo(() => {
    const counts = new Map<string, number>();
    for (const incident of found) for (const id of new Set(incident.stages.flatMap(([, own]) => own.map((one) => one.toUpperCase())))) counts.set(id, (counts.get(id) ?? 0) + 1);
    return counts;
  }, [found]);
  const move = (event: KeyboardEvent) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = side === "ics" ? "enterprise" : "ics";
    setSide(other);
    document.getElementById(`tab-${other}`)?.focus();
  };
  const sides: Side[] = printing ? ["enterprise", "ics"] : [side];
  return (
    <Section id="attack" title="ATT&CK" lead="Which techniques the rules can tell of, and which were found. A technique opens its rules.">
      <div class="filters">
        <div role="tablist" aria-label="Matrix" class="tabs" onKeyDown={move}>
          {(["enterprise", "ics"] as const).map((one) => (
            <button key={one} type="button" role="tab" id={`tab-${one}`} aria-selected={one === side} aria-controls="matrix" tabIndex={one === side ? 0 : -1} onClick={() => setSide(one)}>
              {NAMES[one]} <span class="dim">{counted(new Set(matrices[one].filter((own) => own.detections).map((own) => own.id)).size, "technique")} found</span>
            </button>
          ))}
        </div>
        <Choice label="Techniques" value={show} onValue={setShow} all="All that rules know" options={[["found", "Found"], ["silent", "Known, not found"], ["none", "Without a rule"]]} />
        <ul class="key heat" aria-label="Detections"><li><i class="cell h0" />none</li>{[1, 2, 3, 4].map((heat) => <li key={heat}><i class={`cell h${heat}`} />{["", "1+", "5+", "25+", "125+"][heat]}</li>)}</ul>
      </div>
      {period && isUntimed && <p class="told">Detections are of the whole report; marks of incidents (◆) are of the chosen period.</p>}
      <div id="matrix" role="tabpanel" aria-labelledby={`tab-${side}`}>
        {sides.map((one) => (
          <div key={one}>{printing && <p><strong>{NAMES[one]}</strong></p>}<Matrix techniques={matrices[one]} side={one} show={show} inIncidents={inIncidents} open={openTechnique} /></div>
        ))}
      </div>
    </Section>
  );
}

/** 1, 5, 25, 125 and more detections. */
const heat = (detections: number): number => (detections <= 0 ? 0 : Math.min(4, 1 + Math.floor(Math.log(detections) / Math.log(5) + 1e-9)));

function Matrix({ techniques, side, show, inIncidents, open }: {
  techniques: Technique[]; side: Side; show: string; inIncidents: Map<string, number>; open(id: string, name: string): void;
}) {
  const columns = useMemo(() => {
    const found = new Map<string, Technique[]>(ORDER[side].map((tactic) => [tactic, []]));
    for (const one of techniques) {
      const fits = show === "found" ? one.detections > 0 : show === "silent" ? one.rules > 0 && !one.detections : show === "none" ? one.rules === 0 : one.rules > 0 || one.detections > 0;
      if (!fits) continue;
      if (!found.has(key(one.tactic))) found.set(key(one.tactic), []);
      found.get(key(one.tactic))!.push(one);
    }
    return [...found].filter(([, own]) => own.length).map(([tactic, own]) => [tactic, own.sort((one, other) => (one.id < other.id ? -1 : 1))] as const);
  }, [techniques, side, show]);
  if (!columns.length) return <p class="empty">{techniques.length ? "No technique matches." : "Nothing is known of this matrix."}</p>;
  return (
    <div class="matrix" role="region" aria-label={`${NAMES[side]} matrix, scrollable`} tabIndex={0}>
      {columns.map(([tactic, own]) => (
        <section key={tactic} aria-label={capital(plain(tactic))}>
          <h3>{capital(plain(tactic)) || "Other"} <small>{own.filter((one) => one.detections).length} of {own.length}</small></h3>
          <ul>
            {own.map((one) => (
              <li key={one.id}>
                <button type="button" class={`cell h${heat(one.detections)}${one.id.includes(".") ? " sub" : ""}`} onClick={() => open(one.id, one.name)}>
                  <span class="id">{one.id}{inIncidents.has(one.id) && <span class="mark"> ◆ {inIncidents.get(one.id)}<span class="hidden"> incidents</span></span>}</span>
                  <span class="name"><bdi>{one.name || one.id}</bdi></span>
                  <span class="counts">{counted(one.rules, "rule")}{one.detections > 0 && <>, <b>{count(one.detections)}</b> found</>}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

export function TechniqueDialog({ id, name, onClose }: { id: string; name: string; onClose(): void }) {
  const { report, period, openIncident } = useView();
  const tag = `attack.${id.toLowerCase()}`;
  const tagged = report.rules.filter((rule) => rule.tags.some((own) => own.toLowerCase() === tag || own.toUpperCase() === id)).map((one) => ({ ...one, detections: foundIn(period, report.step, one) }));
  const rules = tagged.sort((one, other) => other.detections - one.detections || rank(other.level) - rank(one.level));
  const incidents = report.incidents.filter((one) => within(period, one.first, one.last) && one.stages.some(([, own]) => own.some((technique) => technique.toUpperCase() === id)));
  return (
    <Dialog title={<>{id} <bdi>{name}</bdi></>} onClose={onClose}>
      <h3>{counted(rules.length, "rule")}</h3>
      <ul class="plain">{rules.slice(0, 100).map((rule) => <li key={rule.id}><LevelMark level={rule.level} /> <bdi>{rule.title}</bdi> <span class="dim">{rule.detections ? `${count(rule.detections)} found` : "not found"}</span></li>)}</ul>
      {rules.length > 100 && <p class="dim">and {rules.length - 100} more</p>}
      {incidents.length > 0 && (
        <><h3>{counted(incidents.length, "incident")}</h3><ul class="plain">{incidents.slice(0, 30).map((one) => <li key={one.id}><button type="button" class="link" onClick={() => { onClose(); openIncident(one.id); }}><bdi>{one.title}</bdi></button></li>)}</ul>
          {incidents.length > 30 && <p class="dim">and {incidents.length - 30} more</p>}</>
      )}
    </Dialog>
  );
}
