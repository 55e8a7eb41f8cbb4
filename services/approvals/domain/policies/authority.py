"""Who may decide: the role an exception needs, the authority somebody has, quorum, deadline, delegation."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.approvals.domain.policies.matrix import ANY_KIND, Matrix, Role
from shared.contracts.values import Authority, Money, Quorum
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


def requirement(rules: AuthorityRules, kind: str, amount: Money | None, now: datetime) -> Requirement:
    """Find who may decide on an exception of this kind and amount (None: nobody named one), from `now` on."""
    name, why = _lowest_role(rules.matrix, kind, amount)
    return Requirement(name, quorum(rules.matrix, kind, amount), deadline(rules, name, now), why)


def deadline(rules: AuthorityRules, role: str, now: datetime) -> datetime:
    """Give the end of the role's time to decide, in working time."""
    hours = rules.matrix.roles[role].deadline_working_hours
    return rules.calendar.add_time(now, timedelta(hours=hours))


def quorum(matrix: Matrix, kind: str, amount: Money | None) -> Quorum:
    """Give how many must agree: the first quorum rule that fits, else a single voice."""
    return next((rule.needs for rule in matrix.quorum if rule.fits(kind, amount)), Quorum())


def authority(
    matrix: Matrix, roles: Iterable[str], *, required: str, kind: str, amount: Money | None
) -> Authority | Refusal:
    """Give the lowest of somebody's roles that may decide at the required role's level, or why none may."""
    held = sorted((matrix.roles[name].level, name) for name in set(roles) if name in matrix.roles)
    if not held:
        return Refusal("no_authority", f"none of your roles decides on exceptions; this one needs {required}")
    high_enough = [name for level, name in held if level >= matrix.roles[required].level]
    if not high_enough:
        return Refusal("role_too_low", f"{held[-1][1]} is below {required}, the role that decides on this exception")
    on_kind = [name for name in high_enough if matrix.roles[name].decides(kind)]
    if not on_kind:
        return Refusal("kind_not_covered", f"{high_enough[-1]} does not decide on demands of kind {kind}")
    for name in on_kind:
        if _within(matrix, matrix.roles[name], amount):
            return Authority(role=name, limit=matrix.roles[name].limit, matrix=matrix.version)
    return Refusal("amount_above_limit", f"{_money(amount)} is more than {on_kind[-1]} may grant")


def delegated_roles(
    rules: AuthorityRules, *, principal: str, delegate: str, kind: str, now: datetime
) -> tuple[str, ...] | Refusal:
    """Give the roles with which `delegate` may decide for `principal` today, or why there are none."""
    today = now.astimezone(ZoneInfo(rules.calendar.zone)).date()
    between = [
        entry for entry in rules.matrix.delegations if entry.principal == principal and entry.delegate == delegate
    ]
    if not between:
        return Refusal("no_delegation", f"{principal} has not delegated decisions to {delegate}")
    in_force = [entry for entry in between if entry.first_day <= today <= entry.last_day]
    if not in_force:
        return Refusal("delegation_not_in_force", f"the delegation of {principal} to {delegate} is not in force today")
    roles = tuple(entry.role for entry in in_force if kind in entry.kinds or ANY_KIND in entry.kinds)
    return roles or Refusal("no_delegation", f"{principal} has not delegated demands of kind {kind} to {delegate}")


def required_now(matrix: Matrix, role: str, kind: str, amount: Money | None) -> str:
    """Give the role that a waiting exception needs; found anew when the matrix no longer has the role."""
    return role if role in matrix.roles else _lowest_role(matrix, kind, amount)[0]


def _lowest_role(matrix: Matrix, kind: str, amount: Money | None) -> tuple[str, str]:
    if amount is None:
        name = matrix.unknown_amount.get(kind, matrix.unknown_amount[ANY_KIND])
        return name, f"no amount is named; {name} decides on demands of kind {kind} then"
    candidates = matrix.by_level(kind)
    for name, role in candidates:
        if _within(matrix, role, amount):
            limit = f"may grant up to {_money(role.limit)}" if role.limit else "has no limit"
            return name, f"{name} is the lowest role for {_money(amount)} on kind {kind}: it {limit}"
    name = candidates[-1][0]
    return name, f"{_money(amount)} is above every limit; {name}, the highest level, can still reject or offer less"


def _within(matrix: Matrix, role: Role, amount: Money | None) -> bool:
    if role.limit is None or amount is None:
        return True
    if role.limit.currency != amount.currency:
        return role.level == matrix.top_level
    return amount.amount <= role.limit.amount


def _money(amount: Money | None) -> str:
    return f"{amount.amount} {amount.currency}" if amount else "an unknown amount"
