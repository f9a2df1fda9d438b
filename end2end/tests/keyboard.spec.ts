import { type Page } from "@playwright/test";

import { call, createFirstKey, expect, freshEmail, open, PASSWORD, signUp, test } from "./fixtures";

/** Presses Tab until the focus has come round, and says what it met without a visible ring, and what it never met. */
async function walk(page: Page) {
  const all = await page.evaluate(() => {
    // Of radio buttons that belong together Tab meets the chosen one, and arrows lead to the others.
    const reachable = "a[href], button, input:not([type='radio']:not(:checked)), select, textarea, summary, [tabindex='0']";
    // What a modal dialog covers is out of reach, and is to be.
    const within = document.querySelector("dialog:modal") ?? document;
    const shown = [...within.querySelectorAll<HTMLElement>(reachable)].filter(
      (element) => element.checkVisibility({ visibilityProperty: true }) && element.tabIndex >= 0 && !element.matches(":disabled"),
    );
    shown.forEach((element, at) => (element.dataset.stop = String(at)));
    (document.activeElement as HTMLElement | null)?.blur();
    return shown.map((element) => element.outerHTML.slice(0, 100));
  });
  const met = new Set<number>();
  const ringless: string[] = [];
  for (let i = 0; i < 2 * all.length + 10; i++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      const style = getComputedStyle(element);
      const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
      return { stop: element.dataset.stop, ring, html: element.outerHTML.slice(0, 100) };
    });
    if (at.stop === undefined) continue;
    if (met.has(Number(at.stop))) break;
    met.add(Number(at.stop));
    if (!at.ring) ringless.push(at.html);
  }
  return { ringless, missed: all.filter((_, at) => !met.has(at)) };
}

test("every control of every page is reached by Tab and shows it", async ({ page, request }) => {
  const pages = async (paths: string[]) => {
    for (const path of paths) {
      await test.step(path, async () => {
        await open(page, path);
        expect(await walk(page)).toEqual({ ringless: [], missed: [] });
      });
    }
  };
  await pages(["/sign-in", "/sign-up", "/nowhere", "/", "/status", "/docs/models"]);
  await signUp(page);
  await pages(["/", "/keys", "/usage", "/logs", "/limits", "/playground", "/playground?mode=rerank", "/keys?create", "/limits?choose=startup", "/limits?ask", "/settings", "/settings?password"]);
  await open(page, "/");
  const key = await createFirstKey(page);
  expect((await call(request, key)).status()).toBe(200);
  await page.getByRole("button", { name: "Copy the key" }).click();
  await expect(page.getByText("Your first request has arrived.")).toBeVisible();
  await pages(["/", "/keys", "/usage", "/logs"]);
});

test("an account, a key, a request and a revocation, all by keyboard", async ({ page }) => {
  const keys = page.keyboard;
  await open(page, "/sign-up");
  await page.getByLabel("E-mail").focus();
  await keys.type(freshEmail());
  await keys.press("Tab");
  await keys.type(PASSWORD);
  await keys.press("Enter");
  await expect(page.getByRole("heading", { name: /^Welcome/ })).toBeVisible();

  await open(page, "/keys");
  await page.getByRole("main").getByRole("link", { name: "Create key" }).first().focus();
  await keys.press("Enter");
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByLabel("Name")).toBeFocused();
  await keys.type("ci");
  await keys.press("Enter");
  await expect(dialog.getByLabel("Copy this key now.")).toHaveValue(/^ask_/);
  await dialog.getByRole("button", { name: "Copy the key" }).focus();
  await keys.press("Enter");
  // Before it is copied, Esc asks once more.
  await expect(page.getByText("Copied the key")).toBeVisible();
  await keys.press("Escape");
  await expect(dialog).toBeHidden();

  const menu = page.getByRole("button", { name: "Actions for ci" });
  const toRevoke = async () => {
    await menu.focus();
    await keys.press("Enter");
    await page.getByRole("link", { name: "Revoke…" }).focus();
    await keys.press("Enter");
    await expect(dialog).toBeVisible();
  };
  await toRevoke();
  await keys.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(menu).toBeFocused();
  await toRevoke();
  await dialog.getByRole("button", { name: "Revoke key" }).focus();
  await keys.press("Enter");
  await expect(page.getByRole("row", { name: /ci/ })).toContainText("Revoked");

  await page.getByRole("link", { name: "Playground" }).focus();
  await keys.press("Enter");
  await page.getByLabel("Message", { exact: true }).focus();
  await keys.type("Write a very long story about a river.");
  await keys.press("Control+Enter");
  const answer = page.getByRole("article").last();
  await expect(answer).toContainText(/TTFT [\d,]+ ms/);
  await keys.press("Escape");
  await expect(answer).toContainText("Stopped");
});

test("the skip link leads past the navigation", async ({ page }) => {
  await signUp(page);
  await open(page, "/keys");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
});
