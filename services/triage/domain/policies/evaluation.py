"""A structured request to a policy, its answer, and what must be known before a table is asked."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from services.triage.domain.policies.pack import Action, PackFile, Texts
from services.triage.domain.policies.ruling import Missing, Outcome, Question
from shared.contracts.values import Alternative, ClauseRef, Money

ARGUMENTS = "arguments."
CUSTOMER = "customer"


class Stated(BaseModel):
    """A value of requests and answers; a field that we do not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AskedReading(Stated):
    """How the customer's message was read, for rules that decide by it."""

    kind: str = "other"
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


class LookUp(Stated):
    """A record that was looked up: where, how old its value is, and whether there was one."""

    record: str
    id: str
    found: bool = True
    source: str = ""
    as_of: datetime | None = None
    age_seconds: float | None = None


class PolicyRequest(Stated):
    """What is asked of a policy. `records` holds records by kind (null: there is none); `now` without an offset is in
    the pack's zone. Without `action`, the pack finds it from `reading`.
    """

    policy: str | None = None
    version: str | None = None
    action: str | None = None
    arguments: dict[str, Any] = {}
    customer: dict[str, Any] | None = None
    records: dict[str, dict[str, Any] | None] = {}
    claims: tuple[str, ...] = ()
    now: datetime | None = None
    language: str = "en"
    channel: str = "chat"
    reading: AskedReading = AskedReading()
    looked_up: tuple[LookUp, ...] = ()


class AuthorityNeeded(Stated):
    """The role that may make an exception, and what says so."""

    role: str
    why: str


class Condition(Stated):
    """One condition of a row as written, with the value that met it (null for values that are not simple)."""

    field: str
    condition: str
    value: Any = None


class TraceStep(Stated):
    """One node that was passed: for a table the row that matched, for derived facts their `values`."""

    table: str
    rule: str = ""
    meaning: str = ""
    conditions: tuple[Condition, ...] = ()
    values: dict[str, Any] = {}


class PolicyAnswer(Stated):
    """A policy's answer in `language`, with everything that it rests on.

    A refusal has limit, reason, alternatives and appeal; a grant says `what`; `missing` holds what must be asked
    first; `note` tells the person who must decide what the matter is; `deviation` is what an exception would grant.
    """

    outcome: Outcome
    action: str | None = None
    language: str
    clause: ClauseRef
    limit: str = ""
    reason: str = ""
    alternatives: tuple[Alternative, ...] = ()
    appeal: str = ""
    what: str = ""
    deviation: str = ""
    note: str = ""
    missing: tuple[Missing, ...] = ()
    authority: AuthorityNeeded | None = None
    working_days: int = 0
    limit_value: Any = None
    states_amount: bool = False
    trace: tuple[TraceStep, ...] = ()
    looked_up: tuple[LookUp, ...] = ()


def request_of(question: Question, pack: PackFile) -> PolicyRequest:
    """Ask about a reading: the pack's `asked_by` finds the action, the order's number names its record."""
    action = next((name for name, one in pack.actions.items() if asked_by(one, question)), None)
    arguments = dict(question.arguments)
    if question.order and action:
        named = {kind.by for kind in pack.records.values()}
        for path in pack.actions[action].needs:
            name = path.removeprefix(ARGUMENTS)
            if path.startswith(ARGUMENTS) and name in named:
                arguments.setdefault(name, question.order)
    return PolicyRequest.model_construct(
        policy=pack.id,
        version=None,
        action=action,
        arguments=arguments,
        customer=question.customer,
        records=dict(question.records),
        claims=question.claims,
        now=question.now,
        language=question.language,
        channel=question.channel,
        looked_up=(),
        reading=AskedReading.model_construct(**{name: getattr(question, name) for name in AskedReading.model_fields}),
    )


def asked_by(action: Action, question: Question) -> bool:
    """Tell whether a reading asks for this action; an action without any `asked_by` is never asked for so."""
    by = action.asked_by
    if not (by.remedies or by.kinds or by.topics):
        return False
    return (
        (not by.remedies or question.remedy in by.remedies)
        and (not by.kinds or bool({question.kind, *question.kinds} & set(by.kinds)))
        and (not by.topics or bool(set(question.topics) & set(by.topics)))
    )


def table_inputs(request: PolicyRequest, pack: PackFile) -> dict[str, Any]:
    """Give what tables see: the request's parts by name, `now`, `today` and `zone` of the pack, and the reading.

    Amounts are numbers, and what is unknown is null. A pack without actions has the reading at the top level too.
    """
    asked, now = request.reading, request.now
    if now is not None:
        zone = ZoneInfo(pack.zone)
        now = now.astimezone(zone) if now.tzinfo else now.replace(tzinfo=zone)
    reading: dict[str, Any] = {
        "kind": asked.kind,
        "kinds": list(asked.kinds),
        "remedy": asked.remedy,
        "topics": list(asked.topics),
        "tone": asked.tone,
        "urgency": asked.urgency,
        "emergency": asked.emergency,
        "appeals": asked.appeals,
        "confidence": asked.confidence,
        "amount": float(asked.amount.amount) if asked.amount else None,
        "currency": asked.amount.currency if asked.amount else None,
        "days_since_purchase": asked.days_since_purchase,
    }
    inputs: dict[str, Any] = {
        **dict.fromkeys(pack.records),
        **request.records,
        "action": request.action,
        "arguments": request.arguments,
        "claims": list(request.claims),
        "now": now.isoformat() if now else None,
        "today": now.date().isoformat() if now else None,
        "zone": pack.zone,
        "channel": request.channel,
        "language": request.language,
        "reading": reading,
    }
    if request.customer is not None or CUSTOMER not in inputs:
        inputs[CUSTOMER] = request.customer
    return inputs if pack.actions else {**inputs, **reading}


def missing(inputs: Mapping[str, Any], action: Action, pack: PackFile) -> list[str]:
    """Give the paths that an action needs and that are not known; while a record's number is, no records."""
    unknown = [path for path in action.needs if value_at(inputs, path) in (None, "")]
    if any(path.startswith(ARGUMENTS) and path.removeprefix(ARGUMENTS) in _numbers(pack) for path in unknown):
        return [path for path in unknown if path not in pack.records]  # one record names the next
    return unknown


def _numbers(pack: PackFile) -> set[str]:
    return {kind.by for kind in pack.records.values() if kind.by}


def question_for(path: str, pack: PackFile, asks: Mapping[str, Texts], language: str) -> str:
    """Give the question that asks the customer for a path; a record without one is asked for by its number."""
    texts = asks.get(path) or pack.questions.get(path)
    if texts is None and path in pack.records:
        texts = asks.get(f"{ARGUMENTS}{pack.records[path].by}")
    return (texts or {}).get(language) or (texts or {}).get(pack.fallback_language, "")


def value_at(inputs: object, path: str) -> object:
    """Give the value at a dotted path, None where a step is absent."""
    for step in path.split("."):
        if not isinstance(inputs, Mapping) or step not in inputs:
            return None
        inputs = inputs[step]
    return inputs
