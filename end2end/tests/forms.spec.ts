import { expect, fillDoor, freshEmail, open, PASSWORD, signUp, test } from "./fixtures";

// The browser itself reports answers of 400 and above.
test.use({ allowed: /the server responded with a status of (4\d\d|500)/ });

test("a taken e-mail is said at its field", async ({ page }) => {
  const email = await signUp(page);
  await page.context().clearCookies();
  await open(page, "/sign-up");
  await fillDoor(page, email, PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  const field = page.getByLabel("E-mail");
  await expect(field).toHaveAccessibleDescription(/account|sign in/i);
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await expect(field).toBeFocused();
});

test("a short password is said at its field", async ({ page }) => {
  await open(page, "/sign-up");
  await fillDoor(page, freshEmail(), "short");
  await page.getByRole("button", { name: "Create account" }).click();
  const field = page.getByLabel("Password", { exact: true });
  await expect(field).toHaveAccessibleDescription(/characters/);
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await expect(field).toBeFocused();
});

test("a wrong password and an unknown e-mail are told alike", async ({ page }) => {
  const email = await signUp(page);
  await page.context().clearCookies();
  const said: string[] = [];
  for (const who of [email, freshEmail()]) {
    await open(page, "/sign-in");
    await fillDoor(page, who, "not the password at all");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.locator("[role=alert], .error:visible").first()).toBeVisible();
    said.push(await page.getByRole("main").innerText());
  }
  expect(said[0]).toBe(said[1]);
});

test("a key without a name is not created", async ({ page }) => {
  await signUp(page);
  await open(page, "/keys?create");
  await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
  const field = page.getByRole("dialog").getByLabel("Name");
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await expect(field).toHaveAccessibleDescription(/name/i);
});

test("a key that was not copied asks before it is gone", async ({ page }) => {
  await signUp(page);
  await open(page, "/keys?create");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("ci");
  await dialog.getByRole("button", { name: "Create key" }).click();
  await expect(dialog.getByLabel("Copy this key now.")).toHaveValue(/^ask_/);
  await page.keyboard.press("Escape");
  await expect(dialog.getByRole("alert")).toContainText("cannot be shown again");
  await dialog.getByRole("link", { name: "Close anyway" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("row", { name: /ci/ })).toContainText("Never");
});
