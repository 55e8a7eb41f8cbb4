"""What is asked of others before a message is answered, and how it gets into the answer and on record."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from services.triage.adapters.policy_pack import PolicyPack
from services.triage.adapters.preparing import Preparing
from services.triage.domain.commands import AssessMessage
from services.triage.domain.decider import make_decider
from services.triage.domain.policies.answering import Policy, TriageRules
from services.triage.domain.policies.assessment import Said
from services.triage.domain.policies.lookups import UNREACHABLE, LookedUp
from services.triage.domain.reactions import make_react
from services.triage.domain.state import Triage
from shared.contracts.event import Fact, Recorded
from shared.contracts.intake import MessageReceived
from shared.contracts.triage import BoundaryStated, Reading, RequestAssessed
from shared.contracts.triage_requests import PolicyRef
from tests.support.recorded import recorded
from tests.support.triage import CASE, POLICIES, TUESDAY, message, read, reading, triage_rules

AIRLINE = PolicyPack(POLICIES / "airline")
NOW = datetime(2024, 5, 15, 20, 0, tzinfo=UTC)
RESERVATION: dict[str, Any] = {
    "reservation_id": "Q69X3R",
    "user_id": "raj_sanchez_7340",
    "origin": "PHL",
    "destination": "LGA",
    "flight_type": "one_way",
    "cabin": "economy",
    "flights": [{"origin": "PHL", "destination": "LGA", "flight_number": "HAT243", "date": "2024-05-20", "price": 166}],
    "passengers": [{"first_name": "Raj", "last_name": "Sanchez", "dob": "1965-09-13"}],
    "payment_history": [{"payment_id": "gift_card_4964153", "amount": 166}],
    "created_at": "2024-05-14T09:52:38",
    "total_baggages": 0,
    "nonfree_baggages": 0,
    "insurance": "no",
}


class Airline:
    def in_force(self, _received_at: datetime) -> Policy:
        ref = PolicyRef(policy=AIRLINE.facts.id, version=AIRLINE.facts.version)
        return Policy(ref, AIRLINE.evaluate, AIRLINE.deviation, AIRLINE.wording)

    def version(self, _ref: PolicyRef) -> Policy:
        return self.in_force(NOW)


class Provider:
    def __init__(self, *, away: bool = False) -> None:
        self.asked: list[tuple[str, str]] = []
        self._away = away

    async def lookup(self, kind: str, wanted: str) -> LookedUp:
        self.asked.append((kind, wanted))
        if self._away:
            return LookedUp(kind, wanted, found=False, source=UNREACHABLE, as_of=NOW, age_seconds=0)
        return LookedUp(kind, wanted, found=True, source="provider", as_of=NOW, age_seconds=0.1, value=RESERVATION)


def said(text: str) -> Recorded:
    return recorded(
        MessageReceived(
            case_id=CASE,
            message_id=message(1),
            conversation_id=message(2),
            channel="chat",
            channel_message_id="1",
            customer_id=message(3),
            sender="raj",
            text=text,
            received_at=NOW,
        ),
        NOW,
    )


def judged(what: Said) -> Reading:
    return read(what.text, what.channel, at=what.received_at)


def answers(event: Recorded, preparing: Preparing) -> list[Fact]:
    """Prepare an event, react to it, and decide under the airline's policy."""
    asyncio.run(preparing.prepare([event]))
    fact = event.fact
    assert fact is not None
    (command,) = make_react(judged, preparing.take)(event, fact, NOW)
    return make_decider(TriageRules(Airline(), triage_rules().calendar)).decide(command, Triage())


CANCEL = "I changed my plans. Please cancel my reservation Q69X3R and give me a refund."


def test_a_record_that_the_message_names_is_looked_up_and_kept_in_the_event() -> None:
    provider = Provider()
    facts = answers(said(CANCEL), Preparing(judged, records=("reservation", "customer"), lookup=provider.lookup))
    assert provider.asked == [("reservation", "Q69X3R")]
    assessed = facts[0]
    assert isinstance(assessed, RequestAssessed)
    (kept,) = assessed.looked_up
    assert (kept.kind, kept.id, kept.found, kept.source) == ("reservation", "Q69X3R", True, "provider")
    assert '"cabin":"economy"' in kept.value


def test_a_provider_that_is_away_is_on_record_and_nobody_is_refused_by_what_is_not_known() -> None:
    provider = Provider(away=True)
    facts = answers(said(CANCEL), Preparing(judged, records=("reservation",), lookup=provider.lookup))
    assessed = facts[0]
    assert isinstance(assessed, RequestAssessed)
    assert [(one.found, one.source) for one in assessed.looked_up] == [(False, UNREACHABLE)]
    assert not any(isinstance(fact, BoundaryStated) for fact in facts)


def test_a_model_is_asked_only_about_what_rules_are_unsure_of_and_its_reading_is_taken() -> None:
    asked: list[str] = []
    better = reading("buyers_remorse", remedy="refund", judged_by="llm/test/reading@12345678")

    async def ask(what: Said, _by_rules: Reading) -> Reading | None:
        asked.append(what.text)
        return better

    def unsure(what: Said) -> Reading:
        return reading("other", confidence=0.3 if "hm" in what.text else 0.9)

    preparing = Preparing(unsure, ask=ask, sure_from=0.5)
    sure, doubtful = said("I want it."), said("hm")
    doubtful = doubtful._replace(event_id=message(9))
    asyncio.run(preparing.prepare([sure, doubtful]))
    assert asked == ["hm"]
    found = preparing.take(doubtful.event_id)
    assert found is not None
    assert found.reading == better
    assert preparing.take(doubtful.event_id) is None


def test_a_model_without_an_answer_leaves_the_reading_of_the_rules() -> None:
    async def ask(_what: Said, _by_rules: Reading) -> Reading | None:
        return None

    event = said("hm")
    preparing = Preparing(lambda _said: reading("other", confidence=0.1), ask=ask, sure_from=0.5)
    asyncio.run(preparing.prepare([event]))
    found = preparing.take(event.event_id)
    assert found is not None
    assert found.reading.kinds == ("other",)


def test_what_nobody_prepared_is_read_by_the_rules() -> None:
    event = said("I want a refund.")
    fact = event.fact
    assert fact is not None
    (command,) = make_react(judged)(event, fact, TUESDAY)
    assert isinstance(command, AssessMessage)
    assert (command.reading.remedy, command.looked_up) == ("refund", ())
    assert not Preparing(judged).asks_others
