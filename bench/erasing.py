"""Erases customers under live traffic, and looks for what is left of them in every file, table and record."""

import asyncio
import secrets
import smtplib
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import httpx

from bench.searching import CANARY, search
from deploy.local.environment import HOST, MAIL_FROM
from deploy.local.home import Home
from deploy.local.lag import read_lags

AT_ONCE = 12
ERASING = 4
MAILED = 10
SETTLED_SECONDS = 900.0


@dataclass(frozen=True)
class Person:
    """A customer with words that nobody else has, in every field that they can fill."""

    key: str
    case_id: str = ""
    customer_id: str = ""

    @property
    def canary(self) -> str:
        return f"{CANARY}{self.key}"


@dataclass
class Proof:
    """What an erasure of many came to; times in seconds.

    `left` is where words of the erased were found, `readable` where an API still gives them, `unreadable` cases of
    others that can no longer be read. `control` is where the search found what must be there.
    """

    customers: int
    erased: list[Person] = field(default_factory=list)
    kept: list[Person] = field(default_factory=list)
    live: int = 0
    refused: int = 0
    erasing: float = 0.0
    slowest: float = 0.0
    left: list[str] = field(default_factory=list)
    searched_bytes: int = 0
    control: set[str] = field(default_factory=set)
    readable: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def bearer(home: Home, user: str) -> dict[str, str]:
    """The header that says who asks."""
    return {"Authorization": f"Bearer {home.identity.mint(user)}"}


async def take_in(home: Home, customers: int) -> list[Person]:
    """Let so many customers write once each, one in ten by mail with a file; their words hold their own canary."""
    async with _client(home, "intake", "door") as door, _client(home, "casebook", "pia") as book:
        written = await _each(lambda nth: _write(door) if nth % MAILED else _mail(home), range(customers), AT_ONCE)
        await settle(home)
        return await _each(lambda person: _placed(book, person), written, AT_ONCE)


async def erase_under_traffic(home: Home, people: Sequence[Person], erased: int, rate: int) -> Proof:
    """Erase the first `erased` of them while others write at `rate` messages/s; then search all that is left."""
    proof = Proof(len(people))
    async with _client(home, "casebook", "pia") as book, _client(home, "intake", "pia") as intake:
        first = [await _named(book, person) for person in people[:erased]]
        async with _traffic(home, rate, proof):
            begun = time.perf_counter()
            times = await _each(lambda person: _erase(intake, person), first, ERASING)
            proof.erasing, proof.slowest = time.perf_counter() - begun, max(times)
        proof.erased, proof.kept = first, list(people[erased : erased + 200])
        await settle(home)
        for person in first:
            proof.readable += await _still_read(intake, book, person)
        for person in proof.kept:
            if person.canary not in (await book.get(f"/cases/{person.case_id}")).text:
                proof.unreadable.append(person.case_id)
    searched = await search(home, [person.canary for person in first], control=first[0].case_id)
    proof.left, proof.searched_bytes, proof.control = searched.found, searched.size, searched.control
    return proof


async def settle(home: Home) -> None:
    """Wait until every consumer is at the head of its source; AssertionError after a quarter of an hour."""
    until = time.monotonic() + SETTLED_SECONDS
    while any(lag.lag for lag in await asyncio.to_thread(read_lags, lambda service: _plain(home, service))):
        assert time.monotonic() < until, "the consumers do not catch up"
        await asyncio.sleep(0.2)


async def _write(door: httpx.AsyncClient) -> Person:
    key = secrets.token_hex(10)
    canary = f"{CANARY}{key}"
    body = {
        "message_id": f"m-{canary}",
        "text": f"My lamp from order {canary} burst, and I want my money back within two days. {canary}",
        "subject": f"Lamp {canary}",
        "sender": {"kind": "handle", "address": f"@{canary}", "name": f"Ada {canary}"},
    }
    answer = await door.post(f"/chat/{canary}/messages", json=body)
    answer.raise_for_status()
    return Person(key, answer.json()["case_id"])


async def _mail(home: Home) -> Person:
    person = Person(secrets.token_hex(10))
    canary = person.canary
    mail = EmailMessage()
    mail["From"] = f"Ada {canary} <{canary}@{canary}.example>"
    mail["To"], mail["Subject"], mail["Message-ID"] = MAIL_FROM, f"Lamp {canary}", f"<1@{canary}.example>"
    mail.set_content(f"My lamp from order {canary} burst, and I want my money back.")
    mail.add_attachment(f"Receipt {canary}", filename=f"{canary}.txt", cte="8bit")

    def send() -> None:
        with smtplib.SMTP(HOST, home.state().ports["mail_door"]) as door:
            door.send_message(mail)

    await asyncio.to_thread(send)
    return person


async def _placed(book: httpx.AsyncClient, person: Person) -> Person:
    """Find the case of somebody who wrote by mail, by their address."""
    if person.case_id:
        return person
    found = await book.get("/cases", params={"customer": f"{person.canary}@{person.canary}.example"})
    [case] = found.raise_for_status().json()["items"]
    return Person(person.key, case["case_id"])


async def _named(book: httpx.AsyncClient, person: Person) -> Person:
    found = await book.get(f"/cases/{person.case_id}")
    found.raise_for_status()
    assert person.canary in found.text, f"the case {person.case_id} cannot be read before it is erased"
    return Person(person.key, person.case_id, found.json()["customer_id"])


async def _erase(intake: httpx.AsyncClient, person: Person) -> float:
    begun = time.perf_counter()
    answer = await intake.post(f"/customers/{person.customer_id}/erasure", json={})
    assert answer.is_success, answer.text
    return time.perf_counter() - begun


async def _still_read(intake: httpx.AsyncClient, book: httpx.AsyncClient, person: Person) -> list[str]:
    """Where somebody can still read the person's words."""
    found = []
    paths = (f"/cases/{person.case_id}", f"/cases/{person.case_id}/timeline")
    answers = [(path, await book.get(path)) for path in paths]
    known = f"/customers/{person.customer_id}/known"
    answers.append((known, await intake.get(known)))
    for path, answer in answers:
        answer.raise_for_status()
        if person.canary in answer.text or "[erased]" not in answer.text:
            found.append(path)
    for one in answers[-1][1].json()["contents"]:
        path = f"/customers/{person.customer_id}/contents/{one['content_id']}"
        if (await intake.get(path)).status_code != httpx.codes.GONE:
            found.append(path)
    return found


@asynccontextmanager
async def _traffic(home: Home, rate: int, proof: Proof) -> AsyncIterator[None]:
    async def go_on() -> None:
        async with _client(home, "intake", "door") as door:
            begun = time.perf_counter()
            while True:
                await asyncio.sleep(max(0.0, begun + proof.live / rate - time.perf_counter()))
                proof.kept.append(await _write(door))
                proof.live += 1

    task = asyncio.create_task(go_on())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _each(work: Any, items: Iterable[Any], at_once: int) -> list[Any]:
    """Do something for each item, so many at a time, and give the results in order."""
    gate = asyncio.Semaphore(at_once)

    async def one(item: Any) -> Any:
        async with gate:
            return await work(item)

    return list(await asyncio.gather(*(one(item) for item in items)))


def _client(home: Home, service: str, user: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=home.state().url(service), headers=bearer(home, user), timeout=60)


def _plain(home: Home, service: str) -> httpx.Client:
    return httpx.Client(base_url=home.state().url(service), headers=bearer(home, "oli"), timeout=30)
