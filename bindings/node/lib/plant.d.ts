// The types of all about plants: operations, assets, judgements, conduits, incidents, reports. They are part of `index.d.ts`.

import type { Fault, Level, OneEvent, Path, Restored, Rules, Span, Text } from './index.js';

export interface NormaliserOptions {
  /** Tables of OT protocols in place of the shipped ones: paths, or YAML texts of more than one line. */
  taxonomy?: string | readonly string[];
  /** The plant that events are seen in: inventories, zones and conduits as paths, or YAML texts of more than one line. */
  context?: string | readonly string[];
}

export interface TrustOptions extends NormaliserOptions {
  /** How much older than the newest event one may be and still be judged in its order; without it all waits until `finish`. */
  lateness?: Span;
}

export interface IncidentOptions extends NormaliserOptions {
  /** How much later than others an event may come; without it, not at all. */
  lateness?: Span;
  /** After this time without a finding an incident is over; 24 hours is the default. */
  quiet?: Span;
  /** A host that deals with more others than this joins little; 16 is the default. */
  hubPeers?: number;
  /** A group is an incident when a finding of it has at least this level; medium is the default. */
  level?: Level;
  /** Findings that are kept; when there are more, what has been quiet for longest is forgotten. */
  findingsMax?: number;
  /** Spans of contacts that are kept; when there are more, the oldest are forgotten. */
  contactsMax?: number;
  /** Seconds that are added to the times of a source, by the name of a sensor of the plant or of a file. */
  clockOffsetsS?: Readonly<Record<string, number>>;
}

/** How a report is made: what becomes an incident, and what the document names. */
export interface ReportOptions extends IncidentOptions {
  /** The paths that rules were read from, by which packs are named. */
  packs?: string | readonly string[];
  /** Events before this time are left out: RFC 3339, or a day. Those without a time never are. */
  fromTime?: string;
  /** Events at this time or later are left out. */
  toTime?: string;
  /** Incidents that the document names, the highest scores; 1,000 is the default. */
  incidentsMax?: number;
  /** Assets that it names, those of most concern; 10,000 is the default. */
  assetsMax?: number;
  /** Privileged operations that it names, those first that nothing explains; 1,000 is the default. */
  privilegedMax?: number;
}

/** A record of an OT operation: fields `ot.*` that are known. `ot.address`, `ot.value` and `ot.flag` are lists. */
export type OperationRecord = Record<string, string | number | boolean | null | (string | number | boolean | null)[]>;

/** Reads the OT operations that events tell of, as rules see them in the fields `ot.*`. */
export class Normaliser {
  /** What is broken in tables or a plant is an `ArgumentError` whose `diagnostics` say where. */
  constructor(options?: NormaliserOptions);
  /** One record for each operation; none when the event tells of none, or has fields `ot.*` already, and no plant tells of it. */
  records(event: OneEvent): OperationRecord[];
}

/** What came of events that were pushed; faults are numbered from the first event that was ever pushed. */
export interface Taken {
  readonly events: number;
  readonly faults: readonly Fault[];
}

/** Why something is believed of an asset: `tells` is what it is about, such as `vendor`, `serves` or `acts`. */
export interface AssetEvidence {
  tells: string;
  value: string;
  field: string;
  count: number;
  first?: string;
  last?: string;
}

/** An asset that events tell of. */
export interface SeenAsset {
  /** Its host name, else its address, else its MAC, with the site before it. */
  id: string;
  name?: string;
  site?: string;
  zone?: string;
  ip?: string[];
  mac?: string[];
  host?: string[];
  station?: string[];
  serial?: string;
  role?: string;
  vendor?: string;
  model?: string;
  firmware?: string;
  os?: string;
  /** How far `role`, `vendor`, `model` and so on are to be trusted, from 0 to 1. */
  confidence: Record<string, number>;
  /** Protocols and services by which it answers, or sends on its own. */
  serves: string[];
  uses: string[];
  /** Operation classes that it has asked others for. */
  acts: string[];
  /** With whom it spoke, by id. */
  peers: string[];
  /** Whether it has sent anything, and was not only spoken to. */
  heard: boolean;
  events: number;
  /** RFC 3339; null when no event had a time. */
  first: string | null;
  last: string | null;
  evidence: AssetEvidence[];
}

/** How what was seen differs from what was declared. */
export interface Difference {
  kind: 'unknown' | 'silent' | 'moved' | 'changed';
  declared: string | null;
  seen: string | null;
  what: string | null;
  was: string | null;
  is: string | null;
  confidence?: number;
  first?: string;
  last?: string;
}

export interface DiscoveryStats {
  readonly events: number;
  /** Times that a new one found no room; those `outside` are no assets. */
  readonly givenUp: { assets: number; signs: number; links: number; outside: number };
}

/** Learns from events which assets there are, without asking any device. */
export class Discovery {
  /** What is broken in tables or a plant is an `ArgumentError` whose `diagnostics` say where. */
  constructor(options?: NormaliserOptions);
  push(event: OneEvent): void;
  pushLines(text: Text): Taken;
  /** The same on another thread; await it before the next call. */
  pushLinesAsync(text: Text): Promise<Taken>;
  pushEvents(events: Iterable<OneEvent>): Taken;
  assets(): SeenAsset[];
  /** Differences from an inventory (paths or texts), or from the plant of the options. */
  compare(context?: Path | readonly Path[]): Difference[];
  inventory(form?: 'yaml' | 'csv' | 'netbox' | 'cyclonedx'): string;
  stats(): DiscoveryStats;
  snapshot(): Buffer;
  /** A `StateError` changes nothing. */
  restore(bytes: Uint8Array | ArrayBuffer): void;
  /** Goes on over another plant, or none; what was learned stays, with the sites that it was learned at. */
  reload(context?: Path | readonly Path[]): void;
}

/** A session on the way to an operation. */
export interface SessionSeen {
  /** What it stands for: `vpn`, or the role of its host. */
  step: string;
  kind: string;
  user?: string;
  from?: string;
  host: string;
  begun: string;
  at: string;
}

/** An operation on a device, and what is missing of what the plant asks for; nothing when it is allowed and explained. */
export interface Judgement {
  time: string;
  at: string;
  operation: string;
  protocol?: string;
  source: string;
  destination: string;
  conduit?: string;
  chain?: string;
  missing: string[];
  sessions: SessionSeen[];
}

export interface TrustStats {
  readonly logons: number;
  readonly operations: number;
  readonly unexplained: number;
  readonly late: number;
  readonly early: number;
  readonly sessionsGivenUp: number;
}

/** Judges each operation that changes a controller by the policy of a plant and by who is logged on. */
export class Trust {
  /** `context` is needed. What is broken is an `ArgumentError` whose `diagnostics` say where. */
  constructor(options: TrustOptions);
  /** Judgements name the event by `at`, or by its number from 0. */
  push(event: OneEvent, at?: string): void;
  /** Judgements name events as `name:line`, or by their numbers. */
  pushLines(text: Text, name?: string): Taken;
  /** The same on another thread; await it before the next call. */
  pushLinesAsync(text: Text, name?: string): Promise<Taken>;
  pushEvents(events: Iterable<OneEvent>): Taken;
  advance(timeNs: bigint): void;
  finish(): void;
  /** What was judged since this was asked last, in the order of time. */
  take(): Judgement[];
  stats(): TrustStats;
  /** Judgements that were not taken are not in it. */
  snapshot(): Buffer;
  /** A `StateError` changes nothing. */
  restore(bytes: Uint8Array | ArrayBuffer): void;
  /** Goes on over another plant; sessions and what waits stay. */
  reload(context: Path | readonly Path[]): void;
}

/** Learns what passes between the zones of a plant, and proposes conduits for a person to review. */
export class Learner {
  constructor(options?: NormaliserOptions);
  push(event: OneEvent): void;
  pushLines(text: Text): Taken;
  /** The same on another thread; await it before the next call. */
  pushLinesAsync(text: Text): Promise<Taken>;
  pushEvents(events: Iterable<OneEvent>): Taken;
  /** Zones and conduits as YAML, to be read beside the plant. */
  proposal(): string;
  /** Flows for which there was no room. */
  readonly givenUp: number;
}

export type EntityKind =
  | 'account' | 'session' | 'process' | 'file' | 'file_name' | 'hash' | 'domain' | 'program' | 'indicator';

/** A finding that was made elsewhere, such as an alert of another product. */
export interface ReportedFinding {
  /** When it happened: RFC 3339, or a Date. */
  time: string | Date;
  /** What names the rule; findings of the same rule have the same. */
  rule: string;
  /** The rule without it. */
  title?: string;
  /** `medium` without it. */
  level?: Level;
  /** As rules write them: `attack.t1003`. */
  tags?: string | readonly string[];
  /** From which host: an address, a host name, or the id of an asset. */
  source?: string;
  /** On which host. */
  target?: string;
  entities?: { readonly [kind in EntityKind]?: string | readonly string[] };
  /** Where it stands; the rule without it. */
  at?: string;
}

/** A part of a score. */
export interface Term {
  name: string;
  points: number;
  why: string;
}

/** How likely an incident is one, and what depends on it; the total is their product over 100. */
export interface Score {
  total: number;
  likelihood: number;
  consequence: number;
  likelihoodTerms: Term[];
  consequenceTerms: Term[];
}

/** From one host to another. */
export interface Hop {
  from: string;
  to: string;
  kind: 'logon' | 'remote' | 'operation' | 'flow';
  /** The kind of logon, the operation class, or the protocol. */
  what: string;
  account?: string;
  first: string;
  last: string;
  /** From 0 to 1. */
  confidence: number;
  /** Where events stand that prove it. */
  events: string[];
  /** The zones it goes between, when it leaves one, and their Purdue levels. */
  zones?: [string, string];
  levels?: [number, number];
  conduit?: string;
  /** Other hosts from which a contact came that is as credible. */
  alternatives?: string[];
}

/** The way from the likely beginning to the worst effect. */
export interface IncidentPath {
  hops: Hop[];
  confidence: number;
  /** Where the first host fetched something from, just then. */
  fetched?: string;
  /** What nobody saw. */
  gap?: string;
  /**
   * What the last host then did to a device, when the effect is no operation: an operation of which no finding tells. Its confidence is
   * none of that of the way.
   */
  onward?: Hop;
}

export interface Reach {
  host: string;
  zone?: string;
  level?: number;
  criticality?: string;
  /** From which of the reached hosts; missing for what is reached already. */
  from?: string[];
}

/** Hosts that an incident has reached, and those that it can reach. */
export interface Spread {
  reached: Reach[];
  next: Reach[];
  /** How many are reached in each zone; `outside` for those in none. */
  zones: { [zone: string]: number };
  lowestLevel?: number;
}

/** A rule that was found to hold. */
export interface FindingSeen {
  rule: string;
  title: string;
  level: Level;
  made: 'detection' | 'correlation' | 'trust' | 'elsewhere';
  first: string;
  last: string;
  count: number;
  source?: string;
  target?: string;
  operation?: string;
  /** Tactics and techniques of ATT&CK, from its tags. */
  tactics?: string[];
  techniques?: string[];
  entities?: { [kind in EntityKind]?: string[] };
  /** Where its events stand, at most 16. */
  events: string[];
  /** What it has in common with another finding of the incident; missing for the first. */
  because?: string;
}

export interface HostSeen {
  name: string;
  isAsset: boolean;
  addresses?: string[];
  role?: string;
  site?: string;
  zone?: string;
  level?: number;
  criticality?: string;
  owner?: string;
  first: string;
}

/** Findings that are one attack, where it came from, how far it got, and what to do about it. */
export interface Incident {
  /** The same in every run over the same events. */
  id: string;
  title: string;
  level: Level;
  first: string;
  last: string;
  /** Whether it has been quiet for so long that it is over. */
  isClosed: boolean;
  score: Score;
  /** ATT&CK tactics in the order in which they occur first, each with its techniques. */
  stages: [tactic: string, techniques: string[]][];
  accounts: string[];
  hosts: HostSeen[];
  path: IncidentPath;
  spread: Spread;
  findings: FindingSeen[];
  hints: string[];
  /** Ids of incidents that turned out to be part of this one, and why. */
  merged?: [id: string, why: string][];
  /** Ids of what was part of this one and turned out to be by itself, and why. */
  split?: [id: string, why: string][];
}

/** What became of an incident. */
export type IncidentChange =
  | { change: 'opened' | 'grew' | 'closed'; id: string }
  | { change: 'merged'; id: string; into: string; because: string }
  | { change: 'split'; id: string; part: string; because: string };

/** How far the clock of a source seems to be from that of another. */
export interface Skew {
  readonly source: string;
  readonly against: string;
  /** Seconds that are to be added to its times. */
  readonly offsetS: number;
  readonly pairs: number;
  readonly spreadS: number;
}

export interface IncidentStats {
  readonly findings: number;
  readonly contacts: number;
  readonly late: number;
  readonly early: number;
  readonly givenUp: number;
}

/** Joins findings that are likely one attack, and traces where they came from and how far they got. */
export class Incidents implements Iterable<Incident> {
  /** The plant is `context`, else that of the rules. What is broken is an `ArgumentError` whose `diagnostics` say where. */
  constructor(rules: Rules, options?: IncidentOptions);
  /** Incidents name the event by `at`, or by its number from 0. */
  push(event: OneEvent, at?: string): void;
  /** Incidents name events as `name:line`, or by their numbers. */
  pushLines(text: Text, name?: string): Taken;
  /** The same on another thread; await it before the next call. */
  pushLinesAsync(text: Text, name?: string): Promise<Taken>;
  pushEvents(events: Iterable<OneEvent>): Taken;
  /** Takes in a finding that was made elsewhere. */
  add(finding: ReportedFinding | Text): void;
  /** Says that nothing older will come. */
  advance(timeNs: bigint): void;
  /** Takes all that still waits for what may come late. */
  finish(): void;
  /** All incidents so far, the highest score first. */
  incidents(): Incident[];
  [Symbol.iterator](): IterableIterator<Incident>;
  /** Incidents in a form for other programs: all, or the one of an id. */
  export(form: 'ndjson' | 'ocsf' | 'ocsf-detections' | 'ecs' | 'stix' | 'graphml' | 'dot' | 'json-graph', id?: string): string;
  /** What became of incidents since this was asked last. */
  takeChanges(): IncidentChange[];
  stats(): IncidentStats;
  /** How far clocks of sources seem to be apart; it is only told. */
  skews(): Skew[];
  snapshot(): Buffer;
  /** A `StateError` changes nothing. */
  restore(bytes: Uint8Array | ArrayBuffer): Restored;
  /** Goes on with other rules, and over another plant: that of `context`, else that of the rules. */
  reload(rules: Rules, context?: Path | readonly Path[]): Restored;
}

/** The document of a report, with the names of its schema. */
export interface ReportDocument {
  form: string;
  period: { first: string | null; last: string | null };
  site: string | null;
  events: { read: number; broken: number; late: number; [name: string]: unknown };
  [name: string]: unknown;
}

/** Makes a report of events: assets, exposures, incidents, rules, blind spots, requirements met and not. */
export class Report {
  /** The plant is `context`, else that of the rules. */
  constructor(rules: Rules, options?: ReportOptions);
  push(event: OneEvent, at?: string): void;
  pushLines(text: Text, name?: string): Taken;
  /** The same on another thread; await it before the next call. */
  pushLinesAsync(text: Text, name?: string): Promise<Taken>;
  pushEvents(events: Iterable<OneEvent>): Taken;
  /** Makes the document; `since` is that of the last report, and then `changes` tells what is different. */
  finish(since?: object | string): ReportDocument;
  /** The document as JSON text. A `ClosedError` before the report is finished, as for the others. */
  toJson(): string;
  /** The document as Markdown, for mails and tickets. */
  toMarkdown(): string;
  /** The document as a page: one HTML file with everything in it. */
  toHtml(): string;
}
