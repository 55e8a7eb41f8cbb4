"""Decides whether a version of a policy is published: a version's content never changes, and none comes too late."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from shared.contracts.event import Fact
from shared.contracts.triage_policy import PolicyFile, PolicyPublicationRefused, PolicyPublished, policy_stream
from shared.kernel.decider import Decider

NOTICE = timedelta(seconds=5)
"""A version is published at least this long before it takes effect, so that every process knows it by then."""


@dataclass(frozen=True, slots=True)
class PublishPolicy:
    """Publish a checked pack. Without `effective_from`, as soon as may be. `actor` is a manager, or the system."""

    policy: str
    version: str
    content: Mapping[str, str]
    now: datetime
    actor: str
    effective_from: datetime | None = None
    note: str | None = None

    @property
    def stream_id(self) -> UUID:
        return policy_stream(self.policy)


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of one policy: the hash of the content by version."""

    hashes: Mapping[str, str] = field(default_factory=dict)


def content_hash(content: Mapping[str, str]) -> str:
    """Give the SHA-256 (hex) of a pack's content: of its JSON with sorted paths and no spaces, in UTF-8."""
    plain = json.dumps(dict(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()


def evolve(state: Versions, fact: Fact) -> Versions:
    """Give the versions after a fact."""
    match fact:
        case PolicyPublished():
            return Versions({**state.hashes, fact.version: fact.sha256})
        case _:
            return state


def decide(command: PublishPolicy, state: Versions) -> list[Fact]:
    """Publish, or refuse; the same content under the same version again changes nothing."""
    own_hash = content_hash(command.content)
    known = state.hashes.get(command.version)
    if known == own_hash:
        return []
    if known is not None:
        reason = f"Version {command.version} is published with other content: raise the version in pack.yaml."
        return [_refused(command, "version_taken", reason)]
    soonest = command.now + NOTICE if state.hashes else None
    effective_from = command.effective_from or soonest or command.now
    if soonest is not None and effective_from < soonest:
        reason = f"{effective_from.isoformat()} is too early: take effect at least {NOTICE.seconds} seconds from now."
        return [_refused(command, "too_early", reason)]
    return [
        PolicyPublished(
            policy=command.policy,
            version=command.version,
            effective_from=effective_from,
            content=tuple(PolicyFile(path=path, text=text) for path, text in sorted(command.content.items())),
            sha256=own_hash,
            published_by=command.actor,
            note=command.note,
        )
    ]


def make_publishing() -> Decider[PublishPolicy, Versions, Fact]:
    """Make the decider of policies' streams."""
    return Decider(initial=Versions(), evolve=evolve, decide=decide)


def _refused(command: PublishPolicy, code: str, reason: str) -> PolicyPublicationRefused:
    return PolicyPublicationRefused(
        policy=command.policy,
        version=command.version,
        attempt="publish_policy",
        reason_code=code,
        reason=reason,
    )
