// Values that are no events, options or rules: each is an error of its class, and never more.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import tieline, { ArgumentError, Discovery, EventError, Incidents, InternalError, Learner, LoadError, Normaliser, PipelineError, Rules, StateError, Stream, TielineError, Trust, compile, createTransform } from 'tieline';
import { createRequire } from 'node:module';
import { OFTEN, WHOAMI, hit } from './samples.mjs';

const require = createRequire(import.meta.url);
const rules = compile([WHOAMI, OFTEN]);
const cyclic = { a: { b: [] } };
cyclic.a.b.push(cyclic);
const detached = new Uint8Array(8);
structuredClone(detached.buffer, { transfer: [detached.buffer] });
let deep = {};
for (let depth = 0; depth < 100_000; depth += 1) deep = { deep };
const throwing = { get a() { throw new Error('no'); } };
const NOTHING = [undefined, null, 5, NaN, 5n, true, Symbol('x'), () => 1];

function check(work, Class, pattern = /./) {
  assert.throws(work, (error) => {
    assert.ok(error instanceof Class && error instanceof TielineError && error instanceof Error, `${error?.stack}`);
    assert.equal(error.name, Class.name);
    assert.match(error.message, pattern);
    return true;
  });
}

test('what is no event is an argument error', async () => {
  for (const value of NOTHING) {
    check(() => rules.scan(value), ArgumentError);
    check(() => rules.scanEvent(value), ArgumentError);
    check(() => rules.scanLines(value), ArgumentError);
    check(() => rules.scanEvents(value), ArgumentError);
    check(() => rules.scan([{}, value]), ArgumentError, /`events\[1\]`/);
    check(() => rules.explain('Whoami', value), ArgumentError);
    check(() => rules.stream().push(value), ArgumentError);
    await assert.rejects(rules.scanAsync(value), ArgumentError);
    await assert.rejects(rules.stream().pushLinesAsync(value), ArgumentError);
    await assert.rejects(rules.stream().pushEventsAsync([value]), ArgumentError);
  }
  for (const value of [new Float64Array(2), new DataView(new ArrayBuffer(8))]) check(() => rules.scan(value), ArgumentError, /Uint8Array/);
  check(() => rules.scanEvents('{}'), ArgumentError);
  check(() => rules.scanEvents(Buffer.from('{}')), ArgumentError);
});

test('what JSON cannot carry is an event error with its path', () => {
  check(() => rules.scan([{}, cyclic]), EventError, /`events\[1\]\.a\.b\[0\]` is an object that holds itself/);
  check(() => rules.scan({ 'a b': { c: 1n } }), EventError, /`event\["a b"\]\.c` is a BigInt/);
  check(() => rules.scan(deep), EventError);
  check(() => rules.scan(throwing), EventError, /no event: no/);
  check(() => rules.scan({ toJSON() { throw undefined; } }), EventError);
  check(() => rules.scan({ toJSON: () => undefined }), EventError, /gives nothing/);
  check(() => rules.scan('{"a":"\ud800"}'), EventError, /surrogate/);
  check(() => rules.scanEvents(['{"a":"\udc00"}']), EventError, /`events\[0\]`/);
});

test('what JSON.stringify changes is changed as it does', () => {
  const own = compile('title: t\nlogsource: {category: c}\ndetection: {s: {a: null}, condition: s}');
  assert.deepEqual([NaN, Infinity].map((a) => own.scan({ a }).length), [1, 1]);
  const date = compile("title: t\nlogsource: {category: c}\ndetection: {s: {a: '1970-01-01T00:00:00.000Z'}, condition: s}");
  assert.equal(date.scan({ a: new Date(0), b: undefined, c: Symbol('c'), d() {} }).length, 1);
  assert.equal(rules.scan({ Image: '\ud800\\whoami.exe' }).faults.length, 0);
  assert.equal(rules.scan([new Map(), 'x', '[]', '5']).faults.length, 3);
});

test('buffers that are gone, shared, or of another realm', () => {
  for (const call of [(bytes) => rules.scan(bytes), (bytes) => rules.scanEvent(bytes), (bytes) => Rules.fromBuffer(bytes),
    (bytes) => rules.stream().pushLines(bytes), (bytes) => rules.scanEvents([bytes]), (bytes) => rules.stream().restore(bytes)]) {
    check(() => call(detached), ArgumentError, /transferred/);
    check(() => call(detached.buffer), ArgumentError, /transferred/);
  }
  const text = JSON.stringify(hit());
  const shared = new Uint8Array(new SharedArrayBuffer(text.length));
  shared.set(Buffer.from(text));
  assert.equal(rules.scan(shared).length, 1);
  const foreign = require('node:vm').runInNewContext(`Uint8Array.from(${JSON.stringify([...Buffer.from(text)])})`);
  assert.equal(rules.scan(foreign).length, 1);
});

test('options are checked, and named as they are written', () => {
  for (const value of [null, 5, 'x', [], () => 1]) {
    check(() => rules.scan({}, value), ArgumentError, /options/);
    check(() => compile(WHOAMI, value), ArgumentError, /options/);
  }
  const wrong = [
    [() => compile(WHOAMI, { timeUnit: 'h' }), /`timeUnit` is `h`; write one of s, ms, us, ns/],
    [() => compile(WHOAMI, { timeUnits: 's' }), /unknown field `timeUnits`.*`timeUnit`/],
    [() => compile(WHOAMI, { source: 'nowhere' }), /nowhere/],
    [() => rules.scan({}, { threads: NaN }), /`threads` is `NaN`/],
    [() => rules.scan({}, { threads: 1n }), /`threads`/],
    [() => rules.scan({}, { threads: -1 }), /options/],
    [() => rules.scan({}, { level: 'loud' }), /`level` is `loud`; write one of/],
    [() => rules.scan({}, { tags: ['\ud800'] }), /surrogate/],
    [() => rules.scan({}, { logsource: cyclic }), /nested too deep/],
    [() => rules.stream({ lateness: '5 minutes' }), /`lateness`: write a number and one of/],
    [() => rules.stream({ missingTime: 'x' }), /`missingTime` is `x`/],
    [() => rules.scanFiles('a', { progress: 5 }), /`progress`/],
    [() => rules.scanFiles('a', { signal: {} }), /`signal`/],
  ];
  for (const [work, pattern] of wrong) check(work, ArgumentError, pattern);
  check(() => compile(WHOAMI, { pipelines: ['nowhere'] }), PipelineError);
});

test('rules that are none', () => {
  for (const value of [...NOTHING, [5], [['a']], [['a', 'b', 'c']], { a: 5 }, Buffer.from('title: x'), '\ud800']) {
    check(() => compile(value), ArgumentError, /`rules`/);
    check(() => tieline.check(value), ArgumentError);
  }
  for (const value of [...NOTHING, [5], 'a\0b', '\ud800']) check(() => tieline.load(value), ArgumentError);
  for (const value of [...NOTHING, 'x', {}]) check(() => Rules.fromBuffer(value), ArgumentError);
  check(() => new Rules(), ArgumentError, /compile/);
  for (const value of [...NOTHING, {}]) {
    check(() => new Stream(value), ArgumentError);
    check(() => rules.stream().reload(value), ArgumentError);
    check(() => createTransform(value), ArgumentError);
    check(() => rules.explain(value, {}), ArgumentError);
  }
  assert.throws(() => Rules.prototype.scan.call({}, {}), TypeError);
  assert.throws(() => Reflect.get(Rules.prototype, 'size', {}), TypeError);
});

test('times that are none', () => {
  const stream = rules.stream();
  for (const value of [null, 5, '5', NaN, {}]) {
    check(() => stream.push(hit(), value), ArgumentError, /BigInt/);
    check(() => stream.advance(value), ArgumentError, /BigInt/);
  }
  for (const value of [2n ** 63n, -(2n ** 63n) - 1n, 2n ** 200n]) check(() => stream.advance(value), ArgumentError, /64 bits/);
  check(() => stream.restore(Buffer.from('x')), StateError);
});

test('what is not ours is an internal error', () => {
  const { fromNative } = require('../lib/errors.js');
  const error = fromNative(new Error('index out of bounds'));
  assert.ok(error instanceof InternalError && error.code === 'internal' && error.cause.message === error.message);
  assert.ok(fromNative({}) instanceof InternalError);
});

test('what learns takes events, and nothing else', async () => {
  const context = 'assets:\n  - {id: plc-7, ip: 10.0.1.2, role: controller}\n';
  const makes = [() => new Discovery({ context }), () => new Trust({ context }), () => new Learner({ context })];
  for (const make of makes) {
    const learns = make();
    for (const value of NOTHING) {
      check(() => learns.push(value), ArgumentError);
      check(() => learns.pushLines(value), ArgumentError);
      check(() => learns.pushEvents(value), ArgumentError);
      if (value !== undefined) check(() => new learns.constructor(value), ArgumentError);
    }
    check(() => learns.push(cyclic), EventError);
    check(() => learns.pushLines('[{}]'), EventError);
    check(() => new learns.constructor({ context: 'assets: 5\n' }), ArgumentError, /context.*1:9/);
    check(() => new learns.constructor({ context: '/nowhere.yml' }), LoadError);
    check(() => new learns.constructor({ tables: [] }), ArgumentError, /unknown field `tables`/);
    assert.equal((await learns.pushLinesAsync(Buffer.from('{}\nx\n'))).faults[0].eventIndex, 1);
    await assert.rejects(learns.pushLinesAsync(5), ArgumentError);
  }
  const [discovery, trust] = [new Discovery(), new Trust({ context })];
  for (const value of [null, 5, '', {}, 'xml']) check(() => discovery.inventory(value), ArgumentError);
  for (const value of [null, 5, {}, '\ud800']) check(() => trust.push({}, value), ArgumentError, /`at`/);
  for (const value of [null, 5, {}]) check(() => discovery.compare(value), ArgumentError);
  check(() => discovery.compare(), ArgumentError, /inventory/);
  check(() => new Trust(), ArgumentError, /plant/);
  check(() => trust.reload([]), ArgumentError, /plant/);
  check(() => trust.advance(5), ArgumentError, /BigInt/);
  check(() => trust.restore(discovery.snapshot()), StateError);
  check(() => discovery.restore(Buffer.from('x')), StateError);
  for (const value of [null, 5, {}, 'assets: 5\n']) check(() => discovery.reload(value), ArgumentError);
  discovery.reload(context);
  assert.deepEqual(discovery.compare().map(({ kind }) => kind), ['silent']);
  discovery.reload();
  discovery.restore(discovery.snapshot());
  trust.restore(trust.snapshot());
});

test('incidents take rules, events and findings, and nothing else', async () => {
  const rules = compile('title: x\nlevel: high\nlogsource: {category: c}\ndetection: {s: {a: b}, condition: s}');
  const incidents = new Incidents(rules, { quiet: '8h' });
  for (const value of [...NOTHING, {}, 'rules']) check(() => new Incidents(value), ArgumentError, /`rules`/);
  for (const value of [null, 5, 'x']) check(() => new Incidents(rules, value), ArgumentError);
  check(() => new Incidents(rules, { hubPeers: -1 }), ArgumentError);
  check(() => new Incidents(rules, { level: 'loud' }), ArgumentError, /informational, low/);
  check(() => new Incidents(rules, { quiet: 'soon' }), ArgumentError, /`quiet`/);
  check(() => new Incidents(rules, { context: 'assets: 5\n' }), ArgumentError, /1:9/);
  for (const value of NOTHING) {
    check(() => incidents.push(value), ArgumentError);
    check(() => incidents.pushLines(value), ArgumentError);
    check(() => incidents.pushEvents(value), ArgumentError);
    check(() => incidents.add(value), ArgumentError);
  }
  check(() => incidents.add({}), EventError, /missing field `time`/);
  check(() => incidents.add({ time: new Date(0), rule: 'a', entities: { ghost: 'b' } }), EventError, /unknown variant `ghost`/);
  for (const value of [null, 5, {}]) check(() => incidents.push({}, value), ArgumentError, /`at`/);
  check(() => incidents.advance(5), ArgumentError, /BigInt/);
  check(() => incidents.restore(Buffer.from('x')), StateError);
  check(() => incidents.reload({}), ArgumentError, /`rules`/);
  assert.equal((await incidents.pushLinesAsync('{"a":"b"}\nx\n', 'a.log')).faults[0].eventIndex, 1);
  incidents.add({ time: new Date(0), rule: 'a', source: '__proto__', entities: { account: '__proto__' } });
  incidents.finish();
  assert.deepEqual([...incidents].flatMap((own) => own.findings.map(({ events }) => events[0])).sort(), ['a', 'a.log:1']);
  const other = new Incidents(rules);
  other.restore(incidents.snapshot());
  assert.deepEqual(other.incidents(), incidents.incidents());
  assert.deepEqual(other.reload(rules), { kept: 0, dropped: [] });
});

test('a normaliser takes events and tables, and nothing else', () => {
  const sensor = 'sensor: s\ninputs: {}\n';
  const table = 'protocol: p\nsources: {t: test}\nsensors: [{sensor: s, needs: [func], inputs: {code: func}}]\n';
  const rows = 'operations: [{code: 2, class: mode_stop, source: t}]\n';
  const normaliser = new Normaliser({ taxonomy: [sensor, table + rows] });
  assert.equal(normaliser.records({ func: 2 })[0]['ot.operation'], 'mode_stop');
  for (const value of NOTHING) {
    check(() => normaliser.records(value), ArgumentError);
    if (value !== undefined) check(() => new Normaliser(value), ArgumentError);
  }
  check(() => normaliser.records('['), EventError);
  check(() => normaliser.records(cyclic), EventError);
  check(() => new Normaliser({ tables: [] }), ArgumentError, /unknown field `tables`/);
  check(() => new Normaliser({ taxonomy: '/nowhere' }), LoadError);
  check(() => new Normaliser({ taxonomy: `${sensor}---\n${table}${rows.replace('stop', 'stopp')}` }), ArgumentError, /did you mean `mode_stop`/);
});
