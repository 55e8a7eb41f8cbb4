"""Who may decide: the role an exception needs, the authority somebody has, and by when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from services.approvals.domain.policies.matrix import Matrix, Role
from services.approvals.domain.policies.matrix_parts import ANY, covers
from services.approvals.domain.policies.quorum import quorum
from shared.contracts.values import Authority, ClauseRef, Money, Quorum
from shared.kernel.worktime import Calendar


@dataclass(frozen=True, slots=True)
class AuthorityRules:
    """The matrix in force, and the calendar its deadlines are counted in."""

    matrix: Matrix
    calendar: Calendar


class Refusal(NamedTuple):
    """Why an attempt is not allowed: a code for machines, a sentence for people."""

    code: str
    reason: str


class Requirement(NamedTuple):
    """The lowest role that may decide, how many must agree, by when, and why it is that role."""

    role: str
    quorum: Quorum
    deadline: datetime
    why: str


class Matter(NamedTuple):
    """What an exception is about, as far as authority depends on it. `clause` is written `policy/clause`.

    `floor` is a role that the policy names as the lowest that may except from the clause.
    """

    kind: str
    clause: str | None = None
    amount: Money | None = None
    floor: str | None = None
    proposed_by: str | None = None


def cited(clause: ClauseRef) -> str:
    """Give a clause as the matrix names it: `policy/clause`."""
    return f"{clause.policy}/{clause.clause}"


def requirement(rules: AuthorityRules, matter: Matter, now: datetime) -> Requirement:
    """Find who may decide on an exception, from `now` on."""
    name, why = lowest_role(rules.matrix, matter)
    return Requirement(name, quorum_at(rules.matrix, matter, name), deadline(rules, name, now), why)


def quorum_at(matrix: Matrix, matter: Matter, role: str) -> Quorum:
    """Give how many must agree on the level of a role."""
    return quorum(matrix, matter.kind, matter.amount, clause=matter.clause, role=role, proposed_by=matter.proposed_by)


def deadline(rules: AuthorityRules, role: str, now: datetime) -> datetime:
    """Give the end of the role's time to decide, in working time."""
    hours = rules.matrix.roles[role].deadline_working_hours
    return rules.calendar.add_time(now, timedelta(hours=hours))


def authority(matrix: Matrix, roles: Iterable[str], *, required: str, matter: Matter) -> Authority | Refusal:
    """Give the lowest of somebody's roles that may decide at the required role's level, or why none may.

    The matter's amount is the one at stake; None where nobody named one, or none is granted.
    """
    held = sorted((matrix.roles[name].level, name) for name in set(roles) if name in matrix.roles)
    if not held:
        return Refusal("no_authority", f"none of your roles decides on exceptions; this one needs {required}")
    high_enough = [name for level, name in held if level >= matrix.roles[required].level]
    if not high_enough:
        return Refusal("role_too_low", f"{held[-1][1]} is below {required}, the role that decides on this exception")
    on_kind = [name for name in high_enough if covers(matrix.roles[name].kinds, matter.kind)]
    if not on_kind:
        return Refusal("kind_not_covered", f"{high_enough[-1]} does not decide on demands of kind {matter.kind}")
    on_clause = [name for name in on_kind if covers(matrix.roles[name].clauses, matter.clause)]
    if not on_clause:
        return Refusal("clause_not_covered", f"{on_kind[-1]} does not decide on clause {matter.clause}")
    for name in on_clause:
        if within(matrix, matrix.roles[name], matter.amount):
            return _as_authority(matrix, name, matter.amount)
    return Refusal("amount_above_limit", f"{money(matter.amount)} is more than {on_clause[-1]} may grant")


def required_now(matrix: Matrix, role: str, matter: Matter) -> str:
    """Give the role that a waiting exception needs; found anew when the matrix no longer has the role."""
    return role if role in matrix.roles else lowest_role(matrix, matter)[0]


def lowest_role(matrix: Matrix, matter: Matter) -> tuple[str, str]:
    """Give the lowest role that may decide on a matter, and why it is that one."""
    floor, because = _floor(matrix, matter)
    candidates = [(name, role) for name, role in matrix.by_level(matter.kind, matter.clause) if role.level >= floor]
    on = f"kind {matter.kind}" + (f", clause {matter.clause}" if matter.clause else "") + because
    if matter.amount is None:
        usual = matrix.unknown_amount.get(matter.kind, matrix.unknown_amount[ANY])
        level = matrix.roles[usual].level
        fitting = [name for name, _ in candidates if name == usual]
        name = (fitting or [name for name, role in candidates if role.level >= level])[0]
        return name, f"no amount is named; {name} decides on demands of {on} then"
    for name, role in candidates:
        if within(matrix, role, matter.amount):
            limit = role.limit_in(matter.amount.currency)
            may = f"it may grant up to {money(limit)}" if limit else _without_limit(role, matter.amount)
            return name, f"{name} is the lowest role for {money(matter.amount)} on {on}: {may}"
    name = candidates[-1][0]
    return (
        name,
        f"{money(matter.amount)} is above every limit; {name}, the highest level, can still reject or offer less",
    )


def within(matrix: Matrix, role: Role, amount: Money | None) -> bool:
    """Tell whether a role may grant an amount; in a currency without a limit only the highest level may."""
    if role.limits is None or amount is None:
        return True
    limit = role.limit_in(amount.currency)
    return role.level == matrix.top_level if limit is None else amount.amount <= limit.amount


def money(amount: Money | None) -> str:
    """Give an amount as people write it."""
    return f"{amount.amount} {amount.currency}" if amount else "an unknown amount"


def _floor(matrix: Matrix, matter: Matter) -> tuple[int, str]:
    """Give the level below which nobody decides on a matter whatever its amount, and whence it comes."""
    floors = [(0, "")] + [
        (matrix.roles[rule.role].level, f" (at least {rule.role})")
        for rule in matrix.at_least
        if covers(rule.kinds, matter.kind) and covers(rule.clauses, matter.clause)
    ]
    if matter.floor is not None and matter.floor in matrix.roles:
        floors.append((matrix.roles[matter.floor].level, f" (at least {matter.floor}, says the policy)"))
    return max(floors, key=lambda floor: floor[0])


def _as_authority(matrix: Matrix, name: str, amount: Money | None) -> Authority:
    limits = matrix.roles[name].all_limits
    single = limits[0] if len(limits) == 1 else None
    limit = matrix.roles[name].limit_in(amount.currency) if amount else None
    return Authority(role=name, limit=limit or single, matrix=matrix.version, limits=limits if len(limits) > 1 else ())


def _without_limit(role: Role, amount: Money) -> str:
    if role.limits is None:
        return "it has no limit"
    return f"it has no limit in {amount.currency}, in which the highest level decides then"
