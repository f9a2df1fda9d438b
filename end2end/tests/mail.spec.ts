import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { awake, expect, fillDoor, freshEmail, open, PASSWORD, signInAsAdmin, signOut, signUp, test } from "./fixtures";

const NEW = "another sentence that is long";

// The browser itself reports answers of 400 and above.
test.use({ allowed: /the server responded with a status of 422/ });

/** The link in the last mail to `recipient` with `subject`, as whoever looks after the service finds it. */
async function link(recipient: string, subject: string): Promise<string> {
  const folder = join(process.env.ASSISTERS_DATA_DIR!, "outbox");
  let found: string | undefined;
  await expect(async () => {
    const files = (await readdir(folder)).filter((name) => name.endsWith(".eml")).sort();
    const mails = await Promise.all(files.map((name) => readFile(join(folder, name), "utf8")));
    const mail = mails.findLast((text) => text.includes(`\r\nTo: ${recipient}\r\n`) && text.includes(`\r\nSubject: ${subject}\r\n`));
    found = mail?.match(/^http\S+token=\S+/m)?.[0];
    expect(found).toBeTruthy();
  }).toPass();
  return found!;
}

test("an address is verified, a password forgotten and set anew, all by keyboard", async ({ page }) => {
  const keys = page.keyboard;
  const email = await signUp(page);
  const ask = page.getByText(/^Verify your e-mail address/);
  await expect(ask).toBeVisible();

  await page.goto(await link(email, "Verify your e-mail address"));
  await awake(page);
  await page.getByRole("button", { name: "Verify address" }).focus();
  await keys.press("Enter");
  await expect(page.getByText("Your e-mail address is verified.")).toBeVisible();
  await expect(page.getByText("Verified", { exact: true })).toBeVisible();
  await expect(ask).toBeHidden();

  await page.getByRole("button", { name: "Account" }).focus();
  await keys.press("Enter");
  await page.getByRole("button", { name: "Sign out" }).focus();
  await keys.press("Enter");
  const forgot = page.getByRole("link", { name: "Forgotten password?" });
  await expect(forgot).toBeVisible();
  await awake(page);
  await forgot.focus();
  await keys.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Forgotten password");
  await page.getByLabel("E-mail").focus();
  await keys.type("not an address");
  await keys.press("Enter");
  await expect(page.getByLabel("E-mail")).toHaveAccessibleDescription(/Enter an e-mail address/);
  await page.getByLabel("E-mail").fill(email);
  await keys.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Check your mail");
  await expect(page.getByText("If an account has the e-mail address")).toBeVisible();

  await page.goto(await link(email, "Set a new password"));
  await awake(page);
  const password = page.getByLabel("New password", { exact: true });
  await password.focus();
  await keys.type("too short");
  await expect(page.getByText("Too short")).toBeVisible();
  await keys.press("Enter");
  await expect(password).toHaveAccessibleDescription(/at least 15 characters/i);
  await expect(password).toBeFocused();
  await password.fill(NEW);
  await expect(page.getByText("Strong")).toBeVisible();
  await keys.press("Enter");
  await expect(page.getByText("Your password is set.")).toBeVisible();
  expect(page.url()).not.toContain("token");

  await fillDoor(page, email, NEW);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Welcome. One request and you are live.");
});

test("an account gets another address once the link to it is confirmed", async ({ page }) => {
  await signUp(page);
  const next = freshEmail();
  await open(page, "/settings");
  await page.getByRole("link", { name: "Change e-mail…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("New e-mail").fill(next);
  await dialog.getByLabel("Current password", { exact: true }).fill("not the password at all");
  await dialog.getByRole("button", { name: "Send link" }).click();
  await expect(dialog.getByLabel("Current password", { exact: true })).toHaveAccessibleDescription(/not your password/);
  await dialog.getByLabel("Current password", { exact: true }).fill(PASSWORD);
  await dialog.getByRole("button", { name: "Send link" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText("A link is on its way to the new address.")).toBeVisible();
  const confirm = await link(next, "Confirm your new e-mail address");
  await open(page, confirm);
  await page.getByRole("button", { name: "Confirm address" }).click();
  await expect(page.getByText("Your account has its new e-mail address.")).toBeVisible();
  await expect(page.getByRole("main").getByText(next)).toBeVisible();

  await open(page, confirm);
  await page.getByRole("button", { name: "Confirm address" }).click();
  await expect(page.getByText("This link is used up")).toBeVisible();
});

test("an administrator reads a mail and deletes it", async ({ page }) => {
  const email = await signUp(page);
  await link(email, "Verify your e-mail address");
  await page.context().clearCookies();
  await signInAsAdmin(page);
  await open(page, "/admin/mail");
  const row = page.getByRole("row", { name: new RegExp(email) });
  await expect(row).toContainText("Left as a file");
  await row.getByRole("link", { name: "Verify your e-mail address" }).click();
  await expect(page.getByRole("dialog")).toContainText("/verify-email?token=");
  await page.getByRole("dialog").getByRole("link", { name: "Close" }).click();
  await row.getByRole("button", { name: /^Delete/ }).click();
  await expect(row).toBeHidden();
  await expect(page.getByText("Mail deleted.")).toBeVisible();
});

test("the pages' outlines stay", async ({ page }) => {
  await page.goto("/forgot-password");
  await expect(page.getByRole("main")).toMatchAriaSnapshot(`
    - heading "Forgotten password" [level=1]
    - textbox "E-mail"
    - button "Send link"
    - paragraph:
      - link "Sign in"
  `);
  await page.goto("/reset-password?token=x");
  await expect(page.getByRole("main")).toMatchAriaSnapshot(`
    - heading "Set a new password" [level=1]
    - textbox "New password"
    - button "Set password"
    - paragraph:
      - link "Ask for a new link"
  `);
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false, allowed: /assisters_bg.wasm was preloaded/ });

  test("a password is set anew", async ({ page }) => {
    const email = await signUp(page);
    await page.getByRole("button", { name: "Resend" }).click();
    await expect(page.getByText("The link to verify your address is written anew.")).toBeVisible();
    await signOut(page);
    await page.goto("/forgot-password");
    await page.getByLabel("E-mail").fill(email);
    await page.getByRole("button", { name: "Send link" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Check your mail");
    await page.goto(await link(email, "Set a new password"));
    const password = page.getByLabel("New password", { exact: true });
    await password.fill("short");
    await page.getByRole("button", { name: "Set password" }).click();
    await expect(password).toHaveAccessibleDescription(/at least 15 characters/i);
    await password.fill(NEW);
    await page.getByRole("button", { name: "Set password" }).click();
    await expect(page.getByText("Your password is set.")).toBeVisible();
    await fillDoor(page, email, NEW);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL("/");
  });
});
