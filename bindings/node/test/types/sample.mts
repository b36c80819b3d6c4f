// Every feature as a user of TypeScript writes it; it is checked and not run.
import { pipeline } from 'node:stream/promises';
import { createReadStream } from 'node:fs';
import { Alert, CancelledError, Detection, Discovery, Incidents, Learner, Normaliser, Rules, RuleError, Trust, check, compile, compileAsync, createTransform, load } from 'tieline';
import type { CompileOptions, Judgement, SeenAsset, Diagnostic, FileRecord, Pushed, StreamStats } from 'tieline';

const options: CompileOptions = { source: 'windows', timeUnit: 'ms', placeholders: { admins: ['anna'] } };
const rules: Rules = compile({ 'a.yml': 'title: x' }, options);
const others: Promise<Rules> = compileAsync(['title: x', ['b.yml', 'title: y']]);
const told: Diagnostic[] = check('title: x');
load(new URL('rules/', import.meta.url), { strict: true });

for (const detection of rules.scan([{ Image: 'x' }, Buffer.from('{}')], { level: 'high', evidence: true })) {
  const one: Detection = detection;
  const value: string | undefined = one.fields?.[0]?.value;
  console.log(one.ruleId?.toUpperCase(), one.eventIndex.toFixed(), value);
}
const titles: string[] = rules.scan('{}\n').map((detection) => detection.ruleTitle);
const found = await rules.scanAsync(new Uint8Array(4), { threads: 0, signal: AbortSignal.timeout(100) });
console.log(found.events, found.faults[0]?.message, titles, told, await others);

await using files = rules.scanFiles(['a.ndjson'], { lateness: '5m', progress: ({ bytes }) => console.log(bytes) });
for await (const record of files) {
  const own: FileRecord = record;
  console.log(own.file, own.line);
}
{
  using stream = rules.stream({ lateness: 5, alerts: 'repeat' });
  const pushed: Pushed = stream.push({ User: 'anna' }, 1n);
  const alerts: Alert[] = [...pushed.alerts, ...stream.advance(2n), ...(await stream.flushAsync())];
  const time: bigint | undefined = alerts[0]?.timeNs ?? stream.watermark;
  const stats: StreamStats = stream.stats();
  console.log(time, stats.setBack, stream.restore(stream.snapshot()).kept);
  await pipeline(createReadStream('a.ndjson'), createTransform(stream, { format: 'ndjson' }), process.stdout);
}
try {
  Rules.fromBuffer(rules.toBuffer());
} catch (error) {
  if (error instanceof RuleError) console.log(error.diagnostics[0]?.line, error.code === 'rules');
  if (error instanceof CancelledError) console.log(error.cause);
}

const address: unknown = new Normaliser({ taxonomy: 'tables/' }).records({ layers: {} })[0]?.['ot.address'];
console.log(address);
const discovery = new Discovery({ context: ['plant.yml'] });
const faults: string[] = (await discovery.pushLinesAsync('{}\n')).faults.map((fault) => fault.message);
const assets: SeenAsset[] = discovery.assets();
console.log(faults, assets[0]?.evidence[0]?.field, discovery.compare('other.csv')[0]?.was, discovery.stats().givenUp.links);
const trust = new Trust({ context: 'plant.yml', lateness: '5m' });
trust.push({ User: 'anna' }, 'a.log:1');
trust.advance(1n);
const judged: Judgement[] = trust.take();
console.log(judged[0]?.sessions[0]?.user, trust.stats().sessionsGivenUp, trust.restore(trust.snapshot()));
console.log(new Learner().proposal().length, new Learner({ taxonomy: 'tables/' }).givenUp.toFixed());
const incidents = new Incidents(compile(''), { context: 'plant.yml', quiet: '8h', hubPeers: 9, level: 'high' });
incidents.add({ time: new Date(), rule: 'edr-17', entities: { account: 'mk', hash: ['0a'] } });
for (const { path, score } of incidents) console.log(path.hops[0]?.levels?.[1], score.likelihoodTerms[0]?.why, path.gap);
const [change] = incidents.takeChanges();
console.log(change?.change === 'merged' ? change.into : change?.id, incidents.stats().givenUp, incidents.reload(compile('')).kept);
// @ts-expect-error there is no such kind
incidents.add({ time: '', rule: '', entities: { ghost: 'x' } });
// @ts-expect-error they need rules
new Incidents();
// @ts-expect-error there is no such form
discovery.inventory('xml');
// @ts-expect-error a trust needs a plant
new Trust();

// @ts-expect-error the unit is not known
compile('', { timeUnit: 'h' });
// @ts-expect-error time is a BigInt
rules.stream().advance(5);
// @ts-expect-error rules are made by `compile`
new Rules();
// @ts-expect-error a number is no event
rules.scan(5);
