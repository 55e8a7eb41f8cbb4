"""An audit flags what agents granted against the policy, and nothing that they were right to grant."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.triage.domain.policies.audit_records import Bookings, routes
from services.triage.domain.policies.audit_runs import Run, writes
from services.triage.domain.policies.auditing import CONCESSIONS, Audited, audit, cabin_in_part, tally
from tests.support.policy_tasks import DATA, TASKS, pack, records

NOW = datetime.fromisoformat("2024-05-15T15:00:00-05:00")
RUNS = DATA / "conversations" / "tau_bench_airline.jsonl"


@cache
def kept(kind: str, key: str) -> Mapping[str, Any]:
    """Give the records of a kind by id."""
    found = {k: record for k, record in records("tau2_airline").records.items() if k[0] == kind}
    return {str(record[key]): record for record in found.values()}


def audited(run: Run, policy: str = "airline_first") -> list[Audited]:
    """Audit one run on the records of the data."""
    return audit(run, kept("reservation", "reservation_id"), kept("customer", "user_id"), NOW, pack(policy).answer)


@cache
def all_runs() -> tuple[Run, ...]:
    """Give the runs of the data."""
    return tuple(Run.model_validate_json(line) for line in RUNS.read_text(encoding="utf-8").splitlines())


def a_run(*acts: tuple[str, dict[str, Any], int], turns: tuple[str, ...] = ("Hi.", "Done."), **labels: Any) -> Run:
    """Make a run: the customer speaks first, then they take turns."""
    said = [{"speaker": ("customer", "agent")[n % 2], "text": text} for n, text in enumerate(turns)]
    done = [{"name": name, "arguments": given, "after_turn": turn} for name, given, turn in acts]
    return Run.model_validate({"id": "made", "turns": said, "labels": {"agent_actions": done, **labels}})


def test_the_audit_flags_exactly_what_was_found_by_hand() -> None:
    """Every breach that a person found in the runs is flagged, and no other act."""
    by_hand = yaml.safe_load((TASKS / "airline_first" / "violations.yaml").read_text(encoding="utf-8"))
    wanted = {(run, number) for run, acts in by_hand.items() for number in acts}
    flagged = {
        (one.run, one.write.number) for run in all_runs() for one in audited(run) if one.finding == "not_allowed"
    }
    assert flagged == wanted


def test_no_act_that_the_labels_want_is_flagged() -> None:
    """What the source holds for right passes, and what it holds for wrong is flagged unless the policy allows it."""
    found = tally([one for run in all_runs() for one in audited(run)], len(all_runs()))
    assert (found.flagged_right, found.passed_right) == (0, 58)
    assert (found.flagged_wrong, found.missed_wrong) == (22, 4)


def test_an_upgrade_in_the_run_counts_for_the_cancellation_after_it() -> None:
    """The record of the moment decides, not the one that the run began with."""
    flights = kept("reservation", "reservation_id")["XEHM4B"]["flights"]
    cancel = ("cancel_reservation", {"reservation_id": "XEHM4B"}, 1)
    upgrade = (
        "update_reservation_flights",
        {"reservation_id": "XEHM4B", "cabin": "business", "flights": flights, "payment_id": "credit_card_2408938"},
        1,
    )
    assert [one.finding for one in audited(a_run(cancel), "airline")] == ["not_allowed"]
    assert [one.finding for one in audited(a_run(upgrade, cancel), "airline")] == ["within", "within"]


def test_a_booking_of_the_run_can_be_cancelled_in_it_by_a_number_that_no_record_has() -> None:
    """Runs do not say the number of a new booking; an unknown one is the last that was made."""
    booking = {
        "user_id": "mia_li_3668", "origin": "JFK", "destination": "SEA", "flight_type": "one_way", "cabin": "economy",
        "flights": [{"flight_number": "HAT083", "date": "2024-05-20"}], "insurance": "no", "total_baggages": 0,
        "passengers": [{"first_name": "Mia", "last_name": "Li", "dob": "1990-04-05"}],
        "payment_methods": [{"payment_id": "credit_card_4421486", "amount": 100}],
    }  # fmt: skip
    run = a_run(("book_reservation", booking, 1), ("cancel_reservation", {"reservation_id": "NEW001"}, 1))
    assert [one.answer.outcome for one in audited(run)] == ["allowed", "allowed"]


def test_a_cancellation_of_a_booking_that_nobody_knows_is_unproven() -> None:
    """Without a record the audit accuses nobody."""
    (one,) = audited(a_run(("cancel_reservation", {"reservation_id": "NOBODY"}, 1)))
    assert (one.finding, one.answer.outcome) == ("unproven", "needs_information")


@pytest.mark.parametrize(
    ("told", "effect"),
    [
        ("Your booking has been cancelled.", "done"),
        ("Unfortunately, there are not enough seats in economy.", "failed"),
        ("The first was successfully cancelled. Unfortunately, I cannot do more.", "done"),
        ("It seems that the certificate cannot be used for this.", "failed"),
        ("Anything else?", "done"),
    ],
)
def test_an_act_failed_when_the_agent_says_so(told: str, effect: str) -> None:
    """Runs hold no answers of the business's system, so the agent's next words tell."""
    run = a_run(("cancel_reservation", {"reservation_id": "A"}, 1), turns=("Hi.", told))
    assert [write.effect for write in writes(run, CONCESSIONS)] == [effect]


def test_of_two_like_acts_before_the_agent_speaks_the_first_failed() -> None:
    """An agent tries again only when the first try was not taken."""
    acts = [("update_reservation_flights", {"reservation_id": "A", "payment_id": name}, 1) for name in ("x", "y")]
    assert [write.effect for write in writes(a_run(*acts), CONCESSIONS)] == ["failed", "done"]


def test_a_failed_act_leaves_the_records_as_they_were() -> None:
    """What did not come about cannot excuse the next act."""
    upgrade = ("update_reservation_flights", {"reservation_id": "XEHM4B", "cabin": "business"}, 1)
    cancel = ("cancel_reservation", {"reservation_id": "XEHM4B"}, 3)
    run = a_run(upgrade, cancel, turns=("Hi.", "There was an error.", "And now?", "It has been cancelled."))
    assert [one.write.effect for one in audited(run, "airline")] == ["failed", "done"]
    assert audited(run, "airline")[1].finding == "not_allowed"


def test_actions_written_as_text_are_read() -> None:
    """Some sources write the list of actions as a text."""
    act = {"name": "cancel_reservation", "arguments": {"reservation_id": "A"}, "after_turn": 1}
    turns = [{"speaker": "customer", "text": "Hi."}]
    for written in (json.dumps([act]), repr([act])):
        run = Run.model_validate({"id": "x", "turns": turns, "labels": {"agent_actions": written}})
        assert run.labels.agent_actions[0].arguments == {"reservation_id": "A"}


@pytest.mark.parametrize("written", ["book", "[", "[" * 9999])
def test_a_text_that_holds_no_actions_is_told_in_words(written: str) -> None:
    turns = [{"speaker": "customer", "text": "Hi."}]
    with pytest.raises(ValidationError, match="holds no list of acts"):
        Run.model_validate({"id": "x", "turns": turns, "labels": {"agent_actions": written}})


def test_records_know_routes_better_than_the_conversation() -> None:
    """A flight's route is taken from records, else from what was said of it."""
    run = a_run(turns=("Hi.", "1. Flight XY12 (AAA to BBB)\n2. CCC to DDD on 2024-05-17, Flight Number: XY34"))
    known = [{"flights": [{"flight_number": "XY12", "origin": "EEE", "destination": "FFF"}]}]
    assert routes(known, run) == {
        "XY12": {"origin": "EEE", "destination": "FFF"},
        "XY34": {"origin": "CCC", "destination": "DDD"},
    }


def test_records_that_an_audit_starts_from_stay_as_they_are() -> None:
    """One run's acts must not colour the next run."""
    before = {"R": {"reservation_id": "R", "cabin": "economy", "flights": []}}
    run = a_run(("update_reservation_flights", {"reservation_id": "R", "cabin": "business"}, 1))
    bookings = Bookings(before, run, NOW.isoformat())
    bookings.apply(run.labels.agent_actions[0])
    assert (bookings.find("R") or {})["cabin"] == "business"
    assert before["R"]["cabin"] == "economy"


@pytest.mark.parametrize(
    ("told", "in_part"),
    [
        ("The outbound leg has been upgraded to business class.", True),
        ("The outbound flight has been upgraded. The return flight has been upgraded.", False),
        ("LAS to DEN is now economy, while the return flight remains in business class.", True),
        ("- XY12 (Business Class)\n- XY34 (Economy Class)", True),
        ("- XY12 (Business Class)\n- XY34 (Business Class)", False),
        ("Your booking was moved from business to economy.", False),
    ],
)
def test_what_the_agent_tells_of_a_part_is_taken_for_a_part(told: str, in_part: bool) -> None:
    """The system changes whole bookings only; what is promised beside it shows in the agent's words."""
    assert cabin_in_part(told) is in_part


def test_a_complaint_is_about_the_reservation_that_the_customer_names() -> None:
    """A certificate names no reservation; the conversation does."""
    held = {
        name: {"reservation_id": name, "user_id": "u", "flights": [{"flight_number": f"XY{name}1"}]} for name in "AB"
    }
    reads = [("get_reservation_details", {"reservation_id": name}, 1) for name in "AB"]
    by_flight = a_run(*reads, turns=("My flight XYA1 is late.", "Sorry."), user_id="u")
    unnamed = a_run(*reads, turns=("My flight is late.", "Sorry."), user_id="u")
    for run, wanted in ((by_flight, "A"), (unnamed, "B")):
        bookings = Bookings(held, run, NOW.isoformat())
        for act in run.labels.agent_actions:
            bookings.read(act)
        assert (bookings.complained_of(1) or {})["reservation_id"] == wanted


def test_compensation_on_a_false_claim_is_flagged_and_on_a_true_one_not() -> None:
    """The facts have to be confirmed before a gesture is made."""
    give = ("send_certificate", {"user_id": "mei_brown_7075", "amount": 200}, 1)
    said = "My flight HAT045 is delayed{}, I want compensation."
    for claim, finding in ((", and I'm a Gold member", "not_allowed"), ("", "within")):
        run = a_run(give, turns=(said.format(claim), "Sent."), user_id="mei_brown_7075")
        assert [one.finding for one in audited(run)] == [finding]


ARGUMENT = st.one_of(
    st.none(),
    st.integers(),
    st.sampled_from(["XEHM4B", "MZDDS4", "economy"]),
    st.lists(st.text(max_size=3), max_size=2),
)
ACTS = st.lists(
    st.tuples(
        st.sampled_from(sorted(CONCESSIONS)),
        st.dictionaries(st.sampled_from(["reservation_id", "cabin", "flights", "passengers", "amount"]), ARGUMENT),
        st.just(1),
    ),
    max_size=4,
)


@given(acts=ACTS, gold=ACTS)
def test_every_run_can_be_audited_and_what_the_labels_want_is_right(acts: list[Any], gold: list[Any]) -> None:
    """A run may hold any arguments; each act gets a finding, and one that is wanted is never called wrong."""
    wanted = [{"name": name, "kwargs": given} for name, given, _ in gold]
    run = a_run(*acts, gold_actions=wanted, gold_outcome="act", reward=0)
    found = audited(run)
    assert len(found) == len(acts)
    assert all(one.label == "right" for one in found if (one.write.act.name, one.write.act.arguments, 1) in gold)
    counted = tally(found, 1)
    assert counted.flagged + counted.unproven <= counted.acts
