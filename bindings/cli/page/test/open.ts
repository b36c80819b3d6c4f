// Opens pages from disk, and fails a test when one asks for something, complains, or opens a dialog.
import { test as base, expect, type Page } from "@playwright/test";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { document, hostile } from "./documents";

export const places = join(import.meta.dirname, "../node_modules/.pages");
const made = {
  small: () => document({ incidents: 10, assets: 40, rules: 60 }),
  large: () => document({ incidents: 1_000, assets: 10_000, rules: 3_000 }),
  huge: () => {
    const own = document({ incidents: 20, assets: 400, rules: 100 });
    const more = Array.from({ length: 499_600 }, (_, at) => ({ id: `node-${at}`, zone: "office", level: 4 }));
    return { ...own, assets: [...(own.assets as object[]), ...more] };
  },
  hostile,
  empty: () => ({ form: "tieline.report/1" }),
  other: () => ({ form: 7, incidents: [null, 7, "x", {}, { id: "a", path: 3, findings: {}, score: [], hosts: [null] }], assets: { a: 1 }, rules: [[], { id: "r", detections: 3, first: 9, buckets: [[9, 1], 7, ["x", 2], [1.5, 1]] }], timeline: [{ start: "no" }], governance: 4, changes: [1], policy: true, left_out: "no", zones: [{}], conduits: [{}], privileged: [{}] }),
};
export type Name = keyof typeof made;

/** The page of a document, made by the code that makes it for users. */
export function file(name: Name): string {
  const page = join(places, `${name}-${process.pid}.html`);
  if (existsSync(page)) return page;
  mkdirSync(places, { recursive: true });
  const json = join(places, `${name}-${process.pid}.json`);
  writeFileSync(json, JSON.stringify(made[name]()));
  execFileSync(process.env.TIELINE_PAGE!, [json, page]);
  return page;
}
export const bytes = (name: Name): number => statSync(file(name)).size;

export async function open(page: Page, name: Name): Promise<void> {
  await page.goto(pathToFileURL(file(name)).href);
  await page.waitForSelector("html[data-ready]");
}

export const test = base.extend<{ quiet: string[] }>({
  quiet: [async ({ page }, use) => {
    const told: string[] = [];
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && told.push(message.text()));
    page.on("pageerror", (error) => told.push(String(error)));
    page.on("dialog", (dialog) => {
      told.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => !/^(file|blob):/.test(request.url()) && told.push(`asked for ${request.url()}`));
    page.on("popup", () => told.push("opened a window"));
    await use(told);
    expect(told).toEqual([]);
  }, { auto: true }],
});
export { expect };
