"""Who may decide on an exception, how many must agree, until when, and why: the matrix put into an answer."""

from datetime import datetime
from typing import NamedTuple

from services.approvals.domain.policies import authority
from services.approvals.domain.policies.authority import AuthorityRules, Matter, Refusal
from shared.contracts.values import Quorum


class RoleMay(NamedTuple):
    """Whether one role may decide, and why not."""

    role: str
    level: int
    may_decide: bool
    reason: str | None


class Level(NamedTuple):
    """A level that the exception reaches when nobody decides before: its role, quorum, and time in working hours."""

    role: str
    quorum: Quorum
    working_hours: float


class Explained(NamedTuple):
    """The whole answer; `deadline` is as if it were proposed at the instant asked about; `levels` begin with `role`."""

    matrix: str
    required_role: str
    why: str
    quorum: Quorum
    deadline: datetime
    roles: list[RoleMay]
    levels: list[Level]


def explain(rules: AuthorityRules, matter: Matter, now: datetime) -> Explained:
    """Explain who may decide on a matter; pure, so it needs no running service."""
    matrix = rules.matrix
    needed = authority.requirement(rules, matter, now)
    roles = []
    for name, role in sorted(matrix.roles.items(), key=lambda entry: (entry[1].level, entry[0])):
        found = authority.authority(matrix, [name], required=needed.role, matter=matter)
        reason = found.reason if isinstance(found, Refusal) else None
        roles.append(RoleMay(name, role.level, reason is None, reason))
    levels: list[Level] = []
    name_or_end: str | None = needed.role
    while name_or_end is not None:
        role = matrix.roles[name_or_end]
        quorum = authority.quorum_at(matrix, matter, name_or_end)
        levels.append(Level(name_or_end, quorum, role.deadline_working_hours))
        name_or_end = role.escalates_to
    return Explained(matrix.version, needed.role, needed.why, needed.quorum, needed.deadline, roles, levels)
