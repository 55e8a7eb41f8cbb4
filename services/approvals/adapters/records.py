"""Reads of approvals' own tables: what waits, what was decided, and who may decide for whom."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from services.approvals.domain.policies.authority import cited
from services.approvals.domain.policies.precedents import Decided, Like
from shared.contracts.approvals import ExceptionApproved, ExceptionCountered, ExceptionRejected, ExceptionRequested
from shared.contracts.approvals_delegations import DelegationGiven
from shared.contracts.event import Fact
from shared.contracts.values import Money
from shared.eventstore.database import Database, Transaction
from shared.eventstore.positions import events_at
from shared.eventstore.store import Store
from shared.runtime.shell import Shell

# Newest first: an old decision is no precedent where there are so many newer ones.
CANDIDATES = 500
DECIDED = (
    "SELECT exception_id, outcome, decided_at, log_part, requested_position, decision_position"
    " FROM exception_index WHERE outcome IS NOT NULL"
)
LIKE = (
    f"({DECIDED} AND clause = $1 ORDER BY decided_at DESC LIMIT $3)"
    f" UNION ({DECIDED} AND kind = $2 ORDER BY decided_at DESC LIMIT $3)"
)
SINCE = f"{DECIDED} AND decided_at >= $1 ORDER BY decided_at DESC LIMIT $2"
WAITING = """
    SELECT case_id, exception_id, required_role FROM exception_index
    WHERE state = 'requested' ORDER BY deadline, exception_id LIMIT $1"""
TO = "SELECT given FROM delegation WHERE delegate = $1 AND ended_at IS NULL ORDER BY given_at"
LISTED = """
    SELECT given, given_at, ended_at FROM delegation
    WHERE $1::text IS NULL OR principal = $1 OR delegate = $1 ORDER BY given_at DESC LIMIT $2"""


class Waiting(NamedTuple):
    """An exception that waits, and for which role."""

    case_id: UUID
    exception_id: UUID
    required_role: str


class Given(NamedTuple):
    """A delegation, when it was given, and when it was ended before its last day, if it was."""

    delegation: DelegationGiven
    given_at: datetime
    ended_at: datetime | None


async def delegations_to(database: Database, delegate: str) -> tuple[DelegationGiven, ...]:
    """Give what people delegated to somebody and have not ended; days are for the rules to judge."""
    async with database.connection() as tx:
        rows = await tx.raw.fetch(TO, delegate)
    return tuple(DelegationGiven.model_validate_json(row["given"]) for row in rows)


async def delegations(database: Database, person: str | None, limit: int) -> list[Given]:
    """Give delegations that somebody gave or got, or all of them for None, the newest first."""
    async with database.connection() as tx:
        rows = await tx.raw.fetch(LISTED, person, limit)
    return [Given(DelegationGiven.model_validate_json(row["given"]), row["given_at"], row["ended_at"]) for row in rows]


async def waiting(database: Database, limit: int) -> list[Waiting]:
    """Give the exceptions that wait for a decision, the next deadline first."""
    async with database.connection() as tx:
        return [Waiting(*row) for row in await tx.raw.fetch(WAITING, limit)]


async def like(shell: Shell[Any, Any], requested: ExceptionRequested) -> list[Decided]:
    """Give the newest decided exceptions from the same clause or of the same kind."""
    async with shell.database.connection() as tx:
        rows = await tx.raw.fetch(LIKE, cited(requested.clause), requested.kind, CANDIDATES)
        return await _as_decided(shell.store, tx, rows)


async def decided_since(shell: Shell[Any, Any], since: datetime, limit: int) -> list[Decided]:
    """Give the exceptions that were decided from an instant on, the newest first."""
    async with shell.database.connection() as tx:
        return await _as_decided(shell.store, tx, await tx.raw.fetch(SINCE, since, limit))


def about(requested: ExceptionRequested) -> Like:
    """Give what an exception is compared by."""
    facts = {fact.name: fact.value for fact in requested.facts}
    return Like(requested.clause, requested.kind, requested.amount, facts)


async def _as_decided(store: Store, tx: Transaction, rows: Sequence[asyncpg.Record]) -> list[Decided]:
    places = [(row["log_part"], row[which]) for row in rows for which in ("requested_position", "decision_position")]
    facts = {(event.log_part, event.position): event.fact for event in await events_at(tx.raw, store, places)}
    return [
        _one(
            row,
            facts[row["log_part"], row["requested_position"]],
            facts[row["log_part"], row["decision_position"]],
        )
        for row in rows
    ]


def _one(row: asyncpg.Record, requested: Fact | None, decision: Fact | None) -> Decided:
    assert isinstance(requested, ExceptionRequested)
    granted: Money | None = None
    by: tuple[str, ...]
    match decision:
        case ExceptionApproved():
            granted, by, note = decision.amount, decision.decided_by, decision.note
        case ExceptionRejected():
            by, note = (decision.decided_by,), decision.reason
        case ExceptionCountered():
            granted, by, note = decision.amount, (decision.decided_by,), f"{decision.offer}: {decision.reason}"
        case _:
            raise LookupError(f"the decision on exception {requested.exception_id} is not where its table says")
    return Decided(
        exception_id=requested.exception_id,
        case_id=requested.case_id,
        about=about(requested),
        deviation=requested.deviation,
        outcome=row["outcome"],
        decided_at=row["decided_at"],
        decided_by=by,
        role=decision.authority.role,
        note=note,
        granted=granted,
        on_behalf_of=decision.on_behalf_of,
        precedents_seen=decision.precedents_seen,
    )
