import { execFile, execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";

import { test as base, expect, type APIRequestContext, type Page } from "@playwright/test";

export { expect };

export const MODEL = "smollm2-135m-instruct";
export const PASSWORD = "a sentence that is long enough";
export const THEMES = ["light", "dark"] as const;
export const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
] as const;

/** A page may say nothing on the console, break its policy nowhere, and ask no other host; each test watches for it. */
export const test = base.extend<{ allowed: RegExp; watched: void }>({
  /** What the console may say all the same. */
  allowed: [/^$/, { option: true }],
  watched: [
    async ({ page, baseURL, allowed }, use) => {
      const complaints: string[] = [];
      page.on("console", (message) => {
        const grave = message.type() === "error" || message.type() === "warning";
        // The browser itself reports an address that is none.
        const expected = allowed.test(message.text()) || message.location().url.endsWith("/nowhere");
        if (grave && !expected) complaints.push(`${page.url()}: ${message.text()}`);
      });
      page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error.message}`));
      page.on("request", (request) => {
        const url = new URL(request.url());
        if (url.protocol.startsWith("http") && url.origin !== baseURL) complaints.push(`asked ${url.origin}`);
      });
      await page.addInitScript(tellOfRefusals);
      await use();
      expect(complaints).toEqual([]);
    },
    { auto: true },
  ],
});

/** The console hears of what the page's policy refused, also where the browser itself would keep it quiet. */
function tellOfRefusals() {
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
    console.error(`The policy's ${violatedDirective} refused ${blockedURI}`);
  });
}

/** Waits until the page answers to more than links and forms, of which the wasm marks the document. */
export async function awake(page: Page) {
  await expect(page.locator("html[data-awake]")).toBeAttached();
}

export async function open(page: Page, path: string) {
  await page.goto(path);
  await awake(page);
}

export function freshEmail(): string {
  return `${randomUUID().slice(0, 13)}@example.com`;
}

export async function fillDoor(page: Page, email: string, password: string) {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
}

/** A new account, signed in, on its home page. */
export async function signUp(page: Page): Promise<string> {
  const email = freshEmail();
  await page.goto("/sign-up");
  await fillDoor(page, email, PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Welcome. One request and you are live.");
  return email;
}

/** By the account's menu. */
export async function signOut(page: Page) {
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("dialog", { name: "Account" }).getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
}

/** What an operator types behind `assisters admin`. */
export async function operate(...words: string[]) {
  const done = promisify(execFile)(process.env.ASSISTERS_PROGRAM!, ["admin", ...words]);
  // Commands that ask for no password do not read it.
  done.child.stdin!.on("error", () => {}).end(`${PASSWORD}\n`);
  await done;
}

/** Makes an administrator as an operator would, and signs in. */
export async function signInAsAdmin(page: Page) {
  const email = freshEmail();
  await operate("create-account", email, "--admin");
  await page.goto("/sign-in");
  await fillDoor(page, email, PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("/");
}

/** Creates a key by the form on the home page of a new account, and returns its secret. */
export async function createFirstKey(page: Page): Promise<string> {
  await page.getByRole("button", { name: "Create key" }).click();
  const secret = page.getByLabel("Copy this key now.");
  await expect(secret).toHaveValue(/^ask_[0-9A-Za-z]{32}$/);
  return secret.inputValue();
}

/** Opens a key's menu in the list, and follows one of its links. */
export async function choose(page: Page, key: string, action: string) {
  await page.getByRole("button", { name: `Actions for ${key}` }).click();
  await page.getByRole("link", { name: action }).click();
}

/** One short answer by the API, as another program would ask for it. */
export async function call(request: APIRequestContext, key: string) {
  return request.post("/v1/chat/completions", {
    headers: { Authorization: `Bearer ${key}` },
    data: { model: MODEL, max_tokens: 4, messages: [{ role: "user", content: "Say hello" }] },
  });
}

/** What a shell prints for a command that was copied from a page. */
export async function shell(command: string): Promise<string> {
  const { stdout } = await promisify(execFile)("bash", ["-c", command], { timeout: 60_000 });
  return stdout;
}

/** What the local worker says that it has done. */
export async function workerStats(request: APIRequestContext) {
  const answer = await request.get(`${process.env.ASSISTERS_WORKER_URL}/stats`);
  return (await answer.json()) as { active: number; generated_tokens: number; cancelled: number };
}

/** Makes the proofs of all sessions of an account old, as ten minutes would, in the service's own database. */
export function ageSessions(email: string) {
  const sql = "UPDATE sessions SET record = json_set(record, '$.confirmed_ms', 0) WHERE account_id = (SELECT id FROM accounts WHERE email = ?)";
  const script = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], 10); done = db.execute(sys.argv[2], [sys.argv[3]]); db.commit(); assert done.rowcount > 0";
  execFileSync("python3", ["-c", script, `${process.env.ASSISTERS_DATA_DIR}/assisters.db`, sql, email]);
}
