// Files.

import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'node:test';
import { ArgumentError, CancelledError, compile } from 'tieline';
import { OFTEN, WHOAMI, hit, lines } from './samples.mjs';

const rules = compile(WHOAMI);
const directory = mkdtempSync(join(tmpdir(), 'tieline-'));

function file(name, content) {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

test('files are scanned, compressed ones too, and faults are told', async () => {
  const paths = [file('a.ndjson', `${lines(hit(), {})}\nx\n`), file('b.ndjson.gz', gzipSync(lines(hit()))), join(directory, 'gone')];
  const [faults, progress] = [[], []];
  const scan = rules.scanFiles(paths, { event: true, onFault: (fault) => faults.push(fault), progress: (told) => progress.push(told) });
  assert.equal(scan.totals, undefined);
  const records = [];
  for await (const record of scan) records.push(record);
  const found = records.map((record) => [record.ruleTitle, record.line, record.event.User]).sort();
  assert.deepEqual(found, [['Whoami', 1, 'anna'], ['Whoami', 1, 'anna']]);
  assert.deepEqual([...new Set(faults.map((fault) => fault.kind))].sort(), ['badEvent', 'badFile']);
  assert.deepEqual([scan.totals.files, scan.totals.events, scan.totals.badEvents, scan.totals.detections], [2, 4, 1, 2]);
  assert.ok(progress.at(-1).events >= 3);
  assert.equal(records[0].toJSON().rule_title, 'Whoami');
});

test('correlations of files', async () => {
  const path = file('c.ndjson', lines(hit('anna', 1), hit('anna', 2)));
  const records = [];
  for await (const record of compile([WHOAMI, OFTEN]).scanFiles(path, { lateness: '5m' })) records.push(record);
  assert.deepEqual(records.map((record) => [record.kind, record.count, record.events.length]), [['correlation', 2, 2]]);
});

const many = () => file('many.ndjson', `${lines(hit())}\n`.repeat(200_000));

test('a scan ends when the loop does', async () => {
  let count = 0;
  for await (const _ of rules.scanFiles(many())) if ((count += 1) === 10) break;
  assert.equal(count, 10);
  const scan = rules.scanFiles(many());
  await scan[Symbol.asyncDispose]();
  assert.equal((await scan.next()).done, true);
});

test('findings that are asked for at once come in order', async () => {
  const scan = rules.scanFiles(file('d.ndjson', lines(hit(), hit(), hit())));
  const taken = await Promise.all([1, 2, 3, 4, 5].map(() => scan.next()));
  assert.deepEqual(taken.map(({ value }) => value?.line), [1, 2, 3, undefined, undefined]);
});

test('a signal ends a scan, also one that follows', async () => {
  const collect = async (scan) => {
    for await (const _ of scan);
  };
  await assert.rejects(collect(rules.scanFiles(many(), { signal: AbortSignal.timeout(5) })), CancelledError);
  const path = file('grows.ndjson', `${lines(hit())}\n`);
  const control = new AbortController();
  const scan = rules.scanFiles(path, { follow: true, signal: control.signal });
  assert.equal((await scan.next()).value.line, 1);
  appendFileSync(path, `${lines(hit())}\n`);
  assert.equal((await scan.next()).value.line, 2);
  setTimeout(() => control.abort('over'), 20);
  await assert.rejects(scan.next(), (error) => error instanceof CancelledError && error.cause === 'over');
  assert.throws(() => rules.scanFiles(path, { signal: AbortSignal.abort() }), CancelledError);
});

test('what a callback throws ends the scan', async () => {
  const scan = rules.scanFiles(many(), { progress: () => { throw new RangeError('mine'); } });
  await assert.rejects((async () => { for await (const _ of scan); })(), RangeError);
  assert.equal((await scan.next()).done, true);
});

test('options and paths of files are checked', () => {
  for (const paths of [undefined, 5, [null], 'a\0b']) assert.throws(() => rules.scanFiles(paths), ArgumentError);
  assert.throws(() => rules.scanFiles('a', { format: 'xml' }), ArgumentError);
  assert.throws(() => rules.scanFiles('a', { followIdle: 'x', follow: true }), /`followIdle`/);
});
