'use strict';
// A stream of Node: events in, records out, with back pressure on both sides.
//
//  bytes ─▶ whole lines, the rest waits ─▶ rules or a stream, on another thread ─▶ Detection, Alert ─▶ objects or NDJSON
//
// Events that cannot be read do not end it; they are told by the event `fault`.

const { Transform } = require('node:stream');
const native = require('../native/index.js');
const { ArgumentError, EventError, LimitError } = require('./errors.js');
const { asRecord, shown } = require('./options.js');
const { linesOf } = require('./events.js');
const { Rules } = require('./rules.js');
const { Stream } = require('./stream.js');

const LINE_FEED = 10;
const LINE_BYTES_MAX = 16 * 1024 * 1024;

/** Rules, asked as a stream is: events are numbered from the first chunk on. */
class Numbered {
  #rules;
  #options;
  #lines = 0;

  constructor(rules, options) {
    this.#rules = rules;
    this.#options = options;
    // Wrong options are told here, and not at the first chunk.
    rules.scanLines('', options);
  }

  async pushLinesAsync(text) {
    const found = await this.#rules.scanAsync(text, this.#options);
    return this.#moved(found, native.countLines(text));
  }

  async pushEventsAsync(events) {
    return this.#moved(await this.#rules.scanAsync(events, this.#options), events.length);
  }

  #moved(detections, lines) {
    for (const told of [detections, detections.faults]) for (const one of told) one.eventIndex += this.#lines;
    this.#lines += lines;
    return { detections, faults: detections.faults, alerts: [], notCounted: [] };
  }
}

class ScanTransform extends Transform {
  #target;
  #stream;
  #format;
  #flush;
  #lineBytesMax;
  #parts = [];
  #partBytes = 0;
  #isFirst = true;

  constructor(target, { format, flush, lineBytesMax, highWaterMark, signal, ...rest }) {
    super({ writableObjectMode: true, readableObjectMode: format === 'objects', writableHighWaterMark: highWaterMark, signal });
    this.#stream = target instanceof Stream ? target : undefined;
    if (this.#stream && Object.keys(rest).length > 0) {
      throw new ArgumentError(`\`${Object.keys(rest)[0]}\` is for rules; give it to \`rules.stream\``);
    }
    this.#target = this.#stream ?? new Numbered(target, rest);
    this.#format = format;
    this.#flush = flush;
    this.#lineBytesMax = lineBytesMax;
  }

  _transform(chunk, _, done) {
    this.#take(chunk).then(() => done(), done);
  }

  _flush(done) {
    this.#finish().then(() => done(), done);
  }

  async #take(chunk) {
    const bytes = linesOf(chunk, 'chunk');
    if (!bytes) return this.#tell(await this.#target.pushEventsAsync([chunk]));
    const end = bytes.lastIndexOf(LINE_FEED) + 1;
    if (end === 0) return this.#keep(bytes);
    const text = Buffer.concat([...this.#parts, bytes.subarray(0, end)]);
    [this.#parts, this.#partBytes] = [[], 0];
    this.#keep(bytes.subarray(end));
    return this.#tell(await this.#lines(text));
  }

  #keep(bytes) {
    if (bytes.length === 0) return;
    this.#partBytes += bytes.length;
    if (this.#partBytes > this.#lineBytesMax) {
      throw new LimitError(`a line is longer than ${this.#lineBytesMax} bytes; give a larger \`lineBytesMax\``);
    }
    this.#parts.push(bytes);
  }

  async #lines(text) {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    try {
      return await this.#target.pushLinesAsync(text);
    } catch (error) {
      // Text that is no lines at all is told at its beginning. Further on, such a line is one event that cannot be read.
      if (isFirst || !(error instanceof EventError)) throw error;
      return this.#target.pushEventsAsync(text.toString('utf8').split('\n').filter((line) => line.trim() !== ''));
    }
  }

  async #finish() {
    if (this.#partBytes > 0) this.#tell(await this.#lines(Buffer.concat(this.#parts)));
    if (this.#stream && this.#flush) this.#write(await this.#stream.flushAsync());
  }

  #tell(pushed) {
    for (const fault of pushed.faults) this.emit('fault', fault);
    for (const event of pushed.notCounted) this.emit('notCounted', event);
    this.#write([...pushed.detections, ...pushed.alerts]);
  }

  #write(records) {
    if (this.#format === 'objects') records.forEach((record) => this.push(record));
    else if (records.length > 0) this.push(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  }
}

/** A Transform that scans by rules, or pushes into a stream. */
function createTransform(target, options) {
  const own = { format: 'objects', flush: true, lineBytesMax: LINE_BYTES_MAX, ...asRecord(options) };
  if (!(target instanceof Rules || target instanceof Stream)) {
    throw new ArgumentError(`the target is ${shown(target)}; give Rules or a Stream`);
  }
  if (own.format !== 'objects' && own.format !== 'ndjson') {
    throw new ArgumentError(`\`format\` is ${shown(own.format)}; write one of objects, ndjson`);
  }
  for (const name of ['lineBytesMax', 'highWaterMark']) {
    if (own[name] !== undefined && !(Number.isSafeInteger(own[name]) && own[name] > 0)) {
      throw new ArgumentError(`\`${name}\` is ${shown(own[name])}; give a whole number above 0`);
    }
  }
  return new ScanTransform(target, own);
}

module.exports = { createTransform };
