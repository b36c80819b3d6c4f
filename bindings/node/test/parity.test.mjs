// The cases of `bindings/parity`, by the calls of this package. `bindings/parity/README.md` says what they are.
//
//  step { do, arguments } ─▶ a call ─▶ its answer as the record ─▶ the same as `answer`, or `error`
//
// An event that is an object without a key twice is given both as bytes and as an object.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { check, compile, Discovery, Incidents, Learner, Normaliser, Report, Rules, TielineError, Trust } from '../lib/index.mjs';

const directory = new URL('../../parity/', import.meta.url);
const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const renamed = (record, how) => record && Object.fromEntries(Object.entries(record).map(([name, value]) => [how(name), value]));
const place = ({ code, line, column }) => `${code} ${line}:${column}`;
const records = (list) => list.map((record) => (record.toJSON ? record.toJSON() : renamed(record, snake)));
const bytes = (hex) => Buffer.from(hex, 'hex');

/** What a step gives as plain data: what JSON holds of it. */
const plain = (value) => (value === undefined ? null : JSON.parse(JSON.stringify(value)));

/** The event as an object, when that is the same event. */
function asObject(text) {
  let event;
  try {
    event = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (event === null || typeof event !== 'object' || Array.isArray(event)) return undefined;
  // The same text again: no key twice, no number that changes, no member that moves.
  return JSON.stringify(event) === text ? event : undefined;
}

/** The calls, on what the steps of a case share. */
class Held {
  run(step) {
    return this[step.do](step);
  }

  counts(rules) {
    return { rules: rules.size, correlations: rules.correlations.length };
  }

  compile({ texts, options }) {
    this.rules = compile(texts, renamed(options, camel));
    return { ...this.counts(this.rules), diagnostics: this.rules.diagnostics.map(place) };
  }

  check({ texts, options }) {
    return check(texts, renamed(options, camel)).map(place);
  }

  again() {
    this.rules = Rules.fromBuffer(this.rules.toBuffer());
    return this.counts(this.rules);
  }

  in_context({ context }) {
    this.rules = this.rules.inContext(context);
    return { ...this.counts(this.rules), diagnostics: this.rules.diagnostics.map(place) };
  }

  from_bytes({ hex }) {
    this.rules = Rules.fromBuffer(bytes(hex));
    return this.counts(this.rules);
  }

  scan({ event, options }) {
    const own = renamed(options, camel);
    const object = asObject(event);
    const call = (given) => attempt(() => records(this.rules.scanEvent(given, own)));
    const answers = [event, Buffer.from(event), ...(object ? [object] : [])].map(call);
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    return outcome(answers[0]);
  }

  scanned(found) {
    return { events: found.events, detections: records(found), faults: records(found.faults) };
  }

  scan_lines({ text, options }) {
    const own = renamed(options, camel);
    const call = (given) => attempt(() => this.scanned(this.rules.scan(given, own)));
    const answers = [text, Buffer.from(text)].map(call);
    assert.deepEqual(answers[0], answers[1]);
    return outcome(answers[0]);
  }

  scan_events({ events, options }) {
    const own = renamed(options, camel);
    const objects = events.map((event) => asObject(event) ?? event);
    const answers = [events, objects, events.map((event) => Buffer.from(event))].map((given) =>
      this.scanned(this.rules.scan(given, own)));
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    return answers[0];
  }

  indicators({ lists }) {
    this.rules = this.rules.withIndicators(lists);
    return this.counts(this.rules);
  }

  explain({ rule, event }) {
    return this.rules.explain(rule, event);
  }

  normaliser({ options }) {
    this.reader = new Normaliser(options);
  }

  records({ event }) {
    const object = asObject(event);
    const call = (given) => attempt(() => this.reader.records(given));
    const answers = [event, Buffer.from(event), ...(object ? [object] : [])].map(call);
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    return outcome(answers[0]);
  }

  discovery({ options }) {
    this.learns = new Discovery(options);
  }

  trust({ options }) {
    this.learns = new Trust(options);
  }

  learner({ options }) {
    this.learns = new Learner(options);
  }

  incidents({ options }) {
    this.learns = new Incidents(this.rules, renamed(options, camel));
  }

  report({ options }) {
    this.learns = new Report(this.rules, renamed(options, camel));
  }

  document({ since }) {
    const told = this.learns.finish(since === 'last' ? this.last : since);
    this.last = this.learns.toJson();
    return told;
  }

  markdown() {
    return this.learns.toMarkdown();
  }

  html() {
    return this.learns.toHtml().slice(0, 15);
  }

  add({ finding }) {
    const object = asObject(finding);
    if (object) this.learns.add(object);
    else this.learns.add(Buffer.from(finding));
  }

  told() {
    const shown = (own) => ({
      ...renamed(own, snake), score: renamed(own.score, snake), hosts: own.hosts.map((host) => renamed(host, snake)), spread: renamed(own.spread, snake),
    });
    return [...this.learns].map(shown);
  }

  export({ form, id }) {
    return this.learns.export(form, id);
  }

  changes() {
    return this.learns.takeChanges();
  }

  learn({ event, at }) {
    this.learns.push(asObject(event) ?? event, at);
  }

  taken({ events, faults }) {
    return { events, faults: records(faults) };
  }

  learn_lines({ text, name }) {
    return this.taken(this.learns.pushLines(Buffer.from(text), name));
  }

  learn_events({ events }) {
    return this.taken(this.learns.pushEvents(events.map((event) => asObject(event) ?? event)));
  }

  assets() {
    return this.learns.assets();
  }

  compare({ context }) {
    return this.learns.compare(context);
  }

  inventory({ form }) {
    return this.learns.inventory(form);
  }

  advance_to({ time_ns }) {
    this.learns.advance(BigInt(time_ns));
  }

  finish() {
    this.learns.finish();
  }

  take() {
    return this.learns.take();
  }

  proposal() {
    return this.learns.proposal();
  }

  learned() {
    return this.learns instanceof Learner ? this.learns.givenUp : renamed(this.learns.stats(), snake);
  }

  save_learned() {
    this.saved = this.learns.snapshot();
  }

  restore_learned({ hex }) {
    return this.learns.restore(hex === undefined ? this.saved : bytes(hex));
  }

  other_rules({ texts, options, context }) {
    return this.learns.reload(compile(texts, renamed(options, camel)), context);
  }

  other_plant({ context }) {
    this.learns.reload(context);
  }

  stream({ settings, options }) {
    this.events = this.rules.stream(settings || options ? { ...renamed(settings, camel), ...renamed(options, camel) } : undefined);
  }

  pushed({ detections, alerts, notCounted, untimed }) {
    return { detections: records(detections), alerts: records(alerts), not_counted: records(notCounted), untimed };
  }

  push({ event, time_ns }) {
    const time = time_ns === undefined || time_ns === null ? undefined : BigInt(time_ns);
    return this.pushed(this.events.push(asObject(event) ?? event, time));
  }

  push_lines({ text }) {
    const pushed = this.events.pushLines(text);
    return { ...this.pushed(pushed), events: pushed.events, faults: records(pushed.faults) };
  }

  advance({ time_ns }) {
    return { alerts: records(this.events.advance(BigInt(time_ns))) };
  }

  flush() {
    return { alerts: records(this.events.flush()) };
  }

  stats() {
    return renamed(this.events.stats(), snake);
  }

  save() {
    this.saved = this.events.snapshot();
  }

  restore() {
    return this.events.restore(this.saved);
  }

  restore_bytes({ hex }) {
    return this.events.restore(bytes(hex));
  }

  reload({ texts, options }) {
    return this.events.reload(compile(texts, renamed(options, camel)));
  }

  close() {
    this.events.close();
  }
}

/** An answer, or an error of Tieline as the cases write it. */
function attempt(work) {
  try {
    return { answer: plain(work()) };
  } catch (error) {
    if (!(error instanceof TielineError)) throw error;
    const told = { code: error.code };
    if (error.diagnostics.length > 0) told.diagnostics = error.diagnostics.map(place);
    if (error.byte !== undefined) told.byte = error.byte;
    return { error: told, thrown: error };
  }
}

function outcome({ answer, thrown }) {
  if (thrown) throw thrown;
  return answer;
}

function run(steps) {
  const held = new Held();
  for (const step of steps) {
    const { answer, error } = attempt(() => held.run(step));
    const expected = 'error' in step ? { error: step.error } : { answer: step.answer };
    const own = error ? { error } : { answer };
    assert.deepEqual(own, expected, JSON.stringify(step));
  }
}

for (const name of readdirSync(directory).filter((name) => name.endsWith('.json')).sort()) {
  const { suite, cases } = JSON.parse(readFileSync(new URL(name, directory), 'utf8'));
  test(`${suite}: ${cases.length} cases`, () => {
    const wrong = [];
    for (const { name, steps } of cases) {
      try {
        run(steps);
      } catch (error) {
        wrong.push(`${name}: ${error.message}`);
      }
    }
    assert.equal(wrong.length, 0, `${wrong.length} cases are wrong, the first: ${wrong.slice(0, 3).join('\n')}`);
  });
}
