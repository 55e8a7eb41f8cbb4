"""Every published fact by owner: importing this module fills the registry."""

from shared.contracts import (
    approvals,
    approvals_after,
    approvals_delegations,
    approvals_disputes,
    followup,
    followup_clocks,
    followup_found,
    followup_reflections,
    intake,
    intake_conduct,
    intake_drafts,
    intake_parties,
    intake_privacy,
    intake_surge,
    intake_vulnerability,
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
    intake_surge,
    intake_conduct,
    intake_vulnerability,
    intake_parties,
    intake_privacy,
    triage,
    triage_requests,
    triage_policy,
    approvals,
    approvals_after,
    approvals_delegations,
    approvals_disputes,
    followup_clocks,
    followup,
    followup_found,
    followup_reflections,
    upcasters,
)


def facts_of(owner: str) -> dict[str, type[Fact]]:
    """Give the fact classes of one owner by wire type, in the order they were written, whatever was imported first."""
    places = {module.__name__: number for number, module in enumerate(MODULES)}
    found = [(wire, cls) for wire, cls in REGISTRY.items() if wire.startswith(f"{owner}.")]
    return dict(sorted(found, key=lambda entry: places.get(entry[1].__module__, len(places))))
