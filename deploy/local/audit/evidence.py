"""Weighs what a walk found against what was signed and what was published, and says what was done, once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from deploy.local.audit.explain import explain
from deploy.local.audit.findings import Finding, Findings
from deploy.local.audit.topic import Differs, TopicWalk
from deploy.local.audit.walk import Walk
from shared.eventstore.chain import next_link

DATABASE = "the database"


class Point(NamedTuple):
    """A signed size and root of one log partition, and where it was found."""

    size: int
    root: bytes
    where: str


@dataclass(frozen=True)
class Against:
    """What a log partition is held against: every checkpoint that a trusted key signed."""

    points: tuple[Point, ...] = ()

    @property
    def sizes(self) -> set[int]:
        """The sizes at which a root was signed."""
        return {point.size for point in self.points}


@dataclass(frozen=True)
class Signed:
    """How far the signed roots hold: up to `good` events they do; `bad` is the first size whose root does not."""

    good: int
    bad: int | None

    @classmethod
    def of(cls, walk: Walk, points: Iterable[Point]) -> "Signed":
        """Compare the roots of a walk with those that were signed."""
        good, bad = 0, None
        for point in sorted(points):
            root = walk.roots.get(point.size)
            if root == point.root:
                good = max(good, point.size)
            elif root is not None and bad is None:
                bad = point.size
        return cls(good, bad)


def weigh(walk: Walk, topic: TopicWalk | None, against: Against, after: int, head: int, findings: Findings) -> None:
    """Name what is wrong with a log partition; `head` is where its log ends now, after the walk."""
    own = Findings()
    shifted = explain(walk, own)
    signed = Signed.of(walk, against.points)
    differing = list(topic.differing) if topic else []
    by_position = {one.position: one for one in differing}
    for found in own.found:
        findings.add(found._replace(what=_beside(found, by_position.get(found.position or 0))))
    findings.counts += own.counts - type(own.counts)(one.name for one in own.found)
    told = {found.position for found in own.found}
    untold = [one for one in differing if one.position not in told and one.stored is not None]
    if shifted is not None:
        untold = [one for one in untold if one.position < shifted]
    first_own = min((found.position or 0 for found in own.found), default=None)
    rewritten = _rewritten(signed, untold, first_own, walk.position)
    if rewritten is not None:
        findings.add(_told_rewritten(walk, signed, rewritten, by_position.get(rewritten)))
    for one in untold:
        if rewritten is None or one.position < rewritten:
            place = (walk.log, walk.part, one.position, one.stored.event_id if one.stored else None)
            findings.add(Finding("kafka_differs", one.what, *place))
    _tail(walk, topic, against, head, findings)
    if topic is not None:
        _gaps(walk, topic, after, {found.position for found in own.found}, findings)
    if not walk.whole and against.points:
        findings.note("part of a log partition was verified: its roots were not made")


def _beside(found: Finding, record: Differs | None) -> str:
    if record is None:
        return found.what
    if found.name == "event_missing" and record.kafka is not None:
        return f"{found.what}; on the topic it is event {record.kafka.event_id} of stream {record.kafka.stream_id}"
    return f"{found.what}: {record.what}" if record.stored is not None else found.what


def _rewritten(signed: Signed, untold: list[Differs], first_own: int | None, end: int) -> int | None:
    """Give the first position of a history that was rewritten in itself consistently, as far as it is known."""
    beyond = [one.position for one in untold if one.position > signed.good]
    if signed.bad is not None and (first_own is None or first_own > signed.bad):
        return min((position for position in beyond if position <= signed.bad), default=signed.good + 1)
    chains = [one for one in untold if one.position > signed.good and _other_chain(one)]
    # A record altered on the topic stands alone; after a rewritten event every later link is another.
    whole = chains and chains[-1].position - chains[0].position + 1 == len(chains)
    if whole and (len(chains) > 1 or chains[0].position == end) and _reaches(chains, end):
        return chains[0].position
    return None


def _reaches(chains: list[Differs], end: int) -> bool:
    return chains[-1].position == end or len(chains) >= 32


def _other_chain(one: Differs) -> bool:
    return one.kafka is not None and one.stored is not None and one.kafka.chain_hash != one.stored.chain_hash


def _told_rewritten(walk: Walk, signed: Signed, position: int, record: Differs | None) -> Finding:
    if signed.bad is not None:
        what = f"the root over {signed.bad} events is not the one that was signed; up to {signed.good} it is"
    else:
        what = "no checkpoint covers it yet, and every record on the topic from here on is another"
    if record is not None:
        what += f"; {record.what}"
    event_id = record.stored.event_id if record is not None and record.stored is not None else None
    return Finding("rewritten", what, walk.log, walk.part, position, event_id)


def _tail(walk: Walk, topic: TopicWalk | None, against: Against, head: int, findings: Findings) -> None:
    """Name a log that ends before what was signed or published."""
    beyond = [point for point in against.points if point.size > head]
    if beyond:
        inside = [point for point in beyond if point.where == DATABASE]
        most, name = max(inside or beyond), "tail_cut" if inside else "rolled_back"
        what = f"the log ends at position {head}, and {most.size} events were signed (says {most.where})"
        findings.add(Finding(name, what, walk.log, walk.part, head + 1))
    if topic is None or topic.last <= head:
        return
    after = topic.beyond
    chained = after is not None and walk.link is not None and next_link(walk.link, after) == after.chain_hash
    if not chained and head == walk.position:
        what = f"the topic has a record of position {topic.last}, which is not chained to the log's end at {head}"
        findings.add(Finding("kafka_ahead", what, walk.log, walk.part, head + 1))
    elif not beyond:
        what = f"the log ends at position {head}, and the topic goes on to {topic.last}"
        findings.add(Finding("rolled_back", what, walk.log, walk.part, head + 1))


def _gaps(walk: Walk, topic: TopicWalk, after: int, told: set[int | None], findings: Findings) -> None:
    """Name what the topic lacks, of what the relay has published."""
    for first, last in topic.gaps:
        what = f"the topic has no record of positions {first} to {last}"
        findings.add(Finding("kafka_missing", what, walk.log, walk.part, first))
    if topic.position < topic.relayed:
        what = f"the topic ends at position {topic.position}, and positions up to {topic.relayed} were published"
        findings.add(Finding("kafka_tail_cut", what, walk.log, walk.part, topic.position + 1))
    strangers = [one for one in topic.differing if one.stored is None and one.position not in told]
    for one in strangers:
        if not any(gap.first <= one.position <= gap.last for gap in walk.gaps):
            findings.add(Finding("kafka_differs", one.what, walk.log, walk.part, one.position))
    findings.counts["kafka_differs"] += topic.differ_count - len(topic.differing)
