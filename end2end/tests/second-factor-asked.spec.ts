import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { type Page } from "@playwright/test";

import { appShows } from "./authenticator";
import { examine } from "./axe";
import { expect, fillDoor, freshEmail, open, PASSWORD, SIZES, test as base, THEMES } from "./fixtures";

const SET_UP = "This service asks for a second factor";

/** On a service of its own, which asks for a second factor of everyone. */
const test = base.extend<object, { asking: string }>({
  asking: [
    async ({}, use) => {
      const data = await mkdtemp(join(tmpdir(), "assisters-"));
      const service = spawn(process.env.ASSISTERS_PROGRAM!, ["serve"], {
        stdio: ["ignore", "pipe", "ignore"],
        env: {
          ...process.env,
          ASSISTERS_ACCOUNTS_SECOND_FACTOR: "everyone",
          ASSISTERS_DATA_DIR: data,
          ASSISTERS_LISTEN: "127.0.0.1:0",
          ASSISTERS_LIMITS_SIGN_UPS_PER_HOUR: "100000",
          // None is needed: nothing listens there.
          ASSISTERS_WORKERS: "http://127.0.0.1:9",
        },
      });
      const ended = new Promise((resolve) => service.once("close", resolve));
      const address = new Promise<string>((resolve, reject) => {
        const lines = createInterface({ input: service.stdout });
        lines.on("line", (line) => {
          const found = line.match(/listening on (http\S+)/);
          if (found) resolve(found[1]!);
        });
        lines.once("close", () => reject(new Error("the service did not start")));
      });
      await use(await address);
      service.kill();
      await ended;
      await rm(data, { recursive: true });
    },
    { scope: "worker" },
  ],
  baseURL: async ({ asking }, use) => use(asking),
});

// The browser itself reports answers of 400 and above.
test.use({ allowed: /the server responded with a status of (401|422)/ });

/** Signs up a new account, and gives the secret that its app is to have. */
async function comeIn(page: Page): Promise<{ email: string; secret: string }> {
  const email = freshEmail();
  await page.goto("/sign-up");
  await fillDoor(page, email, PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(SET_UP);
  return { email, secret: await page.getByLabel("Secret", { exact: true }).inputValue() };
}

test("signing in leads to the set-up, to the codes, and on, all by keyboard", async ({ page }) => {
  const keys = page.keyboard;
  const { email } = await comeIn(page);
  // Left there, every page leads back to it.
  await open(page, "/usage");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(SET_UP);
  await page.getByRole("button", { name: "Sign out" }).focus();
  await keys.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");

  await open(page, "/keys");
  await page.getByLabel("E-mail").focus();
  await keys.type(email);
  await keys.press("Tab");
  await keys.type(PASSWORD);
  await keys.press("Enter");
  const heading = page.getByRole("heading", { level: 1 });
  await expect(heading).toHaveText(SET_UP);
  await expect(page).toHaveTitle(/This service asks for a second factor/);
  await expect(page.getByRole("img", { name: "QR code" })).toBeVisible();
  const code = page.getByLabel("Code that the app shows");
  await code.focus();
  await keys.type("000000");
  await keys.press("Enter");
  await expect(code).toHaveAccessibleDescription(/not the code/);
  await expect(code).toBeFocused();
  const secret = await page.getByLabel("Secret", { exact: true }).inputValue();
  await code.fill(appShows(secret));
  await keys.press("Enter");
  await expect(heading).toHaveText("Your recovery codes");
  await expect(page.getByRole("main")).toBeFocused();
  const codes = page.getByRole("main").getByRole("listitem");
  await expect(codes).toHaveCount(10);
  const recovery = await codes.first().innerText();

  // Before they are kept, going on asks once more.
  await page.getByRole("link", { name: "Go on" }).focus();
  await keys.press("Enter");
  await expect(page.getByText("The codes are not saved yet")).toBeVisible();
  await page.getByRole("button", { name: "Copy the codes" }).focus();
  await keys.press("Enter");
  await expect(page.getByText("The codes are not saved yet")).toBeHidden();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(recovery);
  await page.getByRole("link", { name: "Go on" }).focus();
  await keys.press("Enter");
  await expect(heading).toHaveText("API keys");
  await open(page, "/settings");
  await expect(page.getByText("so it stays on")).toBeVisible();
  await expect(page.getByText("Turn off…")).toHaveCount(0);

  await page.context().clearCookies();
  await open(page, "/sign-in?next=%2Fkeys");
  await fillDoor(page, email, PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(heading).toHaveText("Enter a code");
  await page.getByLabel("Code of your app").fill(appShows(secret, 1));
  await keys.press("Enter");
  await expect(heading).toHaveText("API keys");
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false, allowed: /assisters_bg.wasm was preloaded/ });

  test("the set-up is a form, and its codes are the next page", async ({ page }) => {
    const { secret } = await comeIn(page);
    await page.goto("/usage?range=week");
    const heading = page.getByRole("heading", { level: 1 });
    await expect(heading).toHaveText(SET_UP);
    const code = page.getByLabel("Code that the app shows");
    await code.fill("000000");
    await page.getByRole("button", { name: "Turn on" }).click();
    await expect(code).toHaveAccessibleDescription(/not the code/);
    await code.fill(appShows(secret));
    await page.getByRole("button", { name: "Turn on" }).click();
    await expect(heading).toHaveText("Your recovery codes");
    await expect(page.getByRole("main").getByRole("listitem")).toHaveCount(10);
    await page.getByRole("link", { name: "Go on" }).click();
    await expect(page).toHaveURL(/\/usage\?range=week$/);
  });
});

for (const colorScheme of THEMES) {
  for (const viewport of SIZES) {
    test.describe(`${colorScheme}, ${viewport.width} × ${viewport.height}`, () => {
      test.use({ colorScheme, viewport });

      test("axe finds nothing, and nothing is wider than the page", async ({ page }) => {
        const isWider = () => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        const { secret } = await comeIn(page);
        await examine(page);
        expect(await isWider()).toBe(false);
        await page.getByLabel("Code that the app shows").fill(appShows(secret));
        await page.keyboard.press("Enter");
        await expect(page.getByRole("heading", { level: 1 })).toHaveText("Your recovery codes");
        await examine(page);
        expect(await isWider()).toBe(false);
        await page.getByRole("link", { name: "Go on" }).click();
        await expect(page.getByText("The codes are not saved yet")).toBeVisible();
        await examine(page);
        await page.getByRole("link", { name: "Go on anyway" }).click();
        await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Welcome/);
        await page.goto("/settings");
        await expect(page.getByText("so it stays on")).toBeVisible();
        await examine(page);
        await page.context().clearCookies();
        await page.goto("/sign-in?factor");
        await expect(page.getByText("asks for a second factor now")).toBeVisible();
        await examine(page);
      });
    });
  }
}
