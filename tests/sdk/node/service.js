/** The service under test: where it is, and keys to it. `cargo xtask test --only sdk` starts it and says where. */

import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";

export const CHAT = "smollm2-135m-instruct";
export const EMBEDDINGS = "all-minilm-l6-v2";
export const MODERATION = "toxic-bilstm";
export const QUESTION = "What is the capital of France?";
/** A sentence, and how its embedding begins as sentence-transformers computes it. */
export const SENTENCE = "The weather is lovely today.";
export const BEGINNING = [0.019196, 0.120085, 0.159598, 0.067066];
export const MISTYPED = "ask_" + "0".repeat(32);

const PASSWORD = "a sentence that is long enough";

function environment(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run \`cargo xtask test --only sdk\``);
  return value;
}

export const URL = environment("ASSISTERS_URL");
export const BASE_URL = `${URL}/v1`;

/** What an operator would type on the machine of the service. */
function admin(...words) {
  const input = `${PASSWORD}\n`;
  return execFileSync(environment("ASSISTERS_PROGRAM"), ["admin", ...words], { input, encoding: "utf8", stdio: "pipe" }).trim();
}

/** The key of a new account, whose limits nobody else uses up. */
export function newKey(tier, rpm, tpm) {
  const email = `${tier}-${randomUUID()}@example.com`;
  admin("create-account", email, "--tier", tier);
  if (rpm && tpm) admin("set-tier", email, tier, "--rpm", `${rpm}`, "--tpm", `${tpm}`);
  return admin("create-key", email, "sdk test");
}

/** For tests that do not look at limits. */
export function unlimitedKey() {
  return newKey("enterprise", 1_000_000, 1_000_000_000);
}

/** What the local worker says of itself, as soon as `holds` is true of it. */
export async function workerUntil(holds) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const stats = await (await fetch(`${environment("ASSISTERS_WORKER_URL")}/stats`)).json();
    if (holds(stats)) return stats;
    if (Date.now() > deadline) throw new Error(`after 20 s the worker still says ${JSON.stringify(stats)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether two lists of numbers are the same to 1e-5. */
export function close(a, b) {
  return a.length === b.length && a.every((x, at) => Math.abs(x - b[at]) < 1e-5);
}
