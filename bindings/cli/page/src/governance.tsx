// For those who answer for the plant: requirements, privileged operations, policy, and what changed.
import { useMemo, useState } from "preact/hooks";
import { text, type DeniedFlow, type Privileged, type Requirement } from "./document";
import { Bar, Choice, HostName, Pill, Search, Section, searched, useView, within } from "./parts";
import { Table, type Column } from "./table";
import { capital, count, counted, moment, place, places, plain } from "./words";

const STATUS: Record<string, ["good" | "bad" | "open", string, number]> = { gap: ["bad", "Gap", 0], unknown: ["open", "Unknown", 1], met: ["good", "Met", 2] };
const status = (one: Requirement) => STATUS[one.status] ?? STATUS.unknown!;

const REQUIREMENTS: Column<Requirement>[] = [
  { head: "Id", value: (one) => one.id, cell: (one) => <span class="nowrap"><bdi>{one.id}</bdi></span> },
  { head: "Requirement", value: (one) => one.title, kind: "wide" },
  { head: "Status", value: (one) => status(one)[2], cell: (one) => <Pill kind={status(one)[0]}>{status(one)[1]}</Pill> },
  { head: "Evidence", value: (one) => one.evidence.length, cell: (one) => <ul class="plain">{one.evidence.slice(0, 8).map((own, at) => <li key={at}><bdi>{places(own)}</bdi></li>)}{one.evidence.length > 8 && <li class="dim">and {one.evidence.length - 8} more</li>}</ul>, kind: "wide" },
];

function Requirements({ title, name, all }: { title: string; name: string; all: Requirement[] }) {
  if (!all.length) return null;
  const of = (kind: string) => all.filter((one) => status(one)[1] === kind).length;
  return (
    <>
      <h3>{title}</h3>
      <p class="tally"><Pill kind="good">{of("Met")} met</Pill> <Pill kind="bad">{counted(of("Gap"), "gap")}</Pill> <Pill kind="open">{of("Unknown")} unknown</Pill></p>
      <Table label={title} name={name} rows={all} columns={REQUIREMENTS} />
    </>
  );
}

export function Governance() {
  const { report } = useView();
  return (
    <Section id="governance" title="Governance" lead="What the events of this period show of requirements. It is evidence, and no certificate.">
      {!report.iec62443.length && !report.nistCsf.length && <p class="empty">The report holds no requirements.</p>}
      <Requirements title="IEC 62443" name="iec-rows" all={report.iec62443} />
      <Requirements title="NIST Cybersecurity Framework" name="nist-rows" all={report.nistCsf} />
    </Section>
  );
}

const OPERATIONS: Column<Privileged>[] = [
  { head: "Time (UTC)", value: (one) => one.time, cell: (one) => moment(one.time), kind: "time" },
  { head: "Operation", value: (one) => one.operation, cell: (one) => <><bdi>{one.operation}</bdi>{one.count > 1 && <span class="dim"> × {count(one.count)}</span>}</> },
  { head: "From", value: (one) => one.source, cell: (one) => <HostName name={one.source} /> },
  { head: "On", value: (one) => one.target, cell: (one) => <HostName name={one.target} /> },
  { head: "Account", value: (one) => one.account },
  { head: "Explained", value: (one) => (one.explained ? 1 : 0), cell: (one) => (one.explained ? <Pill kind="good">Yes</Pill> : <Pill kind="bad">No</Pill>) },
  { head: "By session, or what is missing", value: (one) => (one.explained ? one.session : one.missing.join(", ")), kind: "wide" },
  { head: "Event", value: (one) => one.event, cell: (one) => <span class="mono" title={one.event}><bdi>{place(one.event)}</bdi></span> },
];

const FLOWS: Column<DeniedFlow>[] = [
  { head: "From", value: (one) => one.source, cell: (one) => <HostName name={one.source} /> },
  { head: "To", value: (one) => one.target, cell: (one) => <HostName name={one.target} /> },
  { head: "What", value: (one) => one.what },
  { head: "Denied by", value: (one) => one.reasons.map(plain).join(", ") },
  { head: "Conduit", value: (one) => one.conduit },
  { head: "Times", value: (one) => one.count, cell: (one) => count(one.count), kind: "number" },
  { head: "First event", value: (one) => one.event, cell: (one) => <span class="mono" title={one.event}><bdi>{place(one.event)}</bdi></span> },
];

const says = (one: Privileged) => [one.operation, one.source, one.target, one.account, one.session, one.event, ...one.missing];

export function PrivilegedOperations() {
  const { report, period } = useView();
  const [search, setSearch] = useState("");
  const [kind, setKind] = useState("");
  const shown = useMemo(() => {
    return searched(report.privileged, search, says).filter((one) => (!kind || (kind === "yes") === one.explained) && within(period, one.time, one.time));
  }, [report, search, kind, period]);
  const { policy } = report;
  const total = policy ? policy.allowed + policy.denied : 0;
  return (
    <Section id="privileged" title="Privileged operations and policy" lead="What changed or stopped a device, whether a session explains it, and what the policy of the plant says of flows.">
      {policy && (
        <div class="pair policy">
          <p class="figure"><b>{count(policy.denied)}</b> of {counted(total, "flow")} denied by the plant's policy <Bar share={total ? policy.denied / total : 0} kind="bad" /></p>
          <ul class="bars">{policy.byReason.slice(0, 10).map((one) => <li key={one.reason}><span><bdi>{capital(plain(one.reason))}</bdi></span><Bar share={policy.denied ? one.count / policy.denied : 0} kind="bad" /><b>{count(one.count)}</b></li>)}</ul>
        </div>
      )}
      {policy && policy.flows.length > 0 && (
        <>
          <h3>Flows that were denied</h3>
          <Table label="Flows that were denied" name="flow-rows" rows={policy.flows} columns={FLOWS} sorted={{ by: 5, down: true }} />
          <h3>Privileged operations</h3>
        </>
      )}
      {report.privileged.length === 0 ? <p class="empty">No privileged operation was seen.</p> : (
        <>
          <div class="filters" role="search" aria-label="Privileged operations">
            <Search label="Search" value={search} onValue={setSearch} />
            <Choice label="Explained" value={kind} onValue={setKind} options={[["no", "No"], ["yes", "Yes"]]} />
            <p class="told" aria-live="polite">{shown.length === report.privileged.length ? counted(shown.length, "operation") : `${count(shown.length)} of ${counted(report.privileged.length, "operation")}`}</p>
          </div>
          <Table label="Privileged operations" name="privileged-rows" rows={shown} columns={OPERATIONS} sorted={{ by: 0, down: false }} />
        </>
      )}
    </Section>
  );
}

const KINDS: Record<string, string> = { firing: "Fire now", quiet: "Quiet now", exposed: "Exposed now", met: "Met now", gap: "Gap now", unknown: "Unknown now" };

/** A changed thing in words, whatever its shape. */
function told(one: unknown): string {
  if (typeof one !== "object" || one === null) return text(one);
  const all = one as Record<string, unknown>;
  const name = ["title", "name", "id", "what", "asset"].map((key) => text(all[key])).find(Boolean);
  const rest = Object.entries(all).filter(([key, value]) => text(value) !== name && key !== "id" && value !== null).map(([key, value]) => `${plain(key)} ${Array.isArray(value) ? value.map(told).join(" → ") : text(value)}`);
  return [name, ...rest].filter(Boolean).join(", ");
}

export function Changes() {
  const { report } = useView();
  const { changes } = report;
  if (!changes) return <Section id="changes" title="Changes since the last report"><p class="empty">There is no earlier report to compare with.</p></Section>;
  const parts = Object.entries(changes).filter(([, part]) => typeof part === "object" && part !== null);
  const plainFacts = Object.entries(changes).filter(([key, part]) => key !== "since" && (typeof part !== "object" || part === null) && part !== null && part !== 0);
  const since = Date.parse(text(changes.since));
  return (
    <Section id="changes" title="Changes since the last report" lead={Number.isFinite(since) ? <>Since {moment(since)} UTC.</> : undefined}>
      {plainFacts.map(([key, value]) => <p key={key}>{capital(plain(key))}: <bdi>{text(value)}</bdi></p>)}
      <div class="changes">{parts.map(([key, part]) => <Part key={key} name={key} part={part as object} />)}</div>
    </Section>
  );
}

function Part({ name, part }: { name: string; part: object }) {
  const lists = Array.isArray(part) ? [["changed", part] as const] : Object.entries(part);
  return (
    <div>
      <h3>{capital(plain(name))}</h3>
      {lists.map(([kind, list]) => (Array.isArray(list) ? <List key={kind} kind={kind} list={list} /> : <p key={kind}><bdi>{capital(plain(kind))}: {told(list)}</bdi></p>))}
    </div>
  );
}

/** An incident, rule or asset by its name where the page knows it. */
function Changed({ one }: { one: unknown }) {
  const { incidents, rules, assets, openIncident } = useView();
  if (typeof one === "string") {
    const incident = incidents.get(one);
    if (incident) return <button type="button" class="link" onClick={() => openIncident(one)}><bdi>{incident.title}</bdi></button>;
    if (rules.has(one)) return <bdi>{rules.get(one)!.title}</bdi>;
    if (assets.has(one)) return <HostName name={one} />;
  }
  return <bdi>{places(told(one))}</bdi>;
}

function List({ kind, list }: { kind: string; list: unknown[] }) {
  if (!list.length) return <p class="dim">{KINDS[kind] ?? capital(plain(kind))}: none</p>;
  return (
    <details open={list.length <= 12}>
      <summary>{KINDS[kind] ?? capital(plain(kind))}: {count(list.length)}</summary>
      <ul>{list.slice(0, 200).map((one, at) => <li key={at}><Changed one={one} /></li>)}{list.length > 200 && <li class="dim">and {count(list.length - 200)} more</li>}</ul>
    </details>
  );
}
