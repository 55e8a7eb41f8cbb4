"""Judges that every promise rests on a clause that was stated, or a decision that was taken, before it in its case."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import from_json

from deploy.local.audit.findings import Findings
from shared.contracts.approvals import ExceptionApproved, ExceptionCountered
from shared.contracts.approvals_after import CounterAccepted
from shared.contracts.event import Recorded
from shared.contracts.followup import PromiseMade
from shared.contracts.triage import BoundaryStated, RequestGranted

CLAUSES = (BoundaryStated, RequestGranted)
DECISIONS = (ExceptionApproved, ExceptionCountered, CounterAccepted)
Ground = tuple[UUID, str, str | None]


class Promises:
    """Collects grounds from triage and approvals, which come first, and judges followup's promises by them."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._grounds: dict[Ground, datetime] = {}

    def clause(self, event: Recorded) -> None:
        """Take up a clause that was stated in a case."""
        clause = _body(event)["clause"]
        self._ground(event, f"{clause['policy']}/{clause['clause']}", clause["version"])

    def decision(self, event: Recorded) -> None:
        """Take up a decision on an exception."""
        self._ground(event, _body(event)["exception_id"], None)

    def promise(self, event: Recorded) -> None:
        """Judge a promise."""
        backing = _body(event)["backing"]
        ground = (event.stream_id, backing["reference"], backing.get("version"))
        since = self._grounds.get(ground)
        what = f"{backing['kind']} {backing['reference']}"
        if since is None:
            self._findings.at("promise_unbacked", event, f"the promise rests on {what}, which this case does not have")
        elif since >= event.recorded_at:
            self._findings.at("promise_unbacked", event, f"the promise rests on {what}, which came only after it")

    def _ground(self, event: Recorded, reference: str, version: str | None) -> None:
        self._grounds.setdefault((event.stream_id, reference, version), event.recorded_at)


def _body(event: Recorded) -> dict[str, Any]:
    body: dict[str, Any] = from_json(event.body)
    return body


CLAUSE_TYPES = tuple(cls.TYPE for cls in CLAUSES)
DECISION_TYPES = tuple(cls.TYPE for cls in DECISIONS)
PROMISE = PromiseMade.TYPE
