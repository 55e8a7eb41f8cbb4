"""Random histories of every fact type, made from the contract classes themselves."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from annotated_types import MinLen
from pydantic import BaseModel

from shared.contracts import catalogue
from shared.contracts.event import Fact, Recorded
from shared.eventstore.partition import log_part
from tests.support.recorded import recorded

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
WORDS = (
    "refund",
    "Wo ist mein Geld?",
    "返金してください",
    "line one\nline two",
    "nul \x00 inside",
    "'quoted' \\ \"too\"",
    "angry",
)
UNKNOWN_TYPE = "intake.from_the_future.v9"

Lane = list[Recorded]  # events of one stream of one topic, in their order


class Maker:
    """Makes valid facts of any class. Ids other than the case's come from small pools, so that facts meet."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def id(self) -> UUID:
        """Give a new random id."""
        return UUID(int=self.random.getrandbits(128), version=4)

    def fact(self, kind: type[Fact], case_id: UUID, pool: Sequence[UUID]) -> Fact:
        """Make a fact of a class about a case."""
        return kind.model_validate(self._fields(kind, pool) | {"case_id": case_id})

    def _fields(self, kind: type[BaseModel], pool: Sequence[UUID]) -> dict[str, Any]:
        fields = {}
        for name, field in kind.model_fields.items():
            at_least = max((rule.min_length for rule in field.metadata if isinstance(rule, MinLen)), default=0)
            fields[name] = self._value(field.annotation, name, pool, at_least)
        return fields

    def _value(self, annotation: Any, name: str, pool: Sequence[UUID], at_least: int = 0) -> Any:
        origin, args = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return self._value(args[0], name, pool, at_least)
        if origin in (Union, UnionType):
            kinds = [arg for arg in args if arg is not type(None)]
            absent = len(kinds) < len(args) and self.random.random() < 0.4
            return None if absent else self._value(self.random.choice(kinds), name, pool, at_least)
        if origin is tuple:
            return [self._value(args[0], name, pool, 1) for _ in range(self.random.randint(at_least, 2))]
        if origin is dict:
            return {self._value(args[0], name, pool): self._value(args[1], name, pool) for _ in range(max(1, at_least))}
        if origin is Literal:
            return self.random.choice(args)
        if issubclass(annotation, BaseModel):
            return self._fields(annotation, pool)
        return self._plain(annotation, name, pool)

    def _plain(self, annotation: type, name: str, pool: Sequence[UUID]) -> Any:
        choice, number = self.random.choice, self.random.randint
        match annotation.__name__:
            case "UUID":
                return choice(pool)
            case "str" if name == "currency":
                return choice(("GBP", "EUR"))
            case "str" if name == "sha256":
                return f"{self.random.getrandbits(256):064x}"
            case "str":
                return choice(WORDS)
            case "int":
                return number(1, 9)
            case "float":
                return self.random.random()
            case "bool":
                return choice((True, False))
            case "date":
                return START.date() + timedelta(days=number(-100, 100))
            case "Decimal":
                return choice((Decimal("10"), Decimal("10.00"), Decimal("84.90")))
            case _:
                return START + timedelta(minutes=number(-10_000, 10_000))


def make_lanes(seed: int, *, cases: int = 3, per_lane: int = 12, parts: int = 2) -> list[Lane]:
    """Make histories of `cases` cases: every fact type at least once, as lanes over `parts` log partitions."""
    maker = Maker(seed)
    ids = [maker.id() for _ in range(cases)]
    pools = {case_id: [maker.id() for _ in range(3)] for case_id in ids}
    customers = [maker.id() for _ in range(2)]
    streams: dict[tuple[str, UUID], list[Fact]] = {}
    for owner in catalogue.OWNERS:
        kinds = list(catalogue.facts_of(owner).values())
        for nth in range(max(len(kinds) * 2, cases * per_lane)):
            kind = kinds[nth] if nth < len(kinds) else maker.random.choice(kinds)
            case_id = maker.random.choice(ids)
            # An exception, a promise and a message belong to one case, a customer to any.
            fact = maker.fact(kind, case_id, pools[case_id])
            if "customer_id" in kind.model_fields:
                fact = fact.model_copy(update={"customer_id": maker.random.choice(customers)})
            if kind.STREAM == "mail":
                fact = fact.model_copy(update={"mail_id": maker.id()})
            streams.setdefault((owner, fact.stream_id), []).append(fact)
    for facts in streams.values():
        maker.random.shuffle(facts)
    return list(_recorded(maker, streams, parts))


def _recorded(maker: Maker, streams: dict[tuple[str, UUID], list[Fact]], parts: int) -> Iterator[Lane]:
    positions: dict[tuple[str, int], int] = {}
    for (owner, stream_id), facts in streams.items():
        part = log_part(stream_id, parts)
        lane: Lane = []
        for fact in facts:
            position = positions[owner, part] = positions.get((owner, part), 0) + 1
            at = START + timedelta(hours=9 * position, minutes=maker.random.randint(0, 59))
            event = recorded(fact, at, position, event_id=maker.id())
            lane.append(event._replace(log_part=part, traceparent=f"00-{maker.id().hex}-00f067aa0ba902b7-01"))
        if owner == "intake":
            position = positions[owner, part] = positions[owner, part] + 1
            lane.append(lane[-1]._replace(type=UNKNOWN_TYPE, position=position, event_id=maker.id()))
        yield lane


def one_after_another(lanes: Sequence[Lane]) -> list[Recorded]:
    """Put lanes in a row: all of the first, then all of the second."""
    return [event for lane in lanes for event in lane]


def interleave(lanes: Sequence[Lane], chance: random.Random) -> list[Recorded]:
    """Mix lanes at random, each keeping its order."""
    order = [number for number, lane in enumerate(lanes) for _ in lane]
    chance.shuffle(order)
    heads = [iter(lane) for lane in lanes]
    return [next(heads[number]) for number in order]


def in_logs(events: Sequence[Recorded]) -> list[Recorded]:
    """Give the events in the order of their logs, by place and position."""
    return sorted(events, key=lambda event: (event.log, event.log_part, event.position))


def split(events: Sequence[Recorded], chance: random.Random) -> list[list[Recorded]]:
    """Cut events into batches of random sizes."""
    batches, left = [], list(events)
    while left:
        size = chance.randint(1, 40)
        batches.append(left[:size])
        left = left[size:]
    return batches
