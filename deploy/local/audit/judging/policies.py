"""Judges published policies: the content is what its hash says, and a version is published once."""

from deploy.local.audit.findings import Findings
from services.triage.domain.policies.publishing import content_hash
from shared.contracts.event import Recorded
from shared.contracts.triage_policy import PolicyPublished


class Policies:
    """Follows the versions of each policy."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._versions: set[tuple[str, str]] = set()

    def see(self, event: Recorded) -> None:
        """Judge one published version."""
        fact = event.fact
        if not isinstance(fact, PolicyPublished):
            return
        named = f"{fact.policy} {fact.version}"
        if content_hash({file.path: file.text for file in fact.content}) != fact.sha256:
            self._findings.at("policy_altered", event, f"the content of {named} does not hash to what it says")
        if (fact.policy, fact.version) in self._versions:
            self._findings.at("policy_altered", event, f"{named} was published before")
        self._versions.add((fact.policy, fact.version))
