import { type Page } from "@playwright/test";

import { examine } from "./axe";
import { call, choose, expect, open, signUp, SIZES, test, THEMES } from "./fixtures";

/** Creates a key in the dialog, copies its secret, and closes. */
async function createKey(page: Page, name: string): Promise<string> {
  await open(page, "/keys?create");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByRole("button", { name: "Create key" }).click();
  return takeSecret(page);
}

/** Copies the secret that a dialog shows, and closes it. */
async function takeSecret(page: Page): Promise<string> {
  const dialog = page.getByRole("dialog");
  const field = dialog.getByLabel("Copy this key now.");
  await expect(field).toHaveValue(/^ask_[0-9A-Za-z]{32}$/);
  const secret = await field.inputValue();
  await dialog.getByRole("button", { name: "Copy the key" }).click();
  await expect(page.getByText("Copied the key")).toBeVisible();
  await dialog.getByRole("link", { name: "Done" }).click();
  await expect(dialog).toBeHidden();
  return secret;
}

const row = (page: Page, name: RegExp) => page.getByRole("row", { name });

test("a key is restricted, renamed, rotated and ended, all by keyboard", async ({ page, request }) => {
  await signUp(page);
  const first = await createKey(page, "prod-web");
  const keys = page.keyboard;
  const dialog = page.getByRole("dialog");
  /** From the row's button by Tab to the item, as it stands in the menu. */
  const pick = async (name: string, at: number) => {
    await page.getByRole("button", { name: `Actions for ${name}` }).focus();
    await keys.press("Enter");
    for (let i = 0; i < at; i++) await keys.press("Tab");
    await keys.press("Enter");
    await expect(dialog).toBeVisible();
  };

  await test.step("rename", async () => {
    await pick("prod-web", 1);
    await expect(dialog.getByLabel("Name")).toBeFocused();
    await keys.press("Control+A");
    await keys.type("web");
    await keys.press("Enter");
    await expect(dialog).toBeHidden();
    await expect(row(page, /^web/)).toBeVisible();
    await expect(page.getByRole("button", { name: "Actions for web" })).toBeFocused();
  });

  await test.step("restrict", async () => {
    await pick("web", 2);
    await dialog.getByRole("group", { name: "Endpoints" }).getByLabel("All").focus();
    await keys.press("ArrowRight");
    await keys.press("Tab");
    await expect(dialog.getByLabel("Chat")).toBeFocused();
    await keys.press("Space");
    await dialog.getByLabel("IP addresses").focus();
    await keys.type("10.0.0.0/8");
    await keys.press("Tab");
    await expect(dialog.getByLabel("Requests per minute")).toBeFocused();
    await keys.press("Enter");
    await expect(dialog).toBeHidden();
    await expect(row(page, /^web/)).toContainText("Chat · 1 IP");
    expect((await call(request, first)).status()).toBe(403);
    await pick("web", 2);
    await dialog.getByLabel("IP addresses").fill("");
    await dialog.getByRole("button", { name: "Save restrictions" }).focus();
    await keys.press("Enter");
    await expect(row(page, /^web/)).not.toContainText("1 IP");
    expect((await call(request, first)).status()).toBe(200);
  });

  const second = await test.step("rotate", async () => {
    await pick("web", 3);
    await dialog.getByLabel("24 hours").focus();
    await keys.press("ArrowUp");
    await keys.press("Enter");
    await expect(dialog.getByRole("heading")).toHaveText("“web” has a new secret");
    await expect(dialog).toContainText(/The old secret ask_.* works until/);
    const secret = await takeSecret(page);
    await expect(row(page, /^web/)).toContainText("Rotating");
    await expect(row(page, /^Old secret of web/)).toContainText("from 127.0.0.1");
    await expect(page.getByRole("button", { name: "Actions for web" })).toBeFocused();
    for (const key of [first, secret]) expect((await call(request, key)).status()).toBe(200);
    return secret;
  });

  await test.step("end the old secret", async () => {
    await page.getByRole("link", { name: "End the old secret now" }).focus();
    await keys.press("Enter");
    await dialog.getByRole("button", { name: "End the old secret now" }).focus();
    await keys.press("Enter");
    await expect(row(page, /^Old secret/)).toBeHidden();
    await expect(page.getByRole("button", { name: "Actions for web" })).toBeFocused();
    expect((await call(request, first)).status()).toBe(401);
    expect((await call(request, second)).status()).toBe(200);
  });

  await test.step("revoke, told what will break", async () => {
    await pick("web", 5);
    await expect(dialog).toContainText(/Last used .* from 127\.0\.0\.1/);
    await expect(dialog).toContainText("Requests with this key fail at once");
    await dialog.getByRole("button", { name: "Revoke key" }).focus();
    await keys.press("Enter");
    await expect(row(page, /^web/)).toContainText("Revoked");
    await expect(page.getByRole("button", { name: "Actions for web" })).toBeFocused();
    expect((await call(request, second)).status()).toBe(401);
  });
});

test("Back closes a dialog, and Esc leaves no step behind", async ({ page }) => {
  await signUp(page);
  await createKey(page, "ci");
  const dialog = page.getByRole("dialog");
  await choose(page, "ci", "Rotate…");
  await expect(dialog).toBeVisible();
  await expect(page).toHaveURL(/\/keys\?rotate=key_/);
  await page.goBack();
  await expect(dialog).toBeHidden();
  await expect(page).toHaveURL(/\/keys$/);
  await choose(page, "ci", "Restrictions…");
  await expect(dialog).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await page.goBack();
  await expect(page).toHaveURL(/\/keys$/);
  await expect(dialog).toBeHidden();
});

test("a secret that is left by Back before it is copied comes once more", async ({ page }) => {
  await signUp(page);
  await open(page, "/keys");
  const dialog = page.getByRole("dialog");
  await page.getByRole("link", { name: "Create key" }).first().click();
  await dialog.getByLabel("Name").fill("ci");
  await dialog.getByRole("button", { name: "Create key" }).click();
  const secret = await dialog.getByLabel("Copy this key now.").inputValue();
  await page.goBack();
  await expect(dialog.getByRole("alert")).toContainText("cannot be shown again");
  await expect(dialog.getByLabel("Copy this key now.")).toHaveValue(secret);
  await page.goBack();
  await expect(dialog).toBeHidden();
  await expect(row(page, /^ci/)).toBeVisible();
  await page.getByRole("link", { name: "Create key" }).click();
  await expect(dialog.getByLabel("Name")).toHaveValue("");
});

test("a secret that comes after its dialog was closed brings it back", async ({ page }) => {
  await signUp(page);
  await open(page, "/keys?create");
  const dialog = page.getByRole("dialog");
  let answer = () => {};
  const asked = new Promise<void>((resolve) => {
    void page.route("**/api/keys/create", async (route) => {
      resolve();
      await new Promise<void>((go) => (answer = go));
      await route.continue();
    });
  });
  await dialog.getByLabel("Name").fill("ci");
  await dialog.getByRole("button", { name: "Create key" }).click();
  await asked;
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  answer();
  await takeSecret(page);
  await expect(row(page, /^ci/)).toBeVisible();
});

test("Esc asks once while a secret is not copied, and then closes", async ({ page }) => {
  await signUp(page);
  await open(page, "/keys?create");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("ci");
  await dialog.getByRole("button", { name: "Create key" }).click();
  await expect(dialog.getByLabel("Copy this key now.")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog.getByRole("alert")).toContainText("cannot be shown again");
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(row(page, /^ci/)).toBeVisible();
  await expect(page.getByRole("link", { name: "Create key" })).toBeFocused();
});

test.describe("what cannot be", () => {
  // The browser itself reports answers of 400 and above.
  test.use({ allowed: /the server responded with a status of (4\d\d|500)/ });

  test("each slip is said at its field, and what was typed stays", async ({ page }) => {
    await signUp(page);
    await open(page, "/keys?create");
    const dialog = page.getByRole("dialog");
    const create = () => dialog.getByRole("button", { name: "Create key" }).click();
    await dialog.getByLabel("Name").fill("ci");
    await dialog.getByText("Restrictions").click();
    await dialog.getByLabel("IP addresses").fill("home\n10.0.0.0/8");
    await create();
    const ips = dialog.getByLabel("IP addresses");
    await expect(ips).toHaveAccessibleDescription(/“home” is no IP address/);
    await expect(ips).toBeFocused();
    await expect(ips).toHaveValue("home\n10.0.0.0/8");
    await ips.fill("127.0.0.1");
    await dialog.getByRole("group", { name: "Models" }).getByLabel("Only some").check();
    await create();
    await expect(dialog.getByRole("group", { name: "Models" })).toHaveAccessibleDescription(/at least one model/);
    await dialog.getByLabel("smollm2-135m-instruct").check();
    await dialog.getByLabel("Requests per minute").fill("11");
    await create();
    await expect(dialog.getByLabel("Requests per minute")).toHaveAccessibleDescription(/Your account has 10/);
    await dialog.getByLabel("Requests per minute").fill("5");
    await dialog.getByLabel("Expires").selectOption("On a date");
    await create();
    await expect(dialog.getByLabel("Date")).toHaveAccessibleDescription(/Choose a day/);
    await dialog.getByLabel("Expires").selectOption("In 30 days");
    await create();
    await takeSecret(page);
    await expect(row(page, /^ci/)).toContainText("1 model · 1 IP · 5 RPM");
  });

  test("a dialog that was closed upon a slip opens anew without it", async ({ page }) => {
    await signUp(page);
    await createKey(page, "ci");
    const dialog = page.getByRole("dialog");
    await choose(page, "ci", "Rename…");
    await dialog.getByLabel("Name").fill("");
    await page.keyboard.press("Enter");
    await expect(dialog.getByLabel("Name")).toHaveAccessibleDescription(/Give the key a name/);
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
    await choose(page, "ci", "Rename…");
    await expect(dialog.getByLabel("Name")).not.toHaveAttribute("aria-invalid");
    await dialog.getByLabel("Name").fill("runner");
    await page.keyboard.press("Enter");
    await expect(row(page, /^runner/)).toBeVisible();
  });

  test("a key that was revoked in another tab is told of", async ({ page, context }) => {
    await signUp(page);
    await createKey(page, "ci");
    await choose(page, "ci", "Rotate…");
    const other = await context.newPage();
    await other.goto("/keys");
    await choose(other, "ci", "Revoke…");
    await other.getByRole("dialog").getByRole("button", { name: "Revoke key" }).click();
    await expect(row(other, /^ci/)).toContainText("Revoked");
    await other.close();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Rotate key" }).click();
    await expect(dialog.getByRole("alert")).toContainText("This key was revoked");
    await page.keyboard.press("Escape");
    await expect(row(page, /^ci/)).toContainText("Revoked");
  });
});

test("the list reads in order", async ({ page }) => {
  await signUp(page);
  await createKey(page, "مفتاح 🔑");
  await expect(page.getByRole("main")).toMatchAriaSnapshot(`
    - heading "API keys" [level=1]
    - link "Create key"
    - paragraph: A key is shown once. Keep it on your servers, out of browsers and apps.
    - table "Your API keys":
      - rowgroup:
        - row "Name Key Access Last 24 h Last used Expires Status Actions"
      - rowgroup:
        - row:
          - rowheader "مفتاح 🔑"
          - cell /ask_.*…/
          - cell "All"
          - cell "None"
          - cell "Never"
          - cell "Never"
          - cell "Active"
          - cell:
            - button "Actions for مفتاح 🔑"
  `);
});

for (const colorScheme of THEMES) {
  for (const viewport of SIZES) {
    test.describe(`${colorScheme}, ${viewport.width}`, () => {
      test.use({ colorScheme, viewport });

      test("axe finds nothing in the list, its menu and its dialogs", async ({ page, request }) => {
        test.slow();
        await signUp(page);
        const secret = await createKey(page, "prod-web");
        expect((await call(request, secret)).status()).toBe(200);
        const dialog = page.getByRole("dialog");
        await choose(page, "prod-web", "Rotate…");
        await expect(dialog).toBeVisible();
        await examine(page);
        await page.getByRole("button", { name: "Rotate key" }).click();
        await expect(dialog.getByLabel("Copy this key now.")).toBeVisible();
        await examine(page);
        await takeSecret(page);
        await examine(page);
        for (const action of ["Rename…", "Restrictions…", "Revoke…"]) {
          await choose(page, "prod-web", action);
          await expect(dialog).toBeVisible();
          await examine(page);
          await page.keyboard.press("Escape");
          await expect(dialog).toBeHidden();
        }
        await page.getByRole("link", { name: "End the old secret now" }).click();
        await expect(dialog).toBeVisible();
        await examine(page);
        await page.keyboard.press("Escape");
        await open(page, "/keys?create");
        await page.locator("summary", { hasText: "Restrictions" }).click();
        await page.getByRole("group", { name: "Endpoints" }).getByLabel("Restricted").check();
        await page.getByRole("group", { name: "Models" }).getByLabel("Only some").check();
        await examine(page);
        await page.keyboard.press("Escape");
        await page.getByRole("button", { name: "Actions for prod-web" }).click();
        await examine(page);
      });
    });
  }
}

test("neither list nor form scrolls sideways at 320 pixels", async ({ page }) => {
  await signUp(page);
  await createKey(page, "W".repeat(50));
  await page.setViewportSize({ width: 320, height: 640 });
  for (const path of ["/keys", "/keys?create"]) {
    await open(page, path);
    if (path.endsWith("create")) await page.locator("summary", { hasText: "Restrictions" }).click();
    const widest = await page.evaluate(() => {
      const dialog = document.querySelector("dialog");
      return Math.max(document.documentElement.scrollWidth, dialog ? dialog.scrollWidth - dialog.clientWidth + 320 : 0);
    });
    expect(widest, path).toBeLessThanOrEqual(320);
  }
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false, allowed: /assisters_bg.wasm was preloaded/ });

  test("a key is restricted, renamed, rotated and ended by plain forms", async ({ page, request }) => {
    await signUp(page);
    await page.goto("/keys?create");
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("ci");
    await dialog.getByText("Restrictions").click();
    await dialog.getByRole("group", { name: "Endpoints" }).getByLabel("Restricted").check();
    await dialog.getByLabel("Chat").check();
    await dialog.getByLabel("List models").check();
    await dialog.getByRole("button", { name: "Create key" }).click();
    const field = page.getByLabel("Copy this key now.");
    const first = await field.inputValue();
    expect((await call(request, first)).status()).toBe(200);

    await page.goto("/keys");
    await expect(row(page, /^ci/)).toContainText("Chat, models");
    await choose(page, "ci", "Rename…");
    await dialog.getByLabel("Name").fill("runner");
    await dialog.getByRole("button", { name: "Rename key" }).click();
    await choose(page, "runner", "Restrictions…");
    await dialog.getByLabel("Requests per minute").fill("5");
    await dialog.getByRole("button", { name: "Save restrictions" }).click();
    await expect(row(page, /^runner/)).toContainText("Chat, models · 5 RPM");

    await choose(page, "runner", "Rotate…");
    await dialog.getByRole("button", { name: "Rotate key" }).click();
    const second = await field.inputValue();
    for (const key of [first, second]) expect((await call(request, key)).status()).toBe(200);
    await page.goto("/keys");
    await page.getByRole("link", { name: "End the old secret now" }).click();
    await dialog.getByRole("button", { name: "End the old secret now" }).click();
    await expect(row(page, /^Old secret/)).toBeHidden();
    expect((await call(request, first)).status()).toBe(401);
    expect((await call(request, second)).status()).toBe(200);
  });

  test("a slip comes back with its reason, unfolded", async ({ page }) => {
    await signUp(page);
    await page.goto("/keys?create");
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("ci");
    await dialog.getByText("Restrictions").click();
    await dialog.getByLabel("IP addresses").fill("home");
    await dialog.getByRole("button", { name: "Create key" }).click();
    await expect(dialog.getByLabel("IP addresses")).toBeVisible();
    await expect(dialog.getByLabel("IP addresses")).toHaveAccessibleDescription(/“home” is no IP address/);
  });
});
