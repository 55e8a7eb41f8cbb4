"""Answers requests by the policy: which fact a ruling becomes, and whether it has been said before."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, assert_never

from services.triage.domain.commands import AssessMessage, CorrectAssessment, NewIds
from services.triage.domain.policies import answers
from services.triage.domain.policies.answers import Asked
from services.triage.domain.policies.asking import request_id
from services.triage.domain.policies.ruling import Question, Rule, question_of
from services.triage.domain.policies.wording import Wording
from services.triage.domain.state import UNKNOWN_LANGUAGE, Assessment, Triage, evolve
from shared.contracts.event import Fact
from shared.contracts.triage import ExceptionProposed, Reading, RequestReferred
from shared.contracts.triage_requests import PolicyRef
from shared.kernel.worktime import Calendar

ASKED_AGAIN = "The customer asks again for what was refused."
UNREAD = "The customer was asked and wrote again, but not what the rules could read as the answer."
UNSURE = "The reading is too unsure to answer by rule."
Assessing = AssessMessage | CorrectAssessment


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of a policy, ready to answer.

    rule: the policy; deviation: what an exception to a clause (by id) would grant, in a language;
    wording: how rulings are said.
    """

    ref: PolicyRef
    rule: Rule
    deviation: Callable[[str, str], str]
    wording: Wording


class Policies(Protocol):
    """The published versions of the policy that triage answers by."""

    def in_force(self, received_at: datetime) -> Policy:
        """Give the version in force at an instant."""

    def version(self, ref: PolicyRef) -> Policy:
        """Give a version that a case is pinned to."""


def unregulated(_reading: Reading) -> None:
    """For policies without regulated categories."""


@dataclass(frozen=True, slots=True)
class TriageRules:
    """What triage decides by.

    calendar: the working time that answers are due in;  sure_from: a reading less sure than this goes to a person;
    regulated: the category, if any, that asks for a second pair of eyes on replies
    """

    policies: Policies
    calendar: Calendar
    sure_from: float = 0.0
    regulated: Callable[[Reading], str | None] = unregulated


def policy_of(command: Assessing, state: Triage, rules: TriageRules) -> Policy:
    """Give the policy that a case is answered by: the one in force when its first request was received."""
    if state.policy is not None:
        return rules.policies.version(state.policy)
    return rules.policies.in_force(command.received_at if isinstance(command, AssessMessage) else command.now)


def answer_all(
    command: Assessing, requests: Sequence[Assessment], state: Triage, rules: TriageRules, *, again: bool
) -> list[Fact]:
    """Answer requests one after another, each in view of the answers before it."""
    facts: list[Fact] = []
    for one in requests:
        made = _answer(command, one, state, rules, again=again)
        for fact in made:
            state = evolve(state, fact)
        facts += made
    return facts


def _answer(command: Assessing, one: Assessment, state: Triage, rules: TriageRules, *, again: bool) -> list[Fact]:
    """Give the policy's answer to one request; with `again`, asking twice for the refused proposes it."""
    reading = one.reading
    if one.request_id is None or not reading.kinds:
        return []
    kind, remedy = reading.kinds[0], reading.remedy
    asked = Asked(command.case_id, one.request_id, command.message_id, one.channel, kind, reading)
    policy = policy_of(command, state, rules)
    ruling = policy.rule(_question(command, one, state))
    if reading.confidence < rules.sure_from and ruling.outcome != "needs_person":
        known = (kind, remedy) in state.referred
        due = rules.calendar.add_days(command.now, 1)
        return [] if known else [answers.referral(asked, ruling, due, reason=UNSURE)]
    ids, clause = _ids(command.ids, one, state), ruling.clause.clause
    match ruling.outcome:
        case "refused" if state.boundary(kind, clause) is None:
            return [answers.boundary(asked, ids.boundary, ruling, policy.wording)]
        case "refused" if not again or proposed(state.proposed, kind, clause):
            return []
        case "refused":
            return [answers.proposal(asked, ids.exception, ruling, ASKED_AGAIN, policy.wording)]
        case "allowed":
            known = (kind, remedy) in state.granted
            return [] if known else [answers.grant(asked, ruling, policy.wording)]
        case "discretionary":
            known = proposed(state.proposed, kind, clause)
            return [] if known else [answers.proposal(asked, ids.exception, ruling, ruling.reason, policy.wording)]
        case "needs_information":
            return [] if one.request_id in state.waiting else [answers.question(asked, ruling, policy.wording)]
        case "needs_person":
            known = (kind, remedy) in state.referred
            due = rules.calendar.add_days(command.now, ruling.working_days)
            return [] if known else [answers.referral(asked, ruling, due)]
        case _:
            assert_never(ruling.outcome)


def refer_unread(command: Assessing, one: Assessment, rules: TriageRules) -> Fact:
    """Hand a request that waits for information to a person: the customer wrote, and rules found no answer in it."""
    assert one.request_id is not None
    return RequestReferred(
        case_id=command.case_id,
        request_id=one.request_id,
        message_id=command.message_id,
        kind=one.reading.kinds[0],
        reason=UNREAD,
        answer_due=rules.calendar.add_days(command.now, 1),
    )


def proposed(exceptions: Sequence[ExceptionProposed], kind: str, clause: str) -> bool:
    """Tell whether an exception from a clause was proposed for a kind of demand."""
    return any((p.kind, p.clause.clause) == (kind, clause) for p in exceptions)


def language_of(reading: Reading, state: Triage) -> str:
    """Give the language to answer in: the message's, or for words too few to tell, the one used before."""
    return state.language if reading.language == UNKNOWN_LANGUAGE else reading.language


def _ids(ids: NewIds, one: Assessment, state: Triage) -> NewIds:
    """Give the ids for the answers to a request; those of the command are for the leading one."""
    message = state.assessments.get(one.message_id)
    nth = next((n for n, each in enumerate(message.requests) if each.request_id == one.request_id), 0) if message else 0
    return NewIds(*(request_id(own, nth) for own in (ids.request, ids.boundary, ids.exception, ids.appeal)))


def _question(command: Assessing, one: Assessment, state: Triage) -> Question:
    language = language_of(one.reading, state)
    return question_of(one.reading, language, one.channel, records=state.records, named=state.named, now=command.now)
