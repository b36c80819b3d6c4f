import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, open, test } from "./open";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

for (const scheme of ["light", "dark"] as const) {
  for (const name of ["small", "hostile"] as const) {
    test(`axe finds nothing serious: ${name}, ${scheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme: scheme });
      await open(page, name);
      const look = async () => {
        await page.evaluate(axe);
        const found = await page.evaluate(async () => {
          const { violations } = await (window as unknown as { axe: { run(of: Document, options: object): Promise<{ violations: { id: string; impact: string; help: string; nodes: { html: string; failureSummary: string }[] }[] }> } }).axe.run(document, { resultTypes: ["violations"] });
          return violations.map((one) => `${one.impact} ${one.id}: ${one.help}\n${one.nodes.slice(0, 4).map((node) => `${node.html.slice(0, 200)}\n${node.failureSummary}`).join("\n")}`);
        });
        expect(found.filter((one) => /^(serious|critical)/.test(one))).toEqual([]);
        if (found.length) console.log(found.map((one) => one.split("\n")[0]).join("\n"));
      };
      await look();
      await page.locator("#assets tbody button").first().click();
      await look();
    });
  }
}

test("it has one heading of the first rank, landmarks, and names for all controls", async ({ page }) => {
  await open(page, "small");
  expect(await page.getByRole("heading", { level: 1 }).count()).toBe(1);
  for (const role of ["banner", "navigation", "main", "contentinfo"] as const) await expect(page.getByRole(role)).toHaveCount(1);
  const ranks = await page.locator("h1, h2, h3, h4").evaluateAll((all) => all.map((one) => Number(one.tagName[1])));
  ranks.forEach((rank, at) => expect(rank - (ranks[at - 1] ?? 0), `heading ${at}`).toBeLessThanOrEqual(1));
});
