'use strict';
// Files, scanned by threads of their own, and their findings one after the other.
//
//  scan threads ─▶ at most so many findings wait ─▶ take, now and then ─▶ for await (const record of scan)
//
// Whoever takes slowly slows the scan down. Nothing of Node waits for it but a timer.

const native = require('../native/index.js');
const { call, camel, camelRecord } = require('./errors.js');
const { FILES, SETTINGS, toJson, without } = require('./options.js');
const { cancelled } = require('./later.js');

const TAKEN_MAX = 256;
const PAUSE_MAX_MS = 32;

/** A detection or an alert in a file. */
class FileRecord {
  #record;

  constructor(record) {
    this.#record = record;
    for (const name of Object.keys(record)) this[camel(name)] = record[name];
    if (record.indicators) this.indicators = record.indicators.map(camelRecord);
  }

  /** The record of the command line. */
  toJSON() {
    return this.#record;
  }
}

/** A scan of files that goes on while its findings are taken. */
class FileScan {
  #native;
  #own;
  #waiting = [];
  #turn = Promise.resolve();
  #over = false;
  #totals;
  #onAbort;
  #wake;

  constructor(rules, paths, options) {
    const [own, rest] = without(options, ['signal', 'progress', 'onFault']);
    const [files, settings, asked] = toJson(rest, [FILES, SETTINGS]);
    if (own.signal?.aborted) throw cancelled(own.signal);
    this.#own = own;
    this.#native = call(() => native.scanFiles(rules, paths, files, asked, settings));
    // Whoever never takes anything is to learn of the signal by the scan alone.
    this.#onAbort = () => {
      this.#native.stop();
      this.#wake?.();
    };
    own.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** What was scanned; `undefined` until the scan is over. */
  get totals() {
    return this.#totals;
  }

  /** The next record. Calls that are made at once get one after the other. */
  next() {
    const next = this.#turn.then(() => this.#next());
    this.#turn = next.then(() => {}, () => {});
    return next;
  }

  async #next() {
    try {
      for (let pause = 0; ; ) {
        if (this.#own.signal?.aborted) throw cancelled(this.#own.signal);
        const record = this.#waiting.shift();
        if (record) return { done: false, value: record };
        if (this.#over) return { done: true, value: undefined };
        const took = this.#take();
        pause = took ? 0 : Math.min(Math.max(pause * 2, 1), PAUSE_MAX_MS);
        await this.#pause(pause);
      }
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  #pause(ms) {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (ms === 0) setImmediate(resolve);
      else setTimeout(resolve, ms);
    });
  }

  #take() {
    const taken = JSON.parse(call(() => this.#native.take(TAKEN_MAX)));
    for (const [kind, record] of taken) {
      if (kind === 'found') this.#waiting.push(new FileRecord(record));
      else if (kind === 'progress') this.#own.progress?.(record);
      else if (kind === 'end') this.#finish(record);
      else this.#own.onFault?.({ kind, ...camelRecord(record) });
    }
    return taken.length > 0;
  }

  #finish(totals) {
    this.#totals = Object.freeze(camelRecord(totals));
    this.#over = true;
    this.#own.signal?.removeEventListener('abort', this.#onAbort);
  }

  #end() {
    this.#over = true;
    this.#waiting = [];
    this.#native.stop();
    this.#own.signal?.removeEventListener('abort', this.#onAbort);
  }

  /** Ends the scan early. */
  async return(value) {
    this.#end();
    return { done: true, value };
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  async [Symbol.asyncDispose]() {
    this.#end();
  }
}

module.exports = { FileScan };
