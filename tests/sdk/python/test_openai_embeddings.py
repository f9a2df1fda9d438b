"""Embeddings by OpenAI's SDK, which asks for base64 unless told otherwise."""

import asyncio

import openai
import pytest

from conftest import async_client_of
from service import EMBEDDINGS

SENTENCE = "The weather is lovely today."
# As sentence-transformers computes it.
BEGINNING = [0.019196, 0.120085, 0.159598, 0.067066]
OTHERS = ["It's so sunny outside!", "He drove to the stadium."]


def cosine(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def test_a_known_sentence_has_its_known_embedding(client):
    answer = client.embeddings.create(model=EMBEDDINGS, input=SENTENCE)
    (entry,) = answer.data
    assert (answer.object, entry.object, entry.index, answer.model) == ("list", "embedding", 0, EMBEDDINGS)
    assert entry.embedding[:4] == pytest.approx(BEGINNING, abs=1e-5)
    assert len(entry.embedding) == 384
    assert cosine(entry.embedding, entry.embedding) == pytest.approx(1, abs=1e-5)
    assert answer.usage.prompt_tokens == answer.usage.total_tokens > 0


def test_base64_and_floats_are_the_same_numbers(client):
    as_default = client.embeddings.create(model=EMBEDDINGS, input=SENTENCE).data[0].embedding
    as_floats = client.embeddings.create(model=EMBEDDINGS, input=SENTENCE, encoding_format="float").data[0].embedding
    assert as_default == pytest.approx(as_floats, abs=1e-7)


def test_a_list_is_embedded_in_its_order(client):
    answer = client.embeddings.create(model=EMBEDDINGS, input=[SENTENCE, *OTHERS])
    assert [entry.index for entry in answer.data] == [0, 1, 2]
    weather, sunny, stadium = (entry.embedding for entry in answer.data)
    # The figures that sentence-transformers shows for these three.
    assert cosine(weather, sunny) == pytest.approx(0.6660, abs=1e-3)
    assert cosine(weather, stadium) == pytest.approx(0.1046, abs=1e-3)
    assert cosine(sunny, stadium) == pytest.approx(0.1411, abs=1e-3)


def test_company_does_not_change_an_embedding(client):
    alone = client.embeddings.create(model=EMBEDDINGS, input=SENTENCE)
    among = client.embeddings.create(model=EMBEDDINGS, input=[*OTHERS, SENTENCE, "word " * 100])
    assert among.data[2].embedding == pytest.approx(alone.data[0].embedding, abs=1e-5)
    assert among.usage.total_tokens > alone.usage.total_tokens


def test_many_are_embedded_at_once(client):
    answer = client.embeddings.create(model=EMBEDDINGS, input=[f"number {n}" for n in range(200)])
    assert [entry.index for entry in answer.data] == list(range(200))


def test_the_asynchronous_client_embeds_too(key):
    async def embed() -> list[float]:
        async with async_client_of(key) as client:
            return (await client.embeddings.create(model=EMBEDDINGS, input=SENTENCE)).data[0].embedding

    assert asyncio.run(embed())[:4] == pytest.approx(BEGINNING, abs=1e-5)


def test_the_models_own_dimensions_may_be_asked_for(client):
    answer = client.embeddings.create(model=EMBEDDINGS, input=SENTENCE, dimensions=384)
    assert len(answer.data[0].embedding) == 384


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": ["a", ""]}, "input[1]"),
        ({"input": ["a"] * 2049}, "input"),
        ({"dimensions": 100}, "dimensions"),
        ({"encoding_format": "hex"}, "encoding_format"),
    ],
    ids=["empty", "none", "one-empty", "too-many", "dimensions", "encoding"],
)
def test_a_bad_field_is_named(client, wrong, param):
    with pytest.raises(openai.BadRequestError) as refused:
        client.embeddings.create(**{"model": EMBEDDINGS, "input": SENTENCE, **wrong})
    assert refused.value.param == param
    assert refused.value.type == "invalid_request_error"
