'use strict';
// What was found, as objects.
//
//  hits [event, rule, form, …] and one head for each rule ─▶ Detection { ruleId, ruleTitle, …, eventIndex }
//  alerts as JSON                                         ─▶ Alert { …, timeNs: 1795665630000000000n, group, count }
//
// `toJSON` gives the records of the command line, with their names.

const native = require('../native/index.js');
const { ArgumentError, call, camel, camelRecord } = require('./errors.js');

/** A rule that matched an event. */
class Detection {
  #indicators;

  constructor(head, eventIndex, evidence) {
    this.kind = 'detection';
    this.ruleId = head.rule_id;
    this.ruleTitle = head.rule_title;
    this.level = head.level;
    this.eventIndex = eventIndex;
    this.tags = head.tags;
    this.source = head.source;
    this.selections = evidence?.selections;
    this.fields = evidence?.fields;
    this.indicators = evidence?.indicators?.map(camelRecord);
    this.#indicators = evidence?.indicators;
  }

  toJSON() {
    const { ruleId, ruleTitle, level, kind, eventIndex, tags, source, selections, fields } = this;
    const record = { rule_id: ruleId, rule_title: ruleTitle, level, kind, event_index: eventIndex, tags, source, selections, fields };
    return this.#indicators === undefined ? record : { ...record, indicators: this.#indicators };
  }
}

/** A correlation that holds for a group. */
class Alert {
  #record;

  constructor(record) {
    this.#record = record;
    for (const name of Object.keys(record)) this[camel(name)] = name.endsWith('_ns') ? BigInt(record[name]) : record[name];
  }

  toJSON() {
    return this.#record;
  }
}

const NOTHING = Object.freeze([]);

/** The detections of a call, in the order of the events. */
class Detections extends Array {
  /** What `map` and `filter` give is a plain list. */
  static get [Symbol.species]() {
    return Array;
  }

  constructor(...members) {
    super(...members);
    Object.defineProperties(this, { events: { value: 0, writable: true }, faults: { value: NOTHING, writable: true } });
  }

  toJSON() {
    return { events: this.events, detections: [...this], faults: this.faults };
  }

  /** The detections as a table: a stream of the IPC format of Arrow. */
  toArrow() {
    const heads = new Map();
    const rows = new Float64Array(this.length * 2);
    this.forEach((detection, at) => {
      const { ruleId, ruleTitle, level, eventIndex, tags, source } = detection;
      if (!(detection instanceof Detection) || !Number.isSafeInteger(eventIndex) || eventIndex < 0) {
        throw new ArgumentError(`\`detections[${at}]\` is no detection with a number of an event; take it out`);
      }
      // Detections of a rule share their tags.
      if (!heads.has(tags)) heads.set(tags, [heads.size, [ruleId, ruleTitle, level, tags, source]]);
      rows.set([eventIndex, heads.get(tags)[0]], at * 2);
    });
    const told = JSON.stringify([...heads.values()].map(([, head]) => head));
    return call(() => native.resultsToArrow(told, rows));
  }
}

/** A list that came as JSON; nothing came when it is empty. */
function list(json, made) {
  return json === undefined || json === null ? [] : JSON.parse(json).map(made);
}

/** An event that cannot be read. */
class Fault {
  constructor(record, before) {
    this.eventIndex = before + record.event_index;
    this.byte = record.byte;
    this.message = record.message;
  }

  toJSON() {
    return { event_index: this.eventIndex, byte: this.byte, message: this.message };
  }
}

/** Adds what the native half found in events that come behind others. `headOf` gives what the detections of a rule share. */
function gather(all, found, headOf, before = 0) {
  all.events += found.events;
  if (found.faults) {
    const faults = JSON.parse(found.faults).map((record) => new Fault(record, before));
    all.faults = all.faults.length > 0 ? all.faults.concat(faults) : faults;
  }
  if (!found.hits) return;
  const evidence = found.evidence ? JSON.parse(found.evidence) : undefined;
  const hits = found.hits;
  for (let at = 0, count = 0; at < hits.length; at += 3, count += 1) {
    all.push(new Detection(headOf(hits[at + 2], hits[at + 1]), before + hits[at], evidence?.[count]));
  }
}

/** The detections of one answer. */
function detections(found, headOf) {
  const all = new Detections();
  gather(all, found, headOf);
  return all;
}

/** Alerts that came as JSON. */
function alerts(json) {
  return list(json, (record) => new Alert(record));
}

/** What came of events that were pushed. */
class Pushed {
  constructor(found, headOf) {
    this.detections = detections(found.found ?? found, headOf);
    this.alerts = alerts(found.alerts);
    this.notCounted = list(found.notCounted, camelRecord);
    this.untimed = found.untimed;
  }

  get events() {
    return this.detections.events;
  }

  get faults() {
    return this.detections.faults;
  }
}

/** Why a rule matches an event or does not. */
class Explanation {
  constructor([record, text]) {
    Object.assign(this, record);
    Object.defineProperty(this, 'text', { value: text });
  }

  toString() {
    return this.text;
  }
}

module.exports = { Alert, Detection, Detections, Explanation, Fault, Pushed, alerts, detections, gather };
