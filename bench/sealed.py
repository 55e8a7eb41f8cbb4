"""What sealing costs an append: the same events with a vault and without, in turn."""

import time
from collections.abc import Iterator, Sequence
from functools import partial
from statistics import median

import uvloop

from bench.backends import Backends
from bench.figure import Figure
from bench.writers import PARTS, Span, draft_of, drafts, rate, write_ours
from shared.eventstore.database import Database
from shared.eventstore.draft import Draft
from shared.eventstore.master_key import FileMasterKey, new_master_key
from shared.eventstore.seal import plan_of
from shared.eventstore.store import Store
from shared.eventstore.vault import Vault

EVENTS_A_CASE = 10


def sealed_figures(backends: Backends, *, rounds: int, one: int, each: int) -> Iterator[Figure]:
    """Measure sealed appends beside plain ones; bar: they cost at most 15 %, as the keys of living cases are at hand.

    `new customers` is with a key made durable, in a commit of its own, for every case of ten events.
    """
    ours, vault, line = backends.log().database_url, backends.vault(), new_master_key("bench")
    known = partial(_write_sealed, vault=vault, line=line, known=True)
    new = partial(_write_sealed, vault=vault, line=line, known=False)
    for writers, count in (([-1], one), (list(range(PARTS)), each)):
        plain, sealed, strangers = [], [], []
        for _ in range(rounds):
            plain.append(rate(write_ours, ours, count, writers))
            sealed.append(rate(known, ours, count, writers))
            strangers.append(rate(new, ours, count, writers))
        cost = 1 - median(s / p for s, p in zip(sealed, plain, strict=True))
        yield Figure(
            f"append sealed, {len(writers)} writer{'s' if len(writers) > 1 else ''}",
            median(sealed),
            "events/s",
            "costs ≤ 15 % of append",
            cost <= 0.15,
            {
                "cost %": 100 * cost,
                "append": median(plain),
                "new customers": median(strangers),
                "cost % new customers": 100 * (1 - median(s / p for s, p in zip(strangers, plain, strict=True))),
            },
        )


def _write_sealed(url: str, count: int, part: int, *, vault: str, line: str, known: bool) -> Span:
    made = drafts(count if known else count // EVENTS_A_CASE, None if part < 0 else part)
    if not known:
        made = [draft_of(first.fact.stream_id, nth + 1) for first in made for nth in range(EVENTS_A_CASE)]
    assert plan_of(type(made[0].fact)) is not None, "what is measured must have something to seal"
    return uvloop.run(_append_sealed(url, made, Vault(Database(vault, pool_size=1), FileMasterKey(line)), known))


async def _append_sealed(url: str, events: Sequence[Draft], vault: Vault, known: bool) -> Span:
    database, store = Database(url, pool_size=1), Store("approvals", PARTS, vault)
    cases = {event.fact.stream_id for event in events}
    if known:
        await vault.keys_for({(None, case) for case in cases}, {case: case for case in cases})
        await vault.seal_all([(event.fact, event.event_id) for event in events])
    try:
        async with database.connection() as tx:
            await tx.raw.fetchval("SELECT 1")
            begun = time.time()
            for event in events:
                if not known and event.version == 1:
                    case = event.fact.stream_id
                    await vault.keys_for({(None, case)}, {case: case})
                await store.append(tx.raw, [event])
            return begun, time.time()
    finally:
        await database.close()
        await vault.database.close()
