"""The cadence and its calendar, from the policy directory into rules."""

from pathlib import Path

from services.followup.domain.policies.cadence import Cadence, FollowupRules
from shared.runtime.policy_files import read_calendar, read_policy


def load_cadence(policy_dir: Path) -> FollowupRules:
    """Load `cadence/default.yaml` and the calendar it names; raises MalformedInput for what does not fit."""
    cadence = read_policy(policy_dir / "cadence" / "default.yaml", Cadence)
    return FollowupRules(cadence, read_calendar(policy_dir / cadence.calendar))
