import { type Page } from "@playwright/test";

import { examine } from "./axe";
import { awake, createFirstKey, expect, open, signUp, SIZES, test, THEMES } from "./fixtures";

const palette = (page: Page) => page.getByRole("dialog", { name: "Command palette" });
const field = (page: Page) => page.getByRole("combobox", { name: "Find a page, an action, a key or docs" });

test("the palette finds pages, keys, docs and actions by keyboard alone", async ({ page }) => {
  await signUp(page);
  await createFirstKey(page);
  await open(page, "/usage");
  const range = page.getByRole("main").getByRole("combobox").first();
  await range.focus();

  await page.keyboard.press("Control+k");
  await expect(field(page)).toBeFocused();
  await expect(field(page)).toHaveAttribute("aria-expanded", "true");
  await expect(palette(page).getByRole("status")).toHaveText(/^\d+ matches$/);
  await page.keyboard.press("Escape");
  await expect(palette(page)).toBeHidden();
  await expect(range).toBeFocused();

  await page.keyboard.press("Control+k");
  await field(page).pressSequentially("li");
  const options = palette(page).getByRole("option");
  await expect(options.first()).toHaveText(/Limits/);
  const second = options.nth(1);
  await page.keyboard.press("ArrowDown");
  await expect(second).toHaveAttribute("aria-selected", "true");
  await expect(field(page)).toHaveAttribute("aria-activedescendant", (await second.getAttribute("id"))!);
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL("/limits");
  await expect(palette(page)).toBeHidden();
  await expect(page.getByRole("main")).toBeFocused();

  await page.keyboard.press("Control+k");
  await field(page).fill("first-key");
  await expect(options).toHaveCount(1);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/logs\?key=key_/);

  await page.keyboard.press("Control+k");
  await field(page).fill("idempot");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL("/docs/idempotency");

  await page.keyboard.press("Control+k");
  await field(page).fill("no such thing at all");
  await expect(palette(page).getByRole("status")).toHaveText("Nothing is called so.");
  await page.keyboard.press("Enter");
  await field(page).fill("sign out");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});

test("who has no keyboard opens the palette in the menu", async ({ page }) => {
  await signUp(page);
  await open(page, "/usage");
  await page.setViewportSize(SIZES[1]);
  const menu = page.getByRole("button", { name: "Menu" });
  await menu.click();
  await page.getByRole("button", { name: "Find…" }).click();
  await expect(field(page)).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(palette(page)).toBeHidden();
  await expect(menu).toBeFocused();
});

test("letters lead to pages, and do nothing while somebody types", async ({ page }) => {
  await signUp(page);
  await open(page, "/keys");
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await press("g", "u");
  await expect(page).toHaveURL("/usage");
  await press("g", "d");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Overview");
  await press("/");
  await expect(page.getByRole("searchbox")).toBeFocused();
  await press("g", "h");
  await expect(page.getByRole("searchbox")).toHaveValue("gh");
  await page.getByRole("link", { name: "Keys", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("API keys");
  await press("c");
  await expect(page.getByRole("dialog").getByLabel("Name")).toBeVisible();
  await page.getByRole("dialog").getByRole("link", { name: "Cancel" }).focus();
  await press("g", "h", "?");
  await expect(page).toHaveURL("/keys?create");
  await press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await press("?");
  const sheet = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(sheet).toContainText("Create key");
  await press("Escape");
  await expect(sheet).toBeHidden();
});

test("letters can be switched off, in the docs too, and the palette stays", async ({ page }) => {
  await signUp(page);
  await open(page, "/settings");
  const section = page.getByRole("region", { name: "Appearance" });
  await section.getByRole("radio", { name: "Off" }).check();
  await section.getByRole("button", { name: "Save" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-shortcuts", "off");
  await open(page, "/docs");
  await page.keyboard.press("/");
  await page.keyboard.press("g");
  await page.keyboard.press("u");
  await expect(page.getByRole("searchbox")).not.toBeFocused();
  await page.keyboard.press("Control+k");
  await field(page).fill("letter");
  await page.keyboard.press("Enter");
  await expect(palette(page)).toBeHidden();
  await expect(page).toHaveURL("/docs");
  await page.keyboard.press("g");
  await page.keyboard.press("u");
  await expect(page).toHaveURL("/usage");
});

test("a theme is chosen in the account's menu, and the next page comes in it at once", async ({ page, context }) => {
  await signUp(page);
  await open(page, "/");
  await page.getByRole("button", { name: "Account" }).click();
  const menu = page.getByRole("dialog", { name: "Account" });
  await expect(menu.getByRole("form", { name: "Theme: System" })).toBeVisible();
  await menu.getByRole("button", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await expect(page.locator("meta[name=theme-color]").first()).toHaveAttribute("content", "#111110");
  await awake(page);
  await page.getByRole("button", { name: "Account" }).click();
  await expect(menu.getByRole("form", { name: "Theme: Dark" })).toBeVisible();
  await expect(menu.getByRole("button", { name: "Dark" })).toHaveAttribute("aria-pressed", "true");

  // The document itself says it, before any script has run.
  const html = await (await context.request.get("/usage")).text();
  expect(html).toContain('data-theme="dark"');
  expect(html).toContain('<meta name="color-scheme" content="dark"');
  await open(page, "/settings");
  await expect(page.getByRole("radio", { name: "Dark" })).toBeChecked();
  await page.keyboard.press("Control+k");
  await field(page).fill("theme light");
  await page.keyboard.press("Enter");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
});

test("news stacks, waits for who looks at it, and can be closed", async ({ page }) => {
  await signUp(page);
  await open(page, "/settings");
  const toasts = page.locator(".toasts");
  await page.getByLabel("Name").fill("Ada");
  await page.getByRole("region", { name: "Profile" }).getByRole("button", { name: "Save" }).click();
  await expect(toasts).toHaveText("Name saved.");
  await toasts.getByText("Name saved.").hover();
  // Sent without the pointer, which holds the first.
  const log = page.locator("form").filter({ has: page.getByLabel("Keep the request log") });
  await log.evaluate((form: HTMLFormElement) => form.requestSubmit());
  await expect(toasts.locator(".toast")).toHaveCount(2);
  await toasts.getByRole("button", { name: "Close" }).first().click();
  await expect(toasts.locator(".toast")).toHaveCount(1);
  await expect(toasts).not.toContainText("Name saved.");
});

test.describe("without a network", () => {
  test.use({ allowed: /net::ERR_INTERNET_DISCONNECTED|Failed to fetch/ });

  test("a banner says so until it is back", async ({ page, context }) => {
    await signUp(page);
    await open(page, "/usage");
    await context.setOffline(true);
    await expect(page.getByText("You are offline.")).toBeVisible();
    await context.setOffline(false);
    await expect(page.getByText("You are offline.")).toBeHidden();
  });

  test("what was read stays with its time, and is read again on request", async ({ page, context }) => {
    await signUp(page);
    await open(page, "/logs");
    await expect(page.getByText("No requests in this range")).toBeVisible();
    await page.getByRole("link", { name: "Refresh" }).click();
    await context.setOffline(true);
    await page.getByRole("link", { name: "Refresh" }).click();
    await expect(page.getByText(/What shows below was updated \d\d:\d\d UTC\./)).toBeVisible();
    await expect(page.getByText("No requests in this range")).toBeVisible();
    await context.setOffline(false);
    await page.getByRole("button", { name: "Retry" }).click();
    await expect(page.getByText(/What shows below was updated/)).toBeHidden();
  });
});

test.describe("without a network for a while", () => {
  test.use({ allowed: /net::ERR_INTERNET_DISCONNECTED|Failed to fetch/ });

  test("limits and keys stay with their time", async ({ page, context }) => {
    await signUp(page);
    await createFirstKey(page);
    const stale = page.getByText(/What shows below was updated \d\d:\d\d UTC\./);
    await open(page, "/limits");
    await context.setOffline(true);
    await expect(stale).toBeVisible();
    await expect(page.getByRole("row", { name: /^Developer/ })).toBeVisible();
    await context.setOffline(false);
    await expect(stale).toBeHidden();

    await open(page, "/keys");
    await context.setOffline(true);
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange", { bubbles: true })));
    await expect(stale).toBeVisible();
    await expect(page.getByRole("row", { name: /^first-key/ })).toBeVisible();
    await context.setOffline(false);
    await page.getByRole("button", { name: "Retry" }).click();
    await expect(stale).toBeHidden();
  });
});

for (const colorScheme of THEMES) {
  for (const viewport of SIZES) {
    test.describe(`${colorScheme}, ${viewport.width} × ${viewport.height}`, () => {
      test.use({ colorScheme, viewport });

      test("axe finds nothing in what opens over pages", async ({ page }) => {
        await signUp(page);
        await open(page, "/keys");
        await page.keyboard.press("Control+k");
        await expect(field(page)).toBeFocused();
        await examine(page);
        await page.keyboard.press("Escape");
        await expect(palette(page)).toBeHidden();
        await page.keyboard.press("?");
        await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
        await examine(page);
        await page.keyboard.press("Escape");
        if (viewport.width < 640) await page.getByRole("button", { name: "Menu" }).click();
        await page.getByRole("button", { name: "Account" }).click();
        await expect(page.getByRole("dialog", { name: "Account" })).toBeVisible();
        await examine(page);
      });
    });
  }
}

test("a model that the address asks for and nobody serves is named", async ({ page }) => {
  await signUp(page);
  await open(page, "/playground?model=gone-7b");
  await expect(page.getByText("gone-7b is not served now")).toBeVisible();
});
