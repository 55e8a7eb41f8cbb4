"""The policy that triage answers by, in the versions that are known."""

from datetime import datetime

from services.triage.adapters.policy_pack import PolicyPack
from services.triage.domain.policies.answering import Policy
from shared.contracts.triage_requests import PolicyRef


class OneVersion:
    """A pack from the policy directory, in force at all times."""

    def __init__(self, pack: PolicyPack) -> None:
        ref = PolicyRef(policy=pack.facts.id, version=pack.facts.version)
        self._policy = Policy(ref, pack.evaluate, pack.deviation, pack.wording)

    def in_force(self, _received_at: datetime) -> Policy:
        """Give the version in force at an instant."""
        return self._policy

    def version(self, _ref: PolicyRef) -> Policy:
        """Give a version that a case is pinned to."""
        return self._policy
