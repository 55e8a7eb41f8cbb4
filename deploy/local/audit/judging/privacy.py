"""Judges holds and erasures: no hold is released by its placer, and nobody is erased unasked or while a hold stands."""

from uuid import UUID

from deploy.local.audit.findings import Findings
from shared.contracts.event import Recorded
from shared.contracts.intake_privacy import ErasureApproved, ErasureRequested, HoldPlaced, HoldReleased

SEEN = (HoldPlaced, HoldReleased, ErasureRequested, ErasureApproved)


class Privacy:
    """Follows the holds on each customer, and who asked for which erasure."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._asked: set[UUID] = set()
        self._holds: dict[UUID, HoldPlaced] = {}

    def see(self, event: Recorded) -> None:
        """Judge one event about a hold or an erasure."""
        match event.fact:
            case HoldPlaced() as hold:
                self._holds[hold.hold_id] = hold
            case HoldReleased(hold_id=about, released_by=who):
                self._released(event, who, self._holds.pop(about, None))
            case ErasureRequested(erasure_id=about):
                self._asked.add(about)
            case ErasureApproved() as approved:
                self._approved(event, approved)
            case _:
                pass

    def _released(self, event: Recorded, who: str, hold: HoldPlaced | None) -> None:
        if hold is None:
            self._findings.at("authority_missing", event, "there was no such hold")
        elif hold.placed_by == who:
            self._findings.at("four_eyes_broken", event, f"{who} released a hold that {who} had placed")

    def _approved(self, event: Recorded, approved: ErasureApproved) -> None:
        if approved.erasure_id not in self._asked:
            self._findings.at("authority_missing", event, f"erasure {approved.erasure_id} was never asked for")
        day = event.recorded_at.date()
        for hold in self._holds.values():
            # The day of the hold's last is the business's: it may be the day before in UTC.
            if hold.customer_id == approved.customer_id and (hold.until is None or (hold.until - day).days > 1):
                self._findings.at("authority_missing", event, f"the hold of {hold.placed_by} stood then")
