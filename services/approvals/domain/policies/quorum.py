"""How many must agree: the rule that fits, whose voices it counts, and when it can no longer be met."""

from collections.abc import Collection

from services.approvals.domain.policies.matrix import Matrix
from services.approvals.domain.policies.matrix_parts import QuorumRule
from shared.contracts.values import Money, Quorum


def quorum(
    matrix: Matrix,
    kind: str,
    amount: Money | None,
    *,
    clause: str | None = None,
    role: str | None = None,
    proposed_by: str | None = None,
) -> Quorum:
    """Give how many must agree on the level of `role`: the first quorum rule that fits, else a single voice.

    A share is one of those eligible without the proposer, who may not decide; it is rounded up.
    """
    rule = next((rule for rule in matrix.quorum if rule.fits(kind, clause, amount, role)), None)
    return Quorum() if rule is None else _counted(matrix, rule, proposed_by)


def share(percent: int, people: int) -> int:
    """Give how many of so many people make a share, rounded up, at least one."""
    return max(1, -(-percent * people // 100))


def out_of_reach(asked: Quorum, agreed: int, heard: Collection[str]) -> bool:
    """Tell whether a quorum cannot be met any more after somebody disagreed.

    `agreed` voices are for it; nobody in `heard` can speak again. A quorum of `any` or `all`, or of `n` without names,
    fails with the first no: nobody could say how many others are left.
    """
    if asked.kind != "n" or not asked.named:
        return True
    return agreed + len(set(asked.named) - set(heard)) < asked.needed


def _counted(matrix: Matrix, rule: QuorumRule, proposed_by: str | None) -> Quorum:
    needs, eligible = rule.needs, matrix.eligible(rule)
    match needs.kind:
        case "percent":
            others = tuple(name for name in eligible if name != proposed_by) or eligible
            assert needs.percent is not None
            return Quorum(kind="n", needed=share(needs.percent, len(others)), named=others, percent=needs.percent)
        case "all":
            return Quorum(kind="all", needed=len(eligible), named=eligible)
        case "n":
            return Quorum(kind="n", needed=needs.needed, named=eligible)
        case _:
            return Quorum()
