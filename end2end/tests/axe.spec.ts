import { keepCodes, setUp } from "./authenticator";
import { examine } from "./axe";
import { ageSessions, call, choose, createFirstKey, expect, fillDoor, open, PASSWORD, signInAsAdmin, signUp, SIZES, test, THEMES } from "./fixtures";

/** What a stranger may see. */
const STRANGERS = [
  "/", "/status", "/sign-in", "/sign-up", "/forgot-password", "/reset-password?token=x", "/verify-email", "/verify-email?token=x",
  "/check-mail?for=reset&outbox", "/docs", "/docs/chat-completions", "/docs/errors?q=key", "/nowhere",
];
/** The pages of an account beside its home. */
const OWN = [
  "/keys", "/keys?create", "/usage", "/logs", "/limits", "/limits?ask", "/playground", "/playground?mode=embeddings",
  "/playground?mode=rerank", "/playground?mode=moderation", "/docs/errors", "/settings", "/settings?email", "/settings?password",
  "/settings?delete", "/confirm", "/audit-log",
];
/** And an administrator's. */
const ADMIN = [
  "/admin/workers", "/admin/workers?add", "/admin/mail", "/admin/accounts", "/admin/accounts?search=nobody-at-all",
  "/admin/audit-log", "/admin/health",
];

for (const colorScheme of THEMES) {
  for (const viewport of SIZES) {
    test.describe(`${colorScheme}, ${viewport.width} × ${viewport.height}`, () => {
      // An old session is told so by 403, which the browser itself reports.
      test.use({ colorScheme, viewport, allowed: /the server responded with a status of 403/ });

      test("axe finds nothing on any page", async ({ page, request }) => {
        // A dozen states, each examined whole.
        test.slow();
        const visit = (path: string) =>
          test.step(path, async () => {
            await open(page, path);
            await examine(page);
          });
        for (const path of STRANGERS) await visit(path);

        await signUp(page);
        for (const path of ["/", ...OWN]) await visit(path);

        await open(page, "/");
        const key = await createFirstKey(page);
        await examine(page);
        expect((await call(request, key)).status()).toBe(200);
        await page.getByRole("button", { name: "Copy the key" }).click();
        await expect(page.getByText("Your first request has arrived.")).toBeVisible();
        await examine(page);

        for (const path of ["/", "/keys", "/usage"]) await visit(path);
        await open(page, "/keys");
        await choose(page, "first-key", "Revoke…");
        await expect(page.getByRole("dialog")).toBeVisible();
        await examine(page);

        await page.context().clearCookies();
        const email = await signUp(page);
        ageSessions(email);
        await open(page, "/settings");
        await page.getByRole("button", { name: "Set up…" }).click();
        await page.getByRole("dialog", { name: "Confirm that it is you" }).getByLabel("Password", { exact: true }).fill(PASSWORD);
        await examine(page);
        await page.keyboard.press("Enter");
        await expect(page.getByRole("img", { name: "QR code" })).toBeVisible();
        await examine(page);
        await setUp(page);
        await examine(page);
        await keepCodes(page);
        for (const path of ["/settings", "/settings?factor=off", "/settings?factor=renew"]) await visit(path);
        await page.context().clearCookies();
        await open(page, "/sign-in");
        await fillDoor(page, email, PASSWORD);
        await page.getByRole("button", { name: "Sign in" }).click();
        await expect(page.getByRole("heading", { level: 1 })).toHaveText("Enter a code");
        await examine(page);

        await page.context().clearCookies();
        await signInAsAdmin(page);
        for (const path of ADMIN) await visit(path);
        await open(page, "/admin/accounts");
        await page.getByRole("rowheader").getByRole("link").first().click();
        await expect(page.getByRole("heading", { name: "Suspension" })).toBeVisible();
        await examine(page);
      });
    });
  }
}

test("no page scrolls sideways at 320 pixels", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  const fits = async (path: string) => {
    await open(page, path);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(320);
  };
  for (const path of STRANGERS) await fits(path);
  await signUp(page);
  for (const path of ["/", ...OWN]) await fits(path);
  await page.context().clearCookies();
  await signInAsAdmin(page);
  for (const path of ADMIN) await fits(path);
  await open(page, "/admin/accounts");
  await fits((await page.getByRole("rowheader").getByRole("link").first().getAttribute("href"))!);
});
