'use strict';
// Events over time.
//
//  push, pushLines, pushEvents, pushArrow ─▶ Pushed { detections, alerts, … }     advance, flush ─▶ [Alert]     snapshot ─▶ Buffer
//
// Calls of one stream follow one another in the order in which they are made. A call that does not wait is refused while
// one that does is open, because it would overtake it.

const native = require('../native/index.js');
const { ArgumentError, call, camelRecord } = require('./errors.js');
const { SETTINGS, asRecord, shown, toJson, without } = require('./options.js');
const { many, one } = require('./events.js');
const { Pushed, alerts } = require('./findings.js');
const { stoppable } = require('./later.js');
const { headsOf, nativeOf, requireLines, requireMany, requireTable, savedBytes } = require('./rules.js');

function requireTime(timeNs) {
  if (typeof timeNs !== 'bigint') {
    throw new ArgumentError(`\`timeNs\` is ${shown(timeNs)}; give nanoseconds since 1970 as a BigInt, such as BigInt(Date.now()) * 1000000n`);
  }
  return timeNs;
}

/** Correlates events over time. */
class Stream {
  #native;
  #rules;
  #open = 0;
  #last = Promise.resolve();

  constructor(rules, options) {
    const own = nativeOf(rules);
    if (!own) throw new ArgumentError(`\`rules\` is ${shown(rules)}; give Rules`);
    const [settings, asked] = toJson(asRecord(options), [SETTINGS]);
    this.#rules = rules;
    this.#native = call(() => native.makeStream(own, settings, asked));
  }

  /** The rules of the stream. */
  get rules() {
    return this.#rules;
  }

  #now(work) {
    if (this.#open > 0) throw new ArgumentError('an earlier call of this stream is not done; await it first');
    return call(work);
  }

  /** Begins work when all that was asked before is done. */
  async #later(signal, begin) {
    const before = this.#open === 0 ? undefined : this.#last;
    this.#open += 1;
    const run = before ? before.then(() => stoppable(signal, begin)) : stoppable(signal, begin);
    this.#last = run.then(() => {}, () => {});
    try {
      return await run;
    } finally {
      this.#open -= 1;
    }
  }

  /** The caller may change bytes while they wait for their turn. */
  #kept(bytes) {
    return this.#open === 0 ? bytes : Buffer.from(bytes);
  }

  /** By the rules at the time of the push; a reload that waits behind it may be done before its caller goes on. */
  #pushed(found, rules = this.#rules) {
    return new Pushed(found, headsOf(rules));
  }

  async #pushedLater(signal, begin) {
    const [found, rules] = await this.#later(signal, async (stop) => {
      const rules = this.#rules;
      return [await begin(stop), rules];
    });
    return this.#pushed(found, rules);
  }

  /** Pushes one event; `timeNs` is used in place of the time that it holds. */
  push(event, timeNs) {
    const time = timeNs === undefined ? undefined : requireTime(timeNs);
    const [bytes, length] = one(event);
    return this.#pushed(this.#now(() => this.#native.push(bytes, length, time)));
  }

  /** Pushes text or bytes with one event a line. */
  pushLines(text) {
    const bytes = requireLines(text);
    return this.#pushed(this.#now(() => this.#native.pushLines(bytes)));
  }

  /** Pushes a list of events, each an object, or JSON as text or bytes. */
  pushEvents(events) {
    const [bytes, ends] = many(requireMany(events));
    return this.#pushed(this.#now(() => this.#native.pushEvents(bytes, ends)));
  }

  /** Pushes the rows of a table: a stream or a file of the IPC format of Arrow. */
  pushArrow(table) {
    const bytes = requireTable(table);
    return this.#pushed(this.#now(() => this.#native.pushArrow(bytes)));
  }

  /** Pushes one event when earlier calls are done. */
  async pushAsync(event, timeNs, options) {
    const [{ signal }] = without(options, ['signal']);
    const time = timeNs === undefined ? undefined : requireTime(timeNs);
    const [bytes, length] = one(event);
    const own = Buffer.from(bytes.subarray(0, length));
    return this.#pushedLater(signal, async () => this.#native.push(own, length, time));
  }

  /** Pushes lines on another thread. A signal ends the call if it has not begun. */
  async pushLinesAsync(text, options) {
    const [{ signal }] = without(options, ['signal']);
    const bytes = this.#kept(requireLines(text));
    return this.#pushedLater(signal, (stop) => this.#native.pushLinesLater(bytes, stop));
  }

  /** Pushes events on another thread. A signal ends the call if it has not begun. */
  async pushEventsAsync(events, options) {
    const [{ signal }] = without(options, ['signal']);
    const [bytes, ends] = many(requireMany(events));
    return this.#pushedLater(signal, (stop) => this.#native.pushEventsLater(bytes, ends, stop));
  }

  /** Pushes a table on another thread. A signal ends the call if it has not begun. */
  async pushArrowAsync(table, options) {
    const [{ signal }] = without(options, ['signal']);
    const bytes = this.#kept(requireTable(table));
    return this.#pushedLater(signal, (stop) => this.#native.pushArrowLater(bytes, stop));
  }

  /** Says that no event older than this will come any more. */
  advance(timeNs) {
    const time = requireTime(timeNs);
    return alerts(this.#now(() => this.#native.advance(time)));
  }

  /** Says that no event will come any more: all windows close. */
  flush() {
    return alerts(this.#now(() => this.#native.flush()));
  }

  /** The same as `advance` when earlier calls are done. */
  async advanceAsync(timeNs) {
    const time = requireTime(timeNs);
    return alerts(await this.#later(undefined, async () => this.#native.advance(time)));
  }

  /** The same as `flush` when earlier calls are done. */
  async flushAsync() {
    return alerts(await this.#later(undefined, async () => this.#native.flush()));
  }

  /** What is older is too late; `undefined` before the first event. A push that runs is waited for. */
  get watermark() {
    return call(() => this.#native.watermark()) ?? undefined;
  }

  /** What was counted so far, and what is held. A push that runs is waited for. */
  stats() {
    return camelRecord(JSON.parse(call(() => this.#native.stats())));
  }

  /** All state as bytes. */
  snapshot() {
    return this.#now(() => this.#native.snapshot());
  }

  /** The same as `snapshot` when earlier calls are done. */
  async snapshotAsync() {
    return this.#later(undefined, async () => this.#native.snapshot());
  }

  /** Goes on with the state of a snapshot. */
  restore(bytes) {
    const own = savedBytes(bytes);
    return JSON.parse(this.#now(() => this.#native.restore(own)));
  }

  /** Goes on with other rules; correlations that are the same keep their windows. */
  reload(rules) {
    const own = nativeOf(rules);
    if (!own) throw new ArgumentError(`\`rules\` is ${shown(rules)}; give Rules`);
    const restored = JSON.parse(this.#now(() => this.#native.reload(own)));
    this.#rules = rules;
    return restored;
  }

  /** The same as `reload` when earlier calls are done. */
  async reloadAsync(rules) {
    const own = nativeOf(rules);
    if (!own) throw new ArgumentError(`\`rules\` is ${shown(rules)}; give Rules`);
    return this.#later(undefined, async () => {
      const restored = JSON.parse(this.#native.reload(own));
      this.#rules = rules;
      return restored;
    });
  }

  /** Frees all state; calls that wait fail. */
  close() {
    call(() => this.#native.close());
  }

  [Symbol.dispose]() {
    this.close();
  }
}

module.exports = { Stream, requireTime };
