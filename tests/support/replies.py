"""The shipped reply check, and packs to say everything of."""

from functools import cache
from typing import Any

from services.triage.adapters.policy_pack import PolicyPack
from services.triage.adapters.reply_check_files import checker_from
from services.triage.domain.policies.reply_check import Checker, Context, Finding
from tests.support.triage import POLICIES, assessment_rules, detect


@cache
def checker() -> Checker:
    """Give the shipped reply check."""
    return checker_from(POLICIES, assessment_rules(), detect())


@cache
def pack(name: str) -> PolicyPack:
    """Give a shipped pack."""
    return PolicyPack(POLICIES / name)


def found(text: str, **context: Any) -> list[Finding]:
    """Check a text."""
    return checker().check(text, Context(**context))


def rules(text: str, **context: Any) -> set[str]:
    """Give the names of the rules that a text breaks."""
    return {finding.rule for finding in found(text, **context)}
