"""Every fact can be told in one line."""

from uuid import UUID

import pytest

from services.casebook.projections.case_timeline import WORDED_IN, case_timeline
from services.casebook.projections.wording import EXCERPT, WORDINGS, excerpt, say
from shared.contracts import catalogue
from shared.contracts.event import REGISTRY, Fact
from shared.contracts.followup import PromiseMade
from shared.contracts.intake import AutomaticMailReceived, CustomerIdentified
from shared.contracts.values import Backing
from tests.support.histories import START, Maker
from tests.support.recorded import recorded

assert catalogue, WORDED_IN
CASE, OTHER = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize("kind", REGISTRY.values(), ids=lambda kind: kind.TYPE)
def test_every_fact_has_words_on_one_line(kind: type[Fact]) -> None:
    assert kind in WORDINGS
    for seed in range(20):
        said = say(Maker(seed).fact(kind, CASE, [OTHER]))
        assert said.line.strip()
        assert len(said.line.splitlines()) == 1
        assert said.line != kind.TYPE


def test_a_promise_says_what_by_when_and_why_we_owe_it() -> None:
    said = say(
        PromiseMade(
            case_id=CASE,
            promise_id=OTHER,
            customer_id=OTHER,
            what="refund of 84.90 GBP",
            due=START,
            at_risk_from=START,
            backing=Backing(kind="clause", reference="returns.14-days", version="3"),
            made_by="rules",
        )
    )
    assert said.line == "Promised by 2026-11-23 10:00 UTC: refund of 84.90 GBP"
    assert said.why == "backed by clause returns.14-days 3"
    assert said.about_id == OTHER


def test_an_excerpt_is_one_line_of_bounded_length() -> None:
    assert excerpt("  a\n\tb ") == "a b"
    long = excerpt("word " * 1000)
    assert len(long) == EXCERPT
    assert long.endswith("…")


def test_a_mail_about_a_case_stands_in_its_timeline_and_a_customer_in_none() -> None:
    maker = Maker(3)
    bounce = maker.fact(AutomaticMailReceived, CASE, [CASE]).model_copy(update={"about_case_id": CASE})
    [change] = case_timeline.project(recorded(bounce), bounce)
    assert change.set["case_id"] == CASE
    customer = maker.fact(CustomerIdentified, CASE, [OTHER])
    [change] = case_timeline.project(recorded(customer), customer)
    assert change.set["case_id"] is None
