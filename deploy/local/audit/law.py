"""The rules at hand that decisions are judged by, from a policy directory."""

from pathlib import Path

from deploy.local.audit.judging import Law
from services.approvals.adapters.policy_files import load_authority
from services.intake.domain.policies.conduct_rules import ConductRules
from shared.runtime.policy_files import read_policy

MEASURES = Path("conduct") / "measures.yaml"


def law_of(policy_dir: Path) -> Law:
    """Read the authority matrix and the rules on conduct; MalformedInput names what does not fit."""
    return Law(load_authority(policy_dir), read_policy(policy_dir / MEASURES, ConductRules))
