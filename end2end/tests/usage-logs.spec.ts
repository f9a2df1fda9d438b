import { type Page } from "@playwright/test";

import { examine } from "./axe";
import { call, createFirstKey, expect, open, signUp, SIZES, test, THEMES } from "./fixtures";

/** A new account that has called twice with success, and once without a model that there is. */
async function called(page: Page) {
  await signUp(page);
  await open(page, "/");
  const key = await createFirstKey(page);
  await page.getByRole("button", { name: "Copy the key" }).click();
  for (let i = 0; i < 2; i++) expect((await call(page.request, key)).status()).toBe(200);
  const refused = await page.request.post("/v1/chat/completions", {
    headers: { Authorization: `Bearer ${key}`, "X-Request-ID": "mine-7" },
    data: { model: "no-such-model", messages: [{ role: "user", content: "Say hello" }] },
  });
  expect(refused.status()).toBe(404);
  await expect(page.getByText("Your first request has arrived.")).toBeVisible();
  await expect
    .poll(async () => {
      await page.goto("/logs");
      return page.locator("#log tbody tr").count();
    })
    .toBe(3);
  return { key, refused: refused.headers()["x-request-id"] ?? "" };
}

test("usage is read by keyboard, and every choice is in the address", async ({ page }) => {
  await called(page);
  await open(page, "/usage");
  const chart = page.getByRole("slider", { name: /^Requests by hour/ });
  await chart.focus();
  await expect(chart).toHaveAttribute("aria-valuetext", /smollm2-135m-instruct [12]/);
  await page.keyboard.press("Home");
  await expect(chart).toHaveAttribute("aria-valuetext", /: none$/);
  await expect(page.locator(".chart-at")).toHaveText(/, \d\d:00$/);

  await page.getByLabel("Group by").focus();
  await page.getByLabel("Group by").selectOption("By status");
  await expect(page).toHaveURL(/\/usage\?group=status$/);
  await expect(page.getByRole("row", { name: /^404/ })).toBeVisible();
  await expect(page.getByLabel("Group by")).toBeFocused();
  await page.getByLabel("Range", { exact: true }).selectOption("30 days");
  await expect(page).toHaveURL(/range=month&group=status$/);
  await expect(page.getByLabel("Bucket length").locator("option")).toHaveText(["By hour", "By day"]);
  await page.getByRole("link", { name: /^Errors/ }).click();
  await expect(page).toHaveURL(/metric=errors/);
  await page.getByRole("link", { name: "Table" }).click();
  await expect(page.getByRole("table", { name: "Errors over time" })).toBeVisible();

  await page.getByLabel("Status", { exact: true }).selectOption("5xx errors");
  await expect(page.getByText("No requests match these filters")).toBeVisible();
  await page.getByRole("link", { name: "Clear filters" }).click();
  await expect(page.getByRole("table", { name: "Errors over time" })).toBeVisible();

  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Export CSV" }).click();
  expect((await download).suggestedFilename()).toBe("assisters-usage.csv");
});

test("the log is walked by keyboard, and a request opens beside it", async ({ page }) => {
  const { refused } = await called(page);
  await open(page, "/logs");
  const rows = page.locator("#log tbody tr");
  await rows.first().getByRole("link").focus();
  await page.keyboard.press("Enter");
  const panel = page.getByRole("complementary", { name: "Request" });
  await expect(panel).toContainText(refused);
  await expect(panel).toContainText("No worker serves such a model.");
  await expect(panel).toContainText("mine-7");
  await page.keyboard.press("j");
  await expect(panel).not.toContainText(refused);
  await expect(panel.getByRole("row", { name: /^Model to first byte/ })).toBeVisible();
  await page.keyboard.press("k");
  await expect(panel).toContainText(refused);
  await page.keyboard.press("Escape");
  await expect(panel).toBeHidden();
  await expect(rows.first().getByRole("link")).toBeFocused();

  // What letters mean elsewhere they mean from here, too.
  await page.keyboard.press("g");
  await page.keyboard.press("k");
  await expect(page).toHaveURL("/keys");
  await page.goto(`/logs?request=${refused}`);
  await expect(panel).toContainText("model_not_found");
  await page.getByLabel("Request id").fill("req_none");
  await page.keyboard.press("Enter");
  await expect(panel).toContainText("There is no request with this id");
});

test("new requests come while the log is live, and none while it is not", async ({ page }) => {
  const { key } = await called(page);
  await open(page, "/logs");
  const rows = page.locator("#log tbody tr");
  await expect(rows).toHaveCount(3);
  await page.getByRole("button", { name: "Live" }).click();
  await expect(page.getByRole("button", { name: "Live" })).toHaveAttribute("aria-pressed", "true");
  expect((await call(page.request, key)).status()).toBe(200);
  await expect(rows).toHaveCount(4);
});

for (const colorScheme of THEMES) {
  for (const viewport of SIZES) {
    test.describe(`${colorScheme}, ${viewport.width} × ${viewport.height}`, () => {
      test.use({ colorScheme, viewport });

      test("axe finds nothing in usage and logs", async ({ page }) => {
        test.slow();
        const { refused } = await called(page);
        for (const path of [
          "/usage",
          "/usage?range=week&metric=latency&group=status",
          "/usage?view=table",
          "/usage?status=5xx",
          "/logs",
          `/logs?request=${refused}`,
          "/logs?status=5xx",
        ]) {
          await test.step(path, async () => {
            await open(page, path);
            await examine(page);
          });
        }
      });
    });
  }
}

test("neither page scrolls sideways at 320 pixels", async ({ page }) => {
  const { refused } = await called(page);
  await page.setViewportSize({ width: 320, height: 640 });
  for (const path of ["/usage", "/usage?view=table&metric=latency", "/logs", `/logs?request=${refused}`]) {
    await open(page, path);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(320);
  }
});

test("what the slowest choice on the usage page took to be painted is told", async ({ page }) => {
  await called(page);
  await open(page, "/usage?range=month&by=hour");
  await page.evaluate(() => {
    const slowest = { ms: 0 };
    Object.assign(window, { slowest });
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) slowest.ms = Math.max(slowest.ms, entry.duration);
    });
    observer.observe({ type: "event", durationThreshold: 16, buffered: true } as PerformanceObserverInit);
  });
  for (const name of ["Errors", "Latency", "Input tokens"]) {
    await page.getByRole("link", { name: new RegExp(`^${name}`) }).click();
    await expect(page.getByRole("slider", { name: new RegExp(`^${name} by hour`) })).toBeVisible();
  }
  const slowest = await page.evaluate(() => (window as unknown as { slowest: { ms: number } }).slowest.ms);
  console.log(`usage: the slowest interaction was painted after ${slowest} ms`);
});
