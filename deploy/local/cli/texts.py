"""The whole words of messages, read from the logs of the services that recorded them."""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import httpx

from deploy.local.cli.context import Context, checked
from deploy.local.cli.opened import open_bodies

WORDED = {"intake.message_received.v1", "intake.message_sent.v1", "intake.reply_drafted.v1"}


def texts_of(context: Context, user: str, events: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The text of each event that has one, by event id; empty if the user may not read logs."""
    sealed: list[tuple[str, dict[str, Any]]] = []
    with context.client("intake", user) as intake:
        for event in events:
            if event["type"] not in WORDED:
                continue
            answer = _read(intake, event["log_part"], event["position"])
            if answer.status_code == HTTPStatus.FORBIDDEN:
                return {}
            [found] = checked(answer)
            sealed.append((event["event_id"], json.loads(found["body"])))
        opened = open_bodies(intake, sealed)
    return {event_id: body["text"] for (event_id, _), body in zip(sealed, opened, strict=True)}


def _read(client: httpx.Client, part: int, position: int) -> httpx.Response:
    return client.get(f"/log/{part}", params={"after": position - 1, "limit": 1})
