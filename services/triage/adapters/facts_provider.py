"""The facts provider over HTTP: customers, orders and the like, with the last known value when it does not answer."""

import asyncio
import json
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import httpx

from services.triage.domain.policies.lookups import UNREACHABLE, LookedUp, plain_id
from shared.kernel.errors import MalformedInput
from shared.runtime.clock import now
from shared.runtime.telemetry import log

FAILURES = 5
REST = timedelta(seconds=5)
"""After so many failures in a row nobody is asked for so long: a provider that is down shall not slow every case."""
KEPT = timedelta(days=1)
"""A record that was seen longer ago is forgotten: it says little by then, and a customer may have been erased."""
KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")
LONGEST_ID = 200
LARGEST_RECORD = 256 * 1024
"""Bytes. What is looked up is kept in the event, so a record of megabytes is a mistake of the provider."""
LARGEST_NUMBER = 1e27
"""The rules engine cannot read larger ones."""


class ProviderFailed(Exception):
    """The provider gave no usable answer; the text says why, without anything of the record."""


class FactsProvider:
    """Asks `GET {url}/{kind}/{id}`. `known` values are kept; `at_once` requests run at a time."""

    def __init__(
        self,
        url: str,
        *,
        timeout_ms: int = 800,
        at_once: int = 16,
        known: int = 2000,
        token_file: Path | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], datetime] = now,
    ) -> None:
        """Raises MalformedInput for an address that is none. `timeout_ms` counts waiting for a free slot too."""
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise MalformedInput(str(error), field="TRIAGE_FACTS_URL", fix="give http://host:port") from error
        if parsed.scheme not in {"http", "https"} or not parsed.host:
            raise MalformedInput(f"{url!r} is no address", field="TRIAGE_FACTS_URL", fix="give http://host:port")
        self._url = url.rstrip("/")
        self._timeout = timeout_ms / 1000
        self._slots = asyncio.Semaphore(at_once)
        self._most = known
        self._known: OrderedDict[tuple[str, str], LookedUp] = OrderedDict()
        self._token_file = token_file
        self._clock = clock
        self._failures = 0
        self._rests_until: datetime | None = None
        self._client = httpx.AsyncClient(timeout=self._timeout, transport=transport)

    async def __aenter__(self) -> Self:
        """Give itself; leaving closes the connections."""
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def lookup(self, kind: str, wanted: str) -> LookedUp:
        """Give a record; never raises. Late, failing or answering nonsense: the last known value with its age."""
        if not KIND.fullmatch(kind) or not plain_id(wanted) or len(wanted) > LONGEST_ID:
            return self._absent(kind, wanted, "provider")
        if self._rests_until and self._clock() < self._rests_until:
            return self._last_known(kind, wanted)
        asked = False
        try:
            async with asyncio.timeout(self._timeout), self._slots:
                asked = True
                found = await self._ask(kind, wanted)
        except (httpx.HTTPError, ProviderFailed, OSError) as error:  # OSError: late, or no token
            if asked:  # else it was our own queue that was too long
                self._failed(error)
            return self._last_known(kind, wanted)
        self._answered()
        self._remember(found)
        return found

    def forget(self) -> None:
        """Drop every known value: somebody was erased, and whose a record is only the provider knows."""
        self._known.clear()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ask(self, kind: str, wanted: str) -> LookedUp:
        name = quote(wanted.strip().lstrip("#"), safe="")
        answer = await self._client.get(f"{self._url}/{kind}/{name}", headers=self._headers())
        if answer.status_code == httpx.codes.NOT_FOUND:
            return self._absent(kind, wanted, "provider")
        if answer.status_code != httpx.codes.OK:
            raise ProviderFailed(f"HTTP {answer.status_code}")
        age = _age(answer.headers)
        as_of = self._clock() - timedelta(seconds=age)
        return LookedUp(
            kind, wanted, found=True, value=_record(answer), source="provider", as_of=as_of, age_seconds=age
        )

    def _failed(self, error: Exception) -> None:
        self._failures += 1
        if self._failures == 1:
            log.warning("facts provider fails", error=type(error).__name__, problem=_reason(error))
        if self._failures >= FAILURES:
            self._rests_until = self._clock() + REST

    def _answered(self) -> None:
        if self._failures:
            log.info("facts provider answers again", failures=self._failures)
        self._failures, self._rests_until = 0, None

    def _headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._token_file.read_text().strip()}"} if self._token_file else {}

    def _remember(self, found: LookedUp) -> None:
        key = (found.kind, plain_id(found.id))
        self._known.pop(key, None)
        if found.found:
            self._known[key] = found
            while len(self._known) > self._most:
                self._known.popitem(last=False)

    def _last_known(self, kind: str, wanted: str) -> LookedUp:
        before = self._known.get((kind, plain_id(wanted)))
        age = max(0.0, (self._clock() - before.as_of).total_seconds()) if before else 0.0
        if before is None or age > KEPT.total_seconds():
            self._known.pop((kind, plain_id(wanted)), None)
            return self._absent(kind, wanted, UNREACHABLE)
        return replace(before, id=wanted, source="last_known", age_seconds=age)

    def _absent(self, kind: str, wanted: str, source: str) -> LookedUp:
        return LookedUp(kind, wanted, found=False, source=source, as_of=self._clock(), age_seconds=0.0)


def _record(answer: httpx.Response) -> dict[str, Any]:
    if len(answer.content) > LARGEST_RECORD:
        raise ProviderFailed(f"a record of {len(answer.content)} bytes; {LARGEST_RECORD} are allowed")
    try:
        record = json.loads(answer.content, parse_float=_number, parse_int=_whole, parse_constant=_number)
    except (ValueError, RecursionError) as error:  # bytes that are no text; brackets without end
        raise ProviderFailed("the body is not JSON") from error
    if not isinstance(record, dict):
        raise ProviderFailed("the body is not a JSON object")
    return record


def _number(text: str) -> float:
    """Read a number; raises ProviderFailed for one that JSON or the rules engine cannot hold, such as NaN or 1e99."""
    if not abs(number := float(text)) < LARGEST_NUMBER:
        raise ProviderFailed(f"a number of {len(text)} characters is out of range")
    return number


def _whole(text: str) -> int:
    _number(text)
    return int(text)


def _age(headers: httpx.Headers) -> float:
    """Give how old the provider says its answer is (`Age`, RFC 9111 section 5.1), in seconds; 0 without it."""
    said = headers.get("Age", "")
    return float(said) if said.isdecimal() and len(said) < 10 else 0.0


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, ProviderFailed) else ""
