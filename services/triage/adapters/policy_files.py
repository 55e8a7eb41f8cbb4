"""Loads the rules of assessment and the working calendar from a policy directory."""

import re
from pathlib import Path

from pydantic import RootModel, ValidationError

from services.triage.domain.policies.dates import DateWords
from services.triage.domain.policies.rulebook import (
    AssessmentRules,
    Combination,
    Group,
    Outline,
    PhraseRule,
    Rulebook,
    compile_rules,
)
from services.triage.domain.policies.time_words import TimeWords
from shared.kernel.errors import MalformedInput
from shared.runtime.policy_files import read_policy

FILES: dict[Group, str] = {
    "kind": "kinds.yaml",
    "remedy": "remedies.yaml",
    "urgency": "urgency.yaml",
    "tone": "tone.yaml",
    "answer": "answers.yaml",
    "topic": "topics.yaml",
    "claim": "claims.yaml",
}


class WordLists(RootModel[dict[str, tuple[str, ...]]]):
    """words.yaml: lists that phrases name."""


class PhraseRules(RootModel[tuple[PhraseRule, ...]]):
    """A file of phrase rules."""


class Combinations(RootModel[tuple[Combination, ...]]):
    """combinations.yaml: kinds that follow from several findings."""


def load_assessment(policy_dir: Path) -> AssessmentRules:
    """Load and compile `assessment/`; raises MalformedInput that names the file, what is wrong, and the fix."""
    home = policy_dir / "assessment"
    try:
        rulebook = Rulebook(
            outline=read_policy(home / "outline.yaml", Outline),
            dates=read_policy(home / "dates.yaml", DateWords),
            times=read_policy(home / "times.yaml", TimeWords),
            lists=read_policy(home / "words.yaml", WordLists).root,
            rules={group: read_policy(home / name, PhraseRules).root for group, name in FILES.items()},
            combinations=read_policy(home / "combinations.yaml", Combinations).root,
        )
        return compile_rules(rulebook)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise MalformedInput(problem, field=str(home), fix="correct the rule") from error
    except (ValueError, re.error) as error:
        raise MalformedInput(str(error), field=str(home), fix="correct the rule") from error
