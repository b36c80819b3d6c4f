// Starts the collector as a user does, on a free port of the loopback interface, and talks HTTP to it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';

const directory = mkdtempSync(join(tmpdir(), 'collector-'));
const rulesPath = join(directory, 'rules.yml');
const program = new URL('collector.mjs', import.meta.url).pathname;
const running = new Set();
const RULES = `title: Failed
name: failed
logsource: {category: authentication}
detection: {s: {outcome: failure}, condition: s}
---
title: Guessing
id: 22222222-2222-4222-8222-222222222222
level: high
correlation:
  type: event_count
  rules: [failed]
  group-by: [user]
  timespan: 1m
  condition: {gte: 3}
`;
writeFileSync(rulesPath, RULES);

const failure = (user, second) => JSON.stringify({ user, outcome: 'failure', '@timestamp': `2026-11-26T04:00:${second}Z` });

after(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

/** A collector of its own, ready to take events. */
async function start(name, ...more) {
  const files = { alerts: join(directory, `${name}.ndjson`), state: join(directory, `${name}.state`) };
  const words = ['--rules', rulesPath, '--port', '0', '--alerts', files.alerts, '--state', files.state, ...more];
  const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const said = [];
  createInterface(child.stderr).on('line', (line) => said.push(line));
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), once(child, 'exit').then(() => [''])]);
  const base = line.match(/http:\/\/[\d.:]+/)?.[0];
  const call = async (path, init) => {
    const response = await fetch(base + path, init);
    return [response.status, await response.json()];
  };
  const post = (body, headers = {}) => call('/events', { method: 'POST', body, headers, duplex: 'half' });
  const end = async (signal = 'SIGTERM') => {
    child.kill(signal);
    const [status] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode];
    running.delete(child);
    return status;
  };
  const records = () => (existsSync(files.alerts) ? readFileSync(files.alerts, 'utf8').split('\n').filter(Boolean).map((text) => JSON.parse(text)) : []);
  return { base, call, child, end, files, post, records, said };
}

const lines = (...texts) => texts.join('\n');

test('events become alerts, in the file and over HTTP', async () => {
  const collector = await start('simple');
  const [status, told] = await collector.post(lines(failure('anna', '01'), 'x', failure('anna', '02'), failure('anna', '03')));
  assert.deepEqual([status, told.faults, told.firstFaults[0].event_index], [200, 1, 1]);
  const [, later] = await collector.post(gzipSync(failure('bert', '30')), { 'content-encoding': 'gzip' });
  assert.equal(told.alerts + later.alerts, 1);
  assert.deepEqual((await collector.call('/alerts'))[1].map((alert) => alert.group), [{ user: 'anna' }]);
  const [, health] = await collector.call('/health');
  assert.deepEqual([health.status, health.rules, health.events], ['ok', 1, 5]);
  assert.equal(await collector.end(), 0);
  assert.deepEqual(collector.records().map((alert) => [alert.rule_title, alert.count]), [['Guessing', 3]]);
});

test('what is wrong is refused, and the collector goes on', async () => {
  const collector = await start('wrong', '--body-max', '2000');
  const statuses = [];
  for (const [path, init] of [['/', {}], ['/events', {}], ['/health', { method: 'POST' }], ['/alerts?limit=x', {}],
    ['/events', { method: 'POST', body: 'x', headers: { 'content-encoding': 'br' } }],
    ['/events', { method: 'POST', body: 'x', headers: { 'content-encoding': 'gzip' } }],
    ['/events', { method: 'POST', body: '[{}]' }],
    ['/events', { method: 'POST', body: 'x'.repeat(3000) }],
    ['/events', { method: 'POST', body: gzipSync('x'.repeat(1_000_000)), headers: { 'content-encoding': 'gzip' } }]]) {
    statuses.push((await collector.call(path, init))[0]);
  }
  assert.deepEqual(statuses, [404, 405, 405, 400, 415, 400, 400, 413, 413]);
  assert.equal((await collector.post(failure('anna', '01')))[0], 200);
  assert.equal(await collector.end(), 0);
});

test('state goes on after an end', async () => {
  const first = await start('state');
  await first.post(lines(failure('anna', '01'), failure('anna', '02')));
  assert.equal(await first.end('SIGINT'), 0);
  const second = await start('state');
  assert.match(second.said.join('\n'), /1 groups go on/);
  await second.post(lines(failure('anna', '03'), failure('bert', '50')));
  assert.equal(await second.end(), 0);
  assert.deepEqual(second.records().map((alert) => alert.count), [3]);
});

test('state that is damaged is told, and not overwritten', async () => {
  writeFileSync(join(directory, 'damaged.state'), 'x');
  const collector = await start('damaged');
  assert.equal(collector.base, undefined);
  assert.notEqual(await collector.end(), 0);
  assert.match(collector.said.join('\n'), /StateError/);
  assert.equal(readFileSync(collector.files.state, 'utf8'), 'x');
});

test('rules change, and broken ones do not', async () => {
  const collector = await start('reload');
  await collector.post(lines(failure('anna', '01'), failure('anna', '02')));
  const hangUp = async (text, pattern) => {
    writeFileSync(rulesPath, text);
    collector.said.length = 0;
    collector.child.kill('SIGHUP');
    for (let tries = 0; tries < 200 && !pattern.test(collector.said.join('\n')); tries += 1) await new Promise((go) => setTimeout(go, 20));
    assert.match(collector.said.join('\n'), pattern);
  };
  await hangUp(`${RULES}---\ntitle: Other\nlogsource: {category: c}\ndetection: {s: {a: 1}, condition: s}\n`, /rules: 2, 1 groups go on/);
  await hangUp('title: [', /the rules stay as they are: there is no rule/);
  await hangUp(`${RULES}---\ntitle: Other\nlogsource: {category: c}\ndetection: {s: {a: 1}, condition: s}\n`, /rules: 2/);
  await collector.post(lines(failure('anna', '03'), failure('bert', '50'), '{"a":1}'));
  writeFileSync(rulesPath, RULES);
  assert.equal(await collector.end(), 0);
  assert.deepEqual(collector.records().map((record) => record.rule_title).sort(), ['Guessing', 'Other']);
});

test('a large body is taken piece by piece, and memory stays', async () => {
  const collector = await start('large', '--body-max', '1000000000');
  const piece = Buffer.from(`${JSON.stringify({ user: 'anna', outcome: 'success', text: 'x'.repeat(900) })}\n`.repeat(1000));
  const pieces = 100;
  const body = new ReadableStream({
    pull(control) {
      this.sent = (this.sent ?? 0) + 1;
      if (this.sent > pieces) control.close();
      else control.enqueue(piece);
    },
  });
  assert.equal((await collector.post(body))[0], 200);
  assert.equal((await collector.call('/health'))[1].events, pieces * 1000);
  const peak = Number(readFileSync(`/proc/${collector.child.pid}/status`, 'utf8').match(/VmHWM:\s+(\d+)/)[1]);
  assert.ok(peak < 400_000, `${peak} kB for ${(piece.length * pieces) >> 20} MiB`);
  assert.equal(await collector.end(), 0);
});

test('requests beyond the bound are told to come again, and an end waits for those that were begun', async () => {
  const collector = await start('busy', '--requests-max', '1');
  let finish;
  const body = new ReadableStream({
    start(control) {
      control.enqueue(Buffer.from(`${failure('anna', '01')}\n`));
      finish = () => {
        control.enqueue(Buffer.from(failure('anna', '02')));
        control.close();
      };
    },
  });
  const slow = collector.post(body);
  for (let tries = 0; tries < 100 && (await collector.call('/health'))[1].taking === 0; tries += 1);
  assert.equal((await collector.post('{}'))[0], 503);
  const ended = collector.end();
  setTimeout(finish, 50);
  assert.equal((await slow)[0], 200);
  assert.equal(await ended, 0);
});
