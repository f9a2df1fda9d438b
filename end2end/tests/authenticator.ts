import { createHmac } from "node:crypto";

import { type Page } from "@playwright/test";

import { expect, open } from "./fixtures";

/** What an authenticator app shows so many steps of 30 seconds from now. */
export function appShows(secret: string, steps = 0): string {
  const bits = [...secret].map((char) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(char).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g)!.map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const digest = createHmac("sha1", key).update(step).digest();
  const at = digest[19]! & 15;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** Sets up the second factor; gives the secret, and leaves the recovery codes on screen. */
export async function setUp(page: Page): Promise<string> {
  await open(page, "/settings");
  await page.getByRole("button", { name: "Set up…" }).click();
  const dialog = page.getByRole("dialog");
  const secret = await dialog.getByLabel("Secret", { exact: true }).inputValue();
  await dialog.getByLabel("Code that the app shows").fill(appShows(secret));
  await dialog.getByRole("button", { name: "Turn on" }).click();
  await expect(dialog.getByRole("heading", { name: "Your recovery codes" })).toBeVisible();
  return secret;
}

/** Copies the codes that are on screen, and closes them. */
export async function keepCodes(page: Page) {
  await page.getByRole("button", { name: "Copy the codes" }).click();
  await expect(page.getByText("Copied the codes")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
}
