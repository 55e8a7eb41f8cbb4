"""The authority matrix and its calendar, from the policy directory into rules."""

from pathlib import Path

from services.approvals.domain.policies.authority import AuthorityRules
from services.approvals.domain.policies.matrix import Matrix
from shared.runtime.policy_files import read_calendar, read_policy


def load_authority(policy_dir: Path) -> AuthorityRules:
    """Load `authority/matrix.yaml` and the calendar it names; raises MalformedInput for what does not fit."""
    matrix = read_policy(policy_dir / "authority" / "matrix.yaml", Matrix)
    return AuthorityRules(matrix, read_calendar(policy_dir / matrix.calendar))
