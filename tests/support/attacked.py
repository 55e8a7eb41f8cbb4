"""A log partition in memory, chained as the append function chains it, for walks that find what was done to it."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from deploy.local.audit.header import Row
from shared.contracts.event import Recorded
from shared.eventstore.chain import genesis, header_hash
from shared.eventstore.partition import log_part
from tests.support.log import PARTS, withdrawn
from tests.support.recorded import START, recorded

LOG = "approvals"
PART = 0


def streams(count: int) -> list[UUID]:
    """Give stream ids that fall into the partition."""
    numbers = (UUID(int=number) for number in range(1, 10_000))
    found = (one for one in numbers if log_part(one, PARTS) == PART)
    return [next(found) for _ in range(count)]


def chained(events: Iterable[Recorded], after: bytes | None = None) -> list[Recorded]:
    """Give events with the hashes that the append function gives them, in this order."""
    link, made = after or genesis(LOG, PART), []
    for event in events:
        content = sha256(event.body).digest()
        link = sha256(link + header_hash(event) + content).digest()
        made.append(event._replace(body_hash=content, chain_hash=link))
    return made


def history(count: int, cases: int = 3) -> list[Recorded]:
    """Give a history of some cases in turn, as it should be."""
    known = streams(cases)
    events = []
    for number in range(count):
        case = known[number % cases]
        at = START + timedelta(seconds=number)
        event = recorded(withdrawn(case, f"reason {number}"), at, number + 1, event_id=UUID(int=1000 + number))
        event = event._replace(log=LOG, log_part=PART, version=number // cases + 1)
        if number > 1:
            event = event._replace(causation_id=UUID(int=999 + number), received_at=at, traceparent="00-a-b-01")
        events.append(event)
    return chained(events)


def rows(events: Sequence[Recorded]) -> list[Row]:
    """Give events as the database gives them."""
    fields = Row._fields
    return [Row(*(getattr(event, name) for name in fields)) for event in events]
