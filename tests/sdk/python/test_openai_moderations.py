"""Moderation by OpenAI's SDK, which calls /v1/moderations."""

import asyncio

import openai
import pytest

from conftest import async_client_of
from service import MODERATION

KIND, RUDE = "Thank you, that was a lovely dinner.", "You are so dumb and stupid!"


def test_rudeness_is_flagged_and_thanks_are_not(client):
    answer = client.moderations.create(model=MODERATION, input=[KIND, RUDE])
    assert answer.id.startswith("modr-")
    assert answer.model == MODERATION
    kind, rude = answer.results
    assert not kind.flagged
    assert not any(kind.categories.model_dump().values())
    assert rude.flagged and rude.categories.harassment
    assert rude.category_scores.harassment > 0.65 > kind.category_scores.harassment


def test_every_category_has_a_score_from_0_to_1(client):
    (result,) = client.moderations.create(model=MODERATION, input="I will come to your house and attack you").results
    scores = result.category_scores.model_dump(by_alias=True)
    assert len(scores) == 13
    assert all(0 <= score <= 1 for score in scores.values())
    flags = result.categories.model_dump(by_alias=True)
    assert set(flags) == set(scores)
    assert result.flagged == any(flags.values())
    assert result.categories.harassment_threatening or result.categories.violence


def test_the_model_may_be_left_out(client):
    named = client.moderations.create(model=MODERATION, input=RUDE)
    unnamed = client.moderations.create(input=RUDE)
    assert unnamed.model == MODERATION
    assert unnamed.results == named.results
    assert unnamed.id != named.id


def test_the_asynchronous_client_moderates_too(key):
    async def moderate() -> bool:
        async with async_client_of(key) as client:
            return (await client.moderations.create(input=RUDE)).results[0].flagged

    assert asyncio.run(moderate())


@pytest.mark.parametrize("wrong", [[], [KIND] * 101], ids=["none", "too-many"])
def test_a_bad_input_is_named(client, wrong):
    with pytest.raises(openai.BadRequestError) as refused:
        client.moderations.create(input=wrong)
    assert refused.value.param == "input"
