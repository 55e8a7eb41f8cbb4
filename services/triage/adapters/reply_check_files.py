"""Loads what replies are checked by, and which cases are regulated, from the policy directory."""

import re
from functools import partial
from pathlib import Path

from services.triage.adapters.language import make_detect
from services.triage.adapters.policy_files import load_assessment
from services.triage.domain.policies.facts import Stated, amounts
from services.triage.domain.policies.regulation import RegulatedFile
from services.triage.domain.policies.reply_check import Checker
from services.triage.domain.policies.reply_check_language import Detect
from services.triage.domain.policies.reply_check_promises import Amounts
from services.triage.domain.policies.reply_check_rules import (
    CheckFile,
    CheckRules,
    WordsFile,
    compile_check,
)
from services.triage.domain.policies.rulebook import AssessmentRules
from shared.kernel.errors import MalformedInput
from shared.runtime.policy_files import read_policy

HOME = "reply_check"
RULES = "rules.yaml"
REGULATED = "regulated.yaml"
LANGUAGE_FILE = re.compile(r"^[a-z]{2}\.yaml$")


def load_check_rules(policy_dir: Path) -> CheckRules:
    """Load and compile `reply_check/`; raises MalformedInput that names the file, what is wrong, and the fix."""
    home = policy_dir / HOME
    file = read_policy(home / RULES, CheckFile)
    languages = {
        path.stem: read_policy(path, WordsFile)
        for path in sorted(home.iterdir())
        if LANGUAGE_FILE.match(path.name)
    }  # fmt: skip
    if "en" not in languages:
        raise MalformedInput("is missing", field=str(home / "en.yaml"), fix="English stands in for other languages")
    try:
        return compile_check(file, languages)
    except (ValueError, re.error) as error:
        raise MalformedInput(str(error), field=str(home), fix="correct the phrase") from error


def load_regulated(policy_dir: Path) -> RegulatedFile:
    """Load `regulated.yaml`; without it no case is regulated."""
    path = policy_dir / REGULATED
    return read_policy(path, RegulatedFile) if path.exists() else RegulatedFile(version="none")


def checker_from(policy_dir: Path, assessment: AssessmentRules, detect: Detect) -> Checker:
    """Make the reply check, with the language detector and the amounts of assessment."""
    find: Amounts = partial(_amounts, rules=assessment)
    return Checker(load_check_rules(policy_dir), detect, find)


def load_checker(policy_dir: Path) -> Checker:
    """Make the reply check from nothing but a policy directory, as offline tools need it; takes about a second."""
    assessment = load_assessment(policy_dir)
    return checker_from(policy_dir, assessment, make_detect(assessment.outline.languages))


def _amounts(text: str, rules: AssessmentRules) -> list[Stated]:
    return amounts(text, [(0, len(text))], rules)
