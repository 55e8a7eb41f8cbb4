"""However a log is cut into batches, repeated, torn and mixed with others: each event is handled once, in order."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.event import Recorded
from shared.messaging.cursor import Place, Plan, plan
from tests.support.log import withdrawn
from tests.support.recorded import recorded

SOME = recorded(withdrawn(UUID(int=1)))
PLACES: tuple[Place, ...] = (("intake", 0), ("intake", 1), ("triage", 0))
LAST = 12

Seen = list[tuple[Place, int]]
places = st.sampled_from(PLACES)


def event(place: Place, position: int) -> Recorded:
    return SOME._replace(log=place[0], log_part=place[1], position=position)


def place_of(seen: Recorded) -> Place:
    return seen.log, seen.log_part


class Reader:
    """A consumer reduced to its cursor: it handles what is planned, and moves."""

    def __init__(self, positions: dict[Place, int] | None = None) -> None:
        self.positions = positions or {}
        self.handled: Seen = []

    def take(self, batch: Iterable[Recorded]) -> Plan:
        made = plan(batch, self.positions)
        for place, (before, after) in made.moves.items():
            assert self.positions.get(place, 0) == before < after
            self.positions[place] = after
        self.handled += [(place_of(planned), planned.position) for planned in made.events]
        return made

    def take_and_repair(self, batch: Sequence[Recorded]) -> None:
        made = self.take(batch)
        while made.gaps:
            missing = [event(p, n) for p, (first, last) in made.gaps.items() for n in range(first, last + 1)]
            made = self.take([*missing, *batch])

    def handled_of(self, place: Place) -> list[int]:
        return [position for where, position in self.handled if where == place]


@st.composite
def deliveries(draw: st.DrawFn) -> list[list[Recorded]]:
    """Batches as Kafka gives them: in order in each partition, but read again from an earlier place now and then."""
    queues: dict[Place, list[Recorded]] = {}
    for place in PLACES:
        reached, queue = 0, []
        for _ in range(draw(st.integers(0, 4))):
            start = draw(st.integers(0, reached))
            reached = max(reached, until := draw(st.integers(start, min(start + 6, LAST))))
            queue += [event(place, position) for position in range(start + 1, until + 1)]
        queues[place] = queue
    mixed = []
    while any(queues.values()):
        place = draw(st.sampled_from([place for place, queue in queues.items() if queue]))
        mixed.append(queues[place].pop(0))
    cuts = sorted(draw(st.sets(st.integers(0, len(mixed)), max_size=6)))
    return [mixed[a:b] for a, b in zip([0, *cuts], [*cuts, len(mixed)], strict=True)]


@given(deliveries())
def test_redelivered_batches_give_each_event_once_in_order(batches: list[list[Recorded]]) -> None:
    reader = Reader()
    duplicates = 0
    for batch in batches:
        made = reader.take(batch)
        assert made.gaps == {}
        duplicates += sum(made.duplicates.values())
    for place in PLACES:
        furthest = max((e.position for batch in batches for e in batch if place_of(e) == place), default=0)
        assert reader.handled_of(place) == list(range(1, furthest + 1))
    assert duplicates == sum(map(len, batches)) - len(reader.handled)


torn = st.lists(st.lists(st.builds(event, places, st.integers(1, LAST)), max_size=10), max_size=5)


@given(torn)
def test_batches_torn_in_any_way_give_each_event_once_in_order_after_repair(batches: list[list[Recorded]]) -> None:
    reader = Reader()
    for batch in batches:
        reader.take_and_repair(batch)
    for place in PLACES:
        furthest = max((e.position for batch in batches for e in batch if place_of(e) == place), default=0)
        assert reader.handled_of(place) == list(range(1, furthest + 1))


@given(st.lists(st.builds(event, places, st.integers(1, LAST))), st.dictionaries(places, st.integers(0, LAST)))
def test_what_is_missing_is_named_and_nothing_is_planned_behind_it(
    batch: list[Recorded], positions: dict[Place, int]
) -> None:
    made = plan(batch, positions)
    for place in PLACES:
        start = positions.get(place, 0)
        planned = [e.position for e in made.events if place_of(e) == place]
        end = start + len(planned)
        assert planned == list(range(start + 1, end + 1))
        assert made.moves.get(place) == ((start, end) if planned else None)
        first, last = made.gaps.get(place, (end + 1, end))
        assert first == end + 1
        if place in made.gaps:
            assert first <= last
            assert event(place, last + 1) in batch


@given(st.lists(st.builds(event, places, st.integers(1, LAST))), st.dictionaries(places, st.integers(0, LAST)))
def test_planning_changes_neither_the_batch_nor_the_cursor(batch: list[Recorded], positions: dict[Place, int]) -> None:
    before = list(batch), dict(positions)
    assert plan(batch, positions) == plan(iter(batch), positions)
    assert (batch, positions) == before


def test_a_place_with_a_gap_does_not_hold_up_the_others() -> None:
    torn, whole = PLACES[0], PLACES[2]
    made = plan([event(torn, 3), event(whole, 1), event(torn, 4), event(whole, 2)], {})
    assert [(place_of(e), e.position) for e in made.events] == [(whole, 1), (whole, 2)]
    assert made.gaps == {torn: (1, 2)}
    assert made.moves == {whole: (0, 2)}
