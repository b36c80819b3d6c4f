// Rules, and events in memory.

import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import { CancelledError, EventError, LoadError, RuleError, Rules, SavedError, check, compile, compileAsync, load, loadAsync } from 'tieline';
import { OFTEN, WHOAMI, hit, lines } from './samples.mjs';

const rules = compile(WHOAMI);

test('rules come from texts in every form', async () => {
  for (const texts of [WHOAMI, [WHOAMI], [['a.yml', WHOAMI]], { 'a.yml': WHOAMI }]) {
    assert.equal(compile(texts).size, 1);
    assert.equal((await compileAsync(texts)).rules[0].title, 'Whoami');
  }
  assert.equal(compile([WHOAMI, OFTEN]).correlations[0].type, 'event_count');
  assert.equal(compile({ 'a.yml': WHOAMI }).rules[0].path, 'a.yml');
});

test('rules come from files, by path and by URL', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tieline-'));
  const path = join(directory, 'a.yml');
  writeFileSync(path, WHOAMI);
  writeFileSync(join(directory, 'a.match.ndjson'), lines(hit()));
  writeFileSync(join(directory, 'a.silent.ndjson'), lines(hit()));
  for (const given of [path, [directory], pathToFileURL(path)]) assert.equal(load(given).size, 1);
  const loaded = await loadAsync(directory);
  assert.deepEqual([loaded.report().files, loaded.report().rules, loaded.report().leftOut], [1, 1, []]);
  const report = await loaded.test();
  assert.deepEqual([report.tested, report.failures.length], [1, 1]);
  assert.throws(() => load(join(directory, 'gone')), LoadError);
  await assert.rejects(loadAsync(join(directory, 'gone')), LoadError);
});

test('broken rules are errors with places, or diagnostics', async () => {
  const broken = WHOAMI.replace('endswith', 'endwith');
  const isPlaced = (error) => error instanceof RuleError && error.line === 7 && /did you mean `endswith`/.test(error.message);
  assert.throws(() => compile({ 'a.yml': broken }), isPlaced);
  await assert.rejects(compileAsync({ 'a.yml': broken }), isPlaced);
  const left = compile(broken, { strict: false });
  assert.deepEqual([left.size, left.diagnostics[0].line, left.diagnostics[0].endLine], [0, 7, 7]);
  assert.equal(check(broken)[0].code, left.diagnostics[0].code);
  assert.throws(() => left.explain('Whoami', {}), /was left out/);
});

test('events are scanned in every form', async () => {
  const [one, other] = [hit(), { Image: 'x' }];
  const text = lines(other, one, one);
  const forms = [text, Buffer.from(text), new TextEncoder().encode(text), new TextEncoder().encode(text).buffer,
    [other, one, one], new Set([other, one, { ...one }]), [JSON.stringify(other), Buffer.from(JSON.stringify(one)), one],
    (function* () { yield other; yield one; yield one; })()];
  for (const [at, form] of forms.entries()) {
    const found = rules.scan(form);
    assert.deepEqual([found.map((detection) => detection.eventIndex), found.events, found.faults], [[1, 2], 3, []], `form ${at}`);
  }
  for (const form of forms.slice(0, 7)) assert.equal((await rules.scanAsync(form, { threads: 2 })).length, 2);
  assert.deepEqual([rules.scan(one).length, rules.scan(other).length, (await rules.scanAsync(one)).length], [1, 0, 1]);
  assert.deepEqual([rules.scan('').events, rules.scan([]).events, rules.scan(Buffer.alloc(0)).length], [0, 0, 0]);
});

test('detections are plain to look at', () => {
  const [detection] = rules.scan(hit(), { evidence: true });
  assert.deepEqual({ ...detection }, {
    kind: 'detection', ruleId: '11111111-1111-4111-8111-111111111111', ruleTitle: 'Whoami', level: 'low', eventIndex: 0,
    tags: ['attack.t1033'], source: undefined, selections: ['tool'],
    fields: [{ selection: 'tool', field: 'Image', value: 'C:\\whoami.exe', pattern: "Image endswith '\\whoami.exe'" }],
    indicators: undefined,
  });
  assert.match(JSON.stringify(detection), /^\{"rule_id":"1111.*"event_index":0/);
  const found = rules.scan([hit(), hit()]);
  assert.ok(Array.isArray(found) && found.map((one) => one).constructor === Array);
  assert.equal(JSON.parse(JSON.stringify(found)).detections.length, 2);
});

test('what is asked holds for one call', () => {
  assert.equal(rules.scan(hit(), { level: 'high' }).length, 0);
  assert.equal(rules.scan(hit(), { tags: ['attack.t1033'], rules: ['whoami'] }).length, 1);
  assert.equal(rules.scan(hit(), { logsource: { category: 'webserver' } }).length, 0);
  assert.equal(rules.scan(hit(), {}).length, 1);
});

test('events that cannot be read are told and end nothing', () => {
  const found = rules.scan(`x\n${lines(hit())}\n{"a":`);
  assert.deepEqual([found.length, found.events, found.faults.map((fault) => fault.eventIndex)], [1, 3, [0, 2]]);
  assert.throws(() => rules.scanEvent('{"a":1,}'), (error) => error instanceof EventError && error.byte === 7);
  assert.throws(() => rules.scan('[{}]'), /give its members as a list/);
});

test('explanations tell why', () => {
  const explanation = rules.explain('Whoami', { Image: 'x' });
  assert.equal(explanation.matched, false);
  assert.match(String(explanation), /Image/);
  assert.deepEqual(rules.fields().map(({ field }) => field), ['Image']);
});

test('saved rules find the same', async () => {
  const fixed = compile(WHOAMI, { source: 'none' });
  for (const saved of [rules, fixed].map((own) => own.toBuffer())) {
    assert.equal(Rules.fromBuffer(saved).scan(hit()).length, 1);
    assert.equal((await Rules.fromBufferAsync(new Uint8Array(saved))).scan(hit()).length, 1);
    saved[saved.length - 1] ^= 1;
    assert.throws(() => Rules.fromBuffer(saved), SavedError);
    await assert.rejects(Rules.fromBufferAsync(saved), SavedError);
  }
});

test('a signal ends a scan, before it and within it', async () => {
  await assert.rejects(rules.scanAsync(hit(), { signal: AbortSignal.abort('enough') }), (error) =>
    error instanceof CancelledError && error.cause === 'enough');
  const text = Buffer.from(`${lines(hit())}\n`.repeat(400_000));
  for (const threads of [1, 2]) {
    const control = new AbortController();
    const scan = rules.scanAsync(text, { threads, signal: control.signal });
    setTimeout(() => control.abort(), 5);
    await assert.rejects(scan, CancelledError);
  }
  const control = new AbortController();
  assert.equal((await rules.scanAsync(hit(), { signal: control.signal })).length, 1);
  control.abort();
});

test('bytes may be changed and transferred while a promise is open', async () => {
  const text = new Uint8Array(Buffer.from(`${lines(hit())}\n`.repeat(10_000)));
  const scan = rules.scanAsync(text);
  text.fill(0);
  structuredClone(text.buffer, { transfer: [text.buffer] });
  assert.equal((await scan).length, 10_000);
});
