'use strict';
// Options on their way to the waist.
//
//  { timeUnit: 'ms', signal } ─▶ '{"time_unit":"ms"}'
//
// Names and values are checked there; here only what JSON cannot carry is refused.

const { ArgumentError } = require('./errors.js');

const SETTINGS = ['lateness', 'clockJump', 'missingTime', 'missingGroup', 'alerts', 'stateMemory', 'groupsMax'];
const FILES = ['format', 'event', 'follow', 'followIdle', 'state'];

/** An object of options; nothing counts as no options. */
function asRecord(options) {
  if (options === undefined) return {};
  if (options === null || typeof options !== 'object' || Array.isArray(options)) {
    throw new ArgumentError(`options are ${shown(options)}; give an object such as { level: 'high' }`);
  }
  return options;
}

/** A value as a message shows it, in short. */
function shown(value) {
  if (value === null) return '`null`';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return `an object of the class \`${value.constructor?.name ?? 'none'}\``;
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  const text = String(value);
  return `\`${text.length > 40 ? `${text.slice(0, 40)}…` : text}\``;
}

function checkValue(name, value, depth) {
  const type = typeof value;
  if (value === null || type === 'boolean' || type === 'undefined') return;
  if (type === 'string') {
    if (!value.isWellFormed()) throw new ArgumentError(`\`${name}\` holds half of a surrogate pair; give whole characters`);
    return;
  }
  if (type === 'number' && Number.isFinite(value)) return;
  if (type === 'object' && depth < 8) {
    for (const key of Object.keys(value)) checkValue(`${name}.${key}`, value[key], depth + 1);
    return;
  }
  throw new ArgumentError(`\`${name}\` is ${depth < 8 ? shown(value) : 'nested too deep'}; give text, a number, or a list of them`);
}

const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Options as JSON, in groups: each name goes to the group that has it, and all others to the last one. */
function toJson(options, groups = []) {
  if (options === undefined) return [...groups, []].map(() => '');
  const records = [...groups, []].map(() => ({}));
  for (const name of Object.keys(options)) {
    checkValue(name, options[name], 0);
    const at = groups.findIndex((names) => names.includes(name));
    records.at(at)[snake(name)] = options[name] ?? undefined;
  }
  return records.map((record) => JSON.stringify(record));
}

/** Options without those that stay in JavaScript. */
function without(options, names) {
  const rest = { ...asRecord(options) };
  const own = {};
  for (const name of names) {
    own[name] = rest[name];
    delete rest[name];
  }
  if (own.signal !== undefined && !(own.signal instanceof AbortSignal)) {
    throw new ArgumentError(`\`signal\` is ${shown(own.signal)}; give an AbortSignal`);
  }
  for (const name of names) {
    if (name !== 'signal' && own[name] !== undefined && typeof own[name] !== 'function') {
      throw new ArgumentError(`\`${name}\` is ${shown(own[name])}; give a function`);
    }
  }
  return [own, rest];
}

module.exports = { FILES, SETTINGS, asRecord, shown, toJson, without };
