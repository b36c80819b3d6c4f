// The report document: what the page knows of it. Parts may be absent or of another shape; then they are empty.

export type Level = "critical" | "high" | "medium" | "low" | "informational";
export const LEVELS: Level[] = ["critical", "high", "medium", "low", "informational"];

export interface Term { name: string; points: number; why: string }
export interface Host { name: string; role: string; site: string; zone: string; level: number | null; criticality: string; owner: string; isAsset: boolean }
export interface Hop {
  from: string; to: string; kind: string; what: string; account: string; first: number | null; last: number | null;
  confidence: number | null; events: string[]; zones: [string, string] | null; levels: [number, number] | null; conduit: string; alternatives: string[];
}
export interface Reach { host: string; zone: string; level: number | null; criticality: string; from: string[] }
export interface Finding {
  rule: string; title: string; level: Level; made: string; first: number | null; last: number | null; count: number; source: string; target: string;
  operation: string; entities: [string, string[]][]; events: string[]; because: string;
}
export interface Incident {
  id: string; title: string; level: Level; first: number | null; last: number | null; isClosed: boolean;
  score: { total: number; likelihood: number; consequence: number; likelihoodTerms: Term[]; consequenceTerms: Term[] };
  stages: [string, string[]][]; accounts: string[]; hosts: Host[]; zones: string[]; lowest: number | null;
  hops: Hop[]; confidence: number | null; fetched: string; gap: string; onward: Hop | null;
  reached: Reach[]; next: Reach[]; findings: Finding[]; hints: string[]; merged: [string, string][]; split: [string, string][]; leftOut: LeftOut[];
}
export interface Asset {
  id: string; name: string; role: string; site: string; zone: string; level: number | null; criticality: string; owner: string; addresses: string[];
  protocols: string[]; product: string; first: number | null; last: number | null; status: string; findings: number; incidents: string[]; exposures: string[];
}
export interface Rule {
  id: string; title: string; level: Level; pack: string; tags: string[]; detections: number; first: number | null; last: number | null;
  canMatch: boolean | null; blind: string; times: Times;
}
/** When parts of the timeline begin, and how often something was found in each. */
export type Times = [number, number][];
export interface Technique { id: string; name: string; tactic: string; rules: number; detections: number; times: Times }
export interface Requirement { id: string; title: string; status: string; evidence: string[] }
export interface Bucket { start: number; it: number; ot: number; findings: Record<Level, number> }
export interface Zone { name: string; level: number | null; slT: number | null; assets: number; risk: number; hasSensor: boolean | null }
export interface Conduit { name: string; from: string; to: string; allowed: number; denied: number }
export interface Privileged {
  time: number | null; operation: string; source: string; target: string; account: string; session: string; explained: boolean; missing: string[]; event: string; count: number;
}
export interface DeniedFlow { source: string; target: string; what: string; reasons: string[]; conduit: string; count: number; event: string }
export interface LeftOut { what: string; count: number }
export interface Named { name: string; score: number }
export interface Source { source: string; domain: string; events: number; first: number | null; last: number | null }
export interface Report {
  form: string; madeBy: string; site: string; first: number | null; last: number | null;
  read: number; broken: number; late: number; sources: Source[]; timeline: Bucket[]; step: number; incidents: Incident[]; assets: Asset[]; zones: Zone[]; conduits: Conduit[];
  riskByAsset: Named[]; riskByZone: Named[]; rules: Rule[]; blindSpots: { what: string; why: string }[]; privileged: Privileged[];
  policy: { allowed: number; denied: number; byReason: { reason: string; count: number }[]; flows: DeniedFlow[] } | null;
  iec62443: Requirement[]; nistCsf: Requirement[]; enterprise: Technique[]; ics: Technique[];
  changes: Record<string, unknown> | null; leftOut: LeftOut[];
}

type Any = Record<string, unknown>;
const object = (value: unknown): Any => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Any) : {});
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const objects = (value: unknown): Any[] => list(value).filter((one): one is Any => typeof one === "object" && one !== null && !Array.isArray(one));
const number = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? value : 0);
const maybe = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null);

export const text = (value: unknown): string =>
  typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? String(value) : value == null ? "" : JSON.stringify(value);
/** One name, or several. */
const names = (value: unknown): string => (Array.isArray(value) ? texts(value).join(", ") : text(value));
const texts = (value: unknown): string[] => list(value).map(text);
const reasons = (value: unknown): [string, string][] => list(value).map((pair) => [text(list(pair)[0]), text(list(pair)[1])]);
const time = (value: unknown): number | null => {
  const at = typeof value === "string" ? Date.parse(value) : typeof value === "number" ? value : NaN;
  return Number.isFinite(at) ? at : null;
};
const level = (value: unknown): Level => (LEVELS.includes(value as Level) ? (value as Level) : "informational");
const pairs = (value: unknown): [string, string[]][] => list(value).map((one) => [text(list(one)[0]), texts(list(one)[1])]);
const leftOut = (value: unknown): LeftOut[] => objects(value).map((one) => ({ what: text(one.what), count: number(one.count) }));
const terms = (value: unknown): Term[] => objects(value).map((one) => ({ name: text(one.name), points: number(one.points), why: text(one.why) }));
const reach = (value: unknown): Reach[] =>
  objects(value).map((one) => ({ host: text(one.host), zone: text(one.zone), level: maybe(one.level), criticality: text(one.criticality), from: texts(one.from) }));

function hop(one: Any): Hop {
  const [zones, levels] = [texts(one.zones), list(one.levels).map(number)];
  return {
    from: text(one.from), to: text(one.to), kind: text(one.kind), what: text(one.what), account: text(one.account), first: time(one.first), last: time(one.last),
    confidence: maybe(one.confidence), events: texts(one.events), conduit: text(one.conduit), alternatives: texts(one.alternatives),
    zones: zones.length === 2 ? [zones[0]!, zones[1]!] : null, levels: levels.length === 2 ? [levels[0]!, levels[1]!] : null,
  };
}

function finding(one: Any): Finding {
  return {
    rule: text(one.rule), title: text(one.title) || text(one.rule), level: level(one.level), made: text(one.made), first: time(one.first), last: time(one.last),
    count: number(one.count) || 1, source: text(one.source), target: text(one.target), operation: text(one.operation),
    entities: Object.entries(object(one.entities)).map(([kind, names]) => [kind, texts(names)]), events: texts(one.events), because: text(one.because),
  };
}

function incident(one: Any): Incident {
  const [score, path, spread] = [object(one.score), object(one.path), object(one.spread)];
  const hosts = objects(one.hosts).map((host): Host => ({
    name: text(host.name), role: text(host.role), site: text(host.site), zone: text(host.zone), level: maybe(host.level), criticality: text(host.criticality),
    owner: text(host.owner), isAsset: host.is_asset === true,
  }));
  const findings = objects(one.findings).map(finding);
  const [id, title, accounts] = [text(one.id), text(one.title), texts(one.accounts)];
  const reached = reach(spread.reached);
  const zones = [...new Set([...hosts, ...reached].map((host) => host.zone).filter(Boolean))];
  const levels = [...hosts, ...reached].flatMap((host) => (host.level === null ? [] : [host.level]));
  return {
    id, title: title || id, level: level(one.level), first: time(one.first), last: time(one.last), isClosed: one.is_closed === true,
    score: {
      total: number(score.total), likelihood: number(score.likelihood), consequence: number(score.consequence),
      likelihoodTerms: terms(score.likelihood_terms), consequenceTerms: terms(score.consequence_terms),
    },
    stages: pairs(one.stages), accounts, hosts, zones, lowest: maybe(spread.lowest_level) ?? (levels.length ? Math.min(...levels) : null),
    hops: objects(path.hops).map(hop), confidence: maybe(path.confidence), fetched: text(path.fetched), gap: text(path.gap),
    onward: objects([path.onward]).map(hop)[0] ?? null,
    reached, next: reach(spread.next), findings, hints: texts(one.hints),
    merged: reasons(one.merged), split: reasons(one.split), leftOut: leftOut(one.left_out),
  };
}

function asset(one: Any): Asset {
  return {
    id: text(one.id), name: text(one.name), role: text(one.role), site: text(one.site), zone: text(one.zone), level: maybe(one.level),
    criticality: text(one.criticality), owner: text(one.owner), addresses: texts(one.addresses), protocols: texts(one.protocols),
    product: [one.vendor, one.model, one.firmware].map(text).filter(Boolean).join(", "), first: time(one.first_seen),
    last: time(one.last_seen), status: text(one.status) || "unknown", findings: number(one.findings), incidents: texts(one.incidents), exposures: texts(one.exposures),
  };
}

function rule(one: Any, starts: (number | null)[]): Rule {
  return {
    id: text(one.id), title: text(one.title) || text(one.id), level: level(one.level), pack: text(one.pack), tags: texts(one.tags), detections: number(one.detections),
    first: time(one.first), last: time(one.last), canMatch: typeof one.can_match === "boolean" ? one.can_match : null, blind: text(one.blind),
    times: times(one.buckets, starts),
  };
}

function privileged(one: Any): Privileged {
  return {
    time: time(one.time), operation: text(one.operation), source: text(one.source), target: text(one.target), account: text(one.account), session: text(one.session),
    explained: one.explained === true, missing: texts(one.missing), event: text(one.event), count: number(one.count) || 1,
  };
}

const flow = (one: Any): DeniedFlow => ({
  source: text(one.source), target: text(one.target), what: text(one.what), reasons: texts(one.reasons), conduit: text(one.conduit), count: number(one.count), event: text(one.event),
});
const requirements = (value: unknown): Requirement[] =>
  objects(value).map((one) => ({ id: text(one.id), title: text(one.title), status: text(one.status) || "unknown", evidence: texts(one.evidence) }));
const techniques = (value: unknown, starts: (number | null)[]): Technique[] =>
  objects(value).flatMap((one) =>
    (Array.isArray(one.tactic) ? one.tactic : [one.tactic]).map((tactic) => ({
      id: text(one.id).toUpperCase(), name: text(one.name), tactic: text(tactic), rules: number(one.rules), detections: number(one.detections), times: times(one.buckets, starts),
    })));
/** Places of buckets and counts, as times and counts. */
const times = (value: unknown, starts: (number | null)[]): Times =>
  list(value).flatMap((pair): Times => {
    const start = starts[number(list(pair)[0])];
    return start == null ? [] : [[start, number(list(pair)[1])]];
  });
const named = (value: unknown): Named[] => objects(value).map((one) => ({ name: text(one.name), score: number(one.score) }));

/** The document as the page uses it. */
export function report(document: unknown): Report {
  const all = object(document);
  const [events, period, risk, governance, policy] = [all.events, all.period, all.risk, all.governance, all.policy].map(object) as [Any, Any, Any, Any, Any];
  const incidents = objects(all.incidents).map(incident);
  const starts = list(all.timeline).map((one) => time(object(one).start));
  const timeline = objects(all.timeline).flatMap((one): Bucket[] => {
    const [start, findings] = [time(one.start), object(one.findings)];
    const of = (name: Level) => number(findings[name]);
    const counts = { critical: of("critical"), high: of("high"), medium: of("medium"), low: of("low"), informational: of("informational") };
    return start === null ? [] : [{ start, it: number(one.it), ot: number(one.ot), findings: counts }];
  }).sort((one, other) => one.start - other.start);
  const known = [time(period.first), time(period.last), ...timeline.map((one) => one.start), ...incidents.flatMap((one) => [one.first, one.last])]
    .filter((one): one is number => one !== null);
  const bound = (most: (...all: number[]) => number) => (known.length ? known.reduce((one, other) => most(one, other)) : null);
  return {
    form: text(all.form), madeBy: text(all.made_by), site: text(all.site), first: time(period.first) ?? bound(Math.min), last: time(period.last) ?? bound(Math.max),
    read: number(events.read), broken: number(events.broken), late: number(events.late),
    sources: objects(events.by_source).map((one) => ({ source: text(one.source), domain: text(one.domain), events: number(one.events), first: time(one.first), last: time(one.last) })),
    timeline, step: timeline.length > 1 ? timeline[1]!.start - timeline[0]!.start : 60_000, incidents, assets: objects(all.assets).map(asset),
    zones: objects(all.zones).map((one) => ({
      name: text(one.name), level: maybe(one.level), slT: maybe(one.sl_t), assets: number(one.assets), risk: number(one.risk),
      hasSensor: typeof one.has_sensor === "boolean" ? one.has_sensor : null,
    })),
    conduits: objects(all.conduits).map((one) => ({ name: text(one.name), from: names(one.from), to: names(one.to), allowed: number(one.allowed), denied: number(one.denied) })),
    riskByAsset: named(risk.by_asset), riskByZone: named(risk.by_zone), rules: objects(all.rules).map((one) => rule(one, starts)),
    blindSpots: objects(all.blind_spots).map((one) => ({ what: text(one.what), why: text(one.why) })), privileged: objects(all.privileged).map(privileged),
    policy: all.policy ? { allowed: number(policy.allowed), denied: number(policy.denied), byReason: objects(policy.by_reason).map((one) => ({ reason: text(one.reason), count: number(one.count) })), flows: objects(policy.flows).map(flow) } : null,
    iec62443: requirements(governance.iec62443), nistCsf: requirements(governance.nist_csf),
    enterprise: techniques(object(governance.attack).enterprise, starts), ics: techniques(object(governance.attack).ics, starts),
    changes: all.changes && typeof all.changes === "object" ? (all.changes as Any) : null, leftOut: leftOut(all.left_out),
  };
}

/** Unpacks what the page holds, as JSON text. */
export async function unpack(packed: string): Promise<string> {
  const bytes = Uint8Array.from(atob(packed), (sign) => sign.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

// Signs that turn the direction of text or are not seen at all, and halves of signs: a name with these may look like another.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e0fff}]|\p{Surrogate}/gu;
const isHidden = new RegExp(HIDDEN.source, "u");
const spelt = (sign: string) => `\u27e8U+${sign.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}\u27e9`;

/** JSON text as what it says, with signs that nobody sees written out. */
export function parse(json: string): unknown {
  // PERF: a document without any of them, which is nearly each, is not walked. `\\u` may stand for one.
  return MAYBE_HIDDEN.test(json) ? visible(JSON.parse(json)) : JSON.parse(json);
}
const MAYBE_HIDDEN = /\\u|[\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\udb40]/;

/** The same with signs that nobody sees written out. */
function visible(value: unknown): unknown {
  if (typeof value === "string") return isHidden.test(value) ? value.replace(HIDDEN, spelt) : value;
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) value[at] = visible(value[at]);
  } else if (typeof value === "object" && value !== null) {
    const all = value as Any;
    for (const key of Object.keys(all)) {
      const own = visible(all[key]);
      if (isHidden.test(key)) {
        delete all[key];
        all[key.replace(HIDDEN, spelt)] = own;
      } else if (key !== "__proto__") all[key] = own;
      else delete all[key];
    }
  }
  return value;
}
