// The types of the package. `test/types` checks them with `tsc --strict`, and a test that they name all that is exported.
/// <reference types="node" />

import type { Transform } from 'node:stream';

export const version: string;

/** YAML text; a list of texts, or of pairs of name and text; or an object of names and texts. */
export type RuleTexts = string | readonly (string | readonly [name: string, text: string])[] | Readonly<Record<string, string>>;
/** An event as an object. It is written by `JSON.stringify`, so `toJSON` is called and `undefined` is left out. */
export type EventObject = object;
/** JSON as text or bytes. */
export type Text = string | Uint8Array | ArrayBuffer;
/** The bytes of a stream or a file of Arrow's IPC format, such as `tableToIPC(table)`. */
export type ArrowBytes = Uint8Array | ArrayBuffer;
/** One event. */
export type OneEvent = EventObject | Text;
/** A length of time: `'5m'`, a number of seconds, or `'off'` where that is allowed. */
export type Span = string | number;
export type Level = 'informational' | 'low' | 'medium' | 'high' | 'critical';
export type Path = string | URL;

export interface CompileOptions {
  /** Processing pipelines in order: names of shipped ones, paths, or YAML texts. */
  pipelines?: string | readonly string[];
  /** `auto` finds out by the fields of events, `none` leaves rules as they are, or a name such as `windows`. */
  source?: string;
  /** The values that `%name%` stands for under `expand`. */
  placeholders?: Readonly<Record<string, readonly string[]>>;
  /** The zone for `hour`, `day` and the like. Without it, UTC. */
  timezone?: string;
  /** The unit of times that are bare numbers. */
  timeUnit?: 's' | 'ms' | 'us' | 'ns';
  /** Fields that hold the time of an event. Without it, the usual ones. */
  timeFields?: string | readonly string[];
  /** Indicators to be looked for: paths of lists (STIX 2.1, MISP, CSV), or lists as text. Rules about them come along. */
  indicators?: string | readonly string[];
  /** The time that counts for events without one when indicators are looked for: `now`, or a date. Without it, any counts. */
  indicatorsAt?: string;
  /** More fields in which indicators are looked for: paths of tables, or YAML texts. */
  indicatorFields?: string | readonly string[];
  /** The plant that events are seen in: inventories, zones and conduits as paths, or YAML texts of more than one line. */
  context?: string | readonly string[];
  /** Warnings that are switched off, by code or name. */
  allow?: string | readonly string[];
  /** Whether a broken rule is an error; `compile`: true, `load`: false. */
  strict?: boolean;
  /** Tables of OT protocols in place of the shipped ones: paths, or YAML texts of more than one line. */
  taxonomy?: string | readonly string[];
}

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
  packs?: Path | readonly Path[];
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

export interface LogSource {
  category?: string | null;
  product?: string | null;
  service?: string | null;
  definition?: string | null;
}

export interface AskOptions {
  /** Only rules of this level or above. */
  level?: Level;
  /** Only rules with one of these tags, or one below it. */
  tags?: string | readonly string[];
  /** Only the rules of these ids, names or titles; it is an error when no rule has any of them. */
  rules?: string | readonly string[];
  /** The log source of all events; rules of another one are not asked. */
  logsource?: { category?: string; product?: string; service?: string };
  /** Whether the selections and fields that held are told. */
  evidence?: boolean;
}

export interface ScanOptions extends AskOptions {
  /** 1, the default, is one thread; 0 is one for each core. */
  threads?: number;
}

export interface Signalled {
  /** Ends the call with a `CancelledError`. */
  signal?: AbortSignal;
}

export interface StreamSettings {
  /** How much older than the newest event one may be and still count. */
  lateness?: Span;
  /** How far an event may be ahead of all before it. */
  clockJump?: Span;
  /** What becomes of an event without a time. */
  missingTime?: 'skip' | 'arrival' | 'error';
  /** What becomes of an event that lacks a field of `group-by`. */
  missingGroup?: 'skip' | 'group';
  /** How often a correlation tells that it holds for a group. */
  alerts?: 'once' | 'repeat' | 'update';
  /** Memory for all state, in MiB. */
  stateMemory?: number;
  /** Groups of one correlation. */
  groupsMax?: number;
}

export interface StreamOptions extends StreamSettings, AskOptions {}

export interface FileOptions extends StreamSettings, ScanOptions, Signalled {
  /** The format of all files. Without it, found out. */
  format?: 'ndjson' | 'json' | 'evtx' | 'zeek' | 'csv';
  /** Whether records carry their event. */
  event?: boolean;
  /** Whether files are read on as they grow. */
  follow?: boolean;
  /** With `follow`: the scan ends when nothing came for so long. */
  followIdle?: Span;
  /** The file in which the state of correlations is kept. */
  state?: string;
  /** Is told how much was read. */
  progress?: (progress: { bytes: number; events: number }) => void;
  /** Is told what could not be read or counted. */
  onFault?: (fault: FileFault) => void;
}

export interface FileFault {
  kind: 'badEvent' | 'badFile' | 'notCounted';
  file?: string;
  line?: number;
  byte?: number | null;
  message?: string;
  why?: 'late' | 'ahead' | 'untimed';
}

export interface TransformOptions extends ScanOptions, Signalled {
  /** Records as objects, or as text with one JSON object a line. */
  format?: 'objects' | 'ndjson';
  /** Whether the end of the input closes all windows of a stream; true is the default. */
  flush?: boolean;
  /** The longest line, in bytes; 16 MiB is the default. */
  lineBytesMax?: number;
  /** Chunks that wait at most. */
  highWaterMark?: number;
}

export interface Diagnostic {
  code: string;
  severity: 'error' | 'warning' | 'note';
  message: string;
  help?: string;
  path?: string;
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
  rule?: string;
}

export interface RuleInfo {
  readonly kind: 'detection' | 'correlation';
  readonly title: string;
  readonly id: string | null;
  readonly name: string | null;
  readonly related: readonly { id: string; type: string }[];
  readonly taxonomy: string | null;
  readonly status: string | null;
  readonly level: Level | null;
  readonly description: string | null;
  readonly license: string | null;
  readonly author: string | null;
  readonly date: string | null;
  readonly modified: string | null;
  readonly references: readonly string[];
  readonly tags: readonly string[];
  readonly fields: readonly string[];
  readonly falsepositives: readonly string[];
  readonly scope: readonly string[];
  /** All other keys, as JSON. */
  readonly custom: string;
  readonly logsource?: LogSource;
  readonly path?: string;
  /** The type of a correlation. */
  readonly type?: string;
}

export interface Reason {
  readonly code: string;
  readonly name: string;
  readonly meaning: string;
  readonly count: number;
  readonly about: readonly string[];
}

export interface LoadReport {
  readonly files: number;
  readonly passedOver: number;
  readonly documents: number;
  readonly rules: number;
  readonly correlations: number;
  readonly filters: number;
  readonly elsewhere: number;
  readonly leftOut: readonly Reason[];
  readonly warnings: readonly Reason[];
}

export interface FieldUse {
  /** The field; `null` for keywords. */
  readonly field: string | null;
  readonly rules: number;
  readonly logsources: readonly string[];
}

export interface FieldSeen {
  selection: string;
  field: string | null;
  value: string;
  pattern: string;
}

/** An indicator that an event holds, and where. */
export interface IndicatorSeen {
  id: string;
  name?: string;
  kind: 'address' | 'domain' | 'url' | 'hash' | 'imphash' | 'file_name' | 'file_path' | 'email';
  value: string;
  /** The path or name of its list. */
  list: string;
  level: Level;
  confidence?: number;
  validFrom?: string;
  validUntil?: string;
  tags?: string[];
  /** The field of the event, and its value. */
  field: string;
  seen: string;
}

/** A rule that matched an event. */
export class Detection {
  private constructor();
  readonly kind: 'detection';
  readonly ruleId: string | null;
  readonly ruleTitle: string;
  readonly level: Level | null;
  /** The number of the event, from 0; of lines, blank and unreadable ones are counted too. */
  eventIndex: number;
  readonly tags: readonly string[];
  /** The source by which the rules were mapped. */
  readonly source?: string;
  /** With `evidence`. */
  readonly selections?: string[];
  /** With `evidence`. */
  readonly fields?: FieldSeen[];
  /** With `evidence`, of rules about indicators: which of them the event holds. */
  readonly indicators?: IndicatorSeen[];
  /** The record of the command line. */
  toJSON(): Record<string, unknown>;
}

/** An event that cannot be read. */
export interface Fault {
  eventIndex: number;
  byte: number | null;
  message: string;
  toJSON(): Record<string, unknown>;
}

/** The detections of a call, in the order of the events. `map`, `filter` and the like give plain lists. */
export class Detections extends Array<Detection> {
  private constructor();
  /** Events that were looked at. */
  readonly events: number;
  /** Events that cannot be read. */
  readonly faults: readonly Fault[];
  /** A stream of Arrow's IPC format: `event_index`, `rule_id`, `rule_title`, `level`, `tags`, `source`. */
  toArrow(): Buffer;
}

/** A correlation that holds for a group. */
export class Alert {
  private constructor();
  readonly kind: 'correlation';
  readonly ruleId: string | null;
  readonly ruleTitle: string;
  readonly level: Level | null;
  readonly time: string;
  readonly timeNs: bigint;
  readonly tags: readonly string[];
  readonly type: string;
  readonly update: boolean;
  readonly group: Readonly<Record<string, string | null>>;
  readonly first: string;
  readonly last: string;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  readonly count: number;
  readonly value: number;
  readonly events: readonly number[];
  /** The record of the command line; nanoseconds are text. */
  toJSON(): Record<string, unknown>;
}

export interface Pushed {
  readonly detections: Detections;
  readonly alerts: Alert[];
  readonly notCounted: { eventIndex: number; why: 'late' | 'ahead' }[];
  readonly untimed: number;
  readonly events: number;
  readonly faults: readonly Fault[];
}

export interface Step {
  what: string;
  held: boolean;
  field?: string;
  values?: { value: string; passed: boolean }[];
  selection?: string;
  steps?: Step[];
}

export interface Explanation {
  readonly rule: string;
  readonly title: string;
  readonly matched: boolean;
  readonly steps: Step[];
  readonly text: string;
  toString(): string;
}

export interface TestReport {
  tested: number;
  untested: string[];
  events: number;
  failures: { rule: string; file: string; line: number; message: string; explanation?: string | null }[];
}

export interface Restored {
  /** Groups that go on. */
  kept: number;
  /** Correlations that are gone or have changed, and how many groups they had. */
  dropped: [rule: string, groups: number][];
}

export interface StreamStats {
  readonly events: number;
  readonly untimed: number;
  readonly signals: number;
  readonly alerts: number;
  readonly late: number;
  readonly ahead: number;
  readonly setBack: number;
  readonly ungrouped: number;
  readonly unvalued: number;
  readonly evicted: number;
  readonly crowded: number;
  readonly trimmed: number;
  readonly hurried: number;
  readonly dropped: number;
  readonly groups: number;
  readonly waiting: number;
  readonly bytes: number;
}

export interface Totals {
  readonly files: number;
  readonly badFiles: number;
  readonly events: number;
  readonly badEvents: number;
  readonly detections: number;
  readonly alerts: number;
  readonly bytes: number;
}

/** A detection or an alert in a file. */
export interface FileRecord {
  readonly kind: 'detection' | 'correlation';
  readonly ruleId: string | null;
  readonly ruleTitle: string;
  readonly level: Level | null;
  readonly file: string;
  readonly line: number;
  readonly time?: string;
  readonly tags: readonly string[];
  readonly source?: string;
  readonly selections?: string[];
  readonly fields?: FieldSeen[];
  readonly indicators?: IndicatorSeen[];
  readonly event?: Record<string, unknown>;
  readonly type?: string;
  readonly update?: boolean;
  readonly group?: Readonly<Record<string, string | null>>;
  readonly first?: string;
  readonly last?: string;
  readonly count?: number;
  readonly value?: number;
  readonly events?: readonly { file: string; line: number }[];
  toJSON(): Record<string, unknown>;
}

/** A scan of files that goes on while its findings are taken. */
export interface FileScan extends AsyncIterableIterator<FileRecord> {
  /** What was scanned; `undefined` until the scan is over. */
  readonly totals: Totals | undefined;
  return(value?: unknown): Promise<IteratorResult<FileRecord>>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Compiled rules. */
export class Rules {
  private constructor();
  static fromBuffer(bytes: Uint8Array | ArrayBuffer): Rules;
  static fromBufferAsync(bytes: Uint8Array | ArrayBuffer): Promise<Rules>;
  /** The same rules with other indicators: paths of lists, or lists as text. Streams go on with them by `reload`. */
  withIndicators(lists: Path | readonly Path[]): Rules;
  withIndicatorsAsync(lists: Path | readonly Path[]): Promise<Rules>;
  readonly size: number;
  readonly rules: readonly RuleInfo[];
  readonly correlations: readonly RuleInfo[];
  readonly diagnostics: readonly Readonly<Diagnostic>[];
  report(): LoadReport;
  fields(): readonly FieldUse[];
  /** Text and bytes are lines; what can be iterated is a list; any other object is one event. */
  scan(events: OneEvent | Iterable<OneEvent>, options?: ScanOptions): Detections;
  scanEvent(event: OneEvent, options?: ScanOptions): Detections;
  scanLines(text: Text, options?: ScanOptions): Detections;
  scanEvents(events: Iterable<OneEvent>, options?: ScanOptions): Detections;
  /** Rows are events, columns are fields, null is a missing field. */
  scanArrow(table: ArrowBytes, options?: ScanOptions): Detections;
  scanArrowAsync(table: ArrowBytes, options?: ScanOptions & Signalled): Promise<Detections>;
  scanAsync(events: OneEvent | Iterable<OneEvent>, options?: ScanOptions & Signalled): Promise<Detections>;
  scanFiles(paths: Path | readonly Path[], options?: FileOptions): FileScan;
  explain(rule: string, event: OneEvent): Explanation;
  test(): Promise<TestReport>;
  toBuffer(): Buffer;
  /**
   * The same rules over a plant, by whose inventory, zones and conduits fields such as `source.asset.role`, `destination.zone`
   * and `flow.allowed` are filled: paths, or YAML texts of more than one line. Nothing is compiled again.
   */
  inContext(context: Path | readonly Path[]): Rules;
  stream(options?: StreamOptions): Stream;
}

/** Correlates events over time. */
export class Stream {
  constructor(rules: Rules, options?: StreamOptions);
  readonly rules: Rules;
  readonly watermark: bigint | undefined;
  push(event: OneEvent, timeNs?: bigint): Pushed;
  pushLines(text: Text): Pushed;
  pushEvents(events: Iterable<OneEvent>): Pushed;
  pushArrow(table: ArrowBytes): Pushed;
  pushAsync(event: OneEvent, timeNs?: bigint, options?: Signalled): Promise<Pushed>;
  pushLinesAsync(text: Text, options?: Signalled): Promise<Pushed>;
  pushEventsAsync(events: Iterable<OneEvent>, options?: Signalled): Promise<Pushed>;
  pushArrowAsync(table: ArrowBytes, options?: Signalled): Promise<Pushed>;
  advance(timeNs: bigint): Alert[];
  flush(): Alert[];
  advanceAsync(timeNs: bigint): Promise<Alert[]>;
  flushAsync(): Promise<Alert[]>;
  stats(): StreamStats;
  snapshot(): Buffer;
  snapshotAsync(): Promise<Buffer>;
  restore(bytes: Uint8Array | ArrayBuffer): Restored;
  reload(rules: Rules): Restored;
  reloadAsync(rules: Rules): Promise<Restored>;
  close(): void;
  [Symbol.dispose](): void;
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

export function compile(rules: RuleTexts, options?: CompileOptions): Rules;
export function compileAsync(rules: RuleTexts, options?: CompileOptions): Promise<Rules>;
export function load(paths: Path | readonly Path[], options?: CompileOptions): Rules;
export function loadAsync(paths: Path | readonly Path[], options?: CompileOptions): Promise<Rules>;
export function check(rules: RuleTexts, options?: CompileOptions): Diagnostic[];
/** Bytes, text or objects in; `Detection` and `Alert`, or NDJSON, out. Tells `fault` and `notCounted`. */
export function createTransform(target: Rules | Stream, options?: TransformOptions): Transform;

export type ErrorCode =
  | 'argument' | 'rules' | 'pipeline' | 'event' | 'state' | 'saved'
  | 'load' | 'closed' | 'forked' | 'cancelled' | 'limit' | 'internal';

export interface ErrorDetails {
  code?: ErrorCode;
  diagnostics?: Diagnostic[];
  byte?: number;
  cause?: unknown;
}

export class TielineError extends Error {
  constructor(message: string, details?: ErrorDetails);
  readonly code: ErrorCode;
  readonly diagnostics: Diagnostic[];
  /** The byte of the event at which reading stopped. */
  readonly byte?: number;
  /** Where the first diagnostic is. */
  readonly path?: string;
  readonly line?: number;
  readonly column?: number;
}
export class ArgumentError extends TielineError {}
export class RuleError extends TielineError {}
export class PipelineError extends TielineError {}
export class EventError extends TielineError {}
export class StateError extends TielineError {}
export class SavedError extends TielineError {}
export class LoadError extends TielineError {}
export class ClosedError extends TielineError {}
export class ForkedError extends TielineError {}
export class CancelledError extends TielineError {}
export class LimitError extends TielineError {}
export class InternalError extends TielineError {}
