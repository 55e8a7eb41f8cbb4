"""How cost grows: the log, the live projection and the queries, each at 200,000 cases against 2,000."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from statistics import median, quantiles
from typing import Any

import asyncpg
import uvloop
from sqlalchemy.ext.asyncio import AsyncConnection

from bench.backends import Backends
from bench.case_histories import of_part
from bench.figure import Figure
from bench.log import fill_log
from bench.projection import fresh_casebook
from bench.writers import PARTS, drafts
from services.casebook.projections.apply import apply
from services.casebook.queries.cases import CaseQuery, list_cases, one_case
from services.casebook.queries.timeline import timeline_of
from shared.contracts.event import Recorded
from shared.eventstore.database import Database
from shared.eventstore.store import Store
from tests.support.big_casebook import fill

ROUNDS = 5
APPENDS = 1500
PROJECTED_CASES = 300
BATCH = 500
ASKED = 30
TAKEN = 10_000_000  # positions up to here belong to the cases that are there before
Ask = Callable[[AsyncConnection], Awaitable[Any]]


def growth_figures(backends: Backends, *, small: int, large: int) -> Iterator[Figure]:
    """Measure rate and latency of each part in turn at both sizes; bar: within 15 %. The whole is not measured."""
    against = f"at {large:,} cases against {small:,}"
    yield uvloop.run(_log(backends, small, large, against))
    yield from uvloop.run(_casebook(backends, small, large, against))


async def _log(backends: Backends, small: int, large: int, against: str) -> Figure:
    few, many = (Database(backends.log().database_url, pool_size=1) for _ in range(2))
    for database, cases in ((few, small), (many, large)):
        await fill_log(database, cases * 4)
    ratios: list[float] = []
    took: dict[Database, list[float]] = {few: [], many: []}
    for _ in range(ROUNDS):
        round_took = {database: await _append(database) for database in (few, many)}
        ratios.append(sum(round_took[few]) / sum(round_took[many]))
        for database, seconds in round_took.items():
            took[database] += seconds
    await few.close()
    await many.close()
    slower = median(took[many]) / median(took[few])
    return Figure(
        f"append rate {against}",
        median(ratios),
        "×",
        "rate and latency within 15 %",
        median(ratios) >= 0.85 and slower <= 1.15,
        {
            "× the median latency": slower,
            "× the 99th percentile": quantiles(took[many], n=100)[98] / quantiles(took[few], n=100)[98],
        },
    )


async def _append(database: Database) -> list[float]:
    store, events, took = Store("approvals", PARTS), drafts(APPENDS, None), list[float]()
    async with database.connection() as tx:
        for event in events:
            begun = time.perf_counter()
            await store.append(tx.raw, [event])
            took.append(time.perf_counter() - begun)
    return took


async def _casebook(backends: Backends, small: int, large: int, against: str) -> list[Figure]:
    async with _filled(backends, small) as few, _filled(backends, large) as many:
        rates: list[float] = []
        for part in range(ROUNDS):
            events = [e._replace(position=e.position + TAKEN) for e in of_part(part, PROJECTED_CASES)]
            rates.append(await _project(few, events) / await _project(many, events))
        asked = {
            name: median([await _ask(many, ask) / await _ask(few, ask) for _ in range(ROUNDS)])
            for name, ask in QUESTIONS.items()
        }
    return [
        Figure(f"live projection rate {against}", median(rates), "×", "within 15 %", median(rates) >= 0.85),
        Figure(
            f"slowest-growing query {against}",
            max(asked.values()),
            "× the median latency",
            "within 15 %",
            max(asked.values()) <= 1.15,
            {f"× {name}": ratio for name, ratio in asked.items()},
        ),
    ]


@asynccontextmanager
async def _filled(backends: Backends, cases: int) -> AsyncIterator[Database]:
    made = fresh_casebook(backends.admin_url)
    owner = await asyncpg.connect(made.migration_database_url.replace("+asyncpg", ""))
    await fill(owner, cases)
    await owner.close()
    database = Database(made.database_url, pool_size=2)
    yield database
    await database.close()


async def _project(database: Database, events: Sequence[Recorded]) -> float:
    """Apply events in the consumer's batches; give the seconds."""
    coming, begun = iter(events), time.perf_counter()
    while chunk := list(islice(coming, BATCH)):
        async with database.transaction() as tx:
            await apply(tx.raw, chunk)
    return time.perf_counter() - begun


async def _ask(database: Database, ask: Ask) -> float:
    """Ask a question many times; give the median seconds."""
    took = []
    async with database.engine.connect() as conn:
        await ask(conn)
        for _ in range(ASKED):
            begun = time.perf_counter()
            await ask(conn)
            took.append(time.perf_counter() - begun)
    return median(took)


async def _newest(conn: AsyncConnection) -> Any:
    return (await list_cases(conn, CaseQuery())).items[0]


async def _one(conn: AsyncConnection) -> Any:
    return await one_case(conn, str((await _newest(conn)).case_id))


async def _timeline(conn: AsyncConnection) -> Any:
    return await timeline_of(conn, (await _newest(conn)).case_id, None, 50)


QUESTIONS: dict[str, Ask] = {
    "list, newest first": _newest,
    "list, open, answer due first": lambda conn: list_cases(conn, CaseQuery(status="open", sort="due")),
    "one case": _one,
    "its timeline": _timeline,
}
