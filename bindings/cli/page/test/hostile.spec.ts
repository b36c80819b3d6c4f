import { HOSTILE } from "./documents";
import { expect, file, open, test } from "./open";
import { readFileSync } from "node:fs";

test("text that looks like script or markup is shown as text at every place", async ({ page }) => {
  await page.addInitScript(() => {
    for (const name of ["alert", "confirm", "prompt", "open"]) Object.defineProperty(window, name, { value: () => { document.documentElement.dataset.pwned = name; } });
  });
  await open(page, "hostile");
  for (let at = 0; at < 10; at++) {
    await page.getByRole("listbox").press(at ? "ArrowDown" : "Home");
    await page.locator("#incident details").evaluateAll((all) => all.forEach((one) => { (one as HTMLDetailsElement).open = true; }));
  }
  await page.locator("#assets tbody button").first().click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await page.locator("#matrix button").first().click();
  await page.keyboard.press("Escape");
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  expect(await page.locator("html").getAttribute("data-pwned")).toBeNull();
  expect(await page.locator("#page script, #page img, #page iframe, #page b b, #page [onload], #page [onerror], #page a[href^=javascript]").count()).toBe(0);
  const blind = page.locator("#blind .cards li strong");
  await expect(blind.nth(0)).toHaveText(HOSTILE[0]!);
  await expect(blind.nth(1)).toHaveText(HOSTILE[1]!);
});

test("signs that turn text or are not seen are written out", async ({ page }) => {
  await open(page, "hostile");
  const shown = await page.locator("#blind").innerText();
  for (const sign of ["U+202E", "U+2028", "U+2029", "U+0000", "U+200B", "U+D800", "U+DC00"]) expect(shown).toContain(`\u27e8${sign}\u27e9`);
  expect(shown).toContain("עברית العربية 漢字 ไทย 🏭👩🏽‍🔧");
  expect(await page.evaluate(() => /[\u202a-\u202e\u2066-\u2069]/.test(document.body.innerText))).toBe(false);
});

test("the policy of the page allows its own script and style and nothing else", async ({ page, quiet }) => {
  const html = readFileSync(file("hostile"), "utf8");
  expect(html).toMatch(/content="default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'"/);
  expect(html).not.toMatch(/alert\(|<b>/);
  await open(page, "small");
  const refused = await page.evaluate(async () => {
    const script = document.createElement("script");
    script.textContent = "document.documentElement.dataset.pwned = 'yes'";
    document.body.append(script);
    return document.documentElement.dataset.pwned ?? "refused";
  });
  expect(refused).toBe("refused");
  expect(quiet.splice(0).join()).toContain("violates the following Content Security Policy");
});
