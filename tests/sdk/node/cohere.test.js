/** Rerank by Cohere's own Node SDK: `CohereClient` posts to /v1/rerank, which is ours; `CohereClientV2` to /v2/rerank, which is not. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { CohereClient, CohereError } from "cohere-ai";

import { EMBEDDINGS, MISTYPED, URL, unlimitedKey } from "./service.js";

const client = of(unlimitedKey());
const documents = [
  "Our office is closed on public holidays.",
  "You can cancel the subscription at any time in your account settings.",
  "Bananas are rich in potassium.",
];
const ask = { model: EMBEDDINGS, query: "How do I cancel my subscription?", documents };

function of(token) {
  return new CohereClient({ token, environment: URL });
}

test("the best comes first and says where it stood", async () => {
  const { id, results, meta } = await client.rerank(ask);
  assert.match(id, /^rerank-/);
  assert.equal(results[0].index, 1);
  const scores = results.map((result) => result.relevanceScore);
  assert.deepEqual(scores, scores.toSorted((a, b) => b - a));
  assert.equal(meta.billedUnits.searchUnits, 1);
});

test("top_n and return_documents are obeyed", async () => {
  const { results } = await client.rerank({ ...ask, topN: 2, returnDocuments: true });
  assert.deepEqual(results.map((result) => result.document.text), results.map((result) => documents[result.index]));
  assert.equal(results.length, 2);
});

test("what is wrong raises its class", async () => {
  const refused = (promise) => promise.then(() => assert.fail("it was not refused"), (error) => error);
  const stranger = await refused(of(MISTYPED).rerank(ask));
  assert.ok(stranger instanceof CohereError);
  assert.equal(stranger.statusCode, 401);
  const unknown = await refused(client.rerank({ ...ask, model: "rerank-99" }));
  assert.deepEqual([unknown.statusCode, unknown.body.error.code], [404, "model_not_found"]);
});
