// The package as a whole: entry points, types, workers, memory.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import * as imported from 'tieline';
import { WHOAMI, hit, lines } from './samples.mjs';

const rules = imported.compile(WHOAMI);

test('both entry points give the same, and the types name all of it', () => {
  const required = createRequire(import.meta.url)('tieline');
  const { default: all, ...names } = imported;
  assert.equal(all, required);
  assert.deepEqual({ ...names }, { ...required });
  const types = ['index', 'plant'].map((name) => readFileSync(new URL(`../lib/${name}.d.ts`, import.meta.url), 'utf8')).join('');
  const typed = [...types.matchAll(/^export (?:const|function|class) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual([...new Set(typed)].sort(), Object.keys(required).sort());
  for (const name of ['Rules', 'Stream', 'Normaliser', 'Discovery', 'Trust', 'Learner', 'Incidents', 'Report']) {
    const [body] = types.split(new RegExp(`^export class ${name}\\b[^{]*\\{`, 'm'))[1].split('\n}\n');
    const own = Object.getOwnPropertyNames(required[name].prototype).filter((member) => member !== 'constructor');
    for (const member of own) assert.match(body, new RegExp(`\\b${member}\\b[(:?]`), `${name}.${member}`);
  }
});

test('workers get rules as bytes, and end at any time', async () => {
  const code = `
    import { parentPort, workerData } from 'node:worker_threads';
    import { Rules } from ${JSON.stringify(new URL('../lib/index.mjs', import.meta.url).href)};
    const rules = Rules.fromBuffer(workerData.saved);
    const found = await rules.scanAsync(workerData.text, { threads: 2 });
    parentPort.postMessage([rules.scan(workerData.text).length, found.length]);
    if (workerData.stays) await rules.scanAsync(Buffer.from(workerData.text.repeat(20)));`;
  const workerData = { saved: rules.toBuffer(), text: `${lines(hit())}\n`.repeat(5_000) };
  const workers = [0, 1, 2, 3].map((at) => new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`),
    { workerData: { ...workerData, stays: at % 2 === 1 } }));
  await Promise.all(workers.map(async (worker, at) => {
    const [counts] = await once(worker, 'message');
    assert.deepEqual(counts, [5_000, 5_000]);
    if (at % 2 === 1) await worker.terminate();
  }));
});

test('a stream that is dropped, and rules that are dropped, are freed', async () => {
  const count = Number(process.env.TIELINE_DETECTIONS ?? 1_000_000);
  const text = Buffer.from(`${lines(hit())}\n`.repeat(10_000));
  const round = async () => {
    for (let made = 0; made < count / 4; made += 10_000) {
      assert.equal(rules.scan(text).length, 10_000);
      assert.throws(() => rules.scan('['), imported.EventError);
      const stream = rules.stream();
      stream.pushLines(text.subarray(0, 1_000));
      await new Promise(setImmediate);
    }
    globalThis.gc?.();
    return process.memoryUsage().rss;
  };
  await round();
  const before = await round();
  await round();
  const after = await round();
  assert.ok(after - before < 48 * 2 ** 20, `${before} grew to ${after}`);
});
