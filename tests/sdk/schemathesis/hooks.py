"""Made-up requests made cheap and real: the models that are there, in what they take, and little of it.

What is valid is changed to what is valid, and what is wrong with a request stays wrong."""

import itertools
import re
import uuid

import schemathesis

KEY = "Idempotency-Key"
NUMBERS = (f"{uuid.uuid4()}-{number}" for number in itertools.count())
CHAT, EMBEDDINGS, MODERATION = "smollm2-135m-instruct", "all-minilm-l6-v2", "toxic-bilstm"
# Tokens of an answer, and entries of a list: thousands would be as true, and take as many times as long.
FEW, SOME = 2, 32
LARGEST = 2**32 - 1


@schemathesis.hook
def before_call(context, case, kwargs):
    key = (case.headers or {}).get(KEY)
    # The same key would come with one body after the other, and hide what is wrong with them behind 422.
    if isinstance(key, str) and re.fullmatch(r"[!-~]{1,255}", key):
        case.headers[KEY] = f"{key[:200]}{next(NUMBERS)}"
    if not isinstance(case.body, dict):
        return
    case.body = whole(case.body)
    # In a wrong request, what is wrong may stand behind the others.
    if case.meta is None or case.meta.generation.mode.is_positive:
        for field in ("input", "documents"):
            case.body |= {field: some(case.body[field])} if field in case.body else {}
    match case.path:
        case "/v1/chat/completions":
            chat(case.body)
        case "/v1/embeddings":
            embeddings(case.body)
        case "/v1/rerank":
            name(case.body, EMBEDDINGS)
        case "/v1/moderate" | "/v1/moderations":
            name(case.body, MODERATION)


def chat(body: dict) -> None:
    name(body, CHAT)
    for limit in ("max_tokens", "max_completion_tokens"):
        if is_count(body.get(limit), LARGEST):
            body[limit] = min(body[limit], FEW)
    if body.get("max_tokens") is None and body.get("max_completion_tokens") is None:
        body["max_tokens"] = FEW
    # The local model gives one answer to each request, and reads text alone.
    if is_count(body.get("n"), 128):
        body["n"] = 1
    for message in lists_in(body, "messages"):
        for part in lists_in(message, "content"):
            if isinstance(part, dict) and part.get("type") in ("image_url", "input_audio", "file", "refusal"):
                part |= {"type": "text", "text": "seen"}


def embeddings(body: dict) -> None:
    name(body, EMBEDDINGS)
    # Others can shorten their vectors, and have other vocabularies.
    if is_count(body.get("dimensions"), LARGEST):
        body["dimensions"] = 384
    if isinstance(body.get("input"), list):
        body["input"] = [known(item) for item in body["input"]]


def known(item):
    """A token of the local model for one of a larger vocabulary; of a list of tokens, each."""
    if isinstance(item, list):
        return [known(token) for token in item]
    return item % 30522 if is_count(item, LARGEST) else item


def name(body: dict, model: str) -> None:
    """An unknown model would hide what else is wrong: it gives 404 to all."""
    if isinstance(body.get("model"), str) and body["model"]:
        body["model"] = model


def some(value):
    """The first of a list, and of the lists in it."""
    return [some(item) for item in value[:SOME]] if isinstance(value, list) else value


def lists_in(value, field: str) -> list:
    found = value.get(field) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def is_count(value, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def whole(value):
    """JSON Schema takes 10.0 for an integer; the API does not, and neither does OpenAI's."""
    if isinstance(value, dict):
        return {name: whole(item) for name, item in value.items()}
    if isinstance(value, list):
        return [whole(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value
