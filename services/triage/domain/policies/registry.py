"""The published versions of policies: which one was in force when, and each by its name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class Published:
    """One published version; `number` counts the versions of its policy from 1, in the order of publication."""

    policy: str
    version: str
    effective_from: datetime
    sha256: str
    published_by: str
    number: int
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Registry:
    """All published versions by policy, in the order of publication. Never changed: `adding` gives a new one."""

    policies: Mapping[str, tuple[Published, ...]] = field(default_factory=dict)

    def adding(self, version: Published) -> "Registry":
        """Give the registry with one more version; the same version twice changes nothing."""
        known = self.policies.get(version.policy, ())
        if any(one.version == version.version for one in known):
            return self
        return Registry({**self.policies, version.policy: (*known, version)})

    def in_force(self, policy: str, received_at: datetime) -> Published:
        """Give the version for what was received at an instant.

        That is the one with the newest `effective_from` not after it, of two such the one published later; for an
        instant before all of them, the one that began first. Raises NotFound for a policy that nobody published.
        """
        known = self._known(policy)
        begun = [one for one in known if one.effective_from <= received_at]
        if begun:
            return max(begun, key=lambda one: (one.effective_from, one.number))
        return min(known, key=lambda one: (one.effective_from, one.number))

    def get(self, policy: str, version: str) -> Published:
        """Give a version by name; raises NotFound that names the versions there are."""
        known = self._known(policy)
        for one in known:
            if one.version == version:
                return one
        names = ", ".join(one.version for one in known)
        raise NotFound(f"{policy} has no version {version}", field="version", fix=f"use one of {names}")

    def _known(self, policy: str) -> tuple[Published, ...]:
        known = self.policies.get(policy)
        if not known:
            names = ", ".join(sorted(self.policies)) or "none is published"
            raise NotFound(f"no policy {policy} is published", field="policy", fix=f"use one of {names}")
        return known
