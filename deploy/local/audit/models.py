"""The read models beside a replay: what live shows must be what the events give."""

from collections.abc import Callable

from deploy.local.audit.findings import Finding
from services.casebook.projections.compare import Difference
from services.casebook.projections.order import Progress, RebuildOrder
from services.casebook.projections.rebuild import rebuild


async def model_findings(order: RebuildOrder, progress: Callable[[Progress], None]) -> list[Finding]:
    """Replay every read model in the shadow, compare it with live byte by byte, and name what differs."""
    done = await rebuild(order, progress)
    return [_finding(one) for one in done.comparison.differences] if done.comparison else []


def _finding(one: Difference) -> Finding:
    key = ", ".join(f"{name} {value}" for name, value in one.key.items())
    # Values may be words of customers: only that they differ is told.
    if one.live is None or one.shadow is None:
        side = "by the events" if one.live is None else "in live"
        what = f"{one.table} {key}: {one.column} is there {side} only"
    else:
        what = f"{one.table} {key}: {one.column} has one value in live and another by the events"
    return Finding("model_differs", what, "casebook")
