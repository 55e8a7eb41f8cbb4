"""Waiting until the system is quiet: every log relayed, every consumer at its head, every mail of ours out."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from deploy.local.errors import StackError
from deploy.local.lag import Lag
from deploy.local.ledger import Ledger
from services import approvals, casebook, followup, intake, triage
from shared.contracts.catalogue import OWNERS

Consumer = tuple[str, str, str]  # service, consumer, source
RELAYS: list[Consumer] = [(owner, "relay", owner) for owner in OWNERS]
CHARTERS = (intake.CHARTER, triage.CHARTER, approvals.CHARTER, followup.CHARTER, casebook.CHARTER)
CONSUMERS = {*RELAYS, *((charter.owner, charter.owner, source) for charter in CHARTERS for source in charter.listens)}
LOOK_SECONDS = 0.3
STALLED_SECONDS = 90.0


@dataclass(frozen=True)
class Unrest:
    """What is still to be done: events by the consumer that lacks them, and mails of ours that have not left.

    `silent` are the consumers that nobody spoke for.
    """

    behind: tuple[Lag, ...]
    silent: tuple[Consumer, ...]
    mails: int
    heads: tuple[tuple[str, int], ...]

    @property
    def quiet(self) -> bool:
        """Whether nothing is left to do."""
        return not self.behind and not self.silent and not self.mails

    @property
    def left(self) -> int:
        """How many events and mails are left, each counted once a consumer."""
        return sum(lag.lag for lag in self.behind) + self.mails

    def __str__(self) -> str:
        words = [f"{lag.service} ({lag.consumer}) lacks {lag.lag} events of {lag.source}" for lag in self.behind]
        words += [f"{service} says nothing of {source}" for service, _, source in self.silent]
        words += [f"{self.mails} mails of ours have not left"] if self.mails else []
        return "; ".join(words) or "quiet"


async def until_quiet(
    ledger: Ledger,
    lags: Callable[[], Sequence[Lag]],
    look: Callable[[Unrest], None] = lambda _now: None,
    stalled_seconds: float = STALLED_SECONDS,
) -> None:
    """Return when two looks in a row found the same logs and nothing left to do; the ledger is caught up then.

    `lags` asks every service; `look` is shown each finding. Raises StackError that says
    what is left when nothing has moved for `stalled_seconds`.
    """
    before: Unrest | None = None
    moved = time.monotonic()
    while True:
        now = await _look(ledger, lags)
        look(now)
        if now != before:
            moved = time.monotonic()
        elif now.quiet:
            return
        elif time.monotonic() - moved > stalled_seconds:
            raise StackError(f"Nothing moves, and yet: {now}", "See `recourse status` and `recourse dead-letters`.")
        before = now
        await asyncio.sleep(LOOK_SECONDS)


async def _look(ledger: Ledger, lags: Callable[[], Sequence[Lag]]) -> Unrest:
    found = await asyncio.to_thread(lags)
    await ledger.catch_up()
    told = {(lag.service, lag.consumer, lag.source) for lag in found}
    # A log without events has no heads to compare with.
    wanted = {consumer for consumer in CONSUMERS if ledger.positions[consumer[2]]}
    return Unrest(
        behind=tuple(lag for lag in found if lag.lag),
        silent=tuple(sorted(wanted - told)),
        mails=len(ledger.mails_waiting),
        heads=tuple(sorted({lag.source: lag.head for lag in found}.items())),
    )
