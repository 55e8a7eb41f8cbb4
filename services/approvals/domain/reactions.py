"""What approvals does when other services record something."""

from datetime import datetime

from services.approvals.domain.commands import Command, NoteBoundary, RequestException
from shared.contracts.event import Fact, Recorded
from shared.contracts.triage import BoundaryStated, ExceptionProposed

MACHINE = "system:"


def react(event: Recorded, fact: Fact, now: datetime) -> list[Command]:
    """Give the commands that follow from another service's fact; the time to decide runs from `now`."""
    match fact:
        case ExceptionProposed():
            return [
                RequestException(
                    case_id=fact.case_id,
                    now=now,
                    exception_id=fact.exception_id,
                    request_id=fact.request_id,
                    kind=fact.kind,
                    clause=fact.clause,
                    deviation=fact.deviation,
                    reason=fact.reason,
                    proposed_by=fact.proposed_by,
                    language=fact.language,
                    amount=fact.amount,
                    facts=fact.facts,
                    role=fact.role,
                )
            ]
        case BoundaryStated() if not event.actor.startswith(MACHINE):
            return [NoteBoundary(fact.case_id, now, fact.boundary_id, fact.request_id, event.actor)]
        case _:
            return []
