import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { type CDPSession, type Page } from "@playwright/test";

import { expect, fillDoor, open, PASSWORD, SIZES, THEMES } from "./fixtures";

export type Size = (typeof SIZES)[number];
export const [LARGE, SMALL] = SIZES;

/** Takes a page as it stands in both themes and the given sizes: all of it, or the window where something lies over it. */
export async function shoot(page: Page, name: string, sizes: readonly Size[] = SIZES) {
  const device = await page.context().newCDPSession(page);
  for (const size of sizes) {
    await pretend(page, device, size);
    if ((await page.locator("dialog[open], .menu:popover-open, .sidebar:popover-open, .toast").count()) === 0) {
      // A window as long as the page. Playwright's own whole pages forget that they are touched.
      const height = await page.evaluate(() => document.documentElement.scrollHeight);
      await page.setViewportSize({ ...size, height: Math.max(height, size.height) });
    }
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme });
      const path = join(process.env.SCREENSHOTS!, `${name}-${colorScheme}-${size.width}.png`);
      await page.screenshot({ path, animations: "disabled" });
    }
  }
  await pretend(page, device, LARGE);
  await device.detach();
}

/** The small one is touched. */
async function pretend(page: Page, device: CDPSession, size: Size) {
  const touched = size === SMALL;
  await device.send("Emulation.setTouchEmulationEnabled", { enabled: touched });
  await page.setViewportSize(size);
  await page.waitForFunction((touched) => matchMedia("(pointer: coarse)").matches === touched, touched);
}

/** Opens and takes each of these. */
export async function shootAll(page: Page, paths: Record<string, string>) {
  for (const [name, path] of Object.entries(paths)) {
    await open(page, path);
    await shoot(page, name);
  }
}

/** What an operator would type; gives what it prints. */
export async function admin(...words: string[]): Promise<string> {
  const ran = promisify(execFile)(process.env.ASSISTERS_PROGRAM!, ["admin", ...words]);
  ran.child.stdin!.end(`${PASSWORD}\n`);
  return (await ran).stdout.trim();
}

/** An account with keys of all kinds and weeks of requests. */
export async function makeOneWithAPast(email: string) {
  await admin("create-account", email, "--tier", "developer");
  await admin("create-key", email, "prod-web");
  await admin("create-key", email, "nightly-batch", "--endpoint", "embeddings", "--endpoint", "rerank", "--rpm", "40");
  await admin("create-key", email, "ci", "--expires", "5d", "--ip", "203.0.113.0/24", "--model", "smollm2-135m-instruct");
  await admin("create-key", email, "a laptop lent to the people in the other office");
  const database = join(process.env.ASSISTERS_DATA_DIR!, "assisters.db");
  execFileSync("python3", ["history.py", database, email], { stdio: "inherit" });
}

export async function signIn(page: Page, email: string) {
  await page.context().clearCookies();
  await open(page, "/sign-in");
  await fillDoor(page, email, PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
}

export async function signedIn(page: Page, email: string) {
  await signIn(page, email);
  await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
}
