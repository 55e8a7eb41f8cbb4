"""What casebook reads from the policy directory: teams, and from when on a clause should be reconsidered."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from services.casebook.queries.insights import Threshold
from shared.runtime.policy_files import read_policy


class TeamsFile(BaseModel):
    """teams.yaml: the team of each person."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    agents: dict[str, str]


class InsightsFile(BaseModel):
    """insights.yaml: how many decisions, and which share of them granted, speak for a change of the clause."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    decisions: int = Field(ge=1)
    share: float = Field(ge=0, le=1)


@dataclass(frozen=True, slots=True)
class Learning:
    """By what insights are counted."""

    teams: Mapping[str, str]
    threshold: Threshold


def read_learning(policy_dir: Path) -> Learning:
    """Read both files; raises MalformedInput that names the file, the field and the fix."""
    rule = read_policy(policy_dir / "insights.yaml", InsightsFile)
    return Learning(read_policy(policy_dir / "teams.yaml", TeamsFile).agents, Threshold(rule.decisions, rule.share))
