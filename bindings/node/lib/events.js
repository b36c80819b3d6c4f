'use strict';
// Events on their way to the native half: bytes, and where each event ends.
//
//  { Image: 'x' } ─▶ JSON.stringify ─▶ |{"Image":"x"}|     [a, b] ─▶ |{…}{…}| and [13, 26]     Buffer ─▶ itself, not copied
//
// Whether bytes are events is for the engine to say. What JavaScript cannot write as JSON is refused here, with its path.

const { constants } = require('node:buffer');
const { ArgumentError, EventError, LimitError } = require('./errors.js');
const { shown } = require('./options.js');

const PIECE_BYTES = 1 << 20;
const SCRATCH_BYTES = 1 << 16;
// One call after the other uses it; `toJSON` of an event has run before anything is written.
const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

/** Bytes as a Buffer on the same memory; `undefined` when the value holds none. */
function bytesOf(value, name) {
  let view;
  if (ArrayBuffer.isView(value)) {
    if (!(value instanceof Uint8Array || Object.prototype.toString.call(value) === '[object Uint8Array]')) {
      throw new ArgumentError(`\`${name}\` is ${shown(value)}; give a Buffer or Uint8Array`);
    }
    view = value;
  } else if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    view = viewOf(value, name);
  } else {
    return undefined;
  }
  if (view.byteLength === 0) viewOf(view.buffer, name);
  // Another thread may write into shared memory while it is read here.
  if (view.buffer instanceof SharedArrayBuffer) return Buffer.from(view);
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
}

/** All bytes of an ArrayBuffer; none can be seen when it was transferred. */
function viewOf(buffer, name) {
  try {
    return new Uint8Array(buffer);
  } catch (cause) {
    throw new ArgumentError(`\`${name}\` is a buffer that was transferred away; give one that is whole`, { cause });
  }
}

function checkText(text, name) {
  if (!text.isWellFormed()) {
    throw new EventError(`\`${name}\` holds half of a surrogate pair; give whole characters, or write \\u escapes`);
  }
  return text;
}

/** A text with one event a line, as bytes; `undefined` when the value is neither text nor bytes. */
function linesOf(value, name) {
  if (typeof value === 'string') return Buffer.from(checkText(value, name));
  return bytesOf(value, name);
}

/** A member of a path, as JavaScript writes it. */
const member = (key) => (typeof key === 'number' ? `[${key}]` : /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`);

/** Looks for what JSON.stringify refused: a BigInt, or an object that holds itself. */
function findUnwritable(value, path, above) {
  if (typeof value === 'bigint') return [path, 'a BigInt; write a number, or text'];
  if (value === null || typeof value !== 'object') return undefined;
  if (above.includes(value)) return [path, 'an object that holds itself'];
  if (above.length > 1_000) return [path, 'nested too deep'];
  const isList = Array.isArray(value);
  for (const key of Object.keys(value)) {
    const found = findUnwritable(value[key], path + member(isList ? Number(key) : key), [...above, value]);
    if (found) return found;
  }
  return undefined;
}

function unwritable(event, path, cause) {
  if (cause instanceof RangeError && /string length/.test(cause.message)) {
    return new LimitError(`\`${path}\` is longer than a text may be`, { cause });
  }
  let found;
  try {
    found = findUnwritable(event, path, []);
  } catch {
    // A getter that throws: the first error says it.
  }
  const [where, why] = found ?? [path, `no event: ${cause?.message ?? shown(cause)}`];
  return new EventError(`\`${where}\` is ${why}`, { cause });
}

/** An event as JSON text; bytes stay bytes. */
function written(event, path) {
  if (typeof event === 'string') return checkText(event, path());
  if (event === null || typeof event !== 'object') {
    throw new ArgumentError(`\`${path()}\` is ${shown(event)}; give an object, or JSON as text or bytes`);
  }
  const bytes = bytesOf(event, 'event');
  if (bytes) return bytes;
  let text;
  try {
    text = JSON.stringify(event);
  } catch (cause) {
    throw unwritable(event, path(), cause);
  }
  if (text === undefined) throw new EventError(`\`${path()}\` has a \`toJSON\` that gives nothing`);
  return text;
}

/** One event: bytes, of which so many are its own. */
function one(event) {
  const text = written(event, () => 'event');
  if (typeof text !== 'string') return [text, text.length];
  // UTF-8 takes three bytes for a unit of UTF-16 at most.
  if (text.length * 3 <= SCRATCH_BYTES) return [scratch, scratch.write(text)];
  const bytes = Buffer.from(text);
  return [bytes, bytes.length];
}

/** Bytes that events are written to, one behind the other. */
class Packed {
  constructor(bytes, count) {
    this.bytes = Buffer.allocUnsafeSlow(bytes);
    this.ends = new Uint32Array(count);
    this.clear();
  }

  clear() {
    [this.used, this.count] = [0, 0];
  }

  add(event, path) {
    const text = written(event, path);
    const isText = typeof text === 'string';
    const most = isText ? text.length * 3 : text.length;
    if (this.used + most > this.bytes.length) this.bytes = grown(this.bytes, this.used, most);
    this.used += isText ? this.bytes.write(text, this.used) : text.copy(this.bytes, this.used);
    if (this.count === this.ends.length) {
      const wider = new Uint32Array(this.count * 2);
      wider.set(this.ends);
      this.ends = wider;
    }
    this.ends[this.count] = this.used;
    this.count += 1;
  }

  get parts() {
    return [this.bytes.subarray(0, this.used), this.ends.subarray(0, this.count)];
  }
}

/** Events: bytes, and where each one ends. */
function many(events) {
  // A guess; a list may say any length and hold nothing.
  const likely = Array.isArray(events) ? Math.min(Math.max(events.length, 16), 1 << 17) : 1024;
  const packed = new Packed(likely * 256, likely);
  for (const event of events) packed.add(event, () => `events[${packed.count}]`);
  return packed.parts;
}

let idle;

/**
 * Events in pieces, so that lists of any length take little memory; at least one piece. Each is to be used before the next.
 * PERF: memory that is used again is already mapped; lists are packed a quarter faster than all at once.
 */
function* pieces(events) {
  // An event whose `toJSON` scans others finds none idle.
  const packed = idle ?? new Packed(PIECE_BYTES + SCRATCH_BYTES, 1 << 12);
  idle = undefined;
  packed.clear();
  let before = 0;
  for (const event of events) {
    packed.add(event, () => `events[${before + packed.count}]`);
    if (packed.used < PIECE_BYTES) continue;
    yield packed.parts;
    before += packed.count;
    packed.clear();
  }
  yield packed.parts;
  if (packed.bytes.length <= 2 * PIECE_BYTES) idle = packed;
}

function grown(bytes, used, more) {
  const most = Math.min(constants.MAX_LENGTH, 2 ** 32 - 1);
  if (used + more > most) throw new LimitError(`the events take more than ${most} bytes; give them in pieces`);
  const wider = Buffer.allocUnsafeSlow(Math.min(most, Math.max(bytes.length * 2, used + more)));
  bytes.copy(wider, 0, 0, used);
  return wider;
}

/** Whether a value is many events rather than one. */
function isMany(value) {
  return value !== null && typeof value === 'object' && typeof value[Symbol.iterator] === 'function';
}

module.exports = { bytesOf, isMany, linesOf, many, one, pieces };
