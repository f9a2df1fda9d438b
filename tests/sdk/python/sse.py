"""Event streams as bytes: what a client's parser would make of them, with nothing smoothed over."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    id: str | None
    data: str

    @property
    def json(self) -> dict:
        return json.loads(self.data)


def events(raw: bytes) -> list[Event]:
    """The events of a stream that has ended; comments are passed over."""
    found = []
    blocks = raw.decode("utf-8").replace("\r\n", "\n").split("\n\n")
    assert blocks.pop() == "", f"the stream ends within an event: {raw[-200:]!r}"
    for block in blocks:
        fields = {}
        for line in block.split("\n"):
            name, _, value = line.partition(":")
            if name:
                assert name in ("data", "id", "event", "retry"), f"no field of an event: {line!r}"
                fields.setdefault(name, []).append(value.removeprefix(" "))
        if "data" in fields:
            found.append(Event(fields.get("id", [None])[-1], "\n".join(fields["data"])))
    return found
