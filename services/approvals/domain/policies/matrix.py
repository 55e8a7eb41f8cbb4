"""The authority matrix as a policy owner writes it, with every rule that the file itself must keep."""

from collections.abc import Mapping
from datetime import date

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contracts.values import Money, Quorum

ANY_KIND = "*"


class MatrixPart(BaseModel):
    """A part of the file; unknown keys are errors, so that a misspelt limit cannot pass for no limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Role(MatrixPart):
    """What one role may decide: kinds of demand, up to `limit`, within `deadline_working_hours`."""

    level: int = Field(ge=1)
    kinds: tuple[str, ...] = Field(min_length=1)
    limit: Money | None = None
    deadline_working_hours: float = Field(gt=0, le=1000)
    escalates_to: str | None = None

    def decides(self, kind: str) -> bool:
        """Tell whether exceptions for demands of this kind are the role's to decide."""
        return kind in self.kinds or ANY_KIND in self.kinds


class QuorumRule(MatrixPart):
    """How many must agree on exceptions of these kinds, above an amount where one is given."""

    kinds: tuple[str, ...] = Field(min_length=1)
    above: Money | None = None
    needs: Quorum

    def fits(self, kind: str, amount: Money | None) -> bool:
        """Tell whether the rule is about this exception; what cannot be compared counts as more."""
        if kind not in self.kinds and ANY_KIND not in self.kinds:
            return False
        if self.above is None:
            return True
        if amount is None:
            return False
        return amount.currency != self.above.currency or amount.amount > self.above.amount

    @model_validator(mode="after")
    def _counts_its_members(self) -> "QuorumRule":
        needs = self.needs
        if needs.kind == "any" and needs.needed != 1:
            raise ValueError("a quorum of any needs 1; use kind n")
        if needs.kind == "all" and len(set(needs.named)) != needs.needed:
            raise ValueError(f"a quorum of all needs each of `named`; set needed to {len(set(needs.named)) or 1}")
        if needs.kind != "all" and needs.named:
            raise ValueError("only a quorum of all names its members")
        return self


class Delegation(MatrixPart):
    """One person decides for another, with one of the other's roles, from a day to a day."""

    principal: str = Field(min_length=1)
    delegate: str = Field(min_length=1)
    role: str
    kinds: tuple[str, ...] = (ANY_KIND,)
    first_day: date
    last_day: date

    @model_validator(mode="after")
    def _makes_sense(self) -> "Delegation":
        if self.principal == self.delegate:
            raise ValueError("nobody needs a delegation for themselves; remove the entry")
        if self.last_day < self.first_day:
            raise ValueError("last_day is before first_day; swap them")
        return self


class Matrix(MatrixPart):
    """The whole matrix: roles by name, who decides without a known amount, quorums, delegations."""

    version: str = Field(min_length=1)
    calendar: str
    roles: Mapping[str, Role] = Field(min_length=1)
    unknown_amount: Mapping[str, str]
    quorum: tuple[QuorumRule, ...] = ()
    delegations: tuple[Delegation, ...] = ()

    @property
    def top_level(self) -> int:
        """Give the highest level there is."""
        return max(role.level for role in self.roles.values())

    def by_level(self, kind: str) -> list[tuple[str, Role]]:
        """Give the roles that decide this kind, the lowest level first."""
        fitting = [(name, role) for name, role in self.roles.items() if role.decides(kind)]
        return sorted(fitting, key=lambda entry: (entry[1].level, entry[0]))

    @model_validator(mode="after")
    def _levels_rise(self) -> "Matrix":
        top = [name for name, role in self.roles.items() if role.level == self.top_level]
        for name in top:
            if ANY_KIND not in self.roles[name].kinds:
                raise ValueError(f'roles.{name}.kinds: the highest level must decide every kind; write ["*"]')
        for name, role in self.roles.items():
            if role.escalates_to is None:
                if role.level < self.top_level:
                    raise ValueError(f"roles.{name}.escalates_to: missing below the highest level; name one of {top}")
                continue
            above = self._known(role.escalates_to, f"roles.{name}.escalates_to")
            if above.level <= role.level:
                raise ValueError(f"roles.{name}.escalates_to: {role.escalates_to} is not on a higher level")
            if not all(above.decides(kind) for kind in role.kinds):
                raise ValueError(f"roles.{name}.escalates_to: {role.escalates_to} does not decide all of its kinds")
            if above.limit and (role.limit is None or _less(above.limit, role.limit)):
                raise ValueError(f"roles.{role.escalates_to}.limit: must not be below the limit of {name}")
        return self

    @model_validator(mode="after")
    def _refers_to_roles(self) -> "Matrix":
        if ANY_KIND not in self.unknown_amount:
            raise ValueError(f'unknown_amount: has no "{ANY_KIND}"; say who decides the kinds not listed')
        for kind, name in self.unknown_amount.items():
            role = self._known(name, f"unknown_amount.{kind}")
            if not role.decides(kind):
                raise ValueError(f"unknown_amount.{kind}: {name} does not decide this kind")
        for number, delegation in enumerate(self.delegations):
            self._known(delegation.role, f"delegations.{number}.role")
        return self

    def _known(self, name: str, where: str) -> Role:
        if name not in self.roles:
            raise ValueError(f"{where}: there is no role {name}; use one of {', '.join(self.roles)}")
        return self.roles[name]


def _less(one: Money, other: Money) -> bool:
    return one.currency == other.currency and one.amount < other.amount
