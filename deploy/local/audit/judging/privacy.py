"""Judges holds and erasures: nobody approves the erasure that they asked for, or releases a hold of their own."""

from uuid import UUID

from deploy.local.audit.findings import Findings
from shared.contracts.event import Recorded
from shared.contracts.intake_privacy import ErasureApproved, ErasureRequested, HoldPlaced, HoldReleased

SEEN = (HoldPlaced, HoldReleased, ErasureRequested, ErasureApproved)


class Privacy:
    """Follows who asked for what."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._by: dict[UUID, str] = {}

    def see(self, event: Recorded) -> None:
        """Judge one event about a hold or an erasure."""
        match event.fact:
            case HoldPlaced(hold_id=about, placed_by=who) | ErasureRequested(erasure_id=about, requested_by=who):
                self._by[about] = who
            case HoldReleased(hold_id=about, released_by=who) | ErasureApproved(erasure_id=about, approved_by=who):
                if about not in self._by:
                    self._findings.at("authority_missing", event, f"nobody asked for {about} before")
                elif self._by[about] == who:
                    self._findings.at("four_eyes_broken", event, f"{who} decided on what {who} had asked for")
            case _:
                pass
