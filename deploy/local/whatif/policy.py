"""Past requests through a draft of the policy: the pinned version's answer beside the draft's.

Many requests ask the same question as far as a policy can see, so each version is asked every question once.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from pydantic_core import to_json

from deploy.local.whatif.found import Change, Found
from deploy.local.whatif.logs import Row, events, reading
from deploy.local.whatif.sight import Sight
from services.triage.adapters.policy_pack import PolicyPack
from services.triage.adapters.policy_store import PolicyStore
from services.triage.domain.policies.ruling import Question, question_of
from services.triage.domain.state import UNKNOWN_LANGUAGE, Assessment, Triage, evolve
from shared.contracts.event import decode
from shared.contracts.triage import AssessmentCorrected, RequestAssessed
from shared.contracts.triage_policy import PolicyPublished
from shared.contracts.triage_requests import InformationAsked, PolicyRef

PUBLISHED = (PolicyPublished.TYPE,)
READ = (RequestAssessed.TYPE, AssessmentCorrected.TYPE, InformationAsked.TYPE)
ASKS = "needs_information"
SEALED, ERASED = b"sealed:1:", b"[erased]"
NOTHING = Triage()


@dataclass(frozen=True)
class PolicyJob:
    """What one process judges: log partitions of triage's log, by a draft, what was recorded since an instant."""

    dsn: str
    parts: tuple[int, ...]
    all_parts: tuple[int, ...]
    draft: Path
    since: datetime | None


class Outcome(NamedTuple):
    """What a policy says to a question, as far as it is compared."""

    outcome: str
    clause: str
    role: str | None

    @property
    def told(self) -> str:
        """The outcome, and who may except from it."""
        return f"{self.outcome}, {self.role} decides" if self.role else self.outcome


class Judge:
    """One version of a policy, asked every question once."""

    def __init__(self, pack: PolicyPack) -> None:
        self._pack = pack
        self._answers: dict[object, Outcome] = {}
        self._sight = Sight(pack)
        self.sees_records = bool(pack.facts.actions)

    @property
    def asked(self) -> int:
        """How many different questions were put to it."""
        return len(self._answers)

    def __call__(self, question: Question) -> Outcome:
        """Give the policy's outcome."""
        key = self._sight.seen(question)
        found = self._answers.get(key)
        if found is None:
            ruling = self._pack.evaluate(question)
            found = self._answers[key] = Outcome(ruling.outcome, ruling.clause.clause, ruling.role)
        return found


def judge_policy(job: PolicyJob) -> Found:
    """Judge every request of some log partitions as it was read last, beside the version that it is pinned to."""
    pack = PolicyPack(job.draft)
    draft = Judge(pack)
    found = Found()
    with reading(job.dsn) as conn:
        published = PolicyStore(pack.facts.id)
        for number, row in enumerate(events(conn, job.all_parts, PUBLISHED), start=1):
            fact = decode(row.type, row.body)
            if isinstance(fact, PolicyPublished) and fact.policy == pack.facts.id:
                published.take(fact, number)
        pinned: dict[str, Judge] = {}

        def before(ref: PolicyRef) -> Judge:
            judge = pinned.get(ref.version)
            if judge is None:
                judge = pinned[ref.version] = Judge(published.pack(ref.policy, ref.version))
            return judge

        for part in job.parts:  # one at a time, for the states of its cases are held in memory
            _judge_part(events(conn, (part,), READ), job.since, draft, pack.facts.id, before, found)
    found.questions = draft.asked
    return found


def _judge_part(
    rows: Iterable[Row],
    since: datetime | None,
    draft: Judge,
    policy: str,
    before: Callable[[PolicyRef], Judge],
    found: Found,
) -> None:
    states: dict[UUID, Triage] = {}
    judged: dict[UUID, Change | str] = {}
    cases: dict[UUID, UUID] = {}
    for row in rows:
        fact = decode(row.type, row.body)
        known = states.get(row.stream_id, NOTHING)
        state = states[row.stream_id] = evolve(known, fact) if fact else known
        if not isinstance(fact, RequestAssessed | AssessmentCorrected):
            continue
        if state.policy is None or state.policy.policy != policy or (since is not None and row.recorded_at < since):
            continue
        told = [one for key, one in state.waiting.items() if known.waiting.get(key) is not one]
        for one in (*state.assessments[fact.message_id].requests, *told):
            if one.request_id is not None and one.reading.kinds:
                cases[one.request_id] = row.stream_id
                judged[one.request_id] = _compare(one, one.request_id, state, row, draft, before(state.policy))
        states[row.stream_id] = _without_answered(state, judged)
    for request_id, outcome in judged.items():
        if isinstance(outcome, str):
            found.not_judged.append((cases[request_id], outcome))
            continue
        found.judged += 1
        if (outcome.before, outcome.clause_before) != (outcome.after, outcome.clause_after):
            found.changes.append(outcome)


def _without_answered(state: Triage, judged: Mapping[UUID, Change | str]) -> Triage:
    """Let a request wait no more once the policy had what it asked for: later messages are not about it."""

    def waits(key: UUID) -> bool:
        outcome = judged.get(key)
        return outcome is None or isinstance(outcome, str) or outcome.before.startswith(ASKS)

    if all(waits(key) for key in state.waiting):
        return state
    return replace(state, waiting={key: one for key, one in state.waiting.items() if waits(key)})


def _compare(one: Assessment, request_id: UUID, state: Triage, row: Row, draft: Judge, pinned: Judge) -> Change | str:
    """Give the outcome before and after, or why it cannot be judged."""
    spoken = state.language if one.reading.language == UNKNOWN_LANGUAGE else one.reading.language
    question = question_of(
        one.reading, spoken, one.channel, records=state.records, named=state.named, now=row.recorded_at
    )
    if (draft.sees_records or pinned.sees_records) and (why := _hidden(question)):
        return why
    old, new = pinned(question), draft(question)
    amount = question.amount
    return Change(
        row.stream_id,
        request_id,
        row.recorded_at.isoformat(),
        question.kind,
        old.told,
        new.told,
        old.clause,
        new.clause,
        amount.amount if amount else None,
        amount.currency if amount else None,
    )


def _hidden(question: Question) -> str | None:
    """Say why what the policy looks at cannot be seen."""
    seen = to_json((question.order, question.arguments, question.customer, question.records))
    if ERASED in seen:
        return "what the policy looks at was erased"
    return "what the policy looks at is sealed" if SEALED in seen else None
