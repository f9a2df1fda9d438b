"""Made-up requests made cheap and real: a model that is there, and few tokens from it."""

import itertools
import re
import uuid

import schemathesis

MODELS = {
    "/v1/chat/completions": "smollm2-135m-instruct",
    "/v1/embeddings": "all-minilm-l6-v2",
    "/v1/rerank": "all-minilm-l6-v2",
    "/v1/moderate": "toxic-bilstm",
    "/v1/moderations": "toxic-bilstm",
}
FEW = 2
KEY = "Idempotency-Key"
NUMBERS = (f"{uuid.uuid4()}-{number}" for number in itertools.count())


@schemathesis.hook
def before_call(context, case, kwargs):
    """Changes what is valid to what is valid; what is wrong with a request stays wrong."""
    key = (case.headers or {}).get(KEY)
    # The same key would come with one body after the other, and hide what is wrong with them behind 422.
    if isinstance(key, str) and re.fullmatch(r"[!-~]{1,255}", key):
        case.headers[KEY] = f"{key[:200]}{next(NUMBERS)}"
    if not isinstance(case.body, dict):
        return
    body = case.body = whole(case.body)
    model = MODELS.get(case.path)
    # An unknown model would hide what else is wrong: it gives 404 to all.
    if model and isinstance(body.get("model"), str) and body["model"]:
        body["model"] = model
    if case.path == "/v1/chat/completions":
        for limit in ("max_tokens", "max_completion_tokens"):
            if is_count(body.get(limit), 2**32 - 1):
                body[limit] = min(body[limit], FEW)
        if body.get("max_tokens") is None and body.get("max_completion_tokens") is None:
            body["max_tokens"] = FEW
        # The local worker gives one answer to each request; what others give is theirs to say.
        if is_count(body.get("n"), 128):
            body["n"] = 1
    # As long as the local model makes them; others can shorten theirs.
    if case.path == "/v1/embeddings" and is_count(body.get("dimensions"), 2**32 - 1):
        body["dimensions"] = 384


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
