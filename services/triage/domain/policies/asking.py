"""The single requests of a message, each as a reading of its own, and what a later message adds to an open one."""

from uuid import UUID, uuid5

from services.triage.domain.policies.ruling import TOPIC
from shared.contracts.said import AskedFor
from shared.contracts.triage import Evidence, Reading

RECORDS = {"user": "customer"}
"""The record that a reference stands for, where it has another name."""


def requests_of(reading: Reading) -> tuple[Reading, ...]:
    """Give each request of a message as a reading, the leading one's kind and remedy first in its own; none for none.

    Circumstances count for the request that they are said nearest to; when something was bought counts for all.
    """
    if not reading.kinds:
        return ()
    if len(reading.requests) < 2:
        return (reading,)
    return tuple(_own(reading, number) for number in range(len(reading.requests)))


def leading(reading: Reading) -> int:
    """Give the place of the request that the reading's leading kind and remedy stand for."""
    same = [(one.kind == reading.kinds[0], one.remedy == reading.remedy) for one in reading.requests]
    return max(range(len(same)), key=lambda place: (same[place], -place), default=0)


def request_id(first: UUID, number: int) -> UUID:
    """Give the id of a message's nth request; the leading one keeps the id that the command brought."""
    return first if number == 0 else uuid5(first, f"request {number}")


def added(open_request: Reading, newer: Reading) -> Reading | None:
    """Give an open request with what a newer message says about it; None when that is nothing."""
    topics = [e for e in newer.evidence if e.finding.startswith(TOPIC) and e.finding not in _findings(open_request)]
    changes: dict[str, object] = {
        name: getattr(newer, name)
        for name in ("days_since_purchase", "amount", "order")
        if getattr(newer, name) is not None and getattr(open_request, name) is None
    }
    if references := [r for r in newer.references if r.kind not in {known.kind for known in open_request.references}]:
        changes["references"] = (*open_request.references, *references)
    if topics:
        changes["evidence"] = (*open_request.evidence, *topics)
    return open_request.model_copy(update=changes) if changes else None


def records_named(reading: Reading) -> tuple[tuple[str, str], ...]:
    """Give (kind, id) of each record that a message names, the first of a kind only; a user is a customer's record."""
    named = [(RECORDS.get(one.kind, one.kind), one.value) for one in reading.references]
    if reading.order:
        named.append(("order", reading.order))
    return tuple({kind: (kind, record_id) for kind, record_id in reversed(named)}.values())


def _own(reading: Reading, number: int) -> Reading:
    asked = reading.requests[number]
    return reading.model_copy(
        update={
            "kinds": asked.kinds or (asked.kind,),
            "remedy": asked.remedy,
            "amount": asked.amount,
            "order": asked.order or reading.order,
            "deadline": asked.deadline,
            "confidence": asked.confidence,
            "requests": (asked,),
            "evidence": tuple(e for e in reading.evidence if _nearest(e, reading.requests) == number),
        }
    )


def _nearest(evidence: Evidence, requests: tuple[AskedFor, ...]) -> int:
    """Give the place of the request that a finding is said in, or nearest to; of two as near, the earlier."""
    far = [max(0, one.start - evidence.end, evidence.start - one.end) for one in requests]
    return far.index(min(far))


def _findings(reading: Reading) -> frozenset[str]:
    return frozenset(e.finding for e in reading.evidence)
