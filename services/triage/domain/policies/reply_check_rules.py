"""What the reply check goes by, as its owner writes it: rules with severities, and words by language."""

import re
from dataclasses import dataclass
from functools import cache
from re import Pattern
from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from services.triage.domain.policies.pack import Texts, Written
from services.triage.domain.policies.phrases import plain
from services.triage.domain.policies.reply_parts import Phrasing, compile_phrases
from services.triage.domain.policies.wording import Form

Severity = Literal["error", "warning"]
RuleName = Literal[
    "acknowledge_first",
    "limit_named",
    "reason_named",
    "alternative_offered",
    "benefit_named",
    "appeal_told",
    "promise_backed",
    "no_blame",
    "no_argument",
    "no_dismissal",
    "no_admission",
    "must_have",
    "channel_limit",
    "public_data",
    "language_match",
    "no_placeholder",
]
ActName = Literal[
    "acknowledges",
    "refuses",
    "softens",
    "reasons",
    "offers",
    "idles",
    "benefits",
    "appeals",
    "commits",
    "assures",
    "blames",
    "argues",
    "dismisses",
    "admits",
]
Unit = Literal["hour", "day", "working_day", "week", "month"]


class RuleRow(Written):
    """How much a finding weighs, by form where it differs, and what the writer is told."""

    severity: Severity
    by_form: dict[Form, Severity] = Field(default_factory=dict)
    problem: str = Field(min_length=1)


class CheckFile(Written):
    """`reply_check/rules.yaml`: what holds in every language. `public` are patterns of what no public text may say."""

    version: str
    rules: dict[RuleName, RuleRow]
    longest: dict[Form, int]
    public: dict[str, str]
    placeholders: tuple[str, ...]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = sorted(set(get_args(RuleName)) - self.rules.keys())
        if missing:
            raise ValueError(f"rules missing: {', '.join(missing)}")
        for pattern in (*self.public.values(), *self.placeholders):
            re.compile(pattern)
        return self


class WordsFile(Written):
    """`reply_check/<language>.yaml`: by which phrases an act is known, and the better wording for each rule.

    `deeds` are what may be promised; `softens` undoes a refusal, `idles` an offer (if there is anything else); `empty`
    words name no limit.
    """

    language: str = Field(pattern=r"^[a-z]{2}$")
    lists: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    acts: dict[ActName, tuple[str, ...]]
    deeds: dict[str, tuple[str, ...]]
    numbers: dict[str, int]
    units: dict[Unit, tuple[str, ...]]
    working: tuple[str, ...]
    up_to: tuple[str, ...]
    empty: tuple[str, ...]
    better: dict[RuleName, str]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for name, given, wanted in (
            ("acts", set(self.acts), set(get_args(ActName))),
            ("units", set(self.units), set(get_args(Unit)) - {"working_day"}),
            ("better", set(self.better), set(get_args(RuleName))),
        ):
            if missing := sorted(wanted - given):
                raise ValueError(f"{name} missing: {', '.join(missing)}")
        return self


class MustHave(Written):
    """What a reply of some purpose must say by law or contract: one of the phrases, by language.

    `purposes` are such as refusal, final_response, holding_response, statement_of_reasons; `forms` all where not said.
    """

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    source: str
    purposes: tuple[str, ...] = Field(min_length=1)
    forms: tuple[Form, ...] = ()
    problem: str = Field(min_length=1)
    says: dict[str, tuple[str, ...]] = Field(min_length=1)
    better: Texts = Field(min_length=1)

    @model_validator(mode="after")
    def _phrases_fit(self) -> Self:
        for phrases in self.says.values():
            compiled(phrases)
        return self


class MustHavesFile(Written):
    """`must_haves.yaml` of a pack. With `no_admission`, replies admit no legal fault."""

    no_admission: bool = False
    must_haves: tuple[MustHave, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """One language, compiled."""

    written: WordsFile
    phrasing: Phrasing
    empty: frozenset[str]
    times: Pattern[str]
    numbers: dict[str, int]


@dataclass(frozen=True, slots=True)
class CheckRules:
    """All that the reply check goes by; `public` and `placeholders` compiled."""

    written: CheckFile
    languages: dict[str, Words]
    public: tuple[tuple[str, Pattern[str]], ...]
    placeholders: tuple[Pattern[str], ...]

    def severity(self, rule: RuleName, form: Form) -> Severity:
        """Give how much a finding weighs in a form."""
        row = self.written.rules[rule]
        return row.by_form.get(form, row.severity)


@cache
def compiled(phrases: tuple[str, ...]) -> Phrasing:
    """Compile phrases that say one thing; raises ValueError naming what is wrong."""
    return compile_phrases({"says": phrases}, {})


def compile_words(file: WordsFile) -> Words:
    """Compile one language; raises ValueError saying what is wrong with a phrase."""
    phrases: dict[str, tuple[str, ...]] = {
        **{str(act): phrases for act, phrases in file.acts.items()},
        **{f"deed:{name}": phrases for name, phrases in file.deeds.items()},
    }
    units = "|".join(sorted((unit for names in file.units.values() for unit in names), key=len, reverse=True))
    number = "|".join([r"\d{1,3}", *sorted(file.numbers, key=len, reverse=True)])
    working = "|".join(file.working)
    up_to = "|".join(file.up_to)
    times = re.compile(
        rf"(?i)\b(?P<least>{number})\s*(?:(?:{up_to})\s*(?P<most>{number})\s*)?"
        rf"(?P<before>(?:{working})\s+)?(?P<unit>{units})\b(?P<after>\s+(?:{working})\b)?"
    )
    numbers = {plain(word): number for word, number in file.numbers.items()}
    return Words(file, compile_phrases(phrases, file.lists), frozenset(map(plain, file.empty)), times, numbers)


def compile_check(file: CheckFile, languages: dict[str, WordsFile]) -> CheckRules:
    """Compile the rules; raises ValueError naming the language and what is wrong."""
    compiled = {}
    for language, words in languages.items():
        try:
            compiled[language] = compile_words(words)
        except ValueError as error:
            raise ValueError(f"{language}: {error}") from error
    return CheckRules(
        file,
        compiled,
        tuple((name, re.compile(pattern)) for name, pattern in file.public.items()),
        tuple(re.compile(pattern) for pattern in file.placeholders),
    )
