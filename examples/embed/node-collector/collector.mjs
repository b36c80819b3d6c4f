// A collector: takes events over HTTP, correlates them, and writes what it finds as lines of JSON.
//
//  POST /events ─▶ gunzip ─▶ bounds ─▶ one stream of Tieline ─▶ alerts.ndjson     GET /alerts, /health
//                                            └─▶ state file, now and then and at the end ─▶ the next start
//
// It has neither TLS nor users; put it behind a proxy that has.

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { createServer } from 'node:http';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { createGunzip } from 'node:zlib';
import { EventError, LimitError, createTransform, loadAsync } from 'tieline';

const SHOWN_MAX = 1000;
const FAULTS_SHOWN_MAX = 10;
const SAVE_EVERY_MS = 10_000;
const PATIENCE_MS = 10_000;

const { values: options } = parseArgs({
  options: {
    rules: { type: 'string', multiple: true },
    source: { type: 'string', default: 'auto' },
    lateness: { type: 'string', default: '0s' },
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '8514' },
    alerts: { type: 'string', default: 'alerts.ndjson' },
    state: { type: 'string', default: 'collector.state' },
    'body-max': { type: 'string', default: '67108864' },
    'requests-max': { type: 'string', default: '16' },
  },
});

/** An answer that is no success. */
class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Passes so many bytes on, and no more. What a small gzip body unpacks to is counted too. */
function bounded(most) {
  let seen = 0;
  return new Transform({
    transform(chunk, _, done) {
      seen += chunk.length;
      done(seen > most ? new Refusal(413, `a body holds more than ${most} bytes; send it in pieces`) : null, chunk);
    },
  });
}

/** Writes lines to a file that may be slower than events come. */
class AlertFile {
  #file;
  shown = [];

  constructor(path) {
    this.#file = createWriteStream(path, { flags: 'a' });
    // Alerts that are lost in silence are worse than a collector that is gone.
    this.#file.on('error', (error) => stop(`alerts cannot be written: ${error.message}`, 1));
  }

  async write(record) {
    this.shown.push(record);
    if (this.shown.length > SHOWN_MAX) this.shown.shift();
    if (!this.#file.write(`${JSON.stringify(record)}\n`)) await once(this.#file, 'drain');
  }

  async close() {
    this.#file.end();
    await once(this.#file, 'close');
  }
}

/** The state of the stream, kept in a file that is whole at any time. */
async function save(stream) {
  const bytes = await stream.snapshotAsync();
  const file = await open(`${options.state}.new`, 'w');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${options.state}.new`, options.state);
}

async function restore(stream) {
  let bytes;
  try {
    bytes = await readFile(options.state);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  const { kept, dropped } = stream.restore(bytes);
  console.error(`state: ${kept} groups go on, ${dropped.length} correlations have changed`);
}

function unpacked(request) {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return [];
  if (encoding === 'gzip') return [createGunzip()];
  throw new Refusal(415, `the encoding \`${encoding}\` is not known; send gzip, or plain text`);
}

/** Takes the events of a body. Reading waits while events are scanned and alerts are written. */
async function take(request) {
  const faults = [];
  const counts = { detections: 0, alerts: 0, faults: 0, notCounted: 0 };
  const scan = createTransform(stream, { flush: false });
  scan.on('fault', (fault) => {
    counts.faults += 1;
    if (faults.length < FAULTS_SHOWN_MAX) faults.push(fault);
  });
  scan.on('notCounted', () => (counts.notCounted += 1));
  await pipeline(request, ...unpacked(request), bounded(Number(options['body-max'])), scan, async (records) => {
    for await (const record of records) {
      counts[record.kind === 'correlation' ? 'alerts' : 'detections'] += 1;
      await alerts.write(record);
    }
  });
  return { ...counts, firstFaults: faults };
}

function health() {
  const { events, late, groups, bytes } = stream.stats();
  return { status: stopping ? 'stopping' : 'ok', rules: stream.rules.size, correlations: stream.rules.correlations.length,
    events, late, groups, stateBytes: bytes, taking };
}

function shown(url) {
  const limit = Number(url.searchParams.get('limit') ?? 100);
  if (!Number.isSafeInteger(limit) || limit < 1) throw new Refusal(400, '`limit` is no whole number above 0');
  return alerts.shown.slice(-limit);
}

let taking = 0;

async function answer(request) {
  const url = new URL(request.url, 'http://collector');
  const route = `${request.method} ${url.pathname}`;
  if (route === 'GET /health') return health();
  if (route === 'GET /alerts') return shown(url);
  if (['/events', '/alerts', '/health'].includes(url.pathname)) {
    if (route !== 'POST /events') throw new Refusal(405, `\`${request.method}\` is not for \`${url.pathname}\``);
  } else {
    throw new Refusal(404, `there is no \`${url.pathname}\`; try /events, /alerts, /health`);
  }
  if (stopping) throw new Refusal(503, 'the collector ends; try again');
  if (taking >= Number(options['requests-max'])) throw new Refusal(503, 'too many requests at once; try again');
  taking += 1;
  try {
    return await take(request);
  } finally {
    taking -= 1;
  }
}

function statusOf(error) {
  if (error instanceof Refusal) return error.status;
  if (error instanceof LimitError) return 413;
  if (error instanceof EventError || error.code?.startsWith('Z_')) return 400;
  return 500;
}

async function respond(request, response) {
  let [status, body] = [200];
  try {
    body = await answer(request);
  } catch (error) {
    status = statusOf(error);
    if (status === 500) console.error(error);
    body = { error: error.message };
  }
  if (response.destroyed) return;
  // What was not read of a body would be taken for the next request.
  if (!request.complete || status === 503) response.setHeader('connection', 'close');
  if (status === 503) response.setHeader('retry-after', '1');
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}

let stopping = false;

/** Takes no more, ends what was begun, keeps the state. */
async function stop(why, status = 0) {
  if (stopping) return;
  stopping = true;
  console.error(why);
  clearInterval(saving);
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  setTimeout(() => server.closeAllConnections(), PATIENCE_MS).unref();
  await closed;
  if (status === 0) {
    // Alerts first: what the state holds as told must have been written.
    await alerts.close();
    await save(stream);
  }
  stream.close();
  process.exit(status);
}

async function reload() {
  try {
    const rules = await loadAsync(options.rules, { source: options.source });
    // Windows that are open go with their rules, so an unlucky file must not take all of them.
    if (rules.size + rules.correlations.length === 0) throw new Error('there is no rule without a fault');
    const { kept, dropped } = await stream.reloadAsync(rules);
    console.error(`rules: ${stream.rules.size}, ${kept} groups go on, ${dropped.length} correlations have changed`);
  } catch (error) {
    console.error(`the rules stay as they are: ${error.message}`);
  }
}

if (!options.rules) {
  console.error('give --rules with a file or directory');
  process.exit(2);
}
const rules = await loadAsync(options.rules, { source: options.source });
const stream = rules.stream({ lateness: options.lateness });
await restore(stream);
const alerts = new AlertFile(options.alerts);
const server = createServer({ requestTimeout: 60_000, headersTimeout: 10_000, keepAliveTimeout: 5_000 }, respond);
server.maxConnections = 4 * Number(options['requests-max']);
const saving = setInterval(() => save(stream).catch((error) => console.error(`state cannot be kept: ${error.message}`)), SAVE_EVERY_MS);
process.on('SIGTERM', () => stop('ends: SIGTERM'));
process.on('SIGINT', () => stop('ends: SIGINT'));
process.on('SIGHUP', reload);
server.listen(Number(options.port), options.host, () => {
  console.log(`listening on http://${options.host}:${server.address().port}, ${rules.size} rules`);
});
