import { expect, MODEL, open, shell, signOut, signUp, test } from "./fixtures";

test("a stranger finds the docs, the status and the way in from the landing page", async ({ page }) => {
  await open(page, "/");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Open models behind an OpenAI-compatible API");
  await expect(page.getByRole("main").getByText(MODEL)).toBeVisible();
  await page.getByRole("banner").getByRole("link", { name: "Status" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Status");
  await expect(page.getByRole("row", { name: MODEL })).toContainText("Operational");
  await expect(page.getByText(/Updated \d\d:\d\d:\d\d UTC/)).toBeVisible();
  await page.getByRole("banner").getByRole("link", { name: "Docs" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Overview");
  await page.getByRole("navigation", { name: "Docs", exact: true }).getByRole("link", { name: "Errors" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Errors");
  await expect(page).toHaveTitle("Errors · Docs · Assisters");
  await page.getByRole("link", { name: "Next" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Rate limits");
});

test("signing up turns the public frame into the account's, and signing out back", async ({ page }) => {
  await open(page, "/docs");
  await page.getByRole("banner").getByRole("link", { name: "Sign up" }).click();
  await expect(page.getByRole("heading", { name: "Create an account" })).toBeVisible();
  const email = await signUp(page);
  await expect(page.getByText(email).first()).toBeVisible();
  await page.getByRole("link", { name: "Docs", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Overview");
  await expect(page.getByText(email).first()).toBeVisible();
  await signOut(page);
  await open(page, "/docs/errors");
  await expect(page.getByRole("banner").getByRole("link", { name: "Sign up" })).toBeVisible();
});

test("an example is copied in the chosen language, and stays chosen", async ({ page }) => {
  await open(page, "/docs/chat-completions");
  const code = page.locator(".code", { has: page.locator(".languages") }).first();
  await expect(code.getByRole("region", { name: "curl" })).toBeVisible();
  await code.getByRole("radio", { name: "Python" }).check();
  await expect(code.getByRole("region", { name: "Python" })).toBeVisible();
  await expect(code.getByRole("region", { name: "curl" })).toBeHidden();
  await code.getByRole("button", { name: "Copy the code" }).click();
  await expect(page.getByText("Copied the code")).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain("from openai import OpenAI");
  expect(copied).toContain(`model="${MODEL}"`);
  expect(await shell(`python3 -c 'import ast, sys; ast.parse(sys.stdin.read())' <<'END'\n${copied}\nEND\necho fine`)).toBe("fine\n");
});

test("a long table is there whole", async ({ page }) => {
  await open(page, "/docs/errors");
  const table = page.getByRole("region", { name: "Table: All codes" });
  const hidden = await table.evaluate((region) => region.scrollHeight - region.clientHeight);
  expect(hidden).toBe(0);
});

test("a heading's link is copied and leads back to it", async ({ page }) => {
  await open(page, "/docs/errors");
  await page.getByRole("link", { name: "Link to “What to retry”" }).click();
  await expect(page.getByText("Copied the link")).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toMatch(/\/docs\/errors#what-to-retry$/);
  await page.goto(link);
  await expect(page.getByRole("heading", { name: "What to retry" })).toBeInViewport();
});

test("the search is found by /, follows what is typed, and leads to a section", async ({ page }) => {
  const keys = page.keyboard;
  await open(page, "/docs");
  await keys.press("/");
  const field = page.getByRole("searchbox", { name: "Search the docs" });
  await expect(field).toBeFocused();
  await keys.type("pick up stream");
  await expect(page.getByRole("heading", { name: "Search results" })).toBeVisible();
  await expect(page).toHaveURL(/q=pick/);
  await expect(field).toBeFocused();
  // None of the pages is shown now.
  await expect(page.getByRole("navigation", { name: "Docs", exact: true }).locator("[aria-current]")).toHaveCount(0);
  await keys.press("Tab");
  const first = page.getByRole("link", { name: "Streaming › Pick up a stream that was cut" });
  await first.focus();
  await keys.press("Enter");
  await expect(page.getByRole("heading", { name: "Pick up a stream that was cut" })).toBeInViewport();
  await expect(page).toHaveURL(/\/docs\/streaming#/);
  // What a link should keep, a reload keeps.
  await open(page, "/docs?q=zzzz");
  await expect(field).toHaveValue("zzzz");
  await expect(page.getByText("Nothing found")).toBeVisible();
  await page.getByRole("link", { name: "Clear the search" }).click();
  await expect(page.getByRole("heading", { name: "Search results" })).toBeHidden();
  await expect(field).toHaveValue("");
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false, allowed: /assisters_bg.wasm was preloaded/ });

  test("the docs are read, searched and switched all the same", async ({ page }) => {
    await page.goto("/docs/streaming");
    const code = page.locator(".code", { has: page.locator(".languages") }).first();
    await code.getByRole("radio", { name: "Node" }).check();
    await expect(code.getByRole("region", { name: "Node" })).toBeVisible();
    await expect(page.getByRole("button", { name: "Copy the code" }).first()).toBeHidden();
    await page.getByRole("searchbox", { name: "Search the docs" }).fill("retry-after");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "Search results" })).toBeVisible();
    await page.getByRole("link", { name: /^Errors/ }).first().click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Errors");
  });
});
