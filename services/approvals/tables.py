"""Approvals' own tables: every exception as it stands, and who may decide for whom. All of it follows from the log."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import DateTime, Executable, TextClause, bindparam, text

from services.approvals.domain.policies.authority import cited
from shared.contracts.approvals import (
    ExceptionApproved,
    ExceptionCountered,
    ExceptionEscalated,
    ExceptionExpired,
    ExceptionRejected,
    ExceptionRequested,
    ExceptionWithdrawn,
)
from shared.contracts.approvals_after import CounterAccepted, CounterDeclined, ExceptionLapsed, ExceptionSuperseded
from shared.contracts.approvals_delegations import DelegationEnded, DelegationGiven
from shared.contracts.event import Fact, Recorded

AT = bindparam("at", type_=DateTime(timezone=True))
DEADLINE = bindparam("deadline", type_=DateTime(timezone=True))
REQUESTED = text("""
    INSERT INTO exception_index
        (exception_id, case_id, clause, kind, state, required_role, deadline, log_part, requested_position)
    VALUES (:exception, :case, :clause, :kind, 'requested', :role, :deadline, :part, :position)
    """).bindparams(DEADLINE)
ESCALATED = text(
    "UPDATE exception_index SET required_role = :role, deadline = :deadline WHERE exception_id = :exception"
).bindparams(DEADLINE)
DECIDED = text("""
    UPDATE exception_index SET state = :state, outcome = :state, decided_at = :at, decision_position = :position
    WHERE exception_id = :exception""").bindparams(AT)
ENDED = text("UPDATE exception_index SET state = :state WHERE exception_id = :exception")
GIVEN = text("""
    INSERT INTO delegation (delegation_id, principal, delegate, first_day, last_day, given_at, given)
    VALUES (:delegation, :principal, :delegate, :first, :last, :at, CAST(:given AS jsonb))""").bindparams(AT)
TAKEN_BACK = text("UPDATE delegation SET ended_at = :at WHERE delegation_id = :delegation").bindparams(AT)
ENDINGS: dict[type[Fact], str] = {
    ExceptionWithdrawn: "withdrawn",
    ExceptionExpired: "expired",
    ExceptionSuperseded: "superseded",
    CounterAccepted: "accepted",
    CounterDeclined: "declined",
    ExceptionLapsed: "lapsed",
}


def index(event: Recorded, fact: Fact) -> Sequence[Executable]:
    """Give the statements that keep the tables in step with a fact just appended."""
    match fact:
        case ExceptionRequested():
            return [
                REQUESTED.bindparams(
                    exception=fact.exception_id,
                    case=fact.case_id,
                    clause=cited(fact.clause),
                    kind=fact.kind,
                    role=fact.required_role,
                    deadline=fact.deadline,
                    part=event.log_part,
                    position=event.position,
                )
            ]
        case ExceptionEscalated():
            return [ESCALATED.bindparams(exception=fact.exception_id, role=fact.required_role, deadline=fact.deadline)]
        case ExceptionApproved():
            return [_decided(fact.exception_id, "approved", event)]
        case ExceptionRejected():
            return [_decided(fact.exception_id, "rejected", event)]
        case ExceptionCountered():
            return [_decided(fact.exception_id, "countered", event)]
        case (
            ExceptionWithdrawn()
            | ExceptionExpired()
            | ExceptionSuperseded()
            | CounterAccepted()
            | CounterDeclined()
            | ExceptionLapsed()
        ):
            return [ENDED.bindparams(exception=fact.exception_id, state=ENDINGS[type(fact)])]
        case DelegationGiven():
            return [
                GIVEN.bindparams(
                    delegation=fact.delegation_id,
                    principal=fact.principal,
                    delegate=fact.delegate,
                    first=fact.first_day,
                    last=fact.last_day,
                    at=event.recorded_at,
                    given=fact.body().decode(),
                )
            ]
        case DelegationEnded():
            return [TAKEN_BACK.bindparams(delegation=fact.delegation_id, at=event.recorded_at)]
        case _:
            return []


def _decided(exception_id: UUID, state: str, event: Recorded) -> TextClause:
    return DECIDED.bindparams(exception=exception_id, state=state, at=event.recorded_at, position=event.position)
