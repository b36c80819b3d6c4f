// Rules, and what nobody can see.
import { useMemo, useState } from "preact/hooks";
import { LEVELS, type Rule } from "./document";
import { Choice, LevelMark, Pill, Search, Section, facets, foundIn, searched, useView } from "./parts";
import { Table, type Column } from "./table";
import { capital, count, counted, moment, places, rank } from "./words";

const techniques = (rule: Rule) => rule.tags.filter((tag) => /^attack\.t\d/i.test(tag)).map((tag) => tag.slice(7).toUpperCase()).join(", ");

const COLUMNS: Column<Rule>[] = [
  { head: "Rule", value: (one) => one.title.toLowerCase(), cell: (one) => <><bdi>{one.title}</bdi>{one.blind && <div class="because"><bdi>{one.blind}</bdi></div>}</>, kind: "wide" },
  { head: "Level", value: (one) => rank(one.level), cell: (one) => <LevelMark level={one.level} /> },
  { head: "Pack", value: (one) => one.pack.replace(/^.*[\\/]/, "") },
  { head: "Techniques", value: techniques },
  { head: "Found", value: (one) => one.detections, cell: (one) => (one.detections ? count(one.detections) : <span class="dim">0</span>), kind: "number" },
  { head: "Last (UTC)", value: (one) => one.last, cell: (one) => (one.last === null ? "" : moment(one.last).slice(0, 16)), kind: "time" },
  { head: "Can match", value: (one) => (one.canMatch === null ? "" : one.canMatch ? "yes" : "no"), cell: (one) => (one.canMatch === null ? <Pill kind="open">Unknown</Pill> : one.canMatch ? <Pill kind="good">Yes</Pill> : <Pill kind="bad">No</Pill>) },
];

const says = (one: Rule) => [one.id, one.title, one.pack, one.blind, ...one.tags];

export function Rules() {
  const { report, period } = useView();
  const [search, setSearch] = useState("");
  const [level, setLevel] = useState("");
  const [pack, setPack] = useState("");
  const [kind, setKind] = useState("");
  const shown = useMemo(() => {
    const fits: Record<string, (rule: Rule) => boolean> = { found: (one) => one.detections > 0, silent: (one) => one.detections === 0, blind: (one) => one.canMatch === false };
    // A rule that found nothing is of no period.
    const rules = period ? report.rules.map((one) => ({ ...one, detections: foundIn(period, report.step, one) })).filter((one) => one.detections) : report.rules;
    return searched(rules, search, says).filter((one) => (!level || one.level === level) && (!pack || one.pack === pack) && (!kind || fits[kind]!(one)));
  }, [report, search, level, pack, kind, period]);
  return (
    <Section id="rules" title="Rules" lead="What was looked for, what it found, and which rules have no events that they could match.">
      <div class="filters" role="search" aria-label="Rules">
        <Search label="Search" value={search} onValue={setSearch} />
        <Choice label="Level" value={level} onValue={setLevel} options={LEVELS.map((own) => [own, capital(own)])} />
        <Choice label="Pack" value={pack} onValue={setPack} options={facets(report.rules, (one) => one.pack)} />
        <Choice label="Shown" value={kind} onValue={setKind} options={[["found", "Found something"], ["silent", "Found nothing"], ["blind", "Cannot match"]]} />
        <p class="told" aria-live="polite">{shown.length === report.rules.length ? counted(shown.length, "rule") : `${count(shown.length)} of ${counted(report.rules.length, "rule")}`}</p>
      </div>
      <Table label="Rules" name="rule-rows" rows={shown} columns={COLUMNS} sorted={{ by: 4, down: true }} />
    </Section>
  );
}

export function BlindSpots() {
  const { report } = useView();
  const [all, setAll] = useState(false);
  const shown = all ? report.blindSpots : report.blindSpots.slice(0, 40);
  return (
    <Section id="blind" title="Blind spots" lead="What could happen without anybody seeing it, and why.">
      {report.blindSpots.length === 0 ? <p class="empty">None is known.</p> : (
        <>
          <ul class="cards">{shown.map((one, at) => <li key={at}><strong><bdi>{one.what}</bdi></strong><span><bdi>{places(one.why)}</bdi></span></li>)}</ul>
          {report.blindSpots.length > shown.length && <button type="button" onClick={() => setAll(true)}>Show all {count(report.blindSpots.length)}</button>}
        </>
      )}
    </Section>
  );
}
