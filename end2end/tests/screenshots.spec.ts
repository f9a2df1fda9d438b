import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { type Page } from "@playwright/test";

import { keepCodes, setUp } from "./authenticator";
import { ageSessions, call, choose, createFirstKey, expect, fillDoor, open, PASSWORD, signInAsAdmin, signUp, test } from "./fixtures";
import { admin, LARGE, makeOneWithAPast, shoot, shootAll, signedIn, signIn, SMALL } from "./pictures";

/** Pictures of every page and state, for people to look at: `cargo xtask screenshots`. Each state is brought about once, and taken
    in both themes and sizes. */

// What goes wrong on purpose, the browser itself reports.
test.use({ trace: "off", actionTimeout: 15_000, allowed: /the server responded with a status of|net::ERR_|Failed to fetch/ });
test.describe.configure({ timeout: 240_000 });

let ada: string;

test.beforeAll(async () => {
  // Another one where a test has failed: what it leaves behind is not to show.
  ada = `ada${test.info().workerIndex || ""}@example.com`;
  await makeOneWithAPast(ada);
});

const submit = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();

test("what everybody may see", async ({ page }) => {
  await shootAll(page, {
    landing: "/",
    status: "/status",
    docs: "/docs",
    "docs-quick-start": "/docs/quick-start",
    "docs-chat": "/docs/chat-completions",
    "docs-errors": "/docs/errors",
    "docs-search": "/docs?q=retry",
    "docs-nothing-found": "/docs?q=zzzz",
    "docs-not-there": "/docs/nowhere",
    nowhere: "/nowhere",
  });
});

test("the way in", async ({ page }) => {
  const email = await signUp(page);
  await page.context().clearCookies();
  await shootAll(page, { "sign-up": "/sign-up", "sign-in": "/sign-in", "sign-in-again": "/sign-in?next=/usage", "forgot-password": "/forgot-password" });
  await open(page, "/sign-up");
  await fillDoor(page, email, "short");
  await submit(page, "Create account");
  await expect(page.getByLabel("Password", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await shoot(page, "sign-up-too-short");
  await fillDoor(page, email, PASSWORD);
  await submit(page, "Create account");
  await expect(page.getByLabel("E-mail")).toHaveAttribute("aria-invalid", "true");
  await shoot(page, "sign-up-taken");
  await open(page, "/sign-in");
  await fillDoor(page, email, "not the password at all");
  await submit(page, "Sign in");
  await expect(page.locator("[role=alert], .error:visible").first()).toBeVisible();
  await shoot(page, "sign-in-refused");
  await open(page, "/forgot-password");
  await page.getByLabel("E-mail").fill(email);
  await submit(page, "Send link");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Check your mail");
  await shoot(page, "check-mail");

  await open(page, await link(email, "Set a new password"));
  await page.getByLabel("New password", { exact: true }).fill("a longer sentence");
  await shoot(page, "reset-password");
  await submit(page, "Set password");
  await expect(page.getByText("Your password is set.")).toBeVisible();
  await shoot(page, "sign-in-after-reset");
  await open(page, await link(email, "Verify your e-mail address"));
  await shoot(page, "verify-email");
  await open(page, "/verify-email?token=used");
  await submit(page, "Verify address");
  await expect(page.locator("[role=alert], .error:visible").first()).toBeVisible();
  await shoot(page, "verify-email-refused");

  await admin("suspend", email, "--reason", "unpaid since March");
  await open(page, "/sign-in");
  await fillDoor(page, email, "a longer sentence");
  await submit(page, "Sign in");
  await expect(page.getByText("unpaid since March")).toBeVisible();
  await shoot(page, "suspended");
});

/** The link in the last mail to `recipient` with `subject`. */
async function link(recipient: string, subject: string): Promise<string> {
  const folder = join(process.env.ASSISTERS_DATA_DIR!, "outbox");
  let found: string | undefined;
  await expect(async () => {
    const mails = await Promise.all((await readdir(folder)).filter((name) => name.endsWith(".eml")).map((name) => readFile(join(folder, name), "utf8")));
    found = mails.find((text) => text.includes(`To: ${recipient}\r\n`) && text.includes(`Subject: ${subject}\r\n`))?.match(/^http\S+token=\S+/m)?.[0];
    expect(found).toBeTruthy();
  }).toPass();
  return found!;
}

test("a new account", async ({ page, request }) => {
  await signUp(page);
  await shootAll(page, {
    "first-run": "/",
    "keys-empty": "/keys",
    "usage-empty": "/usage",
    "logs-empty": "/logs",
    "limits-empty": "/limits",
    "audit-log-short": "/audit-log",
    "playground-empty": "/playground",
  });
  await open(page, "/");
  const key = await createFirstKey(page);
  await shoot(page, "first-key");
  await submit(page, "Copy the key");
  for (let i = 0; i < 5; i++) expect((await call(request, key)).status()).toBe(200);
  await expect(page.getByText("Your first request has arrived.")).toBeVisible();
  await shoot(page, "first-request");
});

test("home, usage and limits", async ({ page }) => {
  await signedIn(page, ada);
  await shootAll(page, {
    home: "/",
    usage: "/usage?range=month",
    "usage-day": "/usage",
    "usage-by-key": "/usage?range=month&group=key",
    "usage-by-endpoint": "/usage?range=month&group=endpoint&metric=input_tokens",
    "usage-by-status": "/usage?range=week&group=status&metric=errors",
    "usage-latency": "/usage?range=month&metric=latency",
    "usage-table": "/usage?range=week&view=table",
    "usage-custom": "/usage?from=2026-11-02&to=2026-11-06",
    "usage-filtered-out": "/usage?model=nobody&status=5xx",
    limits: "/limits",
    "choose-tier": "/limits?choose=startup",
    "ask-for-enterprise": "/limits?ask",
    "docs-signed-in": "/docs/errors",
    "nowhere-signed-in": "/nowhere",
  });
  await open(page, "/usage?range=month");
  await page.getByRole("slider").focus();
  await page.keyboard.press("ArrowLeft");
  await shoot(page, "usage-at-a-day");
  await open(page, "/limits?ask");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Requests per minute").fill("many");
  await submit(page, "Send request");
  await expect(dialog.getByText("Enter a whole number").first()).toBeVisible();
  await shoot(page, "ask-for-enterprise-refused");
  await dialog.getByLabel("Requests per minute").fill("2,000");
  await dialog.getByLabel("Tokens per minute").fill("20,000,000");
  await submit(page, "Send request");
  await expect(dialog).toBeHidden();
  await shoot(page, "enterprise-asked");
});

test("keys", async ({ page }) => {
  await signedIn(page, ada);
  await open(page, "/keys");
  await submit(page, "Actions for prod-web");
  await shoot(page, "key-menu");
  const id = (await page.getByRole("link", { name: "See logs" }).getAttribute("href"))!.split("=")[1]!;
  await shootAll(page, {
    keys: "/keys",
    "create-key": "/keys?create",
    "rename-key": `/keys?rename=${id}`,
    "restrict-key": `/keys?edit=${id}`,
    "rotate-key": `/keys?rotate=${id}`,
    "revoke-key": `/keys?revoke=${id}`,
    "key-not-there": "/keys?revoke=key_none",
  });
  await open(page, "/keys?create");
  const dialog = page.getByRole("dialog");
  await submit(page, "Create key");
  await expect(dialog.getByLabel("Name")).toHaveAttribute("aria-invalid", "true");
  await dialog.getByText("Restrictions").click();
  await dialog.getByLabel("IP addresses").fill("anywhere");
  await dialog.getByLabel("Name").fill("worker-7");
  await submit(page, "Create key");
  await expect(dialog.getByLabel("IP addresses")).toHaveAttribute("aria-invalid", "true");
  await shoot(page, "create-key-refused");
  await dialog.getByLabel("IP addresses").fill("203.0.113.0/24");
  await submit(page, "Create key");
  await expect(dialog.getByLabel("Copy this key now.")).toHaveValue(/^ask_/);
  await shoot(page, "secret-shown");
  await page.keyboard.press("Escape");
  await expect(dialog.getByRole("alert")).toBeVisible();
  await shoot(page, "secret-not-copied");
  await dialog.getByRole("link", { name: "Close anyway" }).click();
  await expect(dialog).toBeHidden();

  await open(page, "/keys");
  await choose(page, "ci", "Rotate…");
  await submit(page, "Rotate key");
  await expect(dialog.getByLabel("Copy this key now.")).toHaveValue(/^ask_/);
  await shoot(page, "secret-rotated");
  await submit(page, "Copy the key");
  await expect(page.getByText("Copied the key")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await page.getByRole("link", { name: "End the old secret now" }).click();
  await expect(dialog).toBeVisible();
  await shoot(page, "end-old-secret");
  await open(page, "/keys");
  await choose(page, "worker-7", "Revoke…");
  await submit(page, "Revoke key");
  await expect(page.getByText("Key revoked.")).toBeVisible();
  await shoot(page, "key-revoked");
});

test("logs", async ({ page }) => {
  await signedIn(page, ada);
  await shootAll(page, {
    logs: "/logs?range=week",
    "logs-errors": "/logs?range=week&status=4xx",
    "logs-filtered-out": "/logs?range=hour&status=5xx&model=nobody",
    "log-not-there": "/logs?request=req_none",
  });
  for (const [name, status] of [
    ["log-details", "2xx"],
    ["log-details-limited", "429"],
    ["log-details-failed", "5xx"],
  ] as const) {
    await open(page, `/logs?range=month&status=${status}`);
    await page.locator("#log tbody tr").first().getByRole("link").click();
    await expect(page.getByRole("complementary", { name: "Request" }).getByText("Timings")).toBeVisible();
    await shoot(page, name);
  }
  await open(page, "/logs");
  await page.getByRole("button", { name: "Live" }).click();
  await expect(page.getByRole("button", { name: "Live" })).toHaveAttribute("aria-pressed", "true");
  await shoot(page, "logs-live");
});

test("the playground", async ({ page }) => {
  await signedIn(page, ada);
  const message = page.getByLabel("Message", { exact: true });
  const answers = page.getByText(/finish: /);
  await open(page, "/playground");
  await page.getByLabel("System", { exact: true }).fill("Answer in one sentence.");
  await page.getByRole("spinbutton", { name: "Max tokens" }).fill("48");
  await message.fill("What is the capital of France?");
  await message.press("Control+Enter");
  await expect(answers).toBeVisible();
  await shoot(page, "playground");
  await page.getByText("Raw events").click();
  await expect(page.getByRole("region", { name: "Raw events" })).toBeVisible();
  await shoot(page, "playground-raw");
  await submit(page, "View code");
  await expect(page.getByRole("region", { name: "Code" })).toBeVisible();
  await shoot(page, "playground-code");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Edit / }).click();
  await shoot(page, "playground-edit");
  await page.keyboard.press("Escape");
  await submit(page, "Compare with another");
  await message.fill("Name a colour.");
  await message.press("Control+Enter");
  await expect(answers).toHaveCount(3);
  await shoot(page, "playground-compare");
  await submit(page, "Clear");
  await shoot(page, "playground-cleared");
  await page.getByRole("button", { name: /^Remove/ }).last().click();
  await page.getByRole("spinbutton", { name: "Max tokens" }).fill("2000");
  await message.fill("Write a very long story about a river.");
  await message.press("Control+Enter");
  await expect(page.getByText(/TTFT [\d,]+ ms/)).toHaveCount(1);
  await shoot(page, "playground-running", [LARGE]);
  await page.keyboard.press("Escape");
  await expect(page.getByText("Stopped").first()).toBeVisible();
  await shoot(page, "playground-stopped");
  for (const [mode, query, texts] of [
    ["embeddings", "", "A cat sleeps.\nA kitten naps.\nThe stock market fell."],
    ["rerank", "Where do whales live?", "Bread is baked.\nWhales live in the ocean.\nA whale is no fish."],
    ["moderation", "", "You are a stupid idiot.\nHave a nice day."],
  ] as const) {
    await open(page, `/playground?mode=${mode}`);
    await shoot(page, `${mode}-empty`);
    if (query) await page.getByLabel("Query").fill(query);
    await page.getByRole("textbox").last().fill(texts);
    await page.keyboard.press("Control+Enter");
    await expect(page.getByText(/^\d+ tokens$/)).toBeVisible();
    await shoot(page, mode);
  }
  await open(page, "/playground?model=gone-7b");
  await expect(page.getByText("gone-7b is not served now")).toBeVisible();
  await shoot(page, "playground-model-gone");
});

test("over the limit", async ({ page }) => {
  await signUp(page);
  await open(page, "/playground");
  await page.getByRole("spinbutton", { name: "Max tokens" }).fill("1");
  for (let i = 1; i <= 11; i++) {
    await page.getByLabel("Message", { exact: true }).fill("Hello");
    await page.keyboard.press("Control+Enter");
    await expect(page.getByRole("log", { name: "Messages" }).getByRole("article")).toHaveCount(2 * i);
    await expect(page.getByRole("button", { name: /^Run / })).toBeVisible();
  }
  await expect(page.getByRole("button", { name: /Try again in \d+ s/ })).toBeVisible();
  await shoot(page, "playground-limited");
  await open(page, "/limits");
  await shoot(page, "limits-reached");
  await open(page, "/");
  await shoot(page, "home-limited");
});

test("settings and the second factor", async ({ page }) => {
  await signedIn(page, ada);
  await open(page, "/settings");
  await page.getByLabel("Name (optional)").fill("Ada Lovelace");
  await submit(page, "Save name");
  await expect(page.getByRole("status").getByText("Name saved.")).toBeVisible();
  await shoot(page, "toast");
  await shootAll(page, {
    settings: "/settings",
    "change-email": "/settings?email",
    "change-password": "/settings?password",
    "delete-account": "/settings?delete",
    "audit-log": "/audit-log",
    "audit-log-filtered-out": "/audit-log?action=account.suspended",
    "settings-done": "/settings?done=password",
  });
  await open(page, "/settings?password");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Current password", { exact: true }).fill("not the password at all");
  await dialog.getByLabel("New password", { exact: true }).fill("another sentence that is long");
  await submit(page, "Change password");
  await expect(dialog.getByLabel("Current password", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await shoot(page, "change-password-refused");

  await page.context().clearCookies();
  const email = await signUp(page);
  ageSessions(email);
  await open(page, "/settings");
  await submit(page, "Set up…");
  await expect(page.getByRole("dialog", { name: "Confirm that it is you" })).toBeVisible();
  await shoot(page, "question-for-password");
  await page.getByRole("dialog").getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("img", { name: "QR code" })).toBeVisible();
  await shoot(page, "set-up-factor");
  await page.keyboard.press("Escape");
  await setUp(page);
  await shoot(page, "recovery-codes");
  await page.keyboard.press("Escape");
  await expect(page.getByText("The codes are not saved yet")).toBeVisible();
  await shoot(page, "recovery-codes-not-saved");
  await keepCodes(page);
  await shootAll(page, { "settings-with-factor": "/settings", "renew-codes": "/settings?factor=renew", "turn-factor-off": "/settings?factor=off", confirm: "/confirm" });
  ageSessions(email);
  await open(page, "/keys?create");
  await page.getByRole("dialog").getByLabel("Name").fill("ci");
  await submit(page, "Create key");
  await expect(page.getByRole("dialog", { name: "Confirm that it is you" })).toBeVisible();
  await shoot(page, "question-for-code");
  await signIn(page, email);
  const code = page.getByLabel("Code of your app");
  await expect(code).toBeVisible();
  await shoot(page, "second-step");
  await code.fill("000000");
  await page.keyboard.press("Enter");
  await expect(code).toHaveAttribute("aria-invalid", "true");
  await shoot(page, "second-step-refused");
  await page.getByRole("link", { name: "Use a recovery code" }).click();
  await expect(page.getByLabel("Recovery code")).toBeVisible();
  await shoot(page, "second-step-recovery");
});

test("what opens over pages", async ({ page }) => {
  await signedIn(page, ada);
  await open(page, "/keys");
  await page.keyboard.press("Control+k");
  const field = page.getByRole("combobox", { name: /^Find/ });
  await expect(field).toBeFocused();
  await shoot(page, "palette");
  await field.fill("limit");
  await shoot(page, "palette-found");
  await field.fill("no such thing at all");
  await shoot(page, "palette-nothing-found");
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await shoot(page, "shortcuts");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Account" }).click();
  await expect(page.getByRole("dialog", { name: "Account" })).toBeVisible();
  await shoot(page, "account-menu", [LARGE]);
  await page.keyboard.press("Escape");
  await page.setViewportSize(SMALL);
  await submit(page, "Menu");
  await shoot(page, "menu", [SMALL]);
  await page.setViewportSize(SMALL);
  await page.getByRole("button", { name: "Account" }).click();
  await expect(page.getByRole("dialog", { name: "Account" })).toBeVisible();
  await shoot(page, "account-menu", [SMALL]);
});

test("what is slow, broken or away", async ({ page, context }) => {
  await signedIn(page, ada);
  const loading = (name: string, link: string, endpoint: string) =>
    test.step(name, async () => {
      let release = () => {};
      const released = new Promise<void>((resolve) => (release = resolve));
      await open(page, "/docs");
      await page.route(endpoint, async (route) => {
        await released;
        await route.continue();
      });
      await page.getByRole("link", { name: link, exact: true }).click();
      await expect(page.locator(".skeleton").first()).toBeVisible();
      await shoot(page, name);
      release();
      await expect(page.locator(".skeleton")).toHaveCount(0);
      await page.unroute(endpoint);
    });
  await loading("keys-loading", "Keys", "**/api/keys/list*");
  await loading("usage-loading", "Usage", "**/api/usage*");
  await loading("logs-loading", "Logs", "**/api/logs*");

  const failing = (name: string, link: string, endpoint: string) =>
    test.step(name, async () => {
      await open(page, "/docs");
      await page.route(endpoint, (route) => route.abort("connectionreset"));
      await page.getByRole("link", { name: link, exact: true }).click();
      await expect(page.locator(".failed").first()).toBeVisible();
      await shoot(page, name);
      await page.unroute(endpoint);
    });
  await failing("keys-failed", "Keys", "**/api/keys/list*");
  await failing("usage-failed", "Usage", "**/api/usage*");
  await failing("settings-failed", "Settings", "**/api/settings*");

  await open(page, "/logs");
  await page.getByRole("link", { name: "Refresh" }).click();
  await context.setOffline(true);
  await page.getByRole("link", { name: "Refresh" }).click();
  await expect(page.getByText(/What shows below was updated/)).toBeVisible();
  await shoot(page, "offline");
  await context.setOffline(false);
});

test("for administrators", async ({ page }) => {
  const suspended = await signUp(page);
  await admin("suspend", suspended, "--reason", "unpaid since March");
  await page.context().clearCookies();
  await admin("workers", "add", "http://127.0.0.1:1", "--unchecked");
  await signInAsAdmin(page);
  await shootAll(page, {
    workers: "/admin/workers",
    "add-worker": "/admin/workers?add",
    accounts: "/admin/accounts",
    "accounts-filtered-out": "/admin/accounts?search=nobody-at-all",
    "whole-audit-log": "/admin/audit-log",
    health: "/admin/health",
    outbox: "/admin/mail",
  });
  for (const [name, email] of [
    ["account", ada],
    ["account-suspended", suspended],
  ]) {
    await open(page, `/admin/accounts?search=${email}`);
    await page.getByRole("rowheader").getByRole("link").first().click();
    await expect(page.getByRole("heading", { name: "Suspension" })).toBeVisible();
    await shoot(page, name!);
  }
  await open(page, `/admin/accounts?search=${ada}`);
  await page.getByRole("rowheader").getByRole("link").first().click();
  await page.getByText("Suspend this account…").click();
  await shoot(page, "suspend-account");
  await open(page, "/admin/workers");
  await page.getByRole("link", { name: "Remove" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await shoot(page, "remove-worker");
  await open(page, "/admin/mail");
  await page.getByRole("link", { name: "Verify your e-mail address" }).first().click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await shoot(page, "read-mail");
});
