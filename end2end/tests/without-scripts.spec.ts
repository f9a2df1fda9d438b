import { call, choose, expect, fillDoor, freshEmail, PASSWORD, signOut, signUp, test } from "./fixtures";

// Without scripts nobody uses the wasm that the page announces.
test.use({ javaScriptEnabled: false, allowed: /assisters_bg.wasm was preloaded/ });

test("an account, a key and the way out need no scripts", async ({ page, request }) => {
  const email = freshEmail();
  await page.goto("/sign-up");
  await fillDoor(page, email, PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Welcome. One request and you are live.");
  await expect(page.getByText(email).first()).toBeVisible();

  await signOut(page);
  await fillDoor(page, email, PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();

  await page.getByRole("link", { name: "Keys" }).click();
  await page.getByRole("link", { name: "Create key" }).first().click();
  await page.getByLabel("Name").fill("ci");
  await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
  const secret = page.getByLabel("Copy this key now.");
  await expect(secret).toHaveValue(/^ask_/);
  const key = await secret.inputValue();
  expect((await call(request, key)).status()).toBe(200);

  await page.goto("/keys");
  await expect(page.getByRole("row", { name: /ci/ })).toContainText("Active");
  await page.goto("/keys?create");
  await expect(secret).toBeHidden();

  await page.goto("/keys");
  await choose(page, "ci", "Revoke…");
  await page.getByRole("button", { name: "Revoke key" }).click();
  await expect(page.getByRole("row", { name: /ci/ })).toContainText("Revoked");
  expect((await call(request, key)).status()).toBe(401);
});

test("a refused form comes back with its reason at the field", async ({ page }) => {
  await page.goto("/sign-up");
  await fillDoor(page, freshEmail(), "short");
  await page.getByRole("button", { name: "Create account" }).click();
  const field = page.getByLabel("Password", { exact: true });
  await expect(field).toHaveAccessibleDescription(/characters/);
  await expect(field).toHaveAttribute("aria-invalid", "true");
});

test("every page shows its content", async ({ page }) => {
  await signUp(page);
  for (const [path, heading, content] of [
    ["/", "Welcome. One request and you are live.", "curl -N"],
    ["/keys", "API keys", "No keys yet"],
    ["/usage", "Usage", "No requests in this range"],
    ["/logs", "Logs", "No requests in this range"],
    ["/settings", "Settings", "This one"],
    ["/playground", "Playground", "A small demo model"],
  ] as const) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(heading);
    await expect(page.getByRole("main").getByText(content).first()).toBeVisible();
  }
  await expect(page.locator("noscript p")).toHaveText("Running a request from this page needs JavaScript. The API itself does not.");
});

test("a theme is chosen without scripts, and holds for strangers' pages too", async ({ page }) => {
  await signUp(page);
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("dialog", { name: "Account" }).getByRole("button", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  expect(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)).toBe("rgb(17, 17, 16)");
  await page.goto("/settings");
  const section = page.getByRole("region", { name: "Appearance" });
  await section.getByRole("radio", { name: "Light" }).check();
  await section.getByRole("radio", { name: "Off" }).check();
  await section.getByRole("button", { name: "Save" }).click();
  await expect(page).toHaveURL(/\/settings\??$/);
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
  await expect(page.locator("html")).toHaveAttribute("data-shortcuts", "off");
  await signOut(page);
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
});
