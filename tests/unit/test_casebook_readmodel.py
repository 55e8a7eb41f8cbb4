"""Merge rules are declared on columns, and a batch folds by them."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Column, MetaData, Table, Text

from services.casebook.projections.apply import changes, fold
from services.casebook.tables import APPROVAL_INBOX, CASE_LIST, CASE_TIMELINE, COUNTER
from shared.contracts.approvals import ExceptionApproved, ExceptionRequested
from shared.contracts.event import Fact
from shared.contracts.intake import CaseOpened, MessageReceived, MessageSent
from shared.contracts.triage import AssessmentCorrected, Reading, RequestAssessed, RequestReferred
from shared.eventstore.readmodel import Batch, Change, ReadModel, added, greatest, least, owned
from tests.support.histories import Maker
from tests.support.recorded import recorded

EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
THING = ReadModel(
    Table(
        "thing",
        MetaData(),
        Column("thing_id", Text, primary_key=True),
        owned("intake", "state", Text),
        added("number"),
        greatest("last_at"),
        least("first_at"),
    )
)
READING = Reading(
    kinds=(), remedy=None, urgency="normal", tone="calm", language="en", confidence=1, judged_by="rules/1"
)


def test_a_column_without_a_merge_rule_is_refused() -> None:
    table = Table("loose", MetaData(), Column("loose_id", Text, primary_key=True), Column("stray", Text))
    with pytest.raises(ValueError, match="loose: no merge rule for stray"):
        ReadModel(table)


def test_changes_fold_by_the_rule_of_their_column() -> None:
    batch = Batch()
    batch.take([Change(THING, ("a",), {"state": "one"}, {"last_at": LATE}, {"first_at": LATE}, {"number": 2})])
    batch.take([Change(THING, ("a",), {"state": None}, {"last_at": EARLY}, {"first_at": EARLY}, {"number": -1})])
    assert batch.rows == {THING: {("a",): {"state": None, "last_at": LATE, "first_at": EARLY, "number": 1}}}


def test_an_append_only_row_is_written_once() -> None:
    event = recorded(Maker(1).fact(CaseOpened, Maker(2).id(), [Maker(3).id()]))
    with pytest.raises(ValueError, match=r"case_timeline: the row .* is written twice"):
        fold([event, event])


def test_rows_of_append_only_tables_leave_a_batch_and_the_others_stay() -> None:
    batch = fold([recorded(Maker(1).fact(CaseOpened, Maker(2).id(), [Maker(3).id()]))])
    released = batch.release_appended()
    assert released.appended.keys() == {CASE_TIMELINE}
    assert released.rows == {}
    assert CASE_LIST in batch.rows
    assert batch.appended == {}


def test_an_acknowledgement_is_no_answer() -> None:
    sent = Maker(1).fact(MessageSent, Maker(2).id(), [Maker(3).id()])
    for purpose, answers in (("acknowledgement", False), ("script", False), ("boundary", True)):
        row = folded(sent.model_copy(update={"purpose": purpose}))
        assert row["messages_out"] == 1
        assert ("last_answer_at" in row) is answers


def test_a_message_that_asks_nothing_leaves_the_demand_as_it_stands() -> None:
    assessed = RequestAssessed(case_id=Maker(2).id(), message_id=Maker(3).id(), reading=READING)
    assert folded(assessed).keys() == {"tone", "urgency", "language", "requests"}


def test_a_correction_moves_the_count_from_one_kind_to_the_other() -> None:
    before, after = (READING.model_copy(update={"kinds": (kind,)}) for kind in ("other", "buyers_remorse"))
    fact = AssessmentCorrected(
        case_id=Maker(2).id(), message_id=Maker(3).id(), before=before, reading=after, reason="read again"
    )
    batch = fold([recorded(fact)])
    moved = {key[2]: row["number"] for key, row in batch.rows[COUNTER].items() if key[1] == "requests"}
    assert moved == {"other": -1, "buyers_remorse": 1}
    assert folded(fact)["requests"] == 0


def test_an_exception_is_open_between_request_and_decision() -> None:
    maker, case_id, pool = Maker(1), Maker(2).id(), [Maker(3).id()]
    facts = [maker.fact(kind, case_id, pool) for kind in (ExceptionRequested, ExceptionApproved)]
    batch = fold([recorded(fact, position=nth) for nth, fact in enumerate(facts, start=1)])
    [row] = batch.rows[CASE_LIST].values()
    assert (row["exceptions"], row["exceptions_open"], row["exception_state"]) == (1, 0, "approved")
    [exception] = batch.rows[APPROVAL_INBOX].values()
    assert exception["state"] == "approved"


def test_what_a_customer_writes_fits_into_the_database() -> None:
    message = Maker(1).fact(MessageReceived, Maker(2).id(), [Maker(3).id()])
    event = recorded(message.model_copy(update={"text": "before\x00after"}))
    [line] = [str(change.set["line"]) for change in changes(event) if change.model is CASE_TIMELINE]
    assert line.endswith("before\ufffdafter")


def folded(fact: Fact) -> dict[str, object]:
    """Give the case's row that one fact makes."""
    [row] = fold([recorded(fact)]).rows[CASE_LIST].values()
    return row


def test_only_a_person_answers_what_the_rules_referred() -> None:
    """The rules' answer to one request leaves another, which a person has to answer, as it stands."""
    sent = Maker(1).fact(MessageSent, Maker(2).id(), [Maker(3).id()])
    for purpose, by_a_person in (("granted", False), ("boundary", False), ("agent", True), ("decision", True)):
        assert ("last_person_at" in folded(sent.model_copy(update={"purpose": purpose}))) is by_a_person
    referred = RequestReferred(
        case_id=Maker(2).id(), request_id=Maker(3).id(), message_id=Maker(4).id(), kind="other", reason="unclear"
    )
    assert folded(referred).keys() == {"referred_at"}
