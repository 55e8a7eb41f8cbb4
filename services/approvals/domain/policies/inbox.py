"""On whose behalf a person may decide on an exception, if on anybody's: what their inbox shows."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from services.approvals.domain.commands import Approve, Reject
from services.approvals.domain.policies.authority import AuthorityRules
from services.approvals.domain.policies.delegating import entries
from services.approvals.domain.policies.voice import may_speak
from services.approvals.domain.state import OpenOrDecided
from shared.contracts.approvals_delegations import DelegationGiven
from shared.contracts.values import Authority


class Person(NamedTuple):
    """Somebody who looks into their inbox: the roles of their token, and what was delegated to them."""

    name: str
    roles: tuple[str, ...]
    delegations: tuple[DelegationGiven, ...]
    now: datetime

    def principals(self, rules: AuthorityRules) -> tuple[str, ...]:
        """Give everybody who delegated something to the person, whether or not it is in force."""
        every = entries(rules, self.delegations)
        return tuple(dict.fromkeys(entry.principal for entry in every if entry.delegate == self.name))

    def reaches(self, required: str, rules: AuthorityRules) -> bool:
        """Tell whether any role, one's own or delegated, is of the required level; a first sieve, not the decision."""
        every = entries(rules, self.delegations)
        roles = {*self.roles, *(entry.role for entry in every if entry.delegate == self.name)}
        known = rules.matrix.roles
        if required not in known:
            return True
        return any(role in known and known[role].level >= known[required].level for role in roles)


class Way(NamedTuple):
    """One way to decide: in one's own name (None) or on somebody's behalf; without `may_approve` only to say no."""

    on_behalf_of: str | None
    may_approve: bool


def speaks_for(
    person: Person, waiting: OpenOrDecided, rules: AuthorityRules, limit_stated_by: Iterable[str]
) -> list[Way]:
    """Give the ways in which a person may decide on a waiting exception; empty when it is none of theirs."""
    stated_by, requested = frozenset(limit_stated_by), waiting.requested
    ways: list[Way] = []
    for principal in (None, *person.principals(rules)):
        said = (requested.case_id, person.now, person.name, person.roles, requested.exception_id, "looks")
        no = Reject(*said, principal, delegations=person.delegations)
        if not isinstance(may_speak(no, waiting, rules, stated_by), Authority):
            continue
        # Where nobody named an amount yet, whoever approves names it.
        yes = Approve(*said, principal, delegations=person.delegations)
        unknown = requested.amount is None and not waiting.voices
        ways.append(Way(principal, unknown or isinstance(may_speak(yes, waiting, rules, stated_by), Authority)))
    return ways
