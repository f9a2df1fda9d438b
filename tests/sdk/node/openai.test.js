/** OpenAI's own Node SDK with only `baseURL` and `apiKey` changed, against the service and its real local models. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";

import OpenAI from "openai";

import {
  BASE_URL, BEGINNING, CHAT, EMBEDDINGS, MISTYPED, MODERATION, QUESTION, SENTENCE, close, newKey, unlimitedKey, workerUntil,
} from "./service.js";

const key = unlimitedKey();
const client = of(key);
const messages = [{ role: "user", content: QUESTION }];
const words = { model: CHAT, messages, max_tokens: 12, temperature: 0, seed: 7 };

/** The SDK as anyone would set it up; without retries, so that a test sees each answer. */
function of(apiKey, settings = {}) {
  return new OpenAI({ baseURL: BASE_URL, apiKey, maxRetries: 0, ...settings });
}

async function all(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

/** The error that `promise` is rejected with, which must be of the class `kind`. */
async function refusal(promise, kind) {
  const error = await promise.then(() => assert.fail("it was not refused"), (error) => error);
  assert.ok(error instanceof kind, `${error}`);
  return error;
}

describe("chat", () => {
  test("an answer comes whole with its usage", async () => {
    const answer = await client.chat.completions.create(words);
    const [choice] = answer.choices;
    assert.match(answer.id, /^chatcmpl-/);
    assert.match(choice.message.content, /Paris/);
    assert.equal(choice.message.refusal, null);
    assert.ok(["stop", "length"].includes(choice.finish_reason));
    assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
    assert.match(answer._request_id, /^req_/);
  });

  test("a stream says what the whole answer says", async () => {
    const whole = await client.chat.completions.create(words);
    const chunks = await all(await client.chat.completions.create({ ...words, stream: true }));
    assert.equal(chunks[0].choices[0].delta.role, "assistant");
    assert.equal(chunks.map((chunk) => chunk.choices[0].delta.content ?? "").join(""), whole.choices[0].message.content);
    assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
    assert.ok(chunks.every((chunk) => !chunk.usage));
  });

  test("a stream that is asked ends with its usage", async () => {
    const stream = await client.chat.completions.create({ ...words, stream: true, stream_options: { include_usage: true } });
    const chunks = await all(stream);
    const last = chunks.pop();
    assert.deepEqual(last.choices, []);
    assert.equal(last.usage.total_tokens, last.usage.prompt_tokens + last.usage.completion_tokens);
    assert.ok(chunks.every((chunk) => chunk.usage === null));
  });

  test("the stream helper gathers the whole answer", async () => {
    const stream = client.chat.completions.stream(words);
    assert.match(await stream.finalContent(), /Paris/);
  });

  test("aborting a stream frees the worker", async () => {
    const before = await workerUntil((stats) => stats.active === 0);
    const story = [{ role: "user", content: "Write a very long story about a river." }];
    const stream = await client.chat.completions.create({ model: CHAT, messages: story, max_tokens: 2000, stream: true });
    let seen = 0;
    for await (const _ of stream) if (++seen === 4) break;
    const after = await workerUntil((stats) => stats.active === 0);
    assert.equal(after.cancelled, before.cancelled + 1);
  });
});

describe("errors", () => {
  test("a bad field is named", async () => {
    const error = await refusal(client.chat.completions.create({ ...words, temperature: 9 }), OpenAI.BadRequestError);
    assert.deepEqual([error.param, error.type, error.code], ["temperature", "invalid_request_error", "invalid_parameter"]);
  });

  test("a wrong key is an authentication error", async () => {
    const error = await refusal(of(MISTYPED).chat.completions.create(words), OpenAI.AuthenticationError);
    assert.deepEqual([error.status, error.code], [401, "invalid_api_key"]);
    assert.match(error.requestID, /^req_/);
  });

  test("an unknown model is not found", async () => {
    const error = await refusal(client.chat.completions.create({ ...words, model: "gpt-99" }), OpenAI.NotFoundError);
    assert.deepEqual([error.code, error.param], ["model_not_found", "model"]);
  });

  test("the eleventh request of a free account in a minute is a rate limit error", async () => {
    const free = of(newKey("free"));
    for (let n = 0; n < 10; n++) await free.chat.completions.create({ ...words, max_tokens: 1 });
    const error = await refusal(free.chat.completions.create({ ...words, max_tokens: 1 }), OpenAI.RateLimitError);
    assert.equal(error.code, "rate_limit_exceeded");
    assert.ok(Number(error.headers.get("retry-after")) >= 1);
  });

  test("a request larger than the limit is not retried", async () => {
    let asked = 0;
    const counting = (...call) => (asked++, fetch(...call));
    const patient = of(newKey("enterprise", 100, 500), { maxRetries: 5, fetch: counting });
    const error = await refusal(patient.chat.completions.create({ ...words, max_tokens: 501 }), OpenAI.RateLimitError);
    assert.deepEqual([error.code, asked], ["request_too_large", 1]);
  });
});

describe("the other endpoints", () => {
  test("models are listed and found", async () => {
    const listed = (await all(client.models.list())).map((model) => model.id);
    for (const model of [CHAT, EMBEDDINGS, MODERATION]) {
      assert.ok(listed.includes(model));
      assert.equal((await client.models.retrieve(model)).id, model);
    }
  });

  test("embeddings are the same numbers in base64 and as floats", async () => {
    const ask = { model: EMBEDDINGS, input: ["He drove to the stadium.", SENTENCE] };
    const byDefault = await client.embeddings.create(ask);
    const floats = await client.embeddings.create({ ...ask, encoding_format: "float" });
    assert.ok(close(byDefault.data[1].embedding.slice(0, 4), BEGINNING));
    assert.equal(byDefault.data[1].embedding.length, 384);
    for (const at of [0, 1]) assert.ok(close(byDefault.data[at].embedding, floats.data[at].embedding));
  });

  test("rudeness is flagged and thanks are not", async () => {
    const input = ["Thank you, that was a lovely dinner.", "You are so dumb and stupid!"];
    const { results } = await client.moderations.create({ model: MODERATION, input });
    assert.deepEqual(results.map((result) => result.flagged), [false, true]);
    assert.ok(results[1].categories.harassment);
  });

  test("an answer comes again with the same key", async () => {
    const once = { headers: { "Idempotency-Key": randomUUID() } };
    const first = await client.chat.completions.create(words, once);
    const { data, response } = await client.chat.completions.create(words, once).withResponse();
    assert.deepEqual(data, first);
    assert.equal(response.headers.get("idempotent-replayed"), "true");
  });

  test("a stream comes again with the same key", async () => {
    const once = { headers: { "Idempotency-Key": randomUUID() } };
    const first = await all(await client.chat.completions.create({ ...words, stream: true }, once));
    assert.deepEqual(await all(await client.chat.completions.create({ ...words, stream: true }, once)), first);
  });
});
