// Events over time, and streams of Node.

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as later } from 'node:timers/promises';
import { test } from 'node:test';
import { Alert, ArgumentError, CancelledError, ClosedError, Detection, EventError, LimitError, compile, createTransform } from 'tieline';
import { OFTEN, WHOAMI, hit, lines } from './samples.mjs';

const rules = compile([WHOAMI.replace('level: low', 'level: low'), OFTEN.replace('type:', 'generate: true\n  type:')]);
const SECOND = 1_000_000_000n;

test('pushing tells detections, alerts, and what is not counted', () => {
  const stream = rules.stream();
  const pushed = stream.pushLines([lines(hit('anna', 10), hit('bert', 11)), 'x', lines(hit('anna', 12), hit('anna', 1))].join('\n'));
  assert.deepEqual([pushed.detections.length, pushed.events, pushed.faults[0].eventIndex], [4, 5, 2]);
  assert.deepEqual(pushed.notCounted, [{ eventIndex: 4, why: 'late' }]);
  const [alert] = [...pushed.alerts, ...stream.flush()];
  assert.ok(alert instanceof Alert);
  assert.deepEqual([alert.group, alert.count, alert.events, alert.timeNs % SECOND], [{ User: 'anna' }, 2, [0, 3], 0n]);
  assert.equal(typeof JSON.parse(JSON.stringify(alert)).time_ns, 'string');
  assert.equal(stream.push({}).untimed, 1);
  assert.deepEqual([stream.stats().late, stream.stats().setBack], [1, 0]);
});

test('time can be given, and told', () => {
  const stream = rules.stream({ lateness: 1 });
  assert.equal(stream.watermark, undefined);
  stream.push(hit(), 5n * SECOND);
  stream.push(hit(), 6n * SECOND);
  assert.equal(stream.watermark, 5n * SECOND);
  assert.equal(stream.advance(1_000n * SECOND)[0].timeNs, 6n * SECOND);
});

test('state goes on in another stream, and under other rules', () => {
  const stream = rules.stream();
  stream.push(hit(), SECOND);
  const other = rules.stream();
  assert.deepEqual(other.restore(stream.snapshot()), { kept: 1, dropped: [] });
  assert.equal(other.reload(compile([WHOAMI, OFTEN])).kept, 1);
  other.push(hit(), 2n * SECOND);
  assert.equal(other.flush().length, 1);
  assert.deepEqual(stream.reload(compile(WHOAMI)).dropped, [['22222222-2222-4222-8222-222222222222', 1]]);
  assert.equal(stream.rules.size, 1);
});

test('a closed stream says so', async () => {
  const stream = rules.stream();
  stream[Symbol.dispose]();
  stream.close();
  for (const call of [() => stream.push({}), () => stream.flush(), () => stream.stats(), () => stream.snapshot(),
    () => stream.watermark, () => stream.advance(1n), () => stream.reload(rules), () => stream.pushEvents([])]) {
    assert.throws(call, ClosedError);
  }
  await assert.rejects(stream.pushLinesAsync('{}'), ClosedError);
});

test('calls that wait follow one another', async () => {
  const stream = rules.stream();
  const open = [];
  for (let second = 1; second <= 40; second += 1) {
    const text = Buffer.from(`${lines(hit(`user${second}`, second))}\n`.repeat(50));
    open.push(stream.pushLinesAsync(text));
    text.fill(0);
    open.push(stream.pushEventsAsync([hit(`user${second}`, second)]), stream.pushAsync(hit(`user${second}`, second)));
  }
  assert.throws(() => stream.push(hit()), (error) => error instanceof ArgumentError && /await it first/.test(error.message));
  const pushed = await Promise.all(open);
  assert.deepEqual(pushed.flatMap((one) => one.notCounted), []);
  assert.equal(stream.stats().events, 40 * 52);
  assert.equal((await stream.flushAsync()).length + pushed.flatMap((one) => one.alerts).length, 40);
});

test('rules change between calls that wait', async () => {
  const stream = rules.stream();
  const named = compile([WHOAMI.replace('Whoami', 'Who'), OFTEN.replace('type:', 'generate: true\n  type:')]);
  const [first, saved, restored, second] = await Promise.all([
    stream.pushLinesAsync(lines(hit())), stream.snapshotAsync(), stream.reloadAsync(named), stream.pushLinesAsync(lines(hit()))]);
  assert.deepEqual([first, second].map(({ detections }) => detections[0].ruleTitle), ['Whoami', 'Who']);
  assert.deepEqual([rules.stream().restore(saved).kept, restored.kept, stream.rules], [1, 1, named]);
});

test('a call that failed does not end those after it', async () => {
  const stream = rules.stream();
  const [failed, cancelled, done] = await Promise.allSettled([stream.pushAsync('x'),
    stream.pushLinesAsync('{}', { signal: AbortSignal.abort() }), stream.pushAsync(hit())]);
  assert.ok(failed.reason instanceof EventError && cancelled.reason instanceof CancelledError);
  assert.equal(done.value.detections.length, 1);
});

async function through(source, target, options) {
  const faults = [];
  const transform = createTransform(target, options);
  transform.on('fault', (fault) => faults.push(fault.eventIndex));
  const records = [];
  await pipeline(Readable.from(source), transform, async (taken) => {
    for await (const record of taken) records.push(record);
  });
  return [records, faults];
}

test('a transform takes bytes, cut anywhere, and objects', async () => {
  const text = Buffer.from([lines(hit('anna', 1)), 'x', '', lines({}, hit('anna', 2))].join('\r\n'));
  for (const size of [1, 7, 1000]) {
    const chunks = [];
    for (let at = 0; at < text.length; at += size) chunks.push(text.subarray(at, at + size));
    const [records, faults] = await through(chunks, rules);
    assert.deepEqual([records.map((record) => record.eventIndex), faults], [[0, 4], [1]]);
    const [over, missed] = await through(chunks, rules.stream());
    assert.deepEqual([over.map((record) => record.kind), missed], [['detection', 'detection', 'correlation'], [1]]);
  }
  const [records] = await through([hit('anna', 1), 'x\n', hit('anna', 2)], rules);
  assert.deepEqual(records.map((record) => [record instanceof Detection, record.eventIndex]), [[true, 0], [true, 2]]);
});

test('a transform writes lines', async () => {
  const [texts] = await through([lines(hit('anna', 1), hit('anna', 2))], rules.stream(), { format: 'ndjson' });
  const records = Buffer.concat(texts).toString().trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(records.map((record) => record.rule_title), ['Whoami', 'Whoami', 'Often']);
});

test('a line in brackets is one fault, but text that is a list is an error', async () => {
  const [records, faults] = await through([`${lines(hit())}\n`, `[1]\n${lines(hit())}\n`], rules);
  assert.deepEqual([records.length, faults], [2, [1]]);
  await assert.rejects(through(['[{}]'], rules), EventError);
});

test('a transform has its limits', async () => {
  await assert.rejects(through(['x'.repeat(100)], rules, { lineBytesMax: 50 }), LimitError);
  await assert.rejects(through([5], rules), ArgumentError);
  for (const options of [{ format: 'xml' }, { lineBytesMax: 0 }, { highWaterMark: 1.5 }, { level: 'loud' }, { loud: 1 }]) {
    assert.throws(() => createTransform(rules, options), ArgumentError);
  }
  assert.throws(() => createTransform(rules.stream(), { level: 'high' }), /`level` is for rules/);
});

test('a transform that nobody reads takes no more', async () => {
  const transform = createTransform(rules, { highWaterMark: 4 });
  let taken = 0;
  const source = Readable.from((function* () {
    for (; taken < 10_000; taken += 1) yield hit();
  })());
  source.pipe(transform);
  await later(50);
  assert.ok(taken < 100, `${taken}`);
  source.destroy();
  transform.destroy();
});
