import { readFile } from "node:fs/promises";

import { call, createFirstKey, expect, fillDoor, open, PASSWORD, signUp, test } from "./fixtures";

const NEW = "another sentence that is long";

// The browser itself reports answers of 400 and above.
test.use({ allowed: /the server responded with a status of 422/ });

test("name, password and the log's keeping are changed, all by keyboard", async ({ page }) => {
  const keys = page.keyboard;
  const email = await signUp(page);
  await page.getByRole("link", { name: "Settings" }).focus();
  await keys.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Settings");

  await page.getByLabel("Name (optional)").focus();
  await keys.type("Ada Lovelace");
  await keys.press("Enter");
  await expect(page.getByRole("status").getByText("Name saved.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Account Ada Lovelace" })).toBeVisible();

  const change = page.getByRole("link", { name: "Change password…" });
  await change.focus();
  await keys.press("Enter");
  const dialog = page.getByRole("dialog");
  const [current, next] = ["Current password", "New password"].map((label) => dialog.getByLabel(label, { exact: true }));
  await expect(current).toBeFocused();
  await keys.type("not the password at all");
  await next.focus();
  await keys.type("too short");
  await expect(dialog.getByRole("meter", { name: "Strength" })).toHaveAttribute("value", "1");
  await expect(dialog.getByText("Too short")).toBeVisible();
  await keys.press("Enter");
  await expect(next).toHaveAccessibleDescription(/at least 15 characters/i);
  await expect(next).toBeFocused();
  await next.fill(NEW);
  await expect(dialog.getByText("Strong")).toBeVisible();
  await keys.press("Enter");
  await expect(current).toHaveAccessibleDescription(/not your password/);
  await expect(current).toBeFocused();
  await current.fill(PASSWORD);
  await keys.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(page.getByText("Password changed. All other sessions have ended.")).toBeVisible();
  await expect(change).toBeFocused();

  await page.getByLabel("Keep the request log").selectOption("90 days");
  await page.getByRole("region", { name: "Data" }).getByRole("button", { name: "Save", exact: true }).focus();
  await keys.press("Enter");
  await expect(page.getByText("Older requests leave the log within the hour.")).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Keep the request log")).toHaveValue("90");

  await page.context().clearCookies();
  await page.goto("/sign-in");
  await fillDoor(page, email, NEW);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
});

test("another browser's session is seen and ended", async ({ page, browser, baseURL }) => {
  const email = await signUp(page);
  const other = await (await browser.newContext({ baseURL, userAgent: "Mozilla/5.0 (iPhone) Version/18.6 Safari/604.1" })).newPage();
  await other.goto("/sign-in");
  await fillDoor(other, email, PASSWORD);
  await other.getByRole("button", { name: "Sign in" }).click();
  await other.waitForURL("/");

  await open(page, "/settings");
  const row = page.getByRole("row", { name: /^Safari on iPhone/ });
  await expect(page.getByRole("row", { name: /^Chrome on Linux/ })).toContainText("This one");
  await row.getByRole("button", { name: "End Safari on iPhone" }).click();
  await expect(row).toBeHidden();
  await expect(page.getByText("Session ended.")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Sessions" })).toBeFocused();
  await other.goto("/keys");
  await expect(other.getByRole("heading", { level: 1 })).toHaveText("Sign in");
  await other.context().close();
});

test("all data is taken along, and the account deleted", async ({ page, request }) => {
  const email = await signUp(page);
  await open(page, "/");
  const key = await createFirstKey(page);
  expect((await call(request, key)).status()).toBe(200);
  await page.getByRole("button", { name: "Copy the key" }).click();
  await expect(page.getByText("Your first request has arrived.")).toBeVisible();

  await open(page, "/settings");
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export my data" }).click();
  const file = await (await downloading).path();
  const data = JSON.parse(await readFile(file, "utf8"));
  expect(data.account.email).toBe(email);
  expect(data.requests).toHaveLength(1);
  expect(JSON.stringify(data)).not.toContain(key);

  await page.getByRole("link", { name: "Delete account…" }).click();
  const dialog = page.getByRole("dialog");
  const confirm = dialog.getByLabel("E-mail");
  await confirm.fill("somebody@example.com");
  await dialog.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await dialog.getByRole("button", { name: "Delete account" }).click();
  await expect(confirm).toHaveAccessibleDescription(new RegExp(`Type ${email}`));
  await expect(confirm).toBeFocused();
  await confirm.fill(email);
  await dialog.getByRole("button", { name: "Delete account" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
  await expect(page.getByText("Your account is deleted.")).toBeVisible();
  expect((await call(request, key)).status()).toBe(401);
});

test("Back passes by a dialog that was closed", async ({ page }) => {
  await signUp(page);
  await open(page, "/settings");
  const dialog = page.getByRole("dialog");
  const close = [() => page.keyboard.press("Escape"), () => dialog.getByRole("link", { name: "Cancel" }).click()];
  for (const closeIt of close) {
    await page.getByRole("link", { name: "Change e-mail…" }).click();
    await expect(dialog).toBeVisible();
    await expect(page).toHaveURL(/\/settings\?email/);
    await closeIt();
    await expect(dialog).toBeHidden();
    await expect(page).toHaveURL(/\/settings$/);
    await page.goBack();
    await expect(page).toHaveURL(/\/settings$/);
    await expect(dialog).toBeHidden();
  }
});

test("the page's outline stays", async ({ page }) => {
  await signUp(page);
  await open(page, "/settings");
  await expect(page.getByRole("main")).toMatchAriaSnapshot(`
    - heading "Settings" [level=1]
    - region "Profile":
      - heading "Profile" [level=2]
      - textbox "Name (optional)"
      - button "Save name"
    - region "Password":
      - heading "Password" [level=2]
      - link "Change password…"
    - region "Second factor":
      - heading "Second factor" [level=2]
      - button "Set up…"
    - region "Sessions":
      - heading "Sessions" [level=2]
      - table "Browsers that are signed in"
    - region "Data":
      - heading "Data" [level=2]
      - combobox "Keep the request log"
      - button "Save"
      - button "Export my data"
    - region "Delete account":
      - heading "Delete account" [level=2]
      - link "Delete account…"
  `);
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false, allowed: /assisters_bg.wasm was preloaded/ });

  test("the password is changed and the account deleted", async ({ page }) => {
    const email = await signUp(page);
    await page.goto("/settings?password");
    await page.getByLabel("Current password", { exact: true }).fill(PASSWORD);
    await page.getByLabel("New password", { exact: true }).fill("short");
    await page.getByRole("button", { name: "Change password" }).click();
    const field = page.getByLabel("New password", { exact: true });
    await expect(field).toHaveAccessibleDescription(/at least 15 characters/i);
    await page.getByLabel("Current password", { exact: true }).fill(PASSWORD);
    await field.fill(NEW);
    await page.getByRole("button", { name: "Change password" }).click();
    await expect(page.getByText("Password changed.")).toBeVisible();

    await page.goto("/settings?delete");
    await page.getByRole("dialog").getByLabel("E-mail").fill(email);
    await page.getByRole("textbox", { name: "Password" }).fill(NEW);
    await page.getByRole("button", { name: "Delete account" }).click();
    await expect(page.getByText("Your account is deleted.")).toBeVisible();
  });
});
