"""A case of the past: as of now it is the live answer, byte for byte; as of an event, what the prefix comes to."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import count, cycle
from uuid import UUID

import pytest

from services.casebook.queries.past_case import Asked, PastCases
from shared.contracts.event import Recorded
from shared.contracts.followup_found import FoundPromiseDismissed, PromiseFound
from shared.contracts.intake import AutomaticMailReceived, CaseOpened
from shared.kernel.errors import NotFound
from tests.support.backends import MakeServiceDatabase
from tests.support.casebook import Casebook, go_live, open_casebook
from tests.support.histories import in_logs, make_lanes, one_after_another
from tests.support.past import ToldPeers, seen

pytestmark = pytest.mark.backends
CASES = 4
# In a random order they leave promises as no board shows them.
NEVER = {PromiseFound.TYPE, FoundPromiseDismissed.TYPE}
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture(scope="module")
def events() -> list[Recorded]:
    """Nearly every fact type over some cases; some of them were said a day before they were recorded."""
    histories = (
        _gapless([e for e in in_logs(one_after_another(make_lanes(seed, cases=CASES, parts=8))) if e.type not in NEVER])
        for seed in count(11)
    )
    told = next(history for history in histories if len(opened_at(history)) > 1)
    cases = cycle(opened_at(told))
    told = [_about(event, next(cases)) if event.type == AutomaticMailReceived.TYPE else event for event in told]
    late = timedelta(days=1)
    return [e._replace(received_at=e.recorded_at - late) if e.position % 3 == 0 else e for e in told]


def _about(mail: Recorded, case_id: UUID) -> Recorded:
    assert isinstance(mail.fact, AutomaticMailReceived)
    return mail._replace(body=mail.fact.model_copy(update={"about_case_id": case_id}).body())


@pytest.fixture(scope="module")
async def casebook(service_database: MakeServiceDatabase, events: list[Recorded]) -> AsyncIterator[Casebook]:
    async with open_casebook(service_database) as opened:
        await go_live(opened.database, [events])
        yield opened


@pytest.fixture(scope="module")
async def past(casebook: Casebook, events: list[Recorded]) -> AsyncIterator[PastCases]:
    cases = PastCases(casebook.database.url, ToldPeers(events))
    async with cases.while_running(None):
        yield cases


def opened_at(events: list[Recorded]) -> dict[UUID, datetime]:
    """When each case was first known to be open."""
    opened = sorted((e for e in events if e.type == CaseOpened.TYPE), key=lambda e: e.recorded_at, reverse=True)
    return {event.stream_id: event.recorded_at for event in opened}


async def look(casebook: Casebook, past: PastCases, case_id: UUID, asked: Asked) -> dict[str, object]:
    async with casebook.database.engine.connect() as live, past.open(live, str(case_id), asked) as conn:
        return await seen(conn, case_id)


async def test_as_of_now_is_the_live_answer(casebook: Casebook, past: PastCases, events: list[Recorded]) -> None:
    end = max(event.recorded_at for event in events)
    for case_id in opened_at(events):
        async with casebook.database.engine.connect() as live:
            now = await seen(live, case_id)
        for _ in range(2):  # what the first answer left behind is not in the second
            assert await look(casebook, past, case_id, Asked(known=end)) == now
        assert await look(casebook, past, case_id, Asked(effective=end)) == now


async def test_as_of_an_event_is_what_the_events_until_then_come_to(
    service_database: MakeServiceDatabase, casebook: Casebook, past: PastCases, events: list[Recorded]
) -> None:
    case_id, opened = min(opened_at(events).items(), key=lambda one: one[1])
    instants = sorted({event.recorded_at for event in events if event.stream_id == case_id})
    known = [at for at in instants if at >= opened]
    assert len(known) > 5
    in_time = sorted(events, key=lambda event: event.recorded_at)
    async with open_casebook(service_database) as prefix:
        gone = 0
        for at in known:
            until = [event for event in in_time if event.recorded_at <= at]
            await go_live(prefix.database, [until[gone:]])
            gone = len(until)
            async with prefix.database.engine.connect() as conn:
                expected = await seen(conn, case_id)
            assert await look(casebook, past, case_id, Asked(known=at)) == expected


async def test_as_effective_at_takes_what_had_been_said_though_recorded_later(
    service_database: MakeServiceDatabase, casebook: Casebook, past: PastCases, events: list[Recorded]
) -> None:
    at = sorted(event.recorded_at for event in events)[len(events) * 3 // 4]
    asked = Asked(known=max(event.recorded_at for event in events), effective=at)
    case_id = next(event.stream_id for event in events if event.type == CaseOpened.TYPE and asked.holds(event))
    said = [event for event in events if (event.received_at or event.recorded_at) <= at]
    assert any(event.recorded_at > at for event in said)
    async with open_casebook(service_database) as other:
        await go_live(other.database, [_gapless(said)])
        async with other.database.engine.connect() as conn:
            expected = await seen(conn, case_id)
    assert (await look(casebook, past, case_id, asked))["case"] == expected["case"]


def _gapless(events: list[Recorded]) -> list[Recorded]:
    """Number the events of each place anew, as a cursor wants them."""
    at: dict[tuple[str, int], int] = {}
    renumbered = []
    for event in events:
        place = (event.log, event.log_part)
        at[place] = at.get(place, 0) + 1
        renumbered.append(event._replace(position=at[place]))
    return renumbered


async def test_only_what_stands_in_no_stream_of_the_case_is_looked_for_elsewhere(
    casebook: Casebook, events: list[Recorded]
) -> None:
    peers = ToldPeers(events)
    past = PastCases(casebook.database.url, peers)
    async with past.while_running(None):
        for case_id, opened in opened_at(events).items():
            await look(casebook, past, case_id, Asked(known=opened))
            await look(casebook, past, case_id, Asked(known=max(event.recorded_at for event in events)))
    strangers = {event.stream_kind for event in peers.repaired}
    assert "mail" in strangers
    assert "case" not in strangers


async def test_before_its_first_event_a_case_was_not_known(
    casebook: Casebook, past: PastCases, events: list[Recorded]
) -> None:
    for case_id, opened in opened_at(events).items():
        with pytest.raises(NotFound, match=r"nothing was known of case .* recorded at 20"):
            await look(casebook, past, case_id, Asked(known=opened - MICROSECOND))
    with pytest.raises(NotFound, match=r"^case: there is no case RC-NONE"):
        async with casebook.database.engine.connect() as live, past.open(live, "RC-NONE", Asked(known=opened)):
            pass
