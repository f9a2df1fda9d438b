import { call, createFirstKey, expect, open, signInAsAdmin, signUp, SIZES, test, THEMES } from "./fixtures";

/** Pictures of every page, for people to look at: `cargo xtask screenshots`. */
for (const colorScheme of THEMES) {
  for (const viewport of SIZES) {
    test.describe(`${colorScheme} ${viewport.width}`, () => {
      test.use({ colorScheme, viewport });

      test("pictures", async ({ page, request }) => {
        const shoot = async (name: string) => {
          const file = `${name}-${colorScheme}-${viewport.width}.png`;
          await page.screenshot({ path: `${process.env.SCREENSHOTS}/${file}`, animations: "disabled" });
        };
        for (const door of ["sign-in", "sign-up", "nowhere"]) {
          await open(page, `/${door}`);
          await shoot(door);
        }
        for (const [name, path] of [
          ["landing", "/"],
          ["forgot-password", "/forgot-password"],
          ["check-mail", "/check-mail?for=reset"],
          ["reset-password", "/reset-password?token=x"],
          ["verify-email", "/verify-email?token=x"],
          ["status", "/status"],
          ["docs", "/docs"],
          ["docs-chat", "/docs/chat-completions"],
          ["docs-search", "/docs?q=retry"],
        ]) {
          await open(page, path);
          await shoot(name);
        }
        await signUp(page);
        await open(page, "/docs/errors");
        await shoot("docs-signed-in");
        await open(page, "/");
        await shoot("first-run");
        const key = await createFirstKey(page);
        await page.getByRole("button", { name: "Copy the key" }).click();
        await shoot("first-key");
        for (let i = 0; i < 5; i++) expect((await call(request, key)).status()).toBe(200);
        await expect(page.getByText("Your first request has arrived.")).toBeVisible();
        await shoot("first-request");

        await open(page, "/playground");
        await page.getByLabel("Message", { exact: true }).fill("What is the capital of France?");
        await page.getByRole("spinbutton", { name: "Max tokens" }).fill("48");
        await page.getByLabel("Message", { exact: true }).press("Control+Enter");
        await expect(page.getByText(/finish: /)).toBeVisible();
        await shoot("playground");
        for (const [mode, query, texts] of [
          ["embeddings", "", "A cat sleeps.\nA kitten naps.\nThe stock market fell."],
          ["rerank", "Where do whales live?", "Bread is baked.\nWhales live in the ocean."],
          ["moderation", "", "You are a stupid idiot.\nHave a nice day."],
        ]) {
          await open(page, `/playground?mode=${mode}`);
          if (query) await page.getByLabel("Query").fill(query);
          await page.getByRole("textbox").last().fill(texts!);
          await page.keyboard.press("Control+Enter");
          await expect(page.getByText(/^\d+ tokens$/)).toBeVisible();
          await shoot(mode!);
        }
        await open(page, "/keys");
        await page.getByRole("button", { name: "Actions for first-key" }).click();
        await shoot("key-menu");
        const id = (await page.getByRole("link", { name: "See logs" }).getAttribute("href"))?.split("=")[1];
        for (const [name, path] of [
          ["home", "/"],
          ["keys", "/keys"],
          ["create-key", "/keys?create"],
          ["restrict-key", `/keys?edit=${id}`],
          ["rotate-key", `/keys?rotate=${id}`],
          ["revoke-key", `/keys?revoke=${id}`],
          ["usage", "/usage"],
          ["logs", "/logs"],
          ["limits", "/limits"],
          ["choose-tier", "/limits?choose=startup"],
          ["settings", "/settings"],
          ["change-email", "/settings?email"],
          ["change-password", "/settings?password"],
          ["delete-account", "/settings?delete"],
          ["audit-log", "/audit-log"],
        ]) {
          await open(page, path);
          await shoot(name);
        }
        await open(page, "/settings");
        await page.getByRole("button", { name: "Set up…" }).click();
        await expect(page.getByRole("img", { name: "QR code" })).toBeVisible();
        await shoot("set-up-factor");
        await page.context().clearCookies();
        await signInAsAdmin(page);
        for (const [name, path] of [
          ["workers", "/admin/workers"],
          ["add-worker", "/admin/workers?add"],
          ["accounts", "/admin/accounts"],
          ["whole-audit-log", "/admin/audit-log"],
          ["health", "/admin/health"],
          ["outbox", "/admin/mail"],
        ]) {
          await open(page, path);
          await shoot(name);
        }
      });
    });
  }
}
