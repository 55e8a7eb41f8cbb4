"""Access records: who read which cases and customers, written before the answer leaves.

Ids only: what was read is found by its ids in the answer, and no word of it is kept. Records that arrive while one
lot is being written go together in the next, so a record costs a reader about one commit and many readers share one.
A read that cannot be recorded is not answered.
"""

import asyncio
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
from starlette.datastructures import Headers, QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.eventstore.database import TRANSIENT, Database
from shared.runtime.as_of import instant
from shared.runtime.auth import ROLES, TokenVerifier, identify
from shared.runtime.clock import new_id, now
from shared.runtime.problems import problem
from shared.runtime.telemetry import log
from shared.runtime.tracing import route_of

HEX = b"[0-9a-f]"
UUID_TEXT = HEX + b"{8}-" + HEX + b"{4}-" + HEX + b"{4}-" + HEX + b"{4}-" + HEX + b"{12}"
CASES = re.compile(rb'"(?:case_id|stream_id)":\s*"(' + UUID_TEXT + rb')"')
CUSTOMERS = re.compile(rb'"customer_id":\s*"(' + UUID_TEXT + rb')"')
VIA = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,39}")
PURPOSE = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,63}")
PURPOSE_HEADER = "x-purpose"
UNREADING = ("/health", "/metrics", "/openapi.json", "/docs", "/access-records", "/log")
INSERT = """
    INSERT INTO access_record SELECT a, t, n, string_to_array(r, ','), w, string_to_array(c, ',')::uuid[],
        string_to_array(u, ',')::uuid[], o, v, p
    FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
        $8::timestamptz[], $9::text[], $10::text[]) AS s(a, t, n, r, w, c, u, o, v, p)"""


def _reads(scope: Scope) -> bool:
    """Tell whether a request shows cases; events are posted to be opened, and what is opened was read."""
    path: str = scope["path"]
    return path == "/opened" or (scope["method"] == "GET" and not path.startswith(UNREADING))


class Access(NamedTuple):
    """One read: who, in which roles, over which route, of which cases and customers, as of when, by what, for what."""

    access_id: UUID
    read_at: datetime
    reader: str
    roles: tuple[str, ...]
    route: str
    case_ids: Sequence[str]
    customer_ids: Sequence[str]
    as_of: datetime | None
    via: str
    purpose: str | None


class AccessRecorder:
    """Writes access records in lots; `record` returns when its record is committed. `run` must be going on."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[Access, asyncio.Future[None]]] = []
        self._some = asyncio.Event()

    async def record(self, access: Access) -> None:
        """Write one record, together with those that wait; raises what the database raised."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((access, done))
        self._some.set()
        await done

    async def run(self) -> None:
        """Write what waits until cancelled; readers whose records cannot be written are told."""
        while True:
            await self._some.wait()
            self._some.clear()
            lot, self._waiting = self._waiting, []
            try:
                async with self._database.connection() as tx:
                    await tx.raw.execute(INSERT, *_columns(access for access, _ in lot))
            except (asyncpg.PostgresError, *TRANSIENT) as error:
                for _, done in lot:
                    if not done.done():
                        done.set_exception(error)
            else:
                for _, done in lot:
                    if not done.done():
                        done.set_result(None)


class RecordAccesses:
    """ASGI middleware: holds an answer that shows cases or customers back until the read is on record.

    An answer that is no JSON, such as a file, is recorded by its route before its first byte.
    """

    def __init__(self, app: ASGIApp, recorder: AccessRecorder, verifier: TokenVerifier) -> None:
        self._app = app
        self._recorder = recorder
        self._verifier = verifier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _reads(scope):
            return await self._app(scope, receive, send)
        purpose = Headers(scope=scope).get(PURPOSE_HEADER)
        if purpose is not None and not PURPOSE.fullmatch(purpose):
            fix = "send a code of small letters, digits and _ . : - such as complaint or dsar-17"
            refused = problem(422, "The input cannot be read", "is no code", field=PURPOSE_HEADER, fix=fix)
            return await refused(scope, receive, send)
        return await self._app(scope, receive, _Held(self, scope, receive, send).send)

    async def record(self, scope: Scope, body: bytes) -> None:
        """Record what an answer shows; nothing where it shows no case and no customer."""
        headers = Headers(scope=scope)
        asked = " ".join(str(value) for value in scope.get("path_params", {}).values()).encode()
        cases = {found.decode() for found in CASES.findall(body)}
        customers = {found.decode() for found in CUSTOMERS.findall(body)}
        route = route_of(scope) or "unknown"
        named = {found.decode() for found in re.findall(UUID_TEXT, asked)}
        if "/customers/" in route:
            customers |= named
        elif "/cases/" in route:
            cases |= named
        if body and not cases and not customers:
            return
        who = identify(self._verifier, headers.get("authorization"), ROLES)
        if who.roles == ("service",):
            return
        as_of = QueryParams(scope["query_string"]).get("as_of")
        await self._recorder.record(
            Access(
                new_id(),
                now(),
                who.name,
                who.roles,
                route,
                sorted(cases),
                sorted(customers),
                None if as_of is None else instant(as_of, "as_of"),
                (VIA.match(headers.get("user-agent", "")) or [""])[0] or "unknown",
                headers.get(PURPOSE_HEADER),
            )
        )


class _Held:
    """Holds one answer back until it is recorded."""

    def __init__(self, owner: RecordAccesses, scope: Scope, receive: Receive, send: Send) -> None:
        self._owner, self._scope, self._receive, self._send = owner, scope, receive, send
        self._refused = False
        self._start: Message | None = None
        self._chunks: list[bytes] = []

    async def send(self, message: Message) -> None:
        if self._refused:
            return None
        if message["type"] == "http.response.start":
            if message["status"] >= 300:
                return await self._send(message)
            self._start = message
            if b"json" not in Headers(raw=message["headers"]).get("content-type", "").encode():
                await self._release(b"")
            return None
        if self._start is None:
            return await self._send(message)
        self._chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            body = b"".join(self._chunks)
            if await self._release(body):
                await self._send({"type": "http.response.body", "body": body, "more_body": False})
        return None

    async def _release(self, body: bytes) -> bool:
        """Begin the answer once it is recorded; tell that there is none if it cannot be."""
        assert self._start is not None
        start, self._start = self._start, None
        try:
            await self._owner.record(self._scope, body)
        except (asyncpg.PostgresError, *TRANSIENT) as error:
            log.warning("a read could not be recorded, and is not answered", error=type(error).__name__)
            self._refused = True
            answer = problem(503, "Try again", "The read could not be put on record, so it is not answered.")
            await answer(self._scope, self._receive, self._send)
            return False
        await self._send(start)
        return True


def _columns(accesses: Iterable[Access]) -> list[list[object]]:
    rows = [
        # Lists of different lengths do not go into one array.
        (*access[:3], ",".join(access.roles), access.route, ",".join(access.case_ids), *_rest(access))
        for access in accesses
    ]
    return [list(column) for column in zip(*rows, strict=True)]


def _rest(access: Access) -> tuple[object, ...]:
    return ",".join(access.customer_ids), access.as_of, access.via, access.purpose
