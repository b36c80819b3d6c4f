// Makes one HTML file of the sources: `node build.mjs [OUT]`, by default the template that the crate holds.
//
//   src/*.tsx, src/*.css ─▶ esbuild ─▶ one script, one style, licences of what they hold ─▶ page.html with a policy that allows just these
//
// The same sources and lock file give the same bytes.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "../../common/src/page/page.html");

const bundle = await build({
  absWorkingDir: here,
  entryPoints: ["src/main.tsx"],
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "ascii",
  jsx: "automatic",
  jsxImportSource: "preact",
  define: { "process.env.NODE_ENV": '"production"' },
  legalComments: "none",
  metafile: true,
  outdir: "out",
  write: false,
});
const text = (end) => bundle.outputFiles.find((file) => file.path.endsWith(end)).text.trim();
const [script, style] = [text(".js"), text(".css")];
const hash = (of) => `'sha256-${createHash("sha256").update(of).digest("base64")}'`;

/** What every library in the bundle asks to be told. */
function licences() {
  const names = new Set();
  for (const file of Object.keys(bundle.metafile.inputs)) {
    const found = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file);
    if (found) names.add(found[1]);
  }
  return [...names].sort().map((name) => {
    const folder = join(here, "node_modules", name);
    const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((file) => /^licen[sc]e/i.test(file));
    if (!file || !existsSync(join(folder, file))) throw new Error(`${name} has no licence file`);
    return `${name} ${about.version} (${about.license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  }).join("\n---\n\n");
}

const notices = licences();
if (/<\/|<!--/.test(notices)) throw new Error("licences hold markup");
const policy = `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; base-uri 'none'; form-action 'none'`;
const shell = readFileSync(join(here, "src/shell.html"), "utf8");
const parts = { POLICY: policy, STYLE: style, SCRIPT: script, LICENCES: notices };
writeFileSync(out, shell.replace(/\{\{([A-Z]+)\}\}/g, (_, name) => parts[name]));
writeFileSync(join(dirname(out), "LICENCES.txt"), notices);
