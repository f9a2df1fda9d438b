import { readFile } from "node:fs/promises";

import { type Page } from "@playwright/test";

import { appShows, keepCodes, setUp } from "./authenticator";
import { ageSessions, call, expect, fillDoor, open, PASSWORD, signOut, signUp, test } from "./fixtures";

// The browser itself reports answers of 400 and above.
test.use({ allowed: /the server responded with a status of (401|403|422)/ });

async function signInTo(page: Page, email: string) {
  await page.context().clearCookies();
  await open(page, "/sign-in");
  await fillDoor(page, email, PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Enter a code");
}

test("it is set up, signed in with, recovered from and turned off, all by keyboard", async ({ page }) => {
  const keys = page.keyboard;
  const email = await signUp(page);
  await open(page, "/settings");
  await page.getByRole("button", { name: "Set up…" }).focus();
  await keys.press("Enter");
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("img", { name: "QR code" })).toBeVisible();
  const code = dialog.getByLabel("Code that the app shows");
  await expect(code).toBeFocused();
  await keys.type("000000");
  await keys.press("Enter");
  await expect(code).toHaveAccessibleDescription(/not the code/);
  await expect(code).toBeFocused();
  const secret = await dialog.getByLabel("Secret", { exact: true }).inputValue();
  await code.fill(appShows(secret));
  await keys.press("Enter");
  const codes = dialog.getByRole("listitem");
  await expect(codes).toHaveCount(10);
  const recovery = await codes.first().innerText();

  // Before they are kept, Esc asks once more.
  await keys.press("Escape");
  await expect(dialog.getByText("The codes are not saved yet")).toBeVisible();
  const downloading = page.waitForEvent("download");
  await dialog.getByRole("link", { name: "Download" }).focus();
  await keys.press("Enter");
  const file = await readFile(await (await downloading).path(), "utf8");
  expect(file.trim().split("\n")).toHaveLength(12);
  expect(file).toContain(recovery);
  await dialog.getByRole("link", { name: "Done" }).focus();
  await keys.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(page.getByText("10 recovery codes are left.")).toBeVisible();

  await signInTo(page, email);
  const field = page.getByLabel("Code of your app");
  await expect(field).toBeFocused();
  await keys.type("000000");
  await keys.press("Enter");
  await expect(field).toHaveAccessibleDescription(/4 tries are left/);
  // The set-up has used the present one; the next one is taken already.
  await field.fill(appShows(secret, 1));
  await keys.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Welcome/);

  await signInTo(page, email);
  await field.fill("000000");
  await keys.press("Enter");
  await expect(field).toHaveAccessibleDescription(/not right/);
  await page.getByRole("link", { name: "Use a recovery code" }).focus();
  await keys.press("Enter");
  // What was wrong with the other says nothing of this one.
  await expect(page.getByLabel("Recovery code")).toHaveValue("");
  await expect(page.getByLabel("Recovery code")).toHaveAccessibleDescription("Each works once.");
  await page.getByLabel("Recovery code").focus();
  await keys.type(recovery);
  await keys.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Welcome/);

  await open(page, "/settings");
  await expect(page.getByText("9 recovery codes are left.")).toBeVisible();
  await page.getByRole("link", { name: "New recovery codes…" }).focus();
  await keys.press("Enter");
  await dialog.getByRole("button", { name: "Make new codes" }).focus();
  await keys.press("Enter");
  await expect(codes).toHaveCount(10);
  const renewed = await codes.last().innerText();
  await dialog.getByRole("button", { name: "Copy the codes" }).focus();
  await keys.press("Enter");
  await expect(page.getByText("Copied the codes")).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(renewed);
  await keys.press("Escape");
  await expect(dialog).toBeHidden();

  await page.getByRole("link", { name: "Turn off…" }).focus();
  await keys.press("Enter");
  await dialog.getByLabel("Password", { exact: true }).focus();
  await keys.type(PASSWORD);
  await dialog.getByLabel("Code of your app").focus();
  await keys.type(renewed);
  await keys.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(page.getByText("The second factor is off.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Set up…" })).toBeVisible();
});

test("an old session is asked who it is, and the key is made without typing anything anew", async ({ page, request }) => {
  const email = await signUp(page);
  ageSessions(email);
  await open(page, "/keys?create");
  const form = page.getByRole("dialog", { name: "Create a key" });
  await form.getByLabel("Name").fill("ci");
  await form.getByRole("button", { name: "Create key" }).click();
  const question = page.getByRole("dialog", { name: "Confirm that it is you" });
  const password = question.getByLabel("Password", { exact: true });
  await expect(password).toBeFocused();

  // Esc leaves everything as it was.
  await page.keyboard.press("Escape");
  await expect(question).toBeHidden();
  await expect(form.getByText("Confirm that it is you, then do this again.")).toBeVisible();
  await expect(form.getByLabel("Name")).toHaveValue("ci");
  await form.getByRole("button", { name: "Create key" }).click();

  await password.fill("not the password at all");
  await page.keyboard.press("Enter");
  await expect(password).toHaveAccessibleDescription(/4 tries are left/);
  await expect(password).toBeFocused();
  await password.fill(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(question).toBeHidden();
  const secret = page.getByLabel("Copy this key now.");
  await expect(secret).toHaveValue(/^ask_/);
  expect((await call(request, await secret.inputValue())).status()).toBe(200);
  await page.getByRole("button", { name: "Copy the key" }).click();
  await expect(page.getByText("Copied the key")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("row", { name: /ci/ })).toHaveCount(1);
});

test("with a second factor the question is for a code, and a file comes after it", async ({ page }) => {
  const email = await signUp(page);
  const secret = await setUp(page);
  await keepCodes(page);
  ageSessions(email);
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export my data" }).click();
  const question = page.getByRole("dialog", { name: "Confirm that it is you" });
  await question.getByLabel("Code of your app").fill(appShows(secret, 1));
  await question.getByRole("button", { name: "Confirm" }).click();
  const data = JSON.parse(await readFile(await (await downloading).path(), "utf8"));
  expect(data.second_factor.recovery_codes_left).toBe(10);
  expect(JSON.stringify(data)).not.toContain(secret);
  await expect(question).toBeHidden();
});

test("five wrong codes lead back to the password, and say so", async ({ page }) => {
  const email = await signUp(page);
  await setUp(page);
  await keepCodes(page);
  await signInTo(page, email);
  const field = page.getByLabel("Code of your app");
  for (const left of ["4 tries", "3 tries", "2 tries", "1 try"]) {
    await field.fill("000000");
    await page.keyboard.press("Enter");
    await expect(field).toHaveAccessibleDescription(new RegExp(left));
  }
  await field.fill("000000");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
  await expect(page.getByText("wrong too often. Begin again.")).toBeVisible();
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false, allowed: /assisters_bg.wasm was preloaded/ });

  test("it is set up and signed in with, and an old session is led to the question and back", async ({ page }) => {
    const email = await signUp(page);
    await page.goto("/settings");
    await page.getByRole("button", { name: "Set up…" }).click();
    const secret = await page.getByLabel("Secret", { exact: true }).inputValue();
    await page.getByLabel("Code that the app shows").fill(appShows(secret));
    await page.getByRole("button", { name: "Turn on" }).click();
    const recovery = await page.getByRole("dialog").getByRole("listitem").first().innerText();
    await page.goto("/");
    await signOut(page);
    await fillDoor(page, email, PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByLabel("Code of your app").fill(appShows(secret, 1));
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Welcome/);

    ageSessions(email);
    await page.goto("/keys?create");
    await page.getByLabel("Name").fill("ci");
    await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
    await page.getByRole("link", { name: "Confirm that it is you" }).click();
    await page.getByLabel("Code of your app").fill(recovery);
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.getByLabel("Name").fill("ci");
    await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
    await expect(page.getByLabel("Copy this key now.")).toHaveValue(/^ask_/);
  });
});
