"""What waits for the caller: by their own roles, and by what was delegated to them, and nothing else."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.approvals.adapters import records
from services.approvals.api.asking import Decider, TheRules, TheShell
from services.approvals.domain.policies.authority import AuthorityRules
from services.approvals.domain.policies.inbox import Person, speaks_for
from shared.contracts.approvals import ExceptionRequested
from shared.runtime.shell import Shell

router = APIRouter()
LOOKED_AT = 1000


class InboxItem(BaseModel):
    """An exception that the caller may decide on, in their own name or for those in `on_behalf_of`."""

    case_id: UUID
    exception_id: UUID
    required_role: str
    deadline: datetime
    in_own_name: bool
    on_behalf_of: list[str]
    may_approve: bool = Field(description="False where the caller may only reject it or offer something else.")
    precedents_seen: bool
    requested: ExceptionRequested


@router.get("/inbox", summary="See what waits for me")
async def read_inbox(
    who: Decider,
    shell: TheShell,
    rules: TheRules,
    limit: Annotated[int, Query(ge=1, le=200, description="How many to give at most.")] = 50,
) -> list[InboxItem]:
    """Give the exceptions that the caller may decide on, the next deadline first.

    A delegate sees what was delegated to them: by kind, clause, amount and day, and not the rest of the principal's.
    """
    given = await records.delegations_to(shell.database, who.name)
    person = Person(who.name, who.roles, given, shell.now())
    items: list[InboxItem] = []
    for one in await records.waiting(shell.database, LOOKED_AT):
        if person.reaches(one.required_role, rules) and len(items) < limit:
            items += await _item(shell, rules, person, one)
    return items


async def _item(shell: Shell[Any, Any], rules: AuthorityRules, person: Person, one: records.Waiting) -> list[InboxItem]:
    state = await shell.state(one.case_id)
    waiting = state.by_id[one.exception_id]
    found = speaks_for(person, waiting, rules, state.limit_stated_by(waiting.requested.request_id))
    if not found:
        return []
    return [
        InboxItem(
            case_id=one.case_id,
            exception_id=one.exception_id,
            required_role=waiting.required_role,
            deadline=waiting.deadline,
            in_own_name=any(way.on_behalf_of is None for way in found),
            on_behalf_of=[way.on_behalf_of for way in found if way.on_behalf_of],
            may_approve=any(way.may_approve for way in found),
            precedents_seen=person.name in waiting.shown,
            requested=waiting.requested,
        )
    ]
