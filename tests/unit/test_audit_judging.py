"""What an auditor's judges say of decisions, from the events alone."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.audit.findings import Findings
from deploy.local.audit.judging import Bench, Law
from deploy.local.audit.judging.decisions import Delegated
from services.approvals.domain.commands import Command
from services.approvals.domain.decider import decide, make_decider
from services.approvals.domain.state import Exceptions, evolve
from services.triage.domain.policies.publishing import content_hash
from shared.contracts.approvals import ApprovalGiven, ExceptionApproved, ExceptionRejected, ExceptionWithdrawn
from shared.contracts.approvals_after import BoundaryNoted
from shared.contracts.approvals_disputes import DisputeDecided
from shared.contracts.event import Fact, Recorded
from shared.contracts.followup import PromiseMade
from shared.contracts.intake_conduct import ConductAppealMade, ConductMeasureReviewed, ConductMeasureTaken
from shared.contracts.intake_privacy import ErasureApproved, ErasureRequested, HoldPlaced, HoldReleased
from shared.contracts.triage_policy import PolicyFile, PolicyPublished
from shared.contracts.values import Authority, Backing
from tests.support import authority as wide
from tests.support.exceptions import (
    CASE,
    EXCEPTION,
    MONDAY,
    PEOPLE,
    REQUEST,
    RULES,
    approve,
    authority_of,
    counter,
    reject,
    request,
    requested,
    usd,
    withdraw,
)
from tests.support.exceptions import (
    given as agreed,
)
from tests.support.recorded import recorded

LAW = Law(authority=RULES)
LOGS = ("intake", "triage", "approvals", "followup")
CUSTOMER = UUID(int=77)


def judged(facts: Sequence[Fact], law: Law = LAW) -> Findings:
    findings = Findings()
    bench = Bench(findings, law)
    judges = {
        kind: judge for log in ("intake", "triage", "approvals", "followup") for kind, judge in bench.of(log).items()
    }
    for number, fact in enumerate(facts, start=1):
        if fact.TYPE in judges:
            judges[fact.TYPE](_event(fact, number))
    return findings


def _event(fact: Fact, number: int) -> Recorded:
    return recorded(fact, MONDAY + timedelta(seconds=number), number)


def names(facts: Sequence[Fact], law: Law = LAW) -> list[str]:
    return [one.name for one in judged(facts, law).sorted()]


def after(*commands: Command) -> list[Fact]:
    """Give what approvals itself records."""
    state, facts = Exceptions(), list[Fact]()
    for command in commands:
        for fact in decide(command, state, RULES):
            facts.append(fact)
            state = evolve(state, fact)
    return facts


def approved(by: str, role: str, **changed: Any) -> list[Fact]:
    word = agreed(by, role)
    fact = ExceptionApproved(
        case_id=CASE,
        exception_id=EXCEPTION,
        request_id=REQUEST,
        decided_by=(by,),
        authority=authority_of(role),
        deviation="full refund",
        note="fair",
        language="en",
    )
    return [word.model_copy(update=changed), fact]


people = st.sampled_from(sorted(PEOPLE))
sums = st.integers(1, 6000).map(usd)
commands = st.lists(
    st.one_of(
        st.builds(approve, people, sums),
        st.builds(approve, people),
        st.builds(
            lambda who, whom: approve(who, None, whom), st.sampled_from(["ana", "ben"]), st.sampled_from(["max", "sue"])
        ),
        st.builds(reject, people),
        st.builds(counter, people, sums),
        st.builds(withdraw, people),
    ),
    max_size=8,
)


@given(commands, st.integers(1, 6000) | st.none(), st.sampled_from(["buyers_remorse", "policy_restriction", "other"]))
def test_whatever_approvals_itself_decides_is_right(asked: list[Command], amount: int | None, kind: str) -> None:
    facts = after(request(None if amount is None else usd(amount), kind), *asked)
    assert names(facts) == []


@given(commands, st.integers(1, 6000) | st.none())
def test_without_the_matrix_what_is_right_is_not_called_wrong(asked: list[Command], amount: int | None) -> None:
    facts = after(request(None if amount is None else usd(amount)), *asked)
    findings = judged(facts, Law())
    assert findings.sorted() == []
    spoke = any(isinstance(fact, ApprovalGiven | ExceptionRejected) for fact in facts)
    assert bool(findings.notes) or not spoke


def test_nobody_approves_their_own_proposal() -> None:
    assert names([requested(), *approved("ana", "supervisor")]) == ["four_eyes_broken"]
    assert names([requested(), *approved("ana", "supervisor")], Law()) == ["four_eyes_broken"]


def test_nobody_approves_what_they_refused_themselves() -> None:
    noted = BoundaryNoted(case_id=CASE, boundary_id=UUID(int=4), request_id=REQUEST, stated_by="sue")
    assert names([noted, requested(), *approved("sue", "supervisor")]) == ["four_eyes_broken"]


@pytest.mark.parametrize(
    ("role", "required", "amount"),
    [("lead", "supervisor", 20), ("supervisor", "supervisor", 251), ("nobody", "lead", 1)],
)
def test_a_role_that_may_not_is_found(role: str, required: str, amount: int) -> None:
    by = Authority(role=role, matrix="m1")
    facts = [requested(required, usd(amount)), *approved("liz", "lead", authority=by)]
    assert names(facts) == ["authority_missing"]


def test_an_amount_above_the_limit_that_the_decision_names_is_found_without_the_matrix() -> None:
    assert names([requested("supervisor", usd(251)), *approved("sue", "supervisor")], Law()) == ["authority_missing"]


def test_a_quorum_that_was_not_met_is_found() -> None:
    facts = after(request(usd(2000)), approve("max"))
    assert not any(isinstance(fact, ExceptionApproved) for fact in facts)
    assert names([*facts, approved("max", "manager")[1]]) == ["quorum_not_met"]
    assert names([*facts, approved("max", "manager")[1].model_copy(update={"decided_by": ("max", "mia")})]) == [
        "quorum_not_met"
    ]


def test_what_was_decided_is_not_decided_again() -> None:
    facts = after(request(usd(20)), approve("sue"))
    no = ExceptionRejected(
        case_id=CASE,
        exception_id=EXCEPTION,
        request_id=REQUEST,
        decided_by="sid",
        authority=authority_of("supervisor"),
        reason="no",
        language="en",
    )
    assert names([*facts, no]) == ["decision_twice"]


def test_a_decision_on_nothing_is_found() -> None:
    assert names(approved("sue", "supervisor")) == ["authority_missing", "authority_missing"]


def test_only_the_proposer_takes_a_proposal_back() -> None:
    taken = ExceptionWithdrawn(
        case_id=CASE, exception_id=EXCEPTION, request_id=REQUEST, withdrawn_by="eve", reason="why not"
    )
    assert names([requested(), taken]) == ["authority_missing"]


def test_a_delegation_counts_only_while_it_stands() -> None:
    given = wide.delegation("max", "ana", "manager")
    by = Authority(role="manager", matrix="w1", delegation=given.delegation_id)
    word = approved("ana", "manager", authority=by, on_behalf_of="max")
    facts = [requested("manager", usd(300)).model_copy(update={"proposed_by": "eve"}), *word]
    stood = Delegated(given, MONDAY - timedelta(days=1))
    assert names(facts, Law(wide.RULES, delegations={given.delegation_id: stood})) == []
    for wrong in (
        Delegated(given, MONDAY + timedelta(days=1)),
        Delegated(given, MONDAY - timedelta(days=2), MONDAY - timedelta(days=1)),
        Delegated(given.model_copy(update={"delegate": "ben"}), MONDAY - timedelta(days=1)),
        Delegated(given.model_copy(update={"last_day": date(2026, 11, 20)}), MONDAY - timedelta(days=1)),
    ):
        assert names(facts, Law(wide.RULES, delegations={given.delegation_id: wrong})) == ["authority_missing"]
    assert names(facts, Law(wide.RULES)) == ["authority_missing"]
    assert names(facts, Law()) == ["authority_missing"]


def dispute(number: int, by: str, role: str = "manager") -> DisputeDecided:
    return DisputeDecided(
        case_id=CASE,
        dispute_id=UUID(int=number),
        claimant_id=UUID(int=1),
        respondent_id=UUID(int=2),
        outcome="upheld",
        reason="so it is",
        heard=True,
        decided_by=by,
        authority=Authority(role=role, matrix="m1"),
    )


def test_disputes_are_decided_once_and_each_by_another_with_authority() -> None:
    assert names([dispute(5, "max"), dispute(6, "mia")]) == []
    assert names([dispute(5, "max"), dispute(5, "mia")]) == ["decision_twice"]
    assert names([dispute(5, "max"), dispute(6, "max")]) == ["four_eyes_broken"]
    assert names([dispute(5, "sue", "supervisor")]) == ["authority_missing"]


def measure(**fields: Any) -> ConductMeasureTaken:
    return ConductMeasureTaken(
        customer_id=CUSTOMER,
        case_id=CASE,
        measure_id=UUID(int=3),
        measure="warning",
        category="abuse",
        reason="words",
        evidence=(UUID(int=8),),
        review_on=date(2027, 1, 1),
        told="you",
        appeal="so",
        taken_by="sue",
        role="supervisor",
        policy="1",
        **fields,
    )


def test_nobody_decides_on_the_appeal_against_their_own_measure() -> None:
    appeal = ConductAppealMade(customer_id=CUSTOMER, case_id=CASE, measure_id=UUID(int=3), noted_by="ana")

    def review(by: str) -> ConductMeasureReviewed:
        return ConductMeasureReviewed(
            customer_id=CUSTOMER,
            case_id=CASE,
            measure_id=UUID(int=3),
            outcome="kept",
            why="so",
            on_appeal=True,
            reviewed_by=by,
            role="supervisor",
            policy="1",
        )

    assert names([measure(), appeal, review("sid")]) == []
    assert names([measure(), review("sue")]) == []
    assert names([measure(), appeal, review("sue")]) == ["four_eyes_broken"]
    assert names([measure(), appeal, review("sid"), appeal, review("sid")]) == ["four_eyes_broken"]
    assert names([review("sid")]) == ["authority_missing"]


def test_nobody_is_erased_unasked_or_while_a_hold_stands_and_no_hold_is_released_by_its_placer() -> None:
    asked = ErasureRequested(
        customer_id=CUSTOMER, erasure_id=UUID(int=6), ground="asked", asked_on=date(2026, 11, 1), requested_by="pia"
    )
    erased = ErasureApproved(
        customer_id=CUSTOMER, erasure_id=UUID(int=6), ground="asked", approved_by="pia", policy="1"
    )
    held = HoldPlaced(customer_id=CUSTOMER, hold_id=UUID(int=7), reason="court", basis="order", placed_by="sue")

    def release(by: str) -> HoldReleased:
        return HoldReleased(customer_id=CUSTOMER, hold_id=UUID(int=7), why="over", released_by=by)

    assert names([asked, erased]) == []
    assert names([held, release("max"), asked, erased]) == []
    assert names([held.model_copy(update={"until": date(2026, 11, 22)}), asked, erased]) == []
    assert names([held.model_copy(update={"customer_id": UUID(int=1)}), asked, erased]) == []
    assert names([held, release("sue")]) == ["four_eyes_broken"]
    assert names([held, asked, erased]) == ["authority_missing"]
    assert names([erased]) == ["authority_missing"]
    assert names([release("max")]) == ["authority_missing"]


def promise(reference: str, kind: Any = "decision") -> PromiseMade:
    return PromiseMade(
        case_id=CASE,
        promise_id=UUID(int=9),
        customer_id=CUSTOMER,
        what="a refund",
        due=MONDAY,
        at_risk_from=MONDAY,
        backing=Backing(kind=kind, reference=reference, version="1" if kind == "clause" else None),
        made_by="rules",
    )


def test_a_promise_rests_on_what_was_decided_before_it_in_its_case() -> None:
    decided = after(request(usd(20)), approve("sue"))
    resting = promise(str(EXCEPTION))
    assert names([*decided, resting]) == []
    assert names([resting, *decided]) == ["promise_unbacked"]
    assert names([*decided, promise(str(uuid5(EXCEPTION, "other")))]) == ["promise_unbacked"]
    assert names([*decided, promise("shop/returns", "clause")]) == ["promise_unbacked"]
    other = resting.model_copy(update={"case_id": UUID(int=1)})
    assert names([*decided, other]) == ["promise_unbacked"]


def policy(version: str, text: str, sha256: str | None = None) -> PolicyPublished:
    content = {"pack.yaml": text}
    return PolicyPublished(
        policy="shop",
        version=version,
        effective_from=MONDAY,
        content=(PolicyFile(path="pack.yaml", text=text),),
        sha256=sha256 or content_hash(content),
        published_by="max",
    )


def test_a_policy_is_what_its_hash_says_and_a_version_is_published_once() -> None:
    assert names([policy("1", "a"), policy("2", "b")]) == []
    assert names([policy("1", "a", "0" * 64)]) == ["policy_altered"]
    assert names([policy("1", "a"), policy("1", "b")]) == ["policy_altered"]


def test_a_body_that_fits_no_contract_is_named_and_not_quoted() -> None:
    findings = Findings()
    event = recorded(requested())._replace(body=b'{"exception_id": "canary"}')
    Bench(findings, LAW).of("approvals")[event.type](event)
    [found] = findings.found
    assert found.name == "unreadable"
    assert "canary" not in found.what


def test_the_judges_use_the_deciders_own_fold() -> None:
    assert make_decider(RULES).evolve is evolve
