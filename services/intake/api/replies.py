"""Intake over HTTP: agents' replies, and the drafts that a second person releases or returns."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from services.intake.adapters.reply_checker import Asked, Checked, ReplyChecker
from services.intake.api.asking import Agent, Body, Reader, TheShell
from services.intake.domain.commands import ReleaseReply, ReturnReply, SendReply
from services.intake.domain.policies.acknowledgement import IntakeRules, SecondEyes
from services.intake.domain.policies.wording import Words
from services.intake.domain.state import IntakeState
from shared.contracts.intake_drafts import DraftFinding
from shared.kernel.errors import MalformedInput, NotFound
from shared.runtime.as_of import AsOf
from shared.runtime.outcome import Outcome
from shared.runtime.past_state import state_as_of
from shared.runtime.shell import Shell

router = APIRouter()
WAITING = """
    SELECT draft_id, case_id, code AS tracking_code, category, channel, drafted_by, drafted_at
    FROM draft JOIN tracking USING (case_id) WHERE waits ORDER BY drafted_at, draft_id LIMIT $1"""


def checker_of(request: Request) -> ReplyChecker:
    """FastAPI dependency: who checks replies."""
    checker = request.app.state.reply_checker
    assert isinstance(checker, ReplyChecker)
    return checker


def rules_of(request: Request) -> IntakeRules:
    """FastAPI dependency: all that intake decides by."""
    rules = request.app.state.intake_rules
    assert isinstance(rules, IntakeRules)
    return rules


TheRules = Annotated[IntakeRules, Depends(rules_of)]
TheChecker = Annotated[ReplyChecker, Depends(checker_of)]


class ReplyBody(Body):
    """What an agent answers. Without a target it goes where the customer wrote last."""

    text: str = Field(min_length=1, max_length=100_000, examples=["We have found your parcel; it arrives tomorrow."])
    in_reply_to: UUID | None = Field(default=None, description="the customer's message that this answers")
    conversation_id: UUID | None = None
    kind: str | None = Field(
        default=None,
        max_length=60,
        description="such as final_response: it then waits for a second person in every case",
        examples=["final_response"],
    )


class ReleaseBody(Body):
    """Why the draft may leave; needed where the reply check found an error."""

    note: str | None = Field(default=None, min_length=1, max_length=4000, examples=["Read against the clause."])


class ReturnBody(Body):
    """Why the draft may not leave as it stands."""

    reason: str = Field(min_length=1, max_length=4000, examples=["Take out the blame and name the way to appeal."])


class DraftView(BaseModel):
    """A reply of a regulated case: how it stands, who wrote it, and what the reply check found in it."""

    draft_id: UUID
    became: Literal["waiting", "released", "returned"]
    category: str
    drafted_by: str
    channel: str
    text: str
    checked: bool
    findings: tuple[DraftFinding, ...]
    settled_by: str | None
    why: str | None


class WaitingDraft(BaseModel):
    """A reply that waits for somebody to release or return it."""

    draft_id: UUID
    case_id: UUID
    tracking_code: str
    category: str
    channel: str
    drafted_by: str
    drafted_at: datetime


@router.get("/drafts", summary="List the drafts that wait")
async def waiting_drafts(
    _who: Reader, shell: TheShell, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> list[WaitingDraft]:
    """Give the replies of all cases that wait for a second person, the oldest first."""
    async with shell.database.connection() as tx:
        rows = await tx.raw.fetch(WAITING, limit)
    return [WaitingDraft.model_validate(dict(row)) for row in rows]


@router.post("/cases/{case_id}/replies", status_code=201, summary="Answer the customer")
async def reply(
    case_id: UUID, body: ReplyBody, who: Agent, shell: TheShell, checker: TheChecker, rules: TheRules
) -> Outcome:
    """Queue an agent's answer; it leaves by the channel and to the address of the conversation it answers.

    In a regulated case, or of a regulated kind, it is checked and kept as a draft until somebody else releases it
    (`intake.reply_drafted.v1`).
    404 for an unknown case; 409, on record, when the customer's mail named no address.
    """
    state = await _case(case_id, shell)
    eyes = rules.second_eyes
    if body.kind is not None and body.kind not in eyes.kinds:
        known = ", ".join(eyes.kinds) or "none"
        raise MalformedInput(f"{body.kind!r} is unknown", field="kind", fix=f"leave it out, or use one of: {known}")
    checked = await _checked(state, case_id, body, eyes, checker)
    command = SendReply(
        case_id=case_id,
        now=shell.now(),
        message_id=shell.new_id(),
        purpose="agent",
        saying=Words(body.text),
        automatic=False,
        in_reply_to=body.in_reply_to,
        conversation_id=body.conversation_id,
        by=who.name,
        kind=body.kind,
        checked=checked.answered,
        findings=checked.findings,
    )
    return await shell.execute(command, by=who)


@router.get("/cases/{case_id}/drafts", summary="List a case's drafts")
async def list_drafts(case_id: UUID, _who: Reader, shell: TheShell, as_of: AsOf) -> list[DraftView]:
    """Give the replies that wait or waited for a second person, oldest first; 404 for an unknown case."""
    state = await _case(case_id, shell, as_of)
    return [
        DraftView.model_validate(
            {**draft.written.model_dump(), "became": draft.became, "settled_by": draft.settled_by, "why": draft.why}
        )
        for draft in state.drafts.values()
    ]


@router.post("/cases/{case_id}/drafts/{draft_id}/release", summary="Release a draft")
async def release(case_id: UUID, draft_id: UUID, body: ReleaseBody, who: Agent, shell: TheShell) -> Outcome:
    """Let a draft that somebody else wrote leave as it stands.

    409, on record, for an own draft, one that is settled, a role that may not, or found errors without a note.
    """
    await _case(case_id, shell)
    return await shell.execute(ReleaseReply(case_id, shell.now(), draft_id, who.name, who.roles, body.note), by=who)


@router.post("/cases/{case_id}/drafts/{draft_id}/return", summary="Return a draft")
async def send_back(case_id: UUID, draft_id: UUID, body: ReturnBody, who: Agent, shell: TheShell) -> Outcome:
    """Send a draft back to its writer: it never leaves, and a new reply may be written.

    409, on record, as for a release.
    """
    await _case(case_id, shell)
    return await shell.execute(ReturnReply(case_id, shell.now(), draft_id, who.name, who.roles, body.reason), by=who)


async def _case(case_id: UUID, shell: Shell[Any, Any], as_of: datetime | None = None) -> IntakeState:
    state: IntakeState = await state_as_of(shell, case_id, as_of)
    if not state.opened:
        raise NotFound(f"there is no case {case_id}", field="case_id")
    return state


async def _checked(
    state: IntakeState, case_id: UUID, body: ReplyBody, eyes: SecondEyes, checker: ReplyChecker
) -> Checked:
    """Only what a second person will read is checked here; agents check the rest by themselves."""
    home = state.conversations.get(state.home) if state.home else None
    if home is None or (state.regulated is None and body.kind is None):
        return Checked(False)
    asked = Asked(case_id, home.channel, body.text, body.kind, eyes.kinds.get(body.kind or "", ()))
    return await checker.check(asked)
