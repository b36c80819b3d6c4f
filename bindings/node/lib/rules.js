'use strict';
// Rules: made from texts, paths, or saved bytes, and asked about events.
//
//  compile, load, Rules.fromBuffer ─▶ Rules ─▶ scan, scanAsync, scanArrow, scanFiles, explain, stream
//
// Rules never change, so one object serves all calls of a thread; other workers get its bytes.

const native = require('../native/index.js');
const { ArgumentError, call, camelRecord } = require('./errors.js');
const { asRecord, shown, toJson, without } = require('./options.js');
const { bytesOf, isMany, linesOf, many, one, pieces } = require('./events.js');
const { Detections, Explanation, detections, gather } = require('./findings.js');
const { stoppable } = require('./later.js');

/** What an event gives that no rule matches. */
const ONE_SILENT = Object.freeze({ events: 1 });
const INSIDE = Symbol('inside');
let nativeOf;
let headsOf;

/** Freezes a record and all in it. */
function frozen(value) {
  if (value !== null && typeof value === 'object') Object.values(value).forEach(frozen);
  return Object.freeze(value);
}

/** Text, a list of texts or of pairs of name and text, or an object of names and texts, as JSON. */
function textsJson(texts) {
  const fault = (value) =>
    new ArgumentError(`\`rules\` is ${shown(value)}; give YAML text, a list of texts, or an object of names and texts`);
  let pairs;
  if (typeof texts === 'string') pairs = [['rules', texts]];
  else if (Array.isArray(texts)) pairs = texts.map((text, at) => (Array.isArray(text) ? text : [`rules[${at}]`, text]));
  else if (texts !== null && typeof texts === 'object' && !ArrayBuffer.isView(texts)) pairs = Object.entries(texts);
  else throw fault(texts);
  for (const pair of pairs) {
    if (pair.length !== 2) throw fault(pair);
    for (const text of pair) {
      if (typeof text !== 'string') throw fault(text);
      if (!text.isWellFormed()) throw new ArgumentError('`rules` holds half of a surrogate pair; give whole characters');
    }
  }
  return JSON.stringify(pairs);
}

/** Paths, as JSON. */
function pathsJson(paths) {
  const all = Array.isArray(paths) ? paths : [paths];
  const texts = all.map((path) => (path instanceof URL ? require('node:url').fileURLToPath(path) : path));
  const wrong = texts.find((path) => typeof path !== 'string' || path.includes('\0') || !path.isWellFormed());
  if (wrong !== undefined || texts.includes(undefined)) {
    throw new ArgumentError(`\`paths\` holds ${shown(wrong)}; give a path, a file URL, or a list of them`);
  }
  return JSON.stringify(texts);
}

function compileJson(options) {
  return toJson(asRecord(options))[0];
}

/** Compiled rules. */
class Rules {
  #native;
  #heads = [];
  #told = {};

  static {
    nativeOf = (rules) => (rules !== null && typeof rules === 'object' && #native in rules ? rules.#native : undefined);
    headsOf = (rules) => (form, rule) => rules.#head(form, rule);
  }

  constructor(inside, own) {
    if (inside !== INSIDE) throw new ArgumentError('make rules with `compile`, `load` or `Rules.fromBuffer`');
    this.#native = own;
  }

  /** Rules that `toBuffer` saved. */
  static fromBuffer(bytes) {
    return new Rules(INSIDE, call(() => native.fromBytes(savedBytes(bytes))));
  }

  /** The same without keeping the thread. */
  static async fromBufferAsync(bytes) {
    return new Rules(INSIDE, await stoppable(undefined, () => native.fromBytesLater(savedBytes(bytes))));
  }

  /** The same rules with other indicators: paths of lists, or lists as text. Streams go on with them by `reload`. */
  withIndicators(lists) {
    const json = pathsJson(lists);
    return new Rules(INSIDE, call(() => this.#native.withIndicators(json)));
  }

  /** The same without keeping the thread. */
  async withIndicatorsAsync(lists) {
    const json = pathsJson(lists);
    return new Rules(INSIDE, await stoppable(undefined, () => this.#native.withIndicatorsLater(json)));
  }

  /** How many rules can match. */
  get size() {
    return this.#native.size;
  }

  /** What the rules say of themselves. */
  get rules() {
    return this.#tell('rules', () => JSON.parse(call(() => this.#native.rules())));
  }

  /** What the correlations say of themselves. */
  get correlations() {
    return this.#tell('correlations', () => JSON.parse(call(() => this.#native.correlations())));
  }

  /** What was found wrong in rules, and warnings. */
  get diagnostics() {
    return this.#tell('diagnostics', () => JSON.parse(call(() => this.#native.diagnostics())).map(camelRecord));
  }

  /** What was loaded, and what was left out and why. */
  report() {
    return this.#tell('report', () => camelRecord(JSON.parse(call(() => this.#native.report()))));
  }

  /** The fields that rules read, those of most rules first. */
  fields() {
    return this.#tell('fields', () => JSON.parse(call(() => this.#native.fields())));
  }

  #tell(name, read) {
    this.#told[name] ??= frozen(read());
    return this.#told[name];
  }

  #head(form, rule) {
    const heads = (this.#heads[form] ??= []);
    return (heads[rule] ??= frozen(JSON.parse(call(() => this.#native.head(form, rule)))));
  }

  /** Scans an event, a list of them, or text or bytes with one event a line. */
  scan(events, options) {
    if (typeof events === 'string' || bytesOf(events, 'events')) return this.scanLines(events, options);
    return isMany(events) ? this.scanEvents(events, options) : this.scanEvent(events, options);
  }

  /** Scans one event: an object, or JSON as text or bytes. */
  scanEvent(event, options) {
    const json = scanJson(options);
    const [bytes, length] = one(event);
    return detections(call(() => this.#native.scan(bytes, length, json)) ?? ONE_SILENT, headsOf(this));
  }

  /** Scans text or bytes with one event a line. */
  scanLines(text, options) {
    const json = scanJson(options);
    const bytes = requireLines(text);
    return detections(call(() => this.#native.scanLines(bytes, json)), headsOf(this));
  }

  /** Scans a list of events, each an object, or JSON as text or bytes. */
  scanEvents(events, options) {
    const json = scanJson(options);
    const all = new Detections();
    for (const [bytes, ends] of pieces(requireMany(events))) {
      gather(all, call(() => this.#native.scanEvents(bytes, ends, json)), headsOf(this), all.events);
    }
    return all;
  }

  /** Scans a table: a stream or a file of the IPC format of Arrow. */
  scanArrow(table, options) {
    const json = scanJson(options);
    const bytes = requireTable(table);
    return detections(call(() => this.#native.scanArrow(bytes, json)), headsOf(this));
  }

  /** The same on another thread. A signal ends the scan between two pieces of the table. */
  async scanArrowAsync(table, options) {
    const [{ signal }, rest] = without(options, ['signal']);
    const json = toJson(rest)[0];
    const bytes = requireTable(table);
    return detections(await stoppable(signal, (stop) => this.#native.scanArrowLater(bytes, json, stop)), headsOf(this));
  }

  /** Scans on another thread. A signal ends the scan between two events. */
  async scanAsync(events, options) {
    const [{ signal }, rest] = without(options, ['signal']);
    const json = toJson(rest)[0];
    const lines = linesOf(events, 'events');
    const [bytes, ends] = lines ? [lines] : many(isMany(events) ? events : [requireEvent(events)]);
    const begin = (stop) =>
      lines ? this.#native.scanLinesLater(bytes, json, stop) : this.#native.scanEventsLater(bytes, ends, json, stop);
    return detections(await stoppable(signal, begin), headsOf(this));
  }

  /** Scans files and directories; gives records as they are found. */
  scanFiles(paths, options) {
    const { FileScan } = require('./files.js');
    return new FileScan(this.#native, pathsJson(paths), options);
  }

  /** Why a rule, by its id, name or title, matches an event or does not. */
  explain(rule, event) {
    if (typeof rule !== 'string') throw new ArgumentError(`\`rule\` is ${shown(rule)}; give an id, a name or a title`);
    const [bytes, length] = one(event);
    return new Explanation(JSON.parse(call(() => this.#native.explain(rule, bytes.subarray(0, length)))));
  }

  /** Runs the events that lie beside rule files. */
  async test() {
    return JSON.parse(await stoppable(undefined, () => this.#native.test()));
  }

  /** The same rules over a plant: paths or YAML texts of inventories, zones and conduits. */
  inContext(context) {
    const names = pathsJson(context);
    return new Rules(INSIDE, call(() => this.#native.inContext(names)));
  }

  /** The rules as bytes, for `Rules.fromBuffer`. */
  toBuffer() {
    return call(() => this.#native.toBytes());
  }

  /** A stream of events over time. */
  stream(options) {
    const { Stream } = require('./stream.js');
    return new Stream(this, options);
  }
}

function scanJson(options) {
  return options === undefined ? '' : toJson(asRecord(options))[0];
}

function savedBytes(bytes) {
  const own = bytesOf(bytes, 'bytes');
  if (!own) throw new ArgumentError(`\`bytes\` is ${shown(bytes)}; give what \`toBuffer\` or \`snapshot\` gave`);
  return own;
}

function requireLines(text) {
  const lines = linesOf(text, 'text');
  if (!lines) throw new ArgumentError(`\`text\` is ${shown(text)}; give text or bytes with one JSON object a line`);
  return lines;
}

function requireTable(table) {
  const bytes = bytesOf(table, 'table');
  if (!bytes) throw new ArgumentError(`\`table\` is ${shown(table)}; give the bytes of an Arrow stream or file, such as \`tableToIPC(table)\``);
  return bytes;
}

function requireMany(events) {
  if (!isMany(events) || bytesOf(events, 'events')) {
    throw new ArgumentError(`\`events\` is ${shown(events)}; give a list of objects, or of JSON as text or bytes`);
  }
  return events;
}

function requireEvent(event) {
  if (event === null || typeof event !== 'object') {
    throw new ArgumentError(`\`events\` is ${shown(event)}; give an object, a list of them, or one JSON object a line`);
  }
  return event;
}

/** Compiles YAML texts. A broken rule is an error, unless `strict` is false. */
function compile(rules, options) {
  const [texts, json] = [textsJson(rules), compileJson(options)];
  return new Rules(INSIDE, call(() => native.compile(texts, json)));
}

/** The same without keeping the thread. */
async function compileAsync(rules, options) {
  const [texts, json] = [textsJson(rules), compileJson(options)];
  return new Rules(INSIDE, await stoppable(undefined, () => native.compileLater(texts, json)));
}

/** Compiles the rules of files and directories. A broken rule is left out, unless `strict` is true. */
function load(paths, options) {
  const [texts, json] = [pathsJson(paths), compileJson(options)];
  return new Rules(INSIDE, call(() => native.load(texts, json)));
}

/** The same without keeping the thread. */
async function loadAsync(paths, options) {
  const [texts, json] = [pathsJson(paths), compileJson(options)];
  return new Rules(INSIDE, await stoppable(undefined, () => native.loadLater(texts, json)));
}

/** What is wrong in YAML texts, without keeping the rules. */
function check(rules, options) {
  const [texts, json] = [textsJson(rules), compileJson(options)];
  return JSON.parse(call(() => native.check(texts, json))).map(camelRecord);
}

module.exports = {
  Rules,
  check,
  compile,
  compileAsync,
  headsOf,
  load,
  loadAsync,
  nativeOf,
  pathsJson,
  requireLines,
  requireMany,
  requireTable,
  savedBytes,
};
