"""Rerank by Cohere's own SDK with only `base_url` and `api_key` changed.

`cohere.Client` posts to /v1/rerank, which is ours. `cohere.ClientV2` posts to /v2/rerank, which is not."""

import asyncio

import cohere
import httpx
import pytest
from cohere.core import ApiError

import recording
import service
from service import EMBEDDINGS

QUERY = "How do I cancel my subscription?"
DOCUMENTS = [
    "Our office is closed on public holidays.",
    "You can cancel the subscription at any time in your account settings.",
    "Bananas are rich in potassium.",
]


def settings(key: str, client: httpx.Client | httpx.AsyncClient | None = None) -> dict:
    client = client or httpx.Client(transport=recording.RecordingOfHttpx())
    return {"base_url": service.environment("ASSISTERS_URL"), "api_key": key, "httpx_client": client}


@pytest.fixture(scope="module")
def ranker(key) -> cohere.Client:
    return cohere.Client(**settings(key))


def test_the_best_comes_first_and_says_where_it_stood(ranker):
    answer = ranker.rerank(model=EMBEDDINGS, query=QUERY, documents=DOCUMENTS)
    assert answer.id.startswith("rerank-")
    assert answer.results[0].index == 1
    assert sorted(result.index for result in answer.results) == [0, 1, 2]
    scores = [result.relevance_score for result in answer.results]
    assert scores == sorted(scores, reverse=True) and scores[0] > scores[1]
    assert all(result.document is None for result in answer.results)
    assert answer.meta.billed_units.search_units == 1


def test_top_n_gives_the_best_alone(ranker):
    every = ranker.rerank(model=EMBEDDINGS, query=QUERY, documents=DOCUMENTS)
    best = ranker.rerank(model=EMBEDDINGS, query=QUERY, documents=DOCUMENTS, top_n=2)
    assert best.results == every.results[:2]


def test_documents_are_returned_when_asked_for(ranker):
    answer = ranker.rerank(model=EMBEDDINGS, query=QUERY, documents=DOCUMENTS, return_documents=True)
    assert [result.document.text for result in answer.results] == [DOCUMENTS[result.index] for result in answer.results]


def test_documents_may_be_objects(ranker):
    plain = ranker.rerank(model=EMBEDDINGS, query=QUERY, documents=DOCUMENTS)
    objects = ranker.rerank(model=EMBEDDINGS, query=QUERY, documents=[{"text": text} for text in DOCUMENTS])
    assert objects.results == plain.results


def test_the_asynchronous_client_ranks_too(key):
    async def rank() -> int:
        http_client = httpx.AsyncClient(transport=recording.AsyncRecordingOfHttpx())
        async with cohere.AsyncClient(**settings(key, http_client)) as client:
            return (await client.rerank(model=EMBEDDINGS, query=QUERY, documents=DOCUMENTS)).results[0].index

    assert asyncio.run(rank()) == 1


def test_what_is_wrong_raises_coheres_classes(ranker):
    with pytest.raises(cohere.BadRequestError) as refused:
        ranker.rerank(model=EMBEDDINGS, query=QUERY, documents=[])
    assert refused.value.body["error"]["param"] == "documents"
    with pytest.raises(cohere.NotFoundError):
        ranker.rerank(model="rerank-99", query=QUERY, documents=DOCUMENTS)
    with pytest.raises(cohere.UnauthorizedError):
        cohere.Client(**settings("ask_" + "0" * 32)).rerank(model=EMBEDDINGS, query=QUERY, documents=DOCUMENTS)


def test_the_second_versions_path_is_not_ours(key):
    with pytest.raises(ApiError) as refused:
        cohere.ClientV2(**settings(key)).rerank(model=EMBEDDINGS, query=QUERY, documents=DOCUMENTS)
    assert refused.value.status_code in (404, 405)
