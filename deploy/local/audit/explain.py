"""Says what was done to events whose hashes do not hold, as far as the hashes themselves tell; all pure."""

from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise, permutations
from typing import NamedTuple

from deploy.local.audit.findings import Finding, Findings
from deploy.local.audit.walk import Gap, Walk, Wrong
from shared.contracts.event import Recorded
from shared.eventstore.chain import header_hash, next_link

SHIFTS = (1, -1, 2, -2, 3, -3, 4, -4)


def explain(walk: Walk, findings: Findings) -> int | None:
    """Name what a walk found: gaps, events that changed places or cases, links, bodies and headers.

    Gives the position from which on everything is explained by events that were taken out or put in; None for none.
    """
    for gap in walk.gaps:
        findings.add(_missing(walk, gap))
    if (run := _shifted(walk.wrong)) is not None:
        findings.add(told := _told_shift(walk, run))
        return told.position
    links = {one.event.position for one in walk.wrong if _link_alone(one, walk.wrong)}
    for one in walk.wrong:
        if one.event.position in links:
            findings.at("link_altered", one.event, "its chain hash was changed; the event is the recorded one")
    rest = [one for one in walk.wrong if one.event.position not in links and one.event.position - 1 not in links]
    moved = _moved(rest, findings)
    rest = [one for one in rest if one.event.position not in moved]
    swapped = _swapped(rest, findings)
    for one in rest:
        if one.event.position not in swapped:
            findings.at(*_altered(one))
    findings.counts["header_altered"] += walk.wrong_count - len(walk.wrong)
    return None


def _missing(walk: Walk, gap: Gap) -> Finding:
    where = f"position {gap.first}" if gap.first == gap.last else f"positions {gap.first} to {gap.last}"
    what = f"{where} has no event" if gap.first == gap.last else f"{where} have no events"
    return Finding("event_missing", f"{what}; the next one is at {gap.after.position}", walk.log, walk.part, gap.first)


class Run(NamedTuple):
    """Events from a position on that all stand `by` places before where they were recorded, or after it if negative."""

    first: int
    by: int


def _shifted(wrong: Sequence[Wrong]) -> Run | None:
    """Find the first run of events that were all moved alike, as when one was taken out and the gap was closed."""
    for one, after in pairwise(wrong):
        if after.event.position == one.event.position + 1:
            for by in SHIFTS:
                moved = after.event._replace(position=after.event.position + by)
                if next_link(one.event.chain_hash, moved) == after.event.chain_hash:
                    # No event has the link of the one before it: then the one before the run was put in.
                    stranger = one is wrong[0] and one.event.chain_hash == one.before
                    return Run(one.event.position + stranger, by)
    return None


def _told_shift(walk: Walk, run: Run) -> Finding:
    if run.by > 0:
        what = f"{run.by} of the recorded events are gone from here, and all later ones were moved up"
        return Finding("event_missing", what, walk.log, walk.part, run.first)
    what = f"{-run.by} of the events from here on were put in, and all later ones were moved down"
    return Finding("event_inserted", what, walk.log, walk.part, run.first + run.by)


def _link_alone(one: Wrong, wrong: Sequence[Wrong]) -> bool:
    """Tell whether only the event's chain hash was changed: the next event was chained to the right one."""
    after = next((other for other in wrong if other.event.position == one.event.position + 1), None)
    return one.body_holds and after is not None and next_link(one.expected, after.event) == after.event.chain_hash


def _moved(wrong: Sequence[Wrong], findings: Findings) -> set[int]:
    """Name events that stand where another stood: each would hold at the other's position."""
    named: set[int] = set()
    links = dict[int, bytes]()  # the link that was first after a position
    for one, other in permutations(wrong, 2):
        there = other.event.position
        moved = one.event._replace(position=there)
        # Of neighbours that changed places, one now stands before its own cause in the chain.
        for link in (other.before, other.event.chain_hash):
            if link is not None and next_link(link, moved) == one.event.chain_hash:
                findings.at("order_changed", one.event, f"this event was recorded at position {there}")
                named.add(one.event.position)
                links[there] = one.event.chain_hash
                break
    for one in wrong:
        link = links.get(one.event.position - 1)
        if link is not None and next_link(link, one.event) == one.event.chain_hash:
            named.add(one.event.position)
    return named


def _swapped(wrong: Sequence[Wrong], findings: Findings) -> set[int]:
    """Name events that carry what another one carried: its body, its case, or both."""
    named: set[int] = set()
    for one, other in permutations(wrong, 2):
        what = _carried(one, other.event)
        if what and one.event.position not in named:
            findings.at("cases_swapped", one.event, f"it carries {what} of position {other.event.position}")
            named.add(one.event.position)
    return named


def _carried(one: Wrong, theirs: Recorded) -> str | None:
    if one.before is None:
        return None
    mine = one.event
    if sha256(mine.body).digest() == theirs.body_hash != mine.body_hash:
        return "the body"
    case = mine._replace(stream_id=theirs.stream_id, version=theirs.version)
    tries = {
        "the case": case,
        "the body": mine._replace(body=theirs.body),
        "the case and the body": case._replace(body=theirs.body),
    }
    return next((what for what, put in tries.items() if next_link(one.before, put) == mine.chain_hash), None)


def _altered(one: Wrong) -> tuple[str, Recorded, str]:
    event = one.event
    if one.body_holds:
        return "header_altered", event, "a field of its header is not what was recorded, or its body and hash are not"
    if one.before is None:
        return "body_altered", event, "the body does not hash to what is stored beside it"
    if one.expected == event.chain_hash:
        return "body_hash_altered", event, "the body is the recorded one, its stored hash is not"
    if sha256(one.before + header_hash(event) + event.body_hash).digest() == event.chain_hash:
        return "body_altered", event, "the body is not the one that was recorded"
    return "body_altered", event, "the body is not the one that was recorded, nor is all of its header"
