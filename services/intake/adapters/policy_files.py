"""Reply wording, answer times and their calendar, from the policy directory into rules."""

import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.intake.domain.policies.acknowledgement import Answering, IntakeRules
from services.intake.domain.policies.conduct_rules import ConductRules
from services.intake.domain.policies.dispute_rules import DisputeRules
from services.intake.domain.policies.retention import RetentionRules
from services.intake.domain.policies.surge import SurgeRules
from services.intake.domain.policies.vulnerability_rules import VulnerabilityRules
from services.intake.domain.policies.wording import FALLBACK, LanguageFile, Replies
from shared.kernel.errors import MalformedInput
from shared.runtime.policy_files import read_calendar, read_policy

LANGUAGE_FILE = re.compile(r"^[a-z]{2}\.yaml$")


def load_rules(policy_dir: Path, styles: dict[str, str]) -> IntakeRules:
    """Load `replies/*.yaml` with its calendar, `surge.yaml`, and the rules about customers.

    Raises MalformedInput naming the file, the field and the fix for what does not fit.
    """
    folder = policy_dir / "replies"
    answering = read_policy(folder / "answering.yaml", Answering)
    replies, calendar = _replies(folder), read_calendar(policy_dir / answering.calendar)
    surge = read_policy(policy_dir / "surge.yaml", SurgeRules)
    conduct = read_policy(policy_dir / "conduct" / "measures.yaml", ConductRules)
    vulnerability = read_policy(policy_dir / "vulnerability.yaml", VulnerabilityRules)
    disputes = read_policy(policy_dir / "disputes.yaml", DisputeRules)
    retention = _retention(policy_dir)
    return IntakeRules(replies, answering, calendar, surge, conduct, vulnerability, disputes, retention, styles)


class Business(BaseModel):
    """What `regimes/default.yaml` says the business is; which clocks run by it is another service's matter."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    business: dict[str, str]


def _retention(policy_dir: Path) -> RetentionRules:
    rules = read_policy(policy_dir / "retention.yaml", RetentionRules)
    business: dict[str, Any] = {"business": read_policy(policy_dir / "regimes" / "default.yaml", Business).business}
    return rules.model_copy(update=business)


def _replies(folder: Path) -> Replies:
    languages: dict[str, LanguageFile] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if LANGUAGE_FILE.match(path.name):
            read = read_policy(path, LanguageFile)
            if read.language != path.stem:
                raise MalformedInput(f"says {read.language!r}", field=f"{path}: language", fix="name the file after it")
            languages[read.language] = read
    if FALLBACK not in languages:
        raise MalformedInput("is missing", field=str(folder / f"{FALLBACK}.yaml"), fix="English is the fallback")
    return Replies(languages)
