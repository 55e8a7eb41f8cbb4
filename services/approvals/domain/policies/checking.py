"""What a matrix that can be read may still get wrong: dead references, rules that never count, gaps by currency."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from services.approvals.domain.policies.matrix import Matrix
from services.approvals.domain.policies.matrix_parts import ANY, QuorumRule


@dataclass(frozen=True, slots=True)
class Known:
    """What exists around the matrix: clauses as `policy/clause`, demand kinds, roles that tokens carry, and today."""

    clauses: Collection[str]
    kinds: Collection[str]
    token_roles: Collection[str]
    today: date


class Finding(NamedTuple):
    """What does not fit: an error cannot work as it is written, a warning works otherwise than it looks."""

    severity: Literal["error", "warning"]
    field: str
    problem: str
    fix: str


def findings(matrix: Matrix, known: Known) -> list[Finding]:
    """Give everything that does not fit, errors first, each group in the order of the file."""
    found = [
        *_roles(matrix, known),
        *_references(matrix, known),
        *_currencies(matrix),
        *_shadowed(matrix),
        *_delegations(matrix, known),
    ]
    return sorted(found, key=lambda finding: finding.severity)


def _roles(matrix: Matrix, known: Known) -> Iterator[Finding]:
    for name in matrix.roles:
        if name not in known.token_roles:
            fix = f"use one of {', '.join(known.token_roles)}"
            yield Finding("error", f"roles.{name}", "no token carries this role, so nobody can decide with it", fix)


def _references(matrix: Matrix, known: Known) -> Iterator[Finding]:
    for where, kinds, clauses in _scopes(matrix):
        for clause in clauses:
            if clause != ANY and clause not in known.clauses:
                yield Finding(
                    "error", f"{where}.clauses", f"there is no clause {clause}", "write policy/clause of a pack"
                )
        for kind in kinds:
            if kind != ANY and kind not in known.kinds:
                yield Finding(
                    "warning", f"{where}.kinds", f"triage gives no demand the kind {kind}", "check the spelling"
                )


def _scopes(matrix: Matrix) -> Iterator[tuple[str, Collection[str], Collection[str]]]:
    for name, role in matrix.roles.items():
        yield f"roles.{name}", role.kinds, role.clauses
    yield "unknown_amount", tuple(matrix.unknown_amount), ()
    for number, floor in enumerate(matrix.at_least):
        yield f"at_least.{number}", floor.kinds, floor.clauses
    for number, rule in enumerate(matrix.quorum):
        yield f"quorum.{number}", rule.kinds, rule.clauses
    for number, delegation in enumerate(matrix.delegations):
        yield f"delegations.{number}", delegation.kinds, delegation.clauses


def _currencies(matrix: Matrix) -> Iterator[Finding]:
    """Name the currencies that one role or threshold lists and another leaves out."""
    named = {currency for role in matrix.roles.values() for currency in role.limits or ()}
    named |= {currency for rule in matrix.quorum for currency in rule.above or ()}
    for name, role in matrix.roles.items():
        missing = sorted(named - (role.limits or {}).keys())
        if role.limits is not None and missing and role.level < matrix.top_level:
            problem = f"no limit in {', '.join(missing)}: such amounts all go to the highest level"
            yield Finding("warning", f"roles.{name}.limits", problem, "add the limits, if that is not meant")
    for number, rule in enumerate(matrix.quorum):
        missing = sorted(named - (rule.above or {}).keys())
        if rule.above is not None and missing:
            problem = f"nothing in {', '.join(missing)}: every such amount counts as above"
            yield Finding("warning", f"quorum.{number}.above", problem, "add the amounts, if that is not meant")


def _shadowed(matrix: Matrix) -> Iterator[Finding]:
    for number, rule in enumerate(matrix.quorum):
        earlier = next((n for n, other in enumerate(matrix.quorum[:number]) if _covers(other, rule)), None)
        if earlier is not None:
            problem = f"never counts: entry {earlier} fits all that this one fits, and comes first"
            yield Finding("warning", f"quorum.{number}", problem, "put the narrower entry first, or remove it")


def _covers(wide: QuorumRule, narrow: QuorumRule) -> bool:
    return (
        (ANY in wide.kinds or set(narrow.kinds) <= set(wide.kinds))
        and (ANY in wide.clauses or set(narrow.clauses) <= set(wide.clauses))
        and wide.role in (None, narrow.role)
        and _above_covers(wide, narrow)
    )


def _above_covers(wide: QuorumRule, narrow: QuorumRule) -> bool:
    if wide.above is None:
        return True
    if narrow.above is None:
        return False
    # A currency that `wide` lists must be listed by `narrow` too, at no smaller an amount.
    return all(currency in narrow.above and narrow.above[currency] >= amount for currency, amount in wide.above.items())


def _delegations(matrix: Matrix, known: Known) -> Iterator[Finding]:
    for number, delegation in enumerate(matrix.delegations):
        if delegation.last_day < known.today:
            problem = f"is over since {delegation.last_day}"
            yield Finding("warning", f"delegations.{number}", problem, "remove the entry")
