/** Vercel's AI SDK by its provider for OpenAI-compatible services. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, embed, embedMany, generateText, streamText } from "ai";

import { BASE_URL, BEGINNING, CHAT, EMBEDDINGS, MISTYPED, QUESTION, SENTENCE, close, unlimitedKey, workerUntil } from "./service.js";

const provider = of(unlimitedKey());
const ask = { model: provider(CHAT), prompt: QUESTION, maxOutputTokens: 12, temperature: 0, seed: 7, maxRetries: 0 };

function of(apiKey) {
  return createOpenAICompatible({ name: "assisters", baseURL: BASE_URL, apiKey, includeUsage: true });
}

test("text is generated", async () => {
  const { text, usage, finishReason, response } = await generateText(ask);
  assert.match(text, /Paris/);
  assert.equal(usage.totalTokens, usage.inputTokens + usage.outputTokens);
  assert.ok(["stop", "length"].includes(finishReason));
  assert.match(response.headers["x-request-id"], /^req_/);
});

test("text is streamed piece by piece, and its usage comes last", async () => {
  const { text } = await generateText(ask);
  const result = streamText(ask);
  const pieces = [];
  for await (const piece of result.textStream) pieces.push(piece);
  assert.ok(pieces.length > 2);
  assert.equal(pieces.join(""), text);
  assert.ok((await result.usage).outputTokens > 0);
  assert.ok(["stop", "length"].includes(await result.finishReason));
});

test("a conversation is understood", async () => {
  const messages = [
    { role: "user", content: [{ type: "text", text: QUESTION }] },
    { role: "assistant", content: "The capital of France is Paris." },
    { role: "user", content: "Say the name of that city again." },
  ];
  const { text } = await generateText({ ...ask, prompt: undefined, system: "You are a helpful assistant.", messages });
  assert.match(text, /Paris/);
});

test("aborting a stream frees the worker", async () => {
  const before = await workerUntil((stats) => stats.active === 0);
  const abort = new AbortController();
  const prompt = "Write a very long story about a river.";
  const { textStream } = streamText({ ...ask, prompt, maxOutputTokens: 2000, abortSignal: abort.signal });
  for await (const _ of textStream) abort.abort();
  const after = await workerUntil((stats) => stats.active === 0);
  assert.equal(after.cancelled, before.cancelled + 1);
});

test("one value is embedded", async () => {
  const { embedding, usage } = await embed({ model: provider.embeddingModel(EMBEDDINGS), value: SENTENCE });
  assert.ok(close(embedding.slice(0, 4), BEGINNING));
  assert.ok(usage.tokens > 0);
});

test("many values are embedded in their order", async () => {
  const values = ["It's so sunny outside!", "He drove to the stadium.", SENTENCE];
  const { embeddings } = await embedMany({ model: provider.embeddingModel(EMBEDDINGS), values });
  assert.equal(embeddings.length, 3);
  assert.ok(close(embeddings[2].slice(0, 4), BEGINNING));
});

test("what is wrong is said in our words", async () => {
  const refused = (model) => generateText({ ...ask, model }).then(() => assert.fail("it was not refused"), (error) => error);
  const unknown = await refused(provider("gpt-99"));
  assert.ok(APICallError.isInstance(unknown), `${unknown}`);
  assert.deepEqual([unknown.statusCode, unknown.isRetryable], [404, false]);
  assert.match(unknown.message, /gpt-99/);
  const stranger = await refused(of(MISTYPED)(CHAT));
  assert.equal(stranger.statusCode, 401);
  assert.match(stranger.message, /mistyped/);
});
