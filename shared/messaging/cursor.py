"""Where a consumer stands in each source's log partitions, moved by compare-and-set in the effects' transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg

from shared.contracts.event import Recorded

Place = tuple[str, int]  # source, log partition

OPEN = """
    INSERT INTO log_cursor (consumer, source, log_part, position)
    SELECT $1, s, p, 0 FROM unnest($2::text[]) AS s, generate_series(0, $3::int - 1) AS p
    ON CONFLICT DO NOTHING"""
READ = "SELECT source, log_part, position FROM log_cursor WHERE consumer = $1"
MOVE = """
    UPDATE log_cursor c SET position = m.after
    FROM unnest($2::text[], $3::smallint[], $4::bigint[], $5::bigint[]) AS m(source, log_part, before, after)
    WHERE c.consumer = $1 AND c.source = m.source AND c.log_part = m.log_part AND c.position = m.before"""


class CursorMoved(Exception):
    """Another instance moved the cursor: what we hold is old, roll back and look again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to handle of a polled batch: events in order, the cursor moves they make, and what is missing."""

    events: list[Recorded] = field(default_factory=list)
    moves: dict[Place, tuple[int, int]] = field(default_factory=dict)
    duplicates: dict[str, int] = field(default_factory=dict)
    gaps: dict[Place, tuple[int, int]] = field(default_factory=dict)


def plan(events: Iterable[Recorded], positions: Mapping[Place, int]) -> Plan:
    """Sort a batch against the cursor: lower is a duplicate, next is handled, higher leaves a gap.

    Of a place with a gap nothing is planned; `gaps` gives the (first, last) missing position of it.
    """
    made = Plan()
    for event in events:
        place = (event.log, event.log_part)
        if place in made.gaps:
            continue
        before, at = made.moves.get(place, (positions.get(place, 0),) * 2)
        if event.position <= at:
            made.duplicates[event.log] = made.duplicates.get(event.log, 0) + 1
        elif event.position == at + 1:
            made.moves[place] = (before, event.position)
            made.events.append(event)
        else:
            made.gaps[place] = (at + 1, event.position - 1)
    return made


async def open_cursors(raw: asyncpg.Connection, consumer: str, sources: Sequence[str], parts: int) -> dict[Place, int]:
    """Give the consumer's positions, starting at 0 where it has none yet."""
    await raw.execute(OPEN, consumer, list(sources), parts)
    return {(row["source"], row["log_part"]): row["position"] for row in await raw.fetch(READ, consumer)}


async def move(raw: asyncpg.Connection, consumer: str, moves: Mapping[Place, tuple[int, int]]) -> None:
    """Move cursors from the first position of each pair to the second; raises CursorMoved if one stood elsewhere."""
    if not moves:
        return
    status = await raw.execute(
        MOVE,
        consumer,
        [source for source, _ in moves],
        [part for _, part in moves],
        [before for before, _ in moves.values()],
        [after for _, after in moves.values()],
    )
    if int(status.rpartition(" ")[2]) != len(moves):
        raise CursorMoved(f"{consumer}: a cursor was moved by another instance")
