"""Rebuilds of a casebook in tests: histories for the topics and for live, and a run that checks what it tells."""

import random
from collections.abc import Sequence

from services.casebook.projections.order import Progress, RebuildOrder, Rebuilt
from services.casebook.projections.rebuild import rebuild
from shared.contracts.event import Recorded
from tests.support.histories import in_logs, interleave, make_lanes, one_after_another, split

PARTS = 8
Topics = dict[str, str]


async def run(order: RebuildOrder) -> Rebuilt:
    seen: list[Progress] = []
    done = await rebuild(order, seen.append)
    assert all(0 <= step.done <= step.total for step in seen)
    assert [step.phase for step in seen][-1] == ("switching" if done.switched else "comparing")
    return done


def history(seed: int, cases: int = 8) -> list[Recorded]:
    """Give events as the topics hold them, and as live takes them: by place and position, mixed over places."""
    events = in_logs(one_after_another(make_lanes(seed, cases=cases, parts=PARTS)))
    places: dict[tuple[str, int], list[Recorded]] = {}
    for event in events:
        places.setdefault((event.log, event.log_part), []).append(event)
    return interleave(list(places.values()), random.Random(seed))


def batches(events: Sequence[Recorded]) -> list[list[Recorded]]:
    return split(events, random.Random(len(events)))
