import { bytes, expect, open, test } from "./open";

const told = (name: string) => `search[aria-label="${name}"], [role=search][aria-label="${name}"]`;

test("an incident is found by search, level, zone, status and order, and opened", async ({ page }) => {
  await open(page, "small");
  const filters = page.locator(told("Incidents"));
  const choices = page.getByRole("option").and(page.locator(".choice"));
  await expect(filters.locator(".told")).toHaveText("10 incidents");
  await filters.getByLabel("Search").fill("controller stop");
  await expect(filters.locator(".told")).toHaveText(/^\d of 10 incidents$/);
  const title = await choices.first().locator(".name").innerText();
  expect(title).toContain("Controller Stop");
  await choices.first().click();
  await expect(page.locator("#incident-title")).toHaveText(title);
  for (const heading of ["The way", "What to do", "Score", "How far it got", "Stages", "Findings"]) await expect(page.locator("#incident").getByRole("heading", { name: heading })).toBeVisible();
  await filters.getByLabel("Search").fill("no such thing");
  await expect(page.getByText("No incident matches.")).toBeVisible();
  await filters.getByLabel("Search").fill("");
  await filters.getByLabel("Level").selectOption("critical");
  for (const one of await choices.all()) await expect(one).toContainText("Critical");
  await filters.getByLabel("Level").selectOption("");
  await filters.getByLabel("Status").selectOption("over");
  await choices.first().click();
  await expect(page.locator("#incident .over")).toContainText("Over");
  await filters.getByLabel("Status").selectOption("");
  await filters.getByLabel("Order").selectOption("level");
  await expect(choices.first()).toContainText("Critical");
  const scores = async () => (await choices.locator(".score").allInnerTexts()).map(Number);
  await filters.getByLabel("Order").selectOption("score");
  expect(await scores()).toEqual((await scores()).sort((one, other) => other - one));
  await filters.getByLabel("Zone").selectOption("dmz");
  await expect(filters.locator(".told")).toContainText("of 10");
});

test("the way is drawn over levels and zones, with crossing, conduit, alternatives and gap", async ({ page }) => {
  await open(page, "small");
  const filters = page.locator(told("Incidents"));
  await filters.getByLabel("Order").selectOption("lowest");
  await page.locator(".choice").first().click();
  const picture = page.locator(".picture > svg");
  await expect(picture.locator(".level").first()).toHaveText("Level 4");
  await expect(picture.locator(".level").last()).toHaveText("Level 1");
  await expect(picture.locator(".border")).toContainText("IT");
  await expect(picture.locator(".arrow")).toHaveCount(3);
  await expect(picture.locator(".arrow.crossing")).toHaveCount(1);
  await expect(picture).toContainText("rdp as msander");
  await expect(picture).toContainText("engineering-access");
  await expect(picture).toContainText("no conduit");
  await expect(page.locator(".steps > li")).toHaveCount(3);
  await expect(page.locator(".steps")).toContainText("IT to OT");
});

test("what the last host then did, not among the findings, is drawn beside the way", async ({ page }) => {
  await open(page, "small");
  const onward = page.locator(".picture > svg .arrow.onward");
  const hosts = page.locator(".picture > svg .stop");
  const seen = new Set<boolean>();
  for (const choice of await page.locator(".choice").all()) {
    await choice.click();
    if (!(await onward.count())) continue;
    await expect(onward).toContainText("not a finding");
    await expect(hosts.last()).not.toHaveClass(/end/);
    await expect(page.locator(".steps > li").last()).toContainText("not among the findings");
    await expect(page.locator(".steps > li")).toHaveCount((await hosts.count()) - 1);
    // What the incident does not tell of the device its asset does; a device that nothing tells of is in the zone of the host before.
    const isUnknown = (await hosts.last().locator(".host").textContent())!.startsWith("pump-9");
    await expect(hosts.last().locator(".role")).toHaveText(isUnknown ? /^$/ : /controller|critical/);
    await expect(page.locator(".picture > svg .zone", { hasText: "no known zone" })).toHaveCount(0);
    seen.add(isUnknown);
  }
  expect(seen.size).toBe(2);
});

test("a period that is chosen filters incidents, assets, operations and rules", async ({ page }) => {
  await open(page, "large");
  const count = async (name: string) => Number((await page.locator(told(name)).locator(".told").innerText()).replace(/[ ,].*$/, "").replace(",", ""));
  const before = await page.locator(told("Incidents")).locator(".told").innerText();
  expect(before).toBe("1,000 incidents");
  const chart = await page.locator(".chart svg").boundingBox();
  await page.locator("#timeline").scrollIntoViewIfNeeded();
  const box = (await page.locator(".chart svg").boundingBox())!;
  expect(chart).not.toBeNull();
  await page.mouse.move(box.x + box.width * 0.4, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 60, { steps: 4 });
  await page.mouse.up();
  await expect(page.locator("nav .period")).toBeVisible();
  await expect(page.locator(told("Incidents")).locator(".told")).toHaveText(/^\d+ of 1,000 incidents$/);
  expect(await count("Incidents")).toBeGreaterThan(10);
  await expect(page.locator(told("Rules")).locator(".told")).toContainText("of 3,000 rules");
  await expect(page.locator(told("Privileged operations")).locator(".told")).toContainText("of 400 operations");
  await page.locator("nav .period button").click();
  await expect(page.locator(told("Incidents")).locator(".told")).toHaveText("1,000 incidents");
  await page.getByLabel(/^From/).focus();
  for (let times = 0; times < 20; times++) await page.keyboard.press("ArrowRight");
  await expect(page.locator("nav .period")).toBeVisible();
  await expect(page.locator(told("Incidents")).locator(".told")).toContainText("of 1,000");
});

test("the matrix and the rules count what was found in the period", async ({ page }) => {
  await open(page, "small");
  const matrix = page.locator("#matrix");
  const found = async () => (await matrix.locator(".counts b").allInnerTexts()).map((text) => Number(text.replace(/,/g, "")));
  const rules = async () => (await page.locator("#rules tbody td:nth-child(5)").allInnerTexts()).map((text) => Number(text.replace(/,/g, "")));
  const [all, byRule] = [await found(), (await rules()).filter(Boolean)];
  expect(all.length).toBeGreaterThan(2);
  // The first of all parts: half of everything was found there.
  await page.getByLabel(/^To/).focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  await expect(page.locator("nav .period")).toBeVisible();
  expect(await found()).toEqual(all.map((one) => Math.ceil(one / 2)));
  expect((await rules()).sort((one, other) => one - other)).toEqual(byRule.map((one) => Math.ceil(one / 2)).sort((one, other) => one - other));
  // The last part, in which nothing was found.
  await page.getByLabel(/^To/).focus();
  await page.keyboard.press("End");
  await page.getByLabel(/^From/).focus();
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  expect(await found()).toEqual([]);
  await expect(page.locator("#attack")).not.toContainText("of the whole report");
});

test("assets are filtered, sorted and opened, and ten thousand rows are not drawn at once", async ({ page }) => {
  await open(page, "large");
  const table = page.getByRole("table", { name: "Assets" });
  await expect(table).toHaveAttribute("aria-rowcount", "10001");
  expect(await table.locator("tbody tr").count()).toBeLessThan(80);
  const filters = page.locator(told("Assets"));
  await filters.getByLabel("Zone").selectOption("pumping");
  await filters.getByLabel("Role").selectOption("controller");
  await filters.getByLabel("Status").selectOption("silent");
  await expect(filters.locator(".told")).toHaveText(/^[\d,]+ of 10,000 assets$/);
  for (const row of (await table.locator("tbody tr:not(.space)").all()).slice(0, 5)) await expect(row).toContainText("Silent");
  for (const name of ["Zone", "Role", "Status"]) await filters.getByLabel(name).selectOption("");
  const head = table.getByRole("columnheader", { name: "Asset", exact: true });
  await head.getByRole("button").click();
  await expect(head).toHaveAttribute("aria-sort", "ascending");
  const first = await table.locator("tbody tr:not(.space)").first().innerText();
  await head.getByRole("button").click();
  await expect(head).toHaveAttribute("aria-sort", "descending");
  expect(await table.locator("tbody tr:not(.space)").first().innerText()).not.toBe(first);
  await page.locator("#asset-rows").evaluate((own) => { own.scrollTop = own.scrollHeight; });
  await expect(table.locator('tr[aria-rowindex="10001"]')).toBeVisible();
  await filters.getByLabel("Search").fill("con-00");
  await table.locator("tbody button").first().click();
  await expect(page.getByRole("dialog")).toContainText("Purdue level");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("the matrix has both sides, and a technique opens its rules", async ({ page }) => {
  await open(page, "small");
  await page.getByRole("tab", { name: /Enterprise/ }).click();
  await expect(page.locator("#matrix")).toContainText("Lateral movement");
  await page.getByRole("tab", { name: /Enterprise/ }).press("ArrowRight");
  await expect(page.getByRole("tab", { name: /ICS/ })).toBeFocused();
  await expect(page.locator("#matrix")).toContainText("Impair process control");
  const before = await page.locator("#matrix li").count();
  await page.locator("#attack").getByLabel("Techniques", { exact: true }).selectOption("found");
  expect(await page.locator("#matrix li").count()).toBeLessThan(before);
  await page.locator("#matrix li button").first().click();
  await expect(page.getByRole("dialog")).toContainText("rule");
});

test("everything is reached by the keyboard alone", async ({ page }) => {
  await open(page, "small");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the report" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator("main")).toBeFocused();
  const list = page.getByRole("listbox");
  const seen = new Set<string>();
  for (let times = 0; times < 400; times++) {
    await page.keyboard.press("Tab");
    const on = await page.evaluate(() => {
      const own = document.activeElement;
      const box = own?.getBoundingClientRect();
      const style = own && getComputedStyle(own);
      return own && own !== document.body ? { section: own.closest("section[id]")?.id ?? own.tagName, isSeen: !!box && box.width > 0, ring: style!.outlineStyle !== "none" || own.tagName === "SUMMARY", html: own.outerHTML.slice(0, 120) } : null;
    });
    if (!on) break;
    seen.add(on.section);
    expect(on.isSeen, on.html).toBe(true);
    expect(on.ring, `focus is not seen on ${on.html}`).toBe(true);
  }
  expect([...seen]).toEqual(expect.arrayContaining(["overview", "timeline", "incidents", "assets", "zones", "attack", "rules", "privileged", "governance"]));
  await list.focus();
  await page.keyboard.press("Home");
  const first = await page.locator("#incident-title").innerText();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect(page.locator(".choice[aria-selected=true]")).toHaveAttribute("aria-posinset", "3");
  await page.keyboard.press("End");
  await expect(page.locator(".choice[aria-selected=true]")).toHaveAttribute("aria-posinset", "10");
  await expect(page.locator("#incident-title")).not.toHaveText(first);
  await page.keyboard.press("Enter");
  await expect(page.locator("#incident")).toBeFocused();
});

test("what the policy denies is told by flow and by reason", async ({ page }) => {
  await open(page, "small");
  await expect(page.locator("#privileged .figure")).toContainText("412 of 88,532 flows");
  await expect(page.getByRole("table", { name: "Flows that were denied" })).toContainText("histor-2");
  await expect(page.getByRole("table", { name: "Conduits" })).toContainText("dmz, remote");
});

test("what changed is told by name and opens", async ({ page }) => {
  await open(page, "small");
  const changes = page.locator("#changes");
  await expect(changes).toContainText("plc-3, firmware 4.1 → 4.5");
  await expect(changes).toContainText("Fire now: 1");
  const incident = changes.getByRole("button").first();
  const title = await incident.innerText();
  await incident.click();
  await expect(page.locator("#incident-title")).toHaveText(title);
  await expect(page.locator("#incident")).toBeFocused();
});

test("dark and light follow the system and the switch", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await open(page, "small");
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const dark = await ground();
  await page.getByLabel("Appearance").selectOption("light");
  // The page is drawn again a moment later.
  await expect.poll(ground).not.toBe(dark);
  const light = await ground();
  await page.emulateMedia({ colorScheme: "light" });
  await page.getByLabel("Appearance").selectOption("dark");
  await expect.poll(ground).toBe(dark);
  await page.getByLabel("Appearance").selectOption("auto");
  await expect.poll(ground).toBe(light);
});

test("an incident is found again by the address of the page", async ({ page }) => {
  await open(page, "small");
  await page.locator(".choice").nth(4).click();
  const [title, address] = [await page.locator("#incident-title").innerText(), page.url()];
  await page.goto("about:blank");
  await page.goto(address);
  await expect(page.locator("#incident-title")).toHaveText(title);
});

test("the document is saved as it was given", async ({ page }) => {
  await open(page, "hostile");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as JSON" }).click()]);
  expect(download.suggestedFilename()).toBe("tieline-report.json");
  const { createReadStream } = await import("node:fs");
  let text = "";
  for await (const part of createReadStream(await download.path(), "utf8")) text += part;
  expect(JSON.parse(text).form).toBe("tieline.report/1");
  expect(text).toContain("</script><script>alert(2)</script>");
});

test("a printed page holds the first incidents in full and says what it does not hold", async ({ page }) => {
  await open(page, "large");
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  await page.emulateMedia({ media: "print" });
  await expect(page.locator("#incidents article.detail")).toHaveCount(5);
  await expect(page.locator("#assets")).toContainText("9,940 further rows are in the page itself.");
  await expect(page.locator("nav")).toBeHidden();
  await page.emulateMedia({ media: "screen" });
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  await expect(page.locator("#incidents article.detail")).toHaveCount(1);
  expect((await page.pdf({ preferCSSPageSize: true, printBackground: true })).length).toBeGreaterThan(50_000);
});

test("a page without parts, or with parts of another shape, says so and does not break", async ({ page }) => {
  await open(page, "empty");
  await expect(page.getByText("No incident was found.")).toBeVisible();
  await expect(page.getByText("There is no earlier report to compare with.")).toBeVisible();
  await open(page, "other");
  await expect(page.getByRole("note")).toContainText("no report of the form");
  await page.locator(".choice").first().click();
  await expect(page.locator("#incident")).toBeVisible();
});

test("nothing is wider than a narrow window", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 800 });
  for (const name of ["small", "hostile"] as const) {
    await open(page, name);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBeLessThanOrEqual(360);
  }
});

test("a page of 1,000 incidents and 10,000 assets is small and soon there", async ({ page }) => {
  await open(page, "large");
  const times = await page.evaluate(() => performance.now());
  const typed = Date.now();
  await page.locator(told("Assets")).getByLabel("Search").fill("con-0001");
  await expect(page.locator(told("Assets")).locator(".told")).toContainText("of 10,000");
  console.log(`1,000 incidents, 10,000 assets, 3,000 rules: ${(bytes("large") / 1e6).toFixed(2)} MB, interactive after ${Math.round(times)} ms, a search takes ${Date.now() - typed} ms`);
  expect(bytes("large")).toBeLessThan(5_000_000);
});

test("half a million assets: the page says what it leaves out", async ({ page }) => {
  test.setTimeout(180_000);
  await open(page, "huge");
  console.log(`500,000 assets: ${(bytes("huge") / 1e6).toFixed(2)} MB, interactive after ${Math.round(await page.evaluate(() => performance.now()))} ms`);
  expect(bytes("huge")).toBeLessThan(5_000_000);
  await expect(page.getByRole("note")).toContainText("480,000 assets");
  await expect(page.getByRole("table", { name: "Assets" })).toHaveAttribute("aria-rowcount", "20001");
});
