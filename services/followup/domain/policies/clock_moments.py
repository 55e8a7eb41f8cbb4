"""What a command and its facts mean to clocks: moments, named as the facts that rules of clocks ask for."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.followup.domain.commands import (
    CaseCommand,
    HearMessage,
    HearOurselves,
    NoteMatter,
    ReadMessage,
    TakeUpCase,
)
from services.followup.domain.policies.clock_rules import NOTHING
from shared.contracts.event import Fact
from shared.contracts.followup import CaseClosed, CaseReopened, CaseResolved, PromiseBroken, PromiseMade

OUTCOMES = {
    "boundary": "triage.boundary_stated",
    "granted": "triage.request_granted",
    "referred": "triage.request_referred",
    "proposed": "triage.exception_proposed",
    "approved": "approvals.exception_approved",
    "rejected": "approvals.exception_rejected",
    "countered": "approvals.exception_countered",
    "withdrawn": "approvals.exception_withdrawn",
    "expired": "approvals.exception_expired",
    "superseded": "approvals.exception_superseded",
    "accepted": "approvals.counter_accepted",
    "declined": "approvals.counter_declined",
    "lapsed": "approvals.exception_lapsed",
}
OWN = (CaseResolved, CaseReopened, CaseClosed, PromiseMade, PromiseBroken)


class Moment(NamedTuple):
    """Something that may move clocks: which fact, when, with which attributes, and the event that it is."""

    fact: str
    at: datetime
    attributes: dict[str, frozenset[str]]
    cause_id: UUID | None = None


def moments(command: CaseCommand, facts: Sequence[Fact]) -> list[Moment]:
    """Give what a command brings from outside, then what followup decided on it, as moments.

    What was said counts from when it was said, if that was before it was recorded.
    """
    heard = _heard(command)
    return [*([heard] if heard else []), *(_own(command, fact) for fact in facts if isinstance(fact, OWN))]


def _heard(command: CaseCommand) -> Moment | None:
    match command:
        case TakeUpCase():
            about = {"channel": _one(command.channel)}
            return Moment("intake.case_opened", _said(command.received_at, command.now), about, command.cause)
        case HearMessage():
            return Moment("intake.message_received", _said(command.said_at, command.now), {}, command.cause)
        case HearOurselves():
            about = {"channel": _one(command.channel), "purpose": _one(command.purpose)}
            return Moment("intake.message_sent", _said(command.said_at, command.now), about, command.cause)
        case ReadMessage():
            name = "triage.assessment_corrected" if command.corrected else "triage.request_assessed"
            about = {"kind": frozenset(command.kinds), "language": _one(command.language)}
            about["asks"] = _one("yes" if command.asks else "no")
            return Moment(name, command.now, about, command.cause)
        case NoteMatter():
            return Moment(OUTCOMES[command.outcome], command.now, {}, command.cause)
        case _:
            return None


def _own(command: CaseCommand, fact: Fact) -> Moment:
    return Moment(fact.TYPE.rpartition(".")[0], command.now, {}, command.cause)


def _said(said: datetime | None, recorded: datetime) -> datetime:
    return recorded if said is None else min(said, recorded)


def _one(value: str | None) -> frozenset[str]:
    return NOTHING if value is None else frozenset({value})
