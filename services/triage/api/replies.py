"""Triage over HTTP: check a reply before it leaves."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from services.triage.adapters.must_haves import must_haves_of
from services.triage.adapters.pack_files import PackFiles
from services.triage.adapters.policy_store import PolicyStore
from services.triage.api.asking import Body, ThePolicies, TheShell
from services.triage.domain.policies.reply_check import Checker, Context, Finding
from services.triage.domain.policies.reply_check_promises import Backed
from services.triage.domain.policies.reply_context import in_case
from services.triage.domain.policies.wording import Form
from services.triage.domain.state import Triage
from shared.contracts.values import Money
from shared.kernel.errors import NotFound
from shared.runtime.auth import Caller, caller

router = APIRouter()
Writer = Annotated[Caller, Depends(caller("agent", "supervisor", "manager", "service"))]


def checker_of(request: Request) -> Checker:
    """FastAPI dependency: the reply check."""
    checker = request.app.state.checker
    assert isinstance(checker, Checker)
    return checker


TheChecker = Annotated[Checker, Depends(checker_of)]


class BackingBody(Body):
    """Something that may be promised: by which clause or decision, and what; in how many working days, how much."""

    reference: str = Field(min_length=1, max_length=80)
    what: str = Field(min_length=1, max_length=4000)
    working_days: int | None = Field(default=None, ge=0)
    amount: Money | None = None


class ReplyToCheck(Body):
    """A draft. With `case_id`, what was refused and granted in the case is known; `backings` are added to it.

    Without either, promises are warnings. `refusing`: whether the reply is to refuse, else as its words say.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "text": "You should have read the terms. We will refund you within 2 days.",
                    "channel": "chat",
                    "language": "en",
                    "backings": [{"reference": "R-1", "what": "a refund of the price", "working_days": 5}],
                }
            ]
        }
    )

    text: str = Field(min_length=1, max_length=100_000)
    channel: str = Field(default="email", max_length=40)
    language: str | None = Field(default=None, pattern=r"^[a-z]{2}$", description="the customer's")
    case_id: UUID | None = None
    request_id: UUID | None = None
    purpose: str = Field(default="reply", max_length=60, description="such as final_response: chooses the must-haves")
    refusing: bool | None = None
    backings: tuple[BackingBody, ...] | None = Field(default=None, max_length=50)
    policies: tuple[str, ...] = Field(default=(), max_length=10, description="packs whose must-haves count too")
    names: tuple[str, ...] = Field(default=(), max_length=10, description="the customer's, not to be told in public")


class CheckedReply(BaseModel):
    """What was found, in the order of the text; a reply without errors may leave."""

    errors: int
    warnings: int
    form: Form
    language: str | None
    findings: list[Finding]


@router.post("/replies/check", summary="Check a reply")
async def check_reply(
    body: ReplyToCheck, _who: Writer, shell: TheShell, policies: ThePolicies, checker: TheChecker
) -> CheckedReply:
    """Give what is wrong with a draft: where, by which rule, and the better wording. Nothing is recorded.

    404 for a case that triage has not heard of, or a policy that is not published.
    """
    state = Triage()
    if body.case_id is not None:
        state = await shell.state(body.case_id)
        if not state.assessments:
            raise NotFound(f"triage knows no case {body.case_id}", field="case_id", fix="check without a case")
    pinned = state.policy
    pack = (
        policies.pack(pinned.policy, pinned.version)
        if pinned
        else policies.pack_in_force(policies.leading, shell.now())
    )
    backings = body.backings
    context = Context(
        form=pack.wording.form(body.channel),
        language=body.language,
        refusing=body.refusing,
        backings=None if backings is None else tuple(_backed(one) for one in backings),
        purpose=body.purpose,
        names=body.names,
        must_haves=must_haves_of(pack.source, *(_files(policies, name, shell.now()) for name in body.policies)),
    )
    if body.case_id is not None:
        context = in_case(context, state, body.request_id)
    findings = checker.check(body.text, context)
    errors = sum(found.severity == "error" for found in findings)
    return CheckedReply(
        errors=errors,
        warnings=len(findings) - errors,
        form=context.form,
        language=context.language,
        findings=findings,
    )


def _backed(body: BackingBody) -> Backed:
    return Backed(body.reference, body.what, body.working_days, body.amount)


def _files(policies: PolicyStore, policy: str, at: datetime) -> PackFiles:
    return policies.files(policy, policies.registry.in_force(policy, at).version).files
