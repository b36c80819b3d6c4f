// The examples of the README print what their comments say.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const examples = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);
// Inside the package, so that it finds itself by name.
const directory = new URL('../target/readme/', import.meta.url);
mkdirSync(directory, { recursive: true });

for (const [at, code] of examples.entries()) {
  test(`example ${at + 1}`, async () => {
    const file = new URL(`${at}.mjs`, directory);
    writeFileSync(file, code);
    const { stdout } = await promisify(execFile)(process.execPath, [file.pathname]);
    const expected = [...code.matchAll(/console\.log\(.*\/\/ (.*)$/gm)].flatMap(([, text]) => text.split(', then '));
    assert.ok(expected.length > 0);
    assert.deepEqual(stdout.trim().split('\n').sort(), expected.sort());
  });
}
