"""What a command and its facts mean to clocks: moments, named as the facts that rules of clocks ask for."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.followup.domain.commands import (
    CaseCommand,
    HearOurselves,
    NoteMatter,
    ReadMessage,
    TakeUpCase,
)
from services.followup.domain.policies.clock_rules import NOTHING
from services.followup.domain.policies.clock_state import OUTCOMES, Clocks
from shared.contracts.event import Fact
from shared.contracts.followup import CaseClosed, CaseReopened, CaseResolved, PromiseBroken, PromiseMade

OWN = (CaseResolved, CaseReopened, CaseClosed, PromiseMade, PromiseBroken)


class Moment(NamedTuple):
    """Something that may move clocks: which fact, when, with which attributes, and the event that it is."""

    fact: str
    at: datetime
    attributes: dict[str, frozenset[str]]
    cause_id: UUID | None = None


def moments(command: CaseCommand, facts: Sequence[Fact], state: Clocks, read: frozenset[UUID]) -> list[Moment]:
    """Give what a command brings from outside, then what followup decided on it, as moments; `read` are the messages
    read before it.

    What was said counts from when it was said, if that was before it was recorded. That the customer wrote counts when
    triage has read it, so that one fact says both. Moments from before the case was taken up come with that. What
    led to no fact was heard before.
    """
    if not state.taken_up and not isinstance(command, TakeUpCase):
        return []
    heard = _heard(command, read) if facts or isinstance(command, HearOurselves) else []
    if isinstance(command, TakeUpCase) and facts:
        heard += sorted((Moment(*early) for early in state.early), key=lambda moment: moment.at)
    return [*heard, *(_own(command, fact) for fact in facts if isinstance(fact, OWN))]


def _heard(command: CaseCommand, read: frozenset[UUID]) -> list[Moment]:
    match command:
        case TakeUpCase():
            about = {"channel": _one(command.channel)}
            return [Moment("intake.case_opened", _said(command.received_at, command.now), about, command.cause)]
        case HearOurselves():
            about = {"channel": _one(command.channel), "purpose": _one(command.purpose)}
            return [Moment("intake.message_sent", _said(command.said_at, command.now), about, command.cause)]
        case ReadMessage():
            about = {"kind": frozenset(command.kinds), "language": _one(command.language)}
            about["asks"] = _one("yes" if command.asks else "no")
            name = "triage.assessment_corrected" if command.corrected else "triage.request_assessed"
            reading = Moment(name, command.now, about, command.cause)
            if command.message_id in read:
                return [reading] if command.corrected else []
            said = _said(command.said_at, command.now)
            return [Moment("intake.message_received", said, about, command.heard), reading]
        case NoteMatter():
            return [Moment(OUTCOMES[command.outcome], command.now, {}, command.cause)]
        case _:
            return []


def _own(command: CaseCommand, fact: Fact) -> Moment:
    return Moment(fact.TYPE.rpartition(".")[0], command.now, {}, command.cause)


def _said(said: datetime | None, recorded: datetime) -> datetime:
    return recorded if said is None else min(said, recorded)


def _one(value: str | None) -> frozenset[str]:
    return NOTHING if value is None else frozenset({value})
