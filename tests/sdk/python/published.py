"""OpenAI's published schemas (tests/schema), and what each of our answers must be by them."""

import base64
import functools
import json
import struct
from pathlib import Path

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

DOCUMENT = Path(__file__).parents[2] / "schema" / "openapi-excerpt.json"
ANSWERS = {
    ("POST", "/chat/completions"): "CreateChatCompletionResponse",
    ("POST", "/embeddings"): "CreateEmbeddingResponse",
    ("POST", "/moderate"): "CreateModerationResponse",
    ("POST", "/moderations"): "CreateModerationResponse",
    ("GET", "/models"): "ListModelsResponse",
    ("GET", "/models/{id}"): "Model",
}


def or_null(schema):
    """The document with OpenAPI 3.0's `nullable: true` said in JSON Schema."""
    if isinstance(schema, list):
        return [or_null(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: or_null(value) for name, value in schema.items()}
    if plain.get("nullable") is True:
        del plain["nullable"]
        return {"anyOf": [plain, {"type": "null"}]}
    return plain


@functools.cache
def validator(name: str) -> Draft202012Validator:
    document = or_null(json.loads(DOCUMENT.read_text()))
    assert name in document["components"]["schemas"], f"the excerpt has no schema {name}"
    registry = Registry().with_resource("urn:openai", Resource(document, DRAFT202012))
    return Draft202012Validator({"$ref": f"urn:openai#/components/schemas/{name}"}, registry=registry)


def violations(name: str, value) -> list[str]:
    """How `value` breaks the schema of this name, each with the path to the place."""
    return [f"{name}{error.json_path[1:]}: {error.message[:300]}" for error in validator(name).iter_errors(value)]


def floats(embedding: str) -> list[float]:
    """An embedding in base64: little-endian numbers of four bytes."""
    raw = base64.b64decode(embedding, validate=True)
    return list(struct.unpack(f"<{len(raw) // 4}f", raw))


def answer_violations(method: str, path: str, status: int, body) -> list[str]:
    """Of a plain answer under /v1, success or error."""
    if status >= 400:
        return violations("ErrorResponse", body)
    name = ANSWERS.get((method, "/models/{id}" if path.startswith("/models/") else path))
    if name is None:
        return []
    if name == "CreateEmbeddingResponse":
        for entry in body.get("data", []):
            if isinstance(entry.get("embedding"), str):
                entry["embedding"] = floats(entry["embedding"])
    return violations(name, body)


def event_violations(data: str) -> list[str]:
    """Of one event's data in a stream."""
    if data == "[DONE]":
        return []
    body = json.loads(data)
    return violations("ErrorResponse" if "error" in body else "CreateChatCompletionStreamResponse", body)
