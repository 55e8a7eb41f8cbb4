"""Policies over HTTP: read, ask, and publish versions."""

import asyncio
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from services.triage.adapters.pack_check import check_pack
from services.triage.adapters.pack_files import PackFiles
from services.triage.adapters.policy_log import PolicyLog
from services.triage.adapters.policy_pack import PolicyPack
from services.triage.adapters.policy_store import BUSINESS, PackKind, PolicyStore
from services.triage.adapters.saying import wrong_texts
from services.triage.api.asking import Manager, Reader, TheOutline, ThePolicies, TheShell, known
from services.triage.api.policy_bodies import (
    AnswersView,
    EvaluateBody,
    PolicyView,
    PublishBody,
    QuestionBody,
    RequestBody,
    RequestsBody,
    VersionView,
    version_view,
)
from services.triage.api.replies import TheChecker
from services.triage.domain.policies.evaluation import PolicyAnswer, PolicyRequest
from services.triage.domain.policies.gathering import gather
from services.triage.domain.policies.lookups import Lookup
from services.triage.domain.policies.pack import PackFile
from services.triage.domain.policies.publishing import PublishPolicy
from services.triage.domain.policies.reply_check import Checker
from services.triage.domain.policies.ruling import Question, Ruling
from shared.kernel.errors import MalformedInput
from shared.runtime.outcome import Outcome

router = APIRouter()
LARGEST_PACK = 800_000
"""Characters; a version travels as one event, and those are bounded."""


def policy_log_of(request: Request) -> PolicyLog:
    """FastAPI dependency: what publishes policies."""
    found = request.app.state.policy_log
    assert isinstance(found, PolicyLog)
    return found


def lookup_of(request: Request) -> Lookup | None:
    """FastAPI dependency: the facts provider, None where none is set."""
    found: Lookup | None = getattr(request.app.state, "lookup", None)
    return found


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
    return [version_view(one, current) for one in policies.registry.policies[policy]]


@router.get("/policies/{policy}/versions/{version}", summary="Read a version of a policy")
async def read_version(policy: str, version: str, _who: Reader, policies: ThePolicies, shell: TheShell) -> VersionView:
    """Give a published version with all of its files; 404 for one that nobody published."""
    found = policies.files(policy, version)
    current = policies.registry.in_force(policy, shell.now())
    return version_view(found.published, current).model_copy(update={"files": dict(found.files.files)})


@router.post("/policies/{policy}/versions", summary="Publish a version of a policy")
async def publish_version(
    policy: str,
    body: PublishBody,
    who: Manager,
    publisher: Annotated[PolicyLog, Depends(policy_log_of)],
    checker: TheChecker,
) -> Outcome:
    """Publish a pack. It is in force for what is received from `effective_from` on; cases answered before keep theirs.

    422 with the finding when the pack does not hold, or says something that the reply check refuses; 409 with a
    reason code when the version is published with other content, or takes effect too early; no events when the same
    was published before.
    """
    now = publisher.shell.now()
    facts = await asyncio.to_thread(checked, PackFiles(policy, body.files), now.date(), checker)
    if facts.id != policy:
        raise MalformedInput(f"pack.yaml says {facts.id}", field="policy", fix="publish it under its own id")
    command = PublishPolicy(policy, facts.version, body.files, now, who.name, body.effective_from, body.note)
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


def checked(files: PackFiles, today: date, checker: Checker) -> PackFile:
    """Check a pack that is to be published, and all that it says; raises MalformedInput naming the first error."""
    if (size := sum(len(text) for text in files.files.values())) > LARGEST_PACK:
        raise MalformedInput(f"the pack has {size} characters", field="files", fix=f"at most {LARGEST_PACK} are taken")
    found = check_pack(files, today)
    if not any(one.severity == "error" for one in found) and files.parsed("pack.yaml", PackKind).kind == BUSINESS:
        found = wrong_texts(PolicyPack(files), checker)
    if errors := [one for one in found if one.severity == "error"]:
        first = errors[0]
        raise MalformedInput(first.problem, field=f"{first.file}: {first.place}", fix=first.fix or "correct the pack")
    return files.parsed("pack.yaml", PackFile)
