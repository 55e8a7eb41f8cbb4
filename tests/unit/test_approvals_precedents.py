"""Which decided exceptions are shown, in what they are alike, and which like cases were decided differently."""

from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from services.approvals.domain.policies.authority import Matter
from services.approvals.domain.policies.checking import Known, findings
from services.approvals.domain.policies.consistency import decided_differently
from services.approvals.domain.policies.explaining import explain
from services.approvals.domain.policies.matrix import Matrix
from services.approvals.domain.policies.precedents import amount_ratio, likeness, nearest, without_words
from shared.contracts.values import Money
from tests.support.authority import RULES, WIDE
from tests.support.decisions import about, decided, id_of
from tests.support.exceptions import EXCEPTION, MONDAY, usd

MINE = about(amount=usd(100), channel="email", days_since_purchase="40")


def test_the_most_alike_comes_first_and_says_in_what() -> None:
    known = [
        decided(1, about(amount=usd(400), channel="email")),
        decided(2, about(amount=usd(100), channel="email", days_since_purchase="40")),
        decided(3, about("final", amount=usd(100))),
        decided(4, about("final", "other", usd(100))),
        decided(5, about("returns", "other", usd(100), policy="club")),
    ]
    found = nearest(EXCEPTION, MINE, known)
    assert [one.exception_id for one in found] == [id_of(2), id_of(1), id_of(3)]
    assert found[0].similarity == 1
    assert found[0].alike_in == (
        "the same clause shop/returns",
        "the same kind buyers_remorse",
        "amounts 100 USD and 100 USD",
        "the same channel, days since purchase",
    )
    assert "the same policy shop" in found[2].alike_in


def test_an_exception_is_no_precedent_of_itself_and_at_most_five_are_shown() -> None:
    known = [decided(number, MINE) for number in range(9)]
    assert nearest(id_of(3), MINE, known[3:4]) == ()
    found = nearest(EXCEPTION, MINE, known)
    assert [one.exception_id for one in found] == [id_of(n) for n in (8, 7, 6, 5, 4)], "of like ones the newest"


def test_on_record_a_precedent_says_which_one_it_is_and_nothing_that_was_written_about_its_customer() -> None:
    [shown] = nearest(EXCEPTION, MINE, [decided(1, MINE)])
    assert shown.deviation
    [kept] = without_words((shown,))
    assert (kept.deviation, kept.note) == ("", "")
    assert kept.model_copy(update={"deviation": shown.deviation, "note": shown.note}) == shown


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        (usd(50), usd(100), 0.5),
        (usd(100), usd(50), 0.5),
        (usd(0), usd(0), 1.0),
        (usd(0), usd(5), 0.0),
        (usd(5), None, 0.0),
        (None, None, None),
        (usd(5), Money(amount=usd(5).amount, currency="EUR"), 0.0),
    ],
)
def test_amounts_compare_in_one_currency(one: Money | None, other: Money | None, ratio: float | None) -> None:
    assert amount_ratio(one, other) == ratio


def test_what_nobody_knows_counts_neither_way() -> None:
    assert likeness(about(), about()).score == 1
    assert likeness(about(tone="calm"), about(channel="email")).score == 1
    assert likeness(about(tone="calm"), about(tone="angry")).score < 1
    assert likeness(about(amount=usd(1)), about()).score < 1


def test_like_cases_with_different_outcomes_are_reported_with_deciders_and_differences() -> None:
    like = [
        decided(1, about(amount=usd(100), tone="calm"), "approved", by="sue"),
        decided(2, about(amount=usd(150), tone="angry", version="2"), "rejected", by="sid"),
        decided(3, about(amount=usd(400)), "approved"),
        decided(4, about(amount=usd(100)), "rejected", role="manager"),
        decided(5, about(amount=usd(100), kind="other"), "rejected"),
        decided(6, about("final", amount=usd(100)), "rejected"),
        decided(7, about(amount=Money(amount=usd(100).amount, currency="EUR")), "rejected"),
        decided(8, about(), "rejected"),
    ]
    [group] = decided_differently(like)
    assert [one.exception_id for one in group.decisions] == [id_of(1), id_of(2)]
    assert group.differs_in == {
        "outcome": ("approved", "rejected"),
        "decided_by": ("sue", "sid"),
        "amount": ("100 USD", "150 USD"),
        "policy_version": ("1", "2"),
        "tone": ("calm", "angry"),
    }


def test_groups_are_joined_by_what_differs_and_the_most_alike_comes_first() -> None:
    known = [
        decided(1, about("a", amount=usd(100)), "approved"),
        decided(2, about("a", amount=usd(190)), "rejected"),
        decided(3, about("a", amount=usd(300)), "approved"),
        decided(4, about("b"), "approved"),
        decided(5, about("b"), "countered"),
        decided(6, about("c", amount=usd(10)), "approved"),
        decided(7, about("c", amount=usd(21)), "rejected"),
    ]
    first, second = decided_differently(known)
    assert [one.exception_id for one in first.decisions] == [id_of(4), id_of(5)]
    assert first.alike == 1
    assert [one.exception_id for one in second.decisions] == [id_of(1), id_of(2), id_of(3)]
    assert second.alike < 1


KNOWN = Known({"shop/final", "shop/returns"}, {"overly_demanding", "negative_review", "policy_restriction"},
              ("agent", "supervisor", "manager"), date(2026, 11, 24))  # fmt: skip


def _changed(*path: str | int, to: object) -> Matrix:
    written = deepcopy(WIDE)
    place: Any = written
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return Matrix.model_validate(written)


def test_a_matrix_in_order_has_no_findings() -> None:
    assert findings(RULES.matrix, KNOWN) == []


@pytest.mark.parametrize(
    ("matrix", "severity", "field", "problem"),
    [
        (_changed("at_least", 0, "clauses", to=["shop/end"]), "error", "at_least.0.clauses", "no clause shop/end"),
        (_changed("quorum", 0, "kinds", to=["overly"]), "warning", "quorum.0.kinds", "the kind overly"),
        (_changed("roles", "clerk", to={"level": 1, "kinds": ["*"], "limits": {"USD": 1, "EUR": 1},
                                        "deadline_working_hours": 1, "escalates_to": "manager"}),
         "error", "roles.clerk", "no token carries this role"),
        (_changed("roles", "supervisor", "limits", to={"USD": 250}), "warning", "quorum.0.above", ""),
        (_changed("quorum", 2, to={"kinds": ["negative_review"], "needs": {"kind": "any"}}),
         "warning", "quorum.2", "never counts: entry 1"),
        (_changed("delegations", to=[{"principal": "sue", "delegate": "ben", "role": "supervisor",
                                      "first_day": "2026-01-01", "last_day": "2026-11-23"}]),
         "warning", "delegations.0", "over since 2026-11-23"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_found_with_its_place(matrix: Matrix, severity: str, field: str, problem: str) -> None:
    found = findings(matrix, KNOWN)
    if not problem:
        assert found == [], "no other role or threshold names a currency that the supervisor leaves out"
        return
    [one] = found
    assert (one.severity, one.field) == (severity, field)
    assert problem in one.problem


def test_a_currency_that_one_role_lists_and_another_does_not_is_found() -> None:
    written = deepcopy(WIDE)
    written["quorum"].append({"kinds": ["*"], "above": {"GBP": 100, "EUR": 5}, "needs": {"kind": "n", "needed": 2}})
    found = {one.field: one.problem for one in findings(Matrix.model_validate(written), KNOWN)}
    assert "GBP" in found["roles.supervisor.limits"]
    assert "USD" in found["quorum.3.above"]


def test_it_is_explained_who_decides_and_what_happens_when_nobody_does() -> None:
    told = explain(RULES, Matter("policy_restriction", "shop/returns", usd(100)), MONDAY)
    assert told.required_role == "supervisor"
    assert "230" not in told.why
    assert "250 USD" in told.why
    assert [(level.role, level.quorum.needed) for level in told.levels] == [("supervisor", 1), ("manager", 2)]
    assert [(role.role, role.may_decide) for role in told.roles] == [("supervisor", True), ("manager", True)]
    above = explain(RULES, Matter("other", "shop/final", usd(9999)), MONDAY)
    assert "above every limit" in above.why
    assert [role.may_decide for role in above.roles] == [False, False]
