'use strict';
// What calls throw.
//
//  TielineError { code, diagnostics, byte } ◀─ RuleError, EventError, … one class for each code
//
// The native half throws errors whose message is JSON; `fromNative` makes them what users catch.

class TielineError extends Error {
  constructor(message, { code = 'internal', diagnostics = [], byte, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.diagnostics = diagnostics;
    if (byte !== undefined && byte !== null) this.byte = byte;
    const [first] = diagnostics;
    if (first) Object.assign(this, { path: first.path, line: first.line, column: first.column });
  }
}

/** A class for a code. The name stands on the prototype, so that a printed error shows what it is. */
function kind(name, code) {
  const made = {
    [name]: class extends TielineError {
      constructor(message, details) {
        super(message, { ...details, code });
      }
    },
  }[name];
  Object.defineProperty(made.prototype, 'name', { value: name, configurable: true, writable: true });
  return made;
}

Object.defineProperty(TielineError.prototype, 'name', { value: 'TielineError', configurable: true, writable: true });

const ArgumentError = kind('ArgumentError', 'argument');
const RuleError = kind('RuleError', 'rules');
const PipelineError = kind('PipelineError', 'pipeline');
const EventError = kind('EventError', 'event');
const StateError = kind('StateError', 'state');
const SavedError = kind('SavedError', 'saved');
const LoadError = kind('LoadError', 'load');
const ClosedError = kind('ClosedError', 'closed');
const ForkedError = kind('ForkedError', 'forked');
const CancelledError = kind('CancelledError', 'cancelled');
const LimitError = kind('LimitError', 'limit');
const InternalError = kind('InternalError', 'internal');

const CLASSES = {
  argument: ArgumentError,
  rules: RuleError,
  pipeline: PipelineError,
  event: EventError,
  state: StateError,
  saved: SavedError,
  load: LoadError,
  closed: ClosedError,
  forked: ForkedError,
  cancelled: CancelledError,
  limit: LimitError,
  internal: InternalError,
};

/** `time_unit` as `timeUnit`. */
function camel(name) {
  return name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
}

/** A record with names as JavaScript writes them. Its values are left as they are. */
function camelRecord(record) {
  const own = {};
  for (const name of Object.keys(record)) own[camel(name)] = record[name];
  return own;
}

/** What the native half threw, as a class of this file. */
function fromNative(error, cause) {
  if (error instanceof TielineError) return error;
  let told;
  try {
    told = JSON.parse(error.message);
  } catch {
    // Not one of ours: an argument that could not be converted, or a fault of Tieline.
    return new InternalError(String(error?.message ?? error), { cause: error });
  }
  const Class = CLASSES[told.code] ?? InternalError;
  // Messages about options name them as the user wrote them.
  const isOption = told.code === 'argument' && /^(options: |`[a-z_]+`)/.test(told.message);
  const message = isOption ? told.message.replace(/`[a-z]+(_[a-z]+)+`/g, camel) : told.message;
  return new Class(message, { diagnostics: told.diagnostics.map(camelRecord), byte: told.byte, cause });
}

/** Calls the native half. */
function call(work) {
  try {
    return work();
  } catch (error) {
    throw fromNative(error);
  }
}

module.exports = {
  TielineError,
  ArgumentError,
  RuleError,
  PipelineError,
  EventError,
  StateError,
  SavedError,
  LoadError,
  ClosedError,
  ForkedError,
  CancelledError,
  LimitError,
  InternalError,
  call,
  camel,
  camelRecord,
  fromNative,
};
