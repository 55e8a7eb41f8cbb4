"""What a policy is asked about a request, and what it answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from shared.contracts.triage import Reading
from shared.contracts.values import Alternative, ClauseRef, Money

TOPIC = "topic:"
Outcome = Literal["allowed", "refused", "discretionary", "needs_information", "needs_person"]


@dataclass(frozen=True, slots=True)
class Question:
    """The facts of a request that a policy decides by. `topics` are circumstances that the customer named.

    Packs with actions also see the `order` (or other number) named, `arguments`, records by kind, and `now`.
    """

    kind: str
    language: str
    channel: str
    kinds: tuple[str, ...] = ()
    remedy: str | None = None
    topics: tuple[str, ...] = ()
    tone: str = "calm"
    urgency: str = "normal"
    emergency: bool = False
    appeals: bool = False
    confidence: float = 1.0
    amount: Money | None = None
    days_since_purchase: int | None = None
    order: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    customer: dict[str, Any] | None = None
    records: Mapping[str, dict[str, Any] | None] = field(default_factory=dict)
    claims: tuple[str, ...] = ()
    now: datetime | None = None


class Missing(BaseModel):
    """A fact that must be known first, and the question that asks the customer for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    question: str


@dataclass(frozen=True, slots=True)
class Trace:
    """Why a policy answers as it does: the row that matched, what it is for, and its conditions as written."""

    rule: str
    meaning: str
    conditions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Ruling:
    """A policy's answer, in `language`. A refusal has limit, reason, alternatives and appeal; a grant says `what`.

    `deviation` is what an exception would grant; `note` tells the person who must decide what the matter is;
    `missing` holds what the customer must be asked first; `role` is the lowest that the policy lets except from it.
    """

    outcome: Outcome
    clause: ClauseRef
    language: str
    working_days: int
    trace: Trace
    limit: str = ""
    reason: str = ""
    alternatives: tuple[Alternative, ...] = ()
    appeal: str = ""
    what: str = ""
    deviation: str = ""
    note: str = ""
    states_amount: bool = False
    missing: tuple[Missing, ...] = ()
    role: str | None = None


Rule = Callable[[Question], Ruling]
"""A policy as a function: the same question gets the same ruling."""


def references_of(reading: Reading) -> dict[str, str]:
    """Give the numbers and names of records that a message gives, by kind; of two of a kind, the first."""
    return {one.kind: one.value for one in reversed(reading.references)}


def question_of(
    reading: Reading,
    language: str,
    channel: str,
    *,
    records: Mapping[str, dict[str, Any] | None] = MappingProxyType({}),
    named: Mapping[str, str] = MappingProxyType({}),
    now: datetime | None = None,
) -> Question:
    """Ask about a reading's leading kind, in view of what was looked up.

    Ids that the message names, or that were `named` before (by kind), become arguments.
    """
    topics = {e.finding.removeprefix(TOPIC) for e in reading.evidence if e.finding.startswith(TOPIC)}
    return Question(
        kind=reading.kinds[0] if reading.kinds else "other",
        language=language,
        channel=channel,
        kinds=reading.kinds,
        remedy=reading.remedy,
        topics=tuple(sorted(topics)),
        tone=reading.tone,
        urgency=reading.urgency,
        emergency=reading.emergency,
        appeals=reading.appeals,
        confidence=reading.confidence,
        amount=reading.amount,
        days_since_purchase=reading.days_since_purchase,
        order=reading.order,
        arguments={f"{kind}_id": value for kind, value in {**named, **references_of(reading)}.items()},
        customer=records.get("customer"),
        records={kind: record for kind, record in records.items() if kind != "customer"},
        claims=tuple(dict.fromkeys(one.claim for one in reading.claims)),
        now=now,
    )
