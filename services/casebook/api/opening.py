"""Opening sealed values at the edge: read models and queries hold tokens, and only an answer to a person is opened."""

from collections.abc import Awaitable, Callable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.eventstore.database import TRANSIENT
from shared.eventstore.seal import MARK
from shared.runtime.problems import problem
from shared.runtime.telemetry import log

# What services and those who run them read stays sealed: they need no customer's words.
SEALED = ("/log", "/streams", "/dead-letters", "/lag", "/health", "/metrics", "/openapi.json")
JSON = b"application/json"
Open = Callable[[bytes], Awaitable[bytes]]


class OpenAnswers:
    """ASGI middleware: opens the tokens in JSON answers, and passes on as they are those that hold none.

    `open_document` gives a JSON document with its tokens opened. An answer is held back until it is whole.
    """

    def __init__(self, app: ASGIApp, open_document: Open) -> None:
        self._app = app
        self._open = open_document

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(SEALED):
            await self._app(scope, receive, send)
        else:
            answer = _Answer(self._open, send)
            await self._app(scope, receive, answer)
            if answer.unopened is not None:
                log.warning("vault away", error=repr(answer.unopened))
                told = "The service cannot reach the vault, without which it cannot read what customers wrote."
                await problem(503, "Try again", told)(scope, receive, send)


class _Answer:
    """Takes one answer's messages and sends them on, opened; sends nothing when the vault is away (`unopened`)."""

    unopened: Exception | None = None

    def __init__(self, open_document: Open, send: Send) -> None:
        self._open = open_document
        self._send = send
        self._start: Message | None = None
        self._parts: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_json(message):
            self._start = message
        elif self._start is None or message["type"] != "http.response.body":
            await self._send(message)
        else:
            self._parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                await self._whole(self._start, b"".join(self._parts))

    async def _whole(self, start: Message, body: bytes) -> None:
        if MARK in body:
            try:
                body = await self._open(body)
            except TRANSIENT as away:
                self.unopened = away
                return
            MutableHeaders(raw=start["headers"])["content-length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _is_json(start: Message) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(JSON) for name, value in start["headers"])
