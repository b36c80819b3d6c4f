'use strict';
// What learns from events: assets, judgements, conduits.
//
//  push, pushLines, pushEvents ─▶ Discovery ─▶ assets(), compare(), inventory()     snapshot() ─▶ Buffer ─▶ restore()
//                              ─▶ Trust     ─▶ advance(), finish() ─▶ take()
//                              ─▶ Learner   ─▶ proposal()
//
// Incidents are beside, in `incidents.js`.
// Work on other threads is awaited before the next call, or the order of events is any.

const native = require('../native/index.js');
const { ArgumentError, call, camelRecord } = require('./errors.js');
const { many, one } = require('./events.js');
const { Fault } = require('./findings.js');
const { stoppable } = require('./later.js');
const { asRecord, shown, toJson } = require('./options.js');
const { pathsJson, requireLines, requireMany, savedBytes } = require('./rules.js');
const { requireTime } = require('./stream.js');

/** What came of events that were pushed. */
function taken(json) {
  const { events, faults } = JSON.parse(json);
  return { events, faults: faults.map((record) => new Fault(record, 0)) };
}

/** A name of something; `undefined` when none is given. */
function nameOf(value, name) {
  if (value === undefined || (typeof value === 'string' && value.isWellFormed())) return value;
  throw new ArgumentError(`\`${name}\` is ${shown(value)}; give text`);
}

let heldBy;

/** What all of them take in. */
class Learns {
  #native;

  static {
    heldBy = (learns) => learns.#native;
  }

  constructor(make, options) {
    const json = toJson(asRecord(options))[0];
    this.#native = call(() => make(json));
  }

  pushEvents(events) {
    const [bytes, ends] = many(requireMany(events));
    return taken(call(() => this.#native.pushEvents(bytes, ends)));
  }
}

/** The same for those that have no use for the place of an event. */
class LearnsPlain extends Learns {
  push(event) {
    const [bytes, length] = one(event);
    call(() => heldBy(this).push(bytes, length));
  }

  pushLines(text) {
    const bytes = requireLines(text);
    return taken(call(() => heldBy(this).pushLines(bytes)));
  }

  async pushLinesAsync(text) {
    const bytes = requireLines(text);
    return taken(await stoppable(undefined, () => heldBy(this).pushLinesLater(bytes)));
  }
}

/** Learns from events which assets there are, without asking any device. */
class Discovery extends LearnsPlain {
  constructor(options) {
    super((json) => native.NativeDiscovery.of(json), options);
  }

  /** The assets known so far, by site and address, with what says so. */
  assets() {
    return JSON.parse(call(() => heldBy(this).assets()));
  }

  /** How what was seen differs from an inventory, or from the plant of the options. */
  compare(context) {
    const names = context === undefined ? '[]' : pathsJson(context);
    return JSON.parse(call(() => heldBy(this).compare(names)));
  }

  /** The assets as an inventory: `yaml`, `csv`, `netbox` or `cyclonedx`. */
  inventory(form = 'yaml') {
    const name = nameOf(form, 'form');
    return call(() => heldBy(this).inventory(name));
  }

  /** How much was taken in, and what found no room. */
  stats() {
    return camelRecord(JSON.parse(call(() => heldBy(this).stats())));
  }

  /** All that is known as bytes. */
  snapshot() {
    return call(() => heldBy(this).snapshot());
  }

  /** Goes on with what a snapshot knows. */
  restore(bytes) {
    const own = savedBytes(bytes);
    call(() => heldBy(this).restore(own));
  }

  /** Goes on over another plant, or none; what was learned stays. */
  reload(context) {
    const names = context === undefined ? '[]' : pathsJson(context);
    call(() => heldBy(this).reload(names));
  }
}

/** The same for those that name the places of events, and wait for what may come late. */
class LearnsPlacedPlain extends Learns {
  /** Takes in one event; what is told names it by `at`, or by its number from 0. */
  push(event, at) {
    const name = nameOf(at, 'at');
    const [bytes, length] = one(event);
    call(() => heldBy(this).push(bytes, length, name));
  }

  /** Takes in a text with one event a line; what is told names them as `name:line`, or by their numbers. */
  pushLines(text, name) {
    const [bytes, own] = [requireLines(text), nameOf(name, 'name')];
    return taken(call(() => heldBy(this).pushLines(bytes, own)));
  }

  /** The same on another thread. */
  async pushLinesAsync(text, name) {
    const [bytes, own] = [requireLines(text), nameOf(name, 'name')];
    return taken(await stoppable(undefined, () => heldBy(this).pushLinesLater(bytes, own)));
  }

}

/** The same for those that wait for late events, and give their state. */
class LearnsPlaced extends LearnsPlacedPlain {
  /** Says that nothing older will come. */
  advance(timeNs) {
    const time = requireTime(timeNs);
    call(() => heldBy(this).advance(time));
  }

  /** Takes all that still waits. */
  finish() {
    call(() => heldBy(this).finish());
  }

  /** What was seen so far, and what had to be given up. */
  stats() {
    return camelRecord(JSON.parse(call(() => heldBy(this).stats())));
  }

  /** All state as bytes. */
  snapshot() {
    return call(() => heldBy(this).snapshot());
  }
}

/** Judges each operation that changes a controller by the policy of a plant and by who is logged on. */
class Trust extends LearnsPlaced {
  constructor(options) {
    super((json) => native.NativeTrust.of(json), options);
  }

  /** What was judged since this was asked last, in the order of time. */
  take() {
    return JSON.parse(call(() => heldBy(this).take()));
  }

  /** Goes on with the state of a snapshot. */
  restore(bytes) {
    const own = savedBytes(bytes);
    call(() => heldBy(this).restore(own));
  }

  /** Goes on over another plant; sessions and what waits stay. */
  reload(context) {
    const names = pathsJson(context);
    call(() => heldBy(this).reload(names));
  }
}

/** Learns what passes between the zones of a plant, and proposes conduits for a person to review. */
class Learner extends LearnsPlain {
  constructor(options) {
    super((json) => native.NativeLearner.of(json), options);
  }

  /** Zones and conduits as YAML, to be read beside the plant. */
  proposal() {
    return call(() => heldBy(this).proposal());
  }

  /** Flows for which there was no room. */
  get givenUp() {
    return call(() => heldBy(this).givenUp());
  }
}

module.exports = { Discovery, Learner, LearnsPlaced, LearnsPlacedPlain, Trust, heldBy, nameOf };
