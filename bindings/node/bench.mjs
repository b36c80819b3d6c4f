// Rates of this package on one thread, over a file with one event a line.
//
//   node bench.mjs --rules DIRECTORY [--source NAME] [--rust EVENTS_PER_SECOND] FILE.ndjson
//
// Answers are compared before times: every form must find the same. The rate of Rust over the same file comes from
// `cargo bench` of the waist, or from `tieline scan --threads 1`.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { load } from './lib/index.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rules: { type: 'string' }, source: { type: 'string', default: 'auto' }, rust: { type: 'string' }, runs: { type: 'string', default: '30' } },
});
if (!values.rules || positionals.length !== 1) throw new Error('give --rules DIRECTORY and a file');
const stored = readFileSync(positionals[0]);
const text = stored[0] === 0x1f ? gunzipSync(stored) : stored;
const objects = text.toString('utf8').split('\n').filter((line) => line).map((line) => JSON.parse(line));
const rules = load(values.rules, { source: values.source });
console.log(`${rules.size} rules, ${objects.length} events of ${Math.round(text.length / objects.length)} bytes, Node ${process.version}`);

const count = rules.scan(text).length;
const forms = {
  'scan(Buffer)': () => rules.scan(text),
  'scan(Buffer), evidence': () => rules.scan(text, { evidence: true }),
  'scan(Buffer), 2 threads': () => rules.scan(text, { threads: 2 }),
  'scanAsync(Buffer)': () => rules.scanAsync(text),
  'scan(objects)': () => rules.scan(objects),
  'scan(object), one by one': () => objects.flatMap((event) => rules.scan(event)),
  'stream.pushLines(Buffer)': () => {
    const stream = rules.stream();
    const { detections } = stream.pushLines(text);
    stream.close();
    return detections;
  },
};
for (const [name, work] of Object.entries(forms)) {
  const seconds = [];
  for (let run = 0; run < Number(values.runs); run += 1) {
    const start = process.hrtime.bigint();
    const found = await work();
    seconds.push(Number(process.hrtime.bigint() - start) / 1e9);
    if (found.length !== count) throw new Error(`${name} found ${found.length} instead of ${count}`);
  }
  const best = objects.length / Math.min(...seconds);
  const share = values.rust ? `  ${(best / Number(values.rust)).toFixed(3)} of Rust` : '';
  console.log(`${name.padEnd(26)} ${Math.round(best).toLocaleString('en').padStart(12)} events/s${share}`);
}
console.log(`${count} detections in every form`);
