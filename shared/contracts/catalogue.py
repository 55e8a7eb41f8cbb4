"""Every published fact by owner: importing this module fills the registry."""

from shared.contracts import (
    approvals,
    approvals_after,
    approvals_delegations,
    followup,
    followup_clocks,
    followup_found,
    intake,
    intake_drafts,
    triage,
    triage_policy,
    triage_requests,
    upcasters,
)
from shared.contracts.event import REGISTRY, Fact

OWNERS = ("intake", "triage", "approvals", "followup")
MODULES = (
    intake,
    intake_drafts,
    triage,
    triage_requests,
    triage_policy,
    approvals,
    approvals_after,
    approvals_delegations,
    followup_clocks,
    followup,
    followup_found,
    upcasters,
)


def facts_of(owner: str) -> dict[str, type[Fact]]:
    """Give the fact classes of one owner by wire type, in the order they were written."""
    return {wire: cls for wire, cls in REGISTRY.items() if wire.startswith(f"{owner}.")}
