"""Made-up requests made cheap and real: a model that is there, and few tokens from it."""

import schemathesis

MODELS = {
    "/v1/chat/completions": "smollm2-135m-instruct",
    "/v1/embeddings": "all-minilm-l6-v2",
    "/v1/rerank": "all-minilm-l6-v2",
    "/v1/moderate": "toxic-bilstm",
    "/v1/moderations": "toxic-bilstm",
}
FEW = 2


@schemathesis.hook
def before_call(context, case, kwargs):
    """Unless the name of the model is what is wrong, an unknown one would hide what else is: it gives 404 to all."""
    body = case.body
    if not isinstance(body, dict):
        return
    model = MODELS.get(case.path)
    if model and isinstance(body.get("model"), str) and body["model"]:
        body["model"] = model
    if case.path == "/v1/chat/completions":
        for limit in ("max_tokens", "max_completion_tokens"):
            # What is no valid limit stays as it is.
            if isinstance(body.get(limit), int) and FEW < body[limit] <= 2**32:
                body[limit] = FEW
        if body.get("max_tokens") is None and body.get("max_completion_tokens") is None:
            body["max_tokens"] = FEW
