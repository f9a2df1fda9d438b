"""Models by OpenAI's SDK."""

import openai
import pytest

from service import CHAT, EMBEDDINGS, MODERATION


@pytest.mark.parametrize("model", [CHAT, EMBEDDINGS, MODERATION])
def test_a_model_is_listed_and_found(client, model):
    listed = client.models.list()
    assert model in [entry.id for entry in listed.data]
    found = client.models.retrieve(model)
    assert (found.id, found.object) == (model, "model")
    assert found in listed.data


def test_a_models_card_says_what_it_can_be_asked_for(client):
    tasks = {entry.id: set(entry.tasks) for entry in client.models.list().data}
    assert tasks[CHAT] == {"chat"}
    assert tasks[EMBEDDINGS] == {"embeddings", "rerank"}
    assert tasks[MODERATION] == {"moderation"}


def test_a_moderation_models_card_says_which_categories_it_can_tell(client):
    result = client.moderations.create(model=MODERATION, input="I will kill you").results[0]
    applied = result.category_applied_input_types.model_dump(by_alias=True)
    known = client.models.retrieve(MODERATION).moderation_categories
    assert set(known) == {name for name, types in applied.items() if types == ["text"]}
    assert 0 < len(known) < 13


def test_an_unknown_model_is_not_found(client):
    with pytest.raises(openai.NotFoundError) as refused:
        client.models.retrieve("gpt-99")
    assert (refused.value.code, refused.value.param) == ("model_not_found", "model")
