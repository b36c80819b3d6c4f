'use strict';
// Which findings are one attack, where it came from and how far it got.
//
//  push, pushLines, pushEvents, add ─▶ Incidents ─▶ advance(), finish() ─▶ incidents(), takeChanges()
//                                               └─▶ snapshot() ─▶ Buffer ─▶ restore(), reload()
//
// Records are plain objects. Names of zones and of kinds of entities are as they are written in the plant and in events.

const native = require('../native/index.js');
const { ArgumentError, call, camelRecord } = require('./errors.js');
const { one } = require('./events.js');
const { LearnsPlaced, heldBy, nameOf } = require('./held.js');
const { shown } = require('./options.js');
const { nativeOf, pathsJson, savedBytes } = require('./rules.js');

/** The native half of rules. */
function requireRules(rules) {
  const own = nativeOf(rules);
  if (!own) throw new ArgumentError(`\`rules\` is ${shown(rules)}; give Rules`);
  return own;
}

/** An incident with names as JavaScript writes them. */
function incidentOf(record) {
  const { score, hosts, spread } = record;
  return { ...camelRecord(record), score: camelRecord(score), hosts: hosts.map(camelRecord), spread: camelRecord(spread) };
}

/** Joins findings that are likely one attack, and traces where they came from and how far they got. */
class Incidents extends LearnsPlaced {
  constructor(rules, options) {
    const own = requireRules(rules);
    super((json) => native.NativeIncidents.of(own, json), options);
  }

  /** Takes in a finding that was made elsewhere: an object, or JSON as text or bytes. */
  add(finding) {
    const [bytes, length] = one(finding);
    call(() => heldBy(this).add(bytes, length));
  }

  /** All incidents so far, the highest score first. */
  incidents() {
    return JSON.parse(call(() => heldBy(this).incidents())).map(incidentOf);
  }

  /** Gives the incidents one after the other. */
  [Symbol.iterator]() {
    return this.incidents().values();
  }

  /** Incidents in a form for other programs: `ndjson`, `ocsf`, `ecs`, `stix`, `graphml`, ...; all, or the one of an id. */
  export(form, id) {
    const [name, own] = [nameOf(form, 'form'), nameOf(id, 'id')];
    if (name === undefined) throw new ArgumentError('`form` is `undefined`; give text');
    return call(() => heldBy(this).export(name, own));
  }

  /** What became of incidents since this was asked last. */
  takeChanges() {
    return JSON.parse(call(() => heldBy(this).takeChanges()));
  }

  /** How far clocks of sources seem to be apart, beyond the option `clockOffsetsS`; it is only told. */
  skews() {
    return JSON.parse(call(() => heldBy(this).skews())).map(camelRecord);
  }

  /** Goes on with the state of a snapshot. */
  restore(bytes) {
    const own = savedBytes(bytes);
    return JSON.parse(call(() => heldBy(this).restore(own)));
  }

  /** Goes on with other rules, and over another plant: that of `context`, else that of the rules. */
  reload(rules, context) {
    const [own, names] = [requireRules(rules), context === undefined ? '[]' : pathsJson(context)];
    return JSON.parse(call(() => heldBy(this).reload(own, names)));
  }
}

module.exports = { Incidents, requireRules };
