"""Policies over HTTP: read, ask, and publish versions."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Discriminator, Field, JsonValue, Tag

from services.triage.adapters.pack_files import PackFiles
from services.triage.adapters.policy_log import PolicyLog
from services.triage.adapters.policy_pack import PolicyPack
from services.triage.adapters.policy_store import PolicyStore
from services.triage.api.asking import Body, Manager, Reader, TheOutline, ThePolicies, TheShell, Words, known
from services.triage.domain.policies.evaluation import PolicyAnswer, PolicyRequest
from services.triage.domain.policies.gathering import gather
from services.triage.domain.policies.lookups import Lookup
from services.triage.domain.policies.pack import Clause
from services.triage.domain.policies.publishing import PublishPolicy
from services.triage.domain.policies.registry import Published
from services.triage.domain.policies.ruling import Question, Ruling
from shared.contracts.values import Money
from shared.kernel.errors import MalformedInput
from shared.runtime.outcome import Outcome

router = APIRouter()
LARGEST_FILE = 500_000
MOST_FILES = 200
Files = Annotated[
    dict[Annotated[str, Field(max_length=200)], Annotated[str, Field(max_length=LARGEST_FILE)]],
    Field(min_length=1, max_length=MOST_FILES, description="The text of every file of the pack by its path."),
]
EXAMPLE: dict[str, JsonValue] = {
    "policy": "airline",
    "action": "cancel_reservation",
    "arguments": {"reservation_id": "Q69X3R", "reason": "change_of_plan"},
    "claims": ["approved_by_colleague"],
    "now": "2024-05-15T15:00:00-05:00",
    "language": "en",
    "channel": "chat",
}


def policy_log_of(request: Request) -> PolicyLog:
    """FastAPI dependency: what publishes policies."""
    found = request.app.state.policy_log
    assert isinstance(found, PolicyLog)
    return found


def lookup_of(request: Request) -> Lookup | None:
    """FastAPI dependency: the facts provider, None where none is set."""
    found: Lookup | None = getattr(request.app.state, "lookup", None)
    return found


class QuestionBody(Body):
    """The facts of a reading, as a decision table on readings sees them; what is unknown is left out."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "perfectionist_standard",
                    "remedy": "refund",
                    "topics": ["minor_damage"],
                    "days_since_purchase": 121,
                    "amount": {"amount": "129.99", "currency": "USD"},
                    "language": "en",
                    "channel": "chat",
                }
            ]
        }
    )

    kind: str
    kinds: tuple[str, ...] = ()
    remedy: str | None = None
    topics: tuple[str, ...] = ()
    tone: str = "calm"
    urgency: str = "normal"
    emergency: bool = False
    appeals: bool = False
    confidence: float = Field(default=1.0, ge=0, le=1)
    amount: Money | None = None
    days_since_purchase: int | None = Field(default=None, ge=0)
    language: str = "en"
    channel: str = "email"


class RequestBody(PolicyRequest):
    """A structured request, see docs/policy_requests.md. `version` names a published one; `files` hold a draft pack."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    files: Files | None = None


class RequestsBody(Body):
    """Several structured requests, answered in order."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"requests": [EXAMPLE]}]})

    requests: tuple[RequestBody, ...] = Field(min_length=1, max_length=500)


class AnswersView(BaseModel):
    """An answer for each request, in order."""

    answers: list[PolicyAnswer]


def _form(body: Any) -> str:
    names = body.keys() if isinstance(body, dict) else set[str]()
    return "question" if "kind" in names else "requests" if "requests" in names else "request"


EvaluateBody = Annotated[
    Annotated[QuestionBody, Tag("question")]
    | Annotated[RequestBody, Tag("request")]
    | Annotated[RequestsBody, Tag("requests")],
    Discriminator(_form),
]


class PublishBody(Body):
    """A version to publish. Without `effective_from` it takes effect in five seconds, a first version at once."""

    model_config = ConfigDict(
        str_strip_whitespace=False,
        json_schema_extra={
            "examples": [
                {
                    "files": {"pack.yaml": "id: shop\n…", "clauses.yaml": "…", "table.json": "{…}"},
                    "effective_from": "2026-12-01T00:00:00Z",
                    "note": "Final sale includes gift cards.",
                }
            ]
        },
    )

    files: Files
    effective_from: AwareDatetime | None = None
    note: Words | None = None


class PolicyView(BaseModel):
    """A policy pack in force, with its clauses."""

    id: str
    version: str
    effective: date
    owner: str
    languages: tuple[str, ...]
    clauses: list[Clause]
    effective_from: datetime


class VersionView(BaseModel):
    """A published version, without or with its files."""

    policy: str
    version: str
    effective_from: datetime
    published_by: str
    sha256: str
    note: str | None
    in_force: bool
    files: dict[str, str] | None = None


@router.get("/policies", summary="Read the policies in force")
async def list_policies(_who: Reader, policies: ThePolicies, shell: TheShell) -> list[PolicyView]:
    """Give the packs in force, with their clauses in every language; the one that answers customers comes first."""
    names = sorted(policies.registry.policies, key=lambda name: (name != policies.leading, name))
    views = []
    for name in names:
        published = policies.registry.in_force(name, shell.now())
        if not policies.answers(published):
            continue
        pack = policies.pack(name, published.version)
        facts = pack.facts
        views.append(
            PolicyView(
                id=facts.id,
                version=facts.version,
                effective=facts.effective,
                owner=facts.owner,
                languages=facts.languages,
                clauses=list(pack.clauses.values()),
                effective_from=published.effective_from,
            )
        )
    return views


@router.get("/policies/{policy}/versions", summary="List a policy's versions")
async def list_versions(policy: str, _who: Reader, policies: ThePolicies, shell: TheShell) -> list[VersionView]:
    """Give the published versions, in the order of publication; 404 for a policy that nobody published."""
    current = policies.registry.in_force(policy, shell.now())
    return [_view(one, current) for one in policies.registry.policies[policy]]


@router.get("/policies/{policy}/versions/{version}", summary="Read a version of a policy")
async def read_version(policy: str, version: str, _who: Reader, policies: ThePolicies, shell: TheShell) -> VersionView:
    """Give a published version with all of its files; 404 for one that nobody published."""
    found = policies.files(policy, version)
    current = policies.registry.in_force(policy, shell.now())
    return _view(found.published, current).model_copy(update={"files": dict(found.files.files)})


@router.post("/policies/{policy}/versions", summary="Publish a version of a policy")
async def publish_version(
    policy: str,
    body: PublishBody,
    who: Manager,
    publisher: Annotated[PolicyLog, Depends(policy_log_of)],
) -> Outcome:
    """Publish a pack. It is in force for what is received from `effective_from` on; cases answered before keep theirs.

    422 with the finding when the pack does not hold; 409 with a reason code when the version is published with other
    content, or takes effect too early; no events when the same was published before.
    """
    pack = checked(PackFiles(policy, body.files))
    if pack.facts.id != policy:
        raise MalformedInput(f"pack.yaml says {pack.facts.id}", field="policy", fix="publish it under its own id")
    command = PublishPolicy(
        policy, pack.facts.version, body.files, publisher.shell.now(), who.name, body.effective_from, body.note
    )
    outcome = await publisher.shell.execute(command, who)
    await publisher.refresh()
    return outcome


@router.post("/policies/evaluate", summary="Ask a policy")
async def evaluate_policy(
    body: EvaluateBody,
    _who: Reader,
    policies: ThePolicies,
    outline: TheOutline,
    shell: TheShell,
    lookup: Annotated[Lookup | None, Depends(lookup_of)],
) -> Ruling | PolicyAnswer | AnswersView:
    """Give what a policy answers, and why; nothing is recorded.

    A body with `kind` is a reading, answered by the leading policy; else it is a structured request, or several.
    Records that are named and not given are looked up where a facts provider is set.
    """
    now = shell.now()
    match body:
        case QuestionBody():
            known("kind", (body.kind,), outline.kinds)
            known("remedy", (body.remedy,) if body.remedy else (), outline.remedies)
            facts = {name: getattr(body, name) for name in QuestionBody.model_fields}
            pack = policies.pack_in_force(policies.leading, now)
            return pack.evaluate(Question(**{**facts, "kinds": body.kinds or (body.kind,), "now": now}))
        case RequestsBody():
            return AnswersView(answers=[await _answer(one, policies, now, lookup) for one in body.requests])
        case RequestBody():
            return await _answer(body, policies, now, lookup)


async def _answer(body: RequestBody, policies: PolicyStore, now: datetime, lookup: Lookup | None) -> PolicyAnswer:
    if body.files is not None:
        pack = PolicyPack(PackFiles("draft", body.files))
    elif body.version:
        pack = policies.pack(body.policy or policies.leading, body.version)
    else:
        pack = policies.pack_in_force(body.policy or policies.leading, now)
    if body.action and pack.facts.actions:
        known("action", (body.action,), tuple(pack.facts.actions))
    given = {name: getattr(body, name) for name in PolicyRequest.model_fields}
    request = PolicyRequest.model_construct(**{**given, "now": body.now or now})
    return pack.answer(await gather(request, pack.facts, lookup) if lookup else request)


def checked(files: PackFiles) -> PolicyPack:
    """Load a pack that is to be published; raises MalformedInput naming the first thing that does not hold."""
    return PolicyPack(files)


def _view(one: Published, current: Published) -> VersionView:
    return VersionView(
        policy=one.policy,
        version=one.version,
        effective_from=one.effective_from,
        published_by=one.published_by,
        sha256=one.sha256,
        note=one.note,
        in_force=one == current,
    )
