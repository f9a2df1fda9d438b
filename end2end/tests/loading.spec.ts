import { expect, open, signUp, test } from "./fixtures";

const CODE = /\/pkg\/[0-9a-f]{16}\/keys\.wasm$/;

/** What the page asked the network for, by kind of file; nothing for what the browser had kept. */
function sent() {
  const files = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
  return files.filter(({ name, transferSize }) => /\/(pkg|fonts)\//.test(name) && transferSize > 0).map(({ name }) => name);
}

test("a page's code comes when the page is opened, and once", async ({ page }) => {
  const asked: string[] = [];
  page.on("request", (request) => {
    if (CODE.test(request.url())) asked.push(request.url());
  });
  await signUp(page);
  await open(page, "/");
  expect(asked).toEqual([]);
  await page.getByRole("link", { name: "Keys", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("API keys");
  expect(asked).toHaveLength(1);
  await page.getByRole("link", { name: "Usage", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Usage");
  await page.getByRole("link", { name: "Keys", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("API keys");
  expect(asked).toHaveLength(1);
});

test("a second visit loads nothing that a browser keeps", async ({ page }) => {
  await open(page, "/sign-in");
  expect(await page.evaluate(sent)).not.toEqual([]);
  await open(page, "/sign-in");
  expect(await page.evaluate(sent)).toEqual([]);
});

test("the way in does without the face of code and figures", async ({ page }) => {
  for (const path of ["/sign-in", "/sign-up"]) {
    await open(page, path);
    await page.evaluate(() => document.fonts.ready);
    const fonts = (await page.evaluate(sent)).filter((name) => name.includes("/fonts/"));
    expect(fonts.filter((name) => name.includes("mono"))).toEqual([]);
  }
});

test.describe("after another build was put in place", () => {
  // The browser itself reports what the test takes away.
  test.use({ allowed: /404/ });

  test("an open page goes on as one of that build", async ({ page }) => {
    await signUp(page);
    await open(page, "/usage");
    await page.route(CODE, (route) => route.fulfill({ status: 404 }), { times: 1 });
    const loaded = page.waitForEvent("load");
    await page.getByRole("link", { name: "Keys", exact: true }).click();
    await loaded;
    await expect(page.locator("html[data-awake]")).toBeAttached();
    await page.getByRole("link", { name: "Keys", exact: true }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("API keys");
  });
});
