// Tables of Arrow, in and out.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Dictionary, Field, Int32, Struct, Table, Utf8, makeData, tableFromArrays, tableFromIPC, tableFromJSON, tableToIPC,
  vectorFromArray,
} from 'apache-arrow';
import { ArgumentError, CancelledError, ClosedError, Detections, EventError, compile } from 'tieline';
import { OFTEN, WHOAMI, hit, lines } from './samples.mjs';

const rules = compile([WHOAMI, 'title: Many\nlogsource: {category: process_creation}\ndetection: {s: {Count|gte: 3}, condition: s}']);
const plain = (found) => JSON.parse(JSON.stringify(found));
const events = [
  { ...hit(), Count: 1 },
  { Image: 'C:\\cmd.exe', User: 'bert', Count: 2 },
  { User: 'anna', Count: 3 },
  { ...hit('bert', 4), Count: 4 },
];
const column = (name) => events.map((event) => event[name] ?? null);
const texts = ['Image', 'User', 'UtcTime'];
const dictionaries = new Table(Object.fromEntries([
  ...texts.map((name) => [name, vectorFromArray(column(name), new Dictionary(new Utf8(), new Int32()))]),
  ['Count', vectorFromArray(column('Count'), new Int32())],
]));
const plainTexts = new Table(Object.fromEntries([
  ...texts.map((name) => [name, vectorFromArray(column(name), new Utf8())]),
  ['Count', vectorFromArray(column('Count'), new Int32())],
]));
const wanted = plain(rules.scanLines(lines(...events)));
const bytes = tableToIPC(plainTexts);

test('a table answers as its rows do', async () => {
  assert.equal(wanted.detections.length, 4);
  for (const table of [plainTexts, dictionaries]) {
    for (const format of ['stream', 'file']) {
      const own = tableToIPC(table, format);
      assert.deepEqual(plain(rules.scanArrow(own)), wanted, format);
      assert.deepEqual(plain(rules.scanArrow(own, { threads: 0 })), wanted);
      assert.deepEqual(plain(await rules.scanArrowAsync(Buffer.from(own))), wanted);
      // An odd address, and memory that workers share.
      const moved = new Uint8Array(new SharedArrayBuffer(own.length + 1), 1);
      moved.set(own);
      assert.deepEqual(plain(rules.scanArrow(moved)), wanted);
    }
  }
});

test('batches are numbered through, and options are heeded', () => {
  const three = tableToIPC(plainTexts.concat(plainTexts).concat(plainTexts));
  const found = rules.scanArrow(three, { level: 'low', evidence: true });
  assert.deepEqual([found.events, found.map(({ eventIndex }) => eventIndex)], [12, [0, 3, 4, 7, 8, 11]]);
  assert.equal(found[0].fields[0].value, 'C:\\whoami.exe');
  assert.throws(() => rules.scanArrow(three, { level: 'highest' }), ArgumentError);
});

test('structs are fields with dots, and a table without rows or columns holds nothing', () => {
  const nested = compile('title: n\nlogsource: {category: c}\ndetection: {s: {Event.id: 7}, condition: s}');
  const type = new Struct([new Field('id', new Int32())]);
  const table = new Table({ Event: vectorFromArray([{ id: 7 }, { id: 8 }, null], type) });
  assert.deepEqual(nested.scanArrow(tableToIPC(table)).map(({ eventIndex }) => eventIndex), [0]);
  assert.equal(nested.scanArrow(tableToIPC(plainTexts.slice(0, 0))).events, 0);
  assert.equal(nested.scanArrow(tableToIPC(new Table())).events, 0);
});

test('detections are a table', () => {
  const found = rules.scanArrow(bytes);
  const table = tableFromIPC(found.toArrow());
  assert.deepEqual(table.schema.names, ['event_index', 'rule_id', 'rule_title', 'level', 'tags', 'source']);
  const rows = table.toArray().map((row) => ({ ...row.toJSON(), tags: [...row.tags] }));
  const expected = found.map(({ eventIndex, ruleId, ruleTitle, level, tags, source }) => ({
    event_index: BigInt(eventIndex), rule_id: ruleId, rule_title: ruleTitle, level, tags: [...tags], source: source ?? null,
  }));
  assert.deepEqual(rows, expected);
  assert.equal(tableFromIPC(rules.scan({}).toArrow()).numRows, 0);
  // Scans of lists and pushes give such tables too.
  assert.deepEqual(rules.scan(events).toArrow(), found.toArrow());
  assert.deepEqual(rules.stream().pushEvents(events).detections.toArrow(), found.toArrow());
  const about = compile('title: a\nlogsource: {category: c}\ndetection: {s: {rule_title: Many, event_index: 2}, condition: s}');
  assert.equal(about.scanArrow(found.toArrow()).length, 1);
  found[1].eventIndex = -1;
  assert.throws(() => found.toArrow(), ArgumentError);
  assert.throws(() => Detections.prototype.toArrow.call([1]), ArgumentError);
});

test('rows are pushed', async () => {
  const stream = compile([WHOAMI, `${OFTEN}  generate: true\n`]).stream();
  const own = tableToIPC(tableFromJSON([hit('anna', 1), hit('anna', 2)]));
  const pushed = stream.pushArrow(own);
  assert.deepEqual([pushed.events, pushed.detections.length], [2, 2]);
  const [second, third] = await Promise.all([stream.pushArrowAsync(own), stream.pushArrowAsync(own.slice())]);
  assert.deepEqual([second, third].map(({ detections }) => detections[0].eventIndex), [2, 4]);
  const alerts = [pushed, second, third].flatMap((each) => each.alerts).concat(stream.flush());
  assert.equal(alerts[0].ruleTitle, 'Often');
  assert.throws(() => stream.pushArrow(own.subarray(0, 99)), EventError);
  await assert.rejects(stream.pushArrowAsync(own.subarray(0, 99)), EventError);
  await assert.rejects(stream.pushArrowAsync(own, { signal: AbortSignal.abort() }), CancelledError);
  stream.close();
  assert.throws(() => stream.pushArrow(own), ClosedError);
});

test('a signal ends a scan', async () => {
  await assert.rejects(rules.scanArrowAsync(bytes, { signal: AbortSignal.abort(new Error('enough')) }), (error) => {
    assert.ok(error instanceof CancelledError);
    assert.equal(error.cause.message, 'enough');
    return true;
  });
  const count = 2_000_000;
  const keys = makeData({ type: new Dictionary(new Utf8(), new Int32()), length: count, data: new Int32Array(count), dictionary: vectorFromArray(['whoami.exe'], new Utf8()) });
  const long = tableToIPC(new Table({ Image: keys, Count: tableFromArrays({ n: new Float64Array(count) }).getChild('n') }));
  const ending = new AbortController();
  const scan = rules.scanArrowAsync(long, { signal: ending.signal, evidence: true });
  ending.abort();
  await assert.rejects(scan, CancelledError);
});

test('what is no table is an error of its class', async () => {
  for (const value of [undefined, null, 5, 'text', {}, [], plainTexts, new Float64Array(2)]) {
    assert.throws(() => rules.scanArrow(value), ArgumentError);
    await assert.rejects(rules.scanArrowAsync(value), ArgumentError);
    assert.throws(() => rules.stream().pushArrow(value), ArgumentError);
  }
  const gone = Uint8Array.from(bytes);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  assert.throws(() => rules.scanArrow(gone), ArgumentError);
  await assert.rejects(rules.scanArrowAsync(gone), ArgumentError);
  for (const text of ['', 'ARROW1', '{"a":1}\n', 'PAR1 and more of it', '\0\0\0\0', 'ARROW1\0\0ARROW1']) {
    assert.throws(() => rules.scanArrow(Buffer.from(text)), EventError, text);
    await assert.rejects(rules.scanArrowAsync(Buffer.from(text)), EventError, text);
  }
});

test('bytes that are cut off or damaged are an error, and never more', () => {
  for (const format of ['stream', 'file']) {
    const whole = tableToIPC(dictionaries, format);
    let told = 0;
    for (let length = 0; length < whole.length; length += 1) {
      try {
        rules.scanArrow(whole.subarray(0, length));
      } catch (error) {
        assert.ok(error instanceof EventError, `${length}: ${error.stack}`);
        told += 1;
      }
    }
    // A stream may end between two messages.
    assert.ok(format === 'file' ? told === whole.length : told > whole.length * 0.9, `${told} of ${whole.length}`);
    for (let at = 0; at < whole.length; at += 1) {
      for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
        const damaged = Uint8Array.from(whole);
        damaged[at] = value;
        try {
          rules.scanArrow(damaged);
        } catch (error) {
          assert.ok(error instanceof EventError, `${at}, ${value}: ${error.stack}`);
        }
      }
    }
  }
});
