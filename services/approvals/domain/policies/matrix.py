"""The authority matrix as a policy owner writes it, with every rule that the file itself must keep."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field, model_validator

from services.approvals.domain.policies.matrix_parts import (
    ANY,
    AtLeast,
    Currency,
    Delegation,
    FourEyes,
    Limit,
    MatrixPart,
    QuorumRule,
    covers,
)
from shared.contracts.values import Money


class Role(MatrixPart):
    """What one role may decide: kinds and clauses, up to its limit in a currency, within its time.

    Without `limits` there is no limit. With them, an amount in a currency that is not listed is not the role's to
    grant, unless it is of the highest level.
    """

    level: int = Field(ge=1)
    kinds: tuple[str, ...] = Field(min_length=1)
    clauses: tuple[str, ...] = Field(default=(ANY,), min_length=1)
    limits: Mapping[Currency, Limit] | None = None
    deadline_working_hours: float = Field(gt=0, le=1000)
    escalates_to: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _takes_one_limit(cls, written: Any) -> Any:
        """Read the older form, `limit: {amount, currency}`, as a limit in one currency."""
        if not isinstance(written, Mapping) or "limit" not in written:
            return written
        if written.get("limits") is not None:
            raise ValueError("limit and limits are both there; write limits alone, such as limits: {USD: 250}")
        limit = written["limit"]
        rest = {key: value for key, value in written.items() if key not in ("limit", "limits")}
        if limit is None:
            return rest
        if not isinstance(limit, Mapping) or set(limit) != {"amount", "currency"}:
            raise ValueError("limit: is no amount with its currency; write limits, such as limits: {USD: 250}")
        return {**rest, "limits": {limit["currency"]: limit["amount"]}}

    @model_validator(mode="after")
    def _limits_something(self) -> "Role":
        if self.limits is not None and not self.limits:
            raise ValueError("limits: names no currency; leave it out for a role without a limit")
        return self

    def decides(self, kind: str, clause: str | None = None) -> bool:
        """Tell whether exceptions of this kind, from this clause (`policy/clause`), are the role's to decide."""
        return covers(self.kinds, kind) and covers(self.clauses, clause)

    def limit_in(self, currency: str) -> Money | None:
        """Give the limit in a currency, None where there is none."""
        limit = (self.limits or {}).get(currency)
        return None if limit is None else Money(amount=limit, currency=currency)

    @property
    def all_limits(self) -> tuple[Money, ...]:
        """Give the limits in every currency; empty without a limit."""
        return tuple(Money(amount=amount, currency=currency) for currency, amount in (self.limits or {}).items())


class Matrix(MatrixPart):
    """The whole matrix: roles by name, who decides without a known amount, floors, quorums, delegations."""

    version: str = Field(min_length=1)
    calendar: str
    roles: Mapping[str, Role] = Field(min_length=1)
    unknown_amount: Mapping[str, str]
    at_least: tuple[AtLeast, ...] = ()
    quorum: tuple[QuorumRule, ...] = ()
    holders: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    four_eyes: FourEyes = FourEyes()
    delegations: tuple[Delegation, ...] = ()

    @property
    def top_level(self) -> int:
        """Give the highest level there is."""
        return max(role.level for role in self.roles.values())

    def by_level(self, kind: str, clause: str | None = None) -> list[tuple[str, Role]]:
        """Give the roles that decide such exceptions, the lowest level first."""
        fitting = [(name, role) for name, role in self.roles.items() if role.decides(kind, clause)]
        return sorted(fitting, key=lambda entry: (entry[1].level, entry[0]))

    def eligible(self, rule: QuorumRule) -> tuple[str, ...]:
        """Give the people whose voices a quorum rule counts, as far as it or `holders` names them."""
        if rule.needs.of_role is None:
            return rule.needs.named
        return tuple(dict.fromkeys(self.holders.get(rule.needs.of_role, ())))

    @model_validator(mode="after")
    def _levels_rise(self) -> "Matrix":
        top = [name for name, role in self.roles.items() if role.level == self.top_level]
        for name in top:
            for what, covered in (("kinds", self.roles[name].kinds), ("clauses", self.roles[name].clauses)):
                if ANY not in covered:
                    raise ValueError(
                        f'roles.{name}.{what}: the highest level must decide every {what[:-1]}; write ["*"]'
                    )
        for name, role in self.roles.items():
            if role.escalates_to is None:
                if role.level < self.top_level:
                    raise ValueError(f"roles.{name}.escalates_to: missing below the highest level; name one of {top}")
                continue
            above = self._known(role.escalates_to, f"roles.{name}.escalates_to")
            self._rises(name, role, above)
        return self

    def _rises(self, name: str, role: Role, above: Role) -> None:
        where, upper = f"roles.{name}.escalates_to", role.escalates_to
        if above.level <= role.level:
            raise ValueError(f"{where}: {upper} is not on a higher level")
        if not _covers_all(above.kinds, role.kinds):
            raise ValueError(f"{where}: {upper} does not decide all of its kinds")
        if not _covers_all(above.clauses, role.clauses):
            raise ValueError(f"{where}: {upper} does not decide on all of its clauses")
        if above.limits is None:
            return
        if role.limits is None:
            raise ValueError(f"roles.{upper}.limits: must not be below the limit of {name}, which has none")
        for currency, limit in role.limits.items():
            higher = above.limits.get(currency)
            if higher is None and above.level < self.top_level:
                raise ValueError(f"roles.{upper}.limits: has no {currency}, in which {name} has a limit; add it")
            if higher is not None and higher < limit:
                raise ValueError(f"roles.{upper}.limits.{currency}: must not be below the limit of {name}")

    @model_validator(mode="after")
    def _refers_to_roles(self) -> "Matrix":
        if ANY not in self.unknown_amount:
            raise ValueError(f'unknown_amount: has no "{ANY}"; say who decides the kinds not listed')
        for kind, name in self.unknown_amount.items():
            role = self._known(name, f"unknown_amount.{kind}")
            if not role.decides(kind, ANY):
                raise ValueError(f"unknown_amount.{kind}: {name} does not decide this kind")
        for number, floor in enumerate(self.at_least):
            self._known(floor.role, f"at_least.{number}.role")
        for number, delegation in enumerate(self.delegations):
            self._known(delegation.role, f"delegations.{number}.role")
        for name in self.holders:
            self._known(name, f"holders.{name}")
        return self

    @model_validator(mode="after")
    def _can_agree(self) -> "Matrix":
        for number, rule in enumerate(self.quorum):
            where = f"quorum.{number}"
            if rule.role is not None:
                self._known(rule.role, f"{where}.role")
            if rule.needs.of_role is not None:
                self._known(rule.needs.of_role, f"{where}.needs.of_role")
                if not self.eligible(rule):
                    raise ValueError(f"{where}.needs.of_role: holders lists nobody as {rule.needs.of_role}; list them")
            eligible = self.eligible(rule)
            if eligible and rule.needs.kind == "n" and rule.needs.needed > len(eligible):
                raise ValueError(f"{where}.needs.needed: asks for more than the {len(eligible)} who may agree")
        return self

    def _known(self, name: str, where: str) -> Role:
        if name not in self.roles:
            raise ValueError(f"{where}: there is no role {name}; use one of {', '.join(self.roles)}")
        return self.roles[name]


def _covers_all(above: Iterable[str], below: Iterable[str]) -> bool:
    return ANY in above or set(below) <= set(above)
