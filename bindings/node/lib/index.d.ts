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

export * from './plant.js';

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
