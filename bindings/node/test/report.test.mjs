// Reports: events in, a document, Markdown and a page out; and clocks of sources.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArgumentError, ClosedError, EventError, Incidents, Report, compile } from 'tieline';
import { WHOAMI, hit, lines } from './samples.mjs';

const rules = compile(WHOAMI);

test('a report is made once, and tells what changed since the last', async () => {
  const first = new Report(rules);
  first.finish();
  const report = new Report(rules, { level: 'low', context: 'assets:\n  - {id: hmi, host: hmi-1}\n' });
  assert.throws(() => report.toJson(), ClosedError);
  report.push({ ...hit(), Computer: 'hmi-1', EventID: 1 }, 'here');
  assert.equal(report.pushLines(`${lines(hit())}\nx\n`, 'log').faults[0].eventIndex, 2);
  assert.equal((await report.pushLinesAsync(Buffer.from(lines(hit())))).events, 1);
  assert.equal(report.pushEvents([hit(), '{}']).events, 2);
  assert.throws(() => report.push('['), EventError);
  for (const since of [5, null, '', {}, '{', []]) assert.throws(() => report.finish(since), ArgumentError);
  const document = report.finish(first.toJson());
  assert.equal(document.events.read, 7);
  assert.equal(document.changes.incidents.new.length, document.incidents.length);
  assert.deepEqual(JSON.parse(report.toJson()), document);
  assert.match(report.toMarkdown(), /^# Security report/);
  assert.match(report.toHtml(), /^<!doctype html>/);
  for (const late of [() => report.push(hit()), () => report.finish()]) assert.throws(late, ClosedError);
  const next = new Report(rules);
  assert.equal(next.finish(document).changes.since, document.period.last);
});

test('clocks that are off are told, and put right when asked', () => {
  const skews = (options) => {
    const incidents = new Incidents(rules, options);
    for (let number = 0; number < 9; number += 1) {
      for (const [name, late] of [['it.log', 0], ['ot.log', 480]]) {
        const ts = 1_795_680_000 + number * number * 3_000 - late;
        incidents.push({ ts, 'id.orig_h': `10.0.0.${number}`, 'id.resp_h': '10.0.1.1', 'id.resp_p': 22 }, `${name}:1`);
      }
    }
    return incidents.skews().map((skew) => [skew.source, skew.offsetS, skew.pairs]);
  };
  assert.deepEqual(skews(), [['ot.log:events', 480, 9]]);
  assert.deepEqual(skews({ clockOffsetsS: { 'ot.log': 420 } }), [['ot.log:events', 60, 9]]);
  assert.throws(() => skews({ clockOffsetsS: 'x' }), ArgumentError);
});
