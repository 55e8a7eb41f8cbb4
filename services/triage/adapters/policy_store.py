"""The published versions of policies in memory: content from the log, packs compiled when they are first asked."""

from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from services.triage.adapters.pack_files import PackFiles
from services.triage.adapters.policy_pack import PolicyPack
from services.triage.domain.policies.answering import Policy
from services.triage.domain.policies.registry import Published, Registry
from shared.contracts.triage_policy import PolicyPublished
from shared.contracts.triage_requests import PolicyRef
from shared.kernel.errors import NotFound

BUSINESS = "business"


class PackKind(BaseModel):
    """The one field of pack.yaml that says whether a pack answers requests."""

    model_config = ConfigDict(extra="ignore")

    kind: str = BUSINESS


class Version(NamedTuple):
    """A published version with its files."""

    published: Published
    files: PackFiles


class PolicyStore:
    """Every published version. `leading` is the policy that customers' messages are answered by."""

    def __init__(self, leading: str) -> None:
        self.leading = leading
        self.registry = Registry()
        self._files: dict[tuple[str, str], PackFiles] = {}
        self._packs: dict[tuple[str, str], PolicyPack] = {}
        self._answering: dict[tuple[str, str], Policy] = {}

    def take(self, fact: PolicyPublished, number: int) -> None:
        """Learn a version from the log; `number` is its place in the policy's stream. A pack that answers is compiled
        here, and not while a customer waits; raises MalformedInput for one that this program cannot read.
        """
        key = (fact.policy, fact.version)
        files = PackFiles(f"{fact.policy} {fact.version}", {file.path: file.text for file in fact.content})
        if files.parsed("pack.yaml", PackKind).kind == BUSINESS:
            self._packs[key] = PolicyPack(files)
        self._files[key] = files
        self.registry = self.registry.adding(
            Published(fact.policy, fact.version, fact.effective_from, fact.sha256, fact.published_by, number, fact.note)
        )

    def in_force(self, received_at: datetime) -> Policy:
        """Give the leading policy in the version for what was received at an instant; NotFound when there is none."""
        found = self.registry.in_force(self.leading, received_at)
        return self._policy(found.policy, found.version)

    def version(self, ref: PolicyRef) -> Policy:
        """Give a version that a case is pinned to; NotFound for one that is not published."""
        return self._policy(ref.policy, ref.version)

    def files(self, policy: str, version: str) -> Version:
        """Give a version with its files; NotFound for one that is not published."""
        return Version(self.registry.get(policy, version), self._files[policy, version])

    def answers(self, version: Published) -> bool:
        """Tell whether a version answers requests; a statutory pack only holds texts and clocks."""
        return (version.policy, version.version) in self._packs

    def pack_in_force(self, policy: str, at: datetime) -> PolicyPack:
        """Give the pack of the version in force at an instant; raises NotFound as `pack` does."""
        return self.pack(policy, self.registry.in_force(policy, at).version)

    def pack(self, policy: str, version: str) -> PolicyPack:
        """Give the pack of a version; NotFound for one that is not published, or that answers no requests."""
        found = self.registry.get(policy, version)
        pack = self._packs.get((found.policy, found.version))
        if pack is None:
            raise NotFound(f"{policy} answers no requests: it is statutory", field="policy", fix="name another policy")
        return pack

    def _policy(self, policy: str, version: str) -> Policy:
        key = (policy, version)
        if key not in self._answering:
            pack = self.pack(policy, version)
            ref = PolicyRef(policy=policy, version=version)
            self._answering[key] = Policy(ref, pack.evaluate, pack.deviation, pack.wording)
        return self._answering[key]
