"""The rules of assessment as their owner writes them, and compiled for use."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.triage.domain.policies.dates import DateWords
from services.triage.domain.policies.phrases import PhraseBook, compile_book, parse_phrase, plain
from services.triage.domain.policies.time_words import Lexicon, TimeWords, compile_times

Group = Literal["kind", "remedy", "urgency", "tone", "answer", "topic", "claim"]
ANSWERS = ("appeal", "settled", "unsettled")
URGENCIES = ("low", "normal", "high", "critical")


class Written(BaseModel):
    """Something that a policy owner writes: a field that we do not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PhraseRule(Written):
    """What a phrase stands for; `weight` is how sure it makes us, `negatable` that a "not" before it undoes it.

    A `brief` rule counts half in texts of more than `brief_words` words, where a thing is often only mentioned.
    """

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    gives: str
    weight: float = Field(default=0.7, gt=0, le=1)
    phrases: tuple[str, ...] = Field(min_length=1)
    negatable: bool = True
    emergency: bool = False
    brief: bool = False


class Combination(Written):
    """A kind that follows from several findings together; every condition that is given must hold."""

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    kind: str
    weight: float = Field(default=0.7, gt=0, le=1)
    remedies: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    without_topics: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    without_kinds: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    tones: frozenset[str] = frozenset()
    urgencies: frozenset[str] = frozenset()
    days_over: int | None = None
    rating_upto: int | None = None


class Shouting(Written):
    """Capital letters over at least `share` of `letters` or more letters raise the tone to `tone`."""

    letters: int
    share: float
    tone: str


class Patterns(Written):
    """Regular expressions of lines that are not the customer's own words, and of order numbers."""

    quoted_line: str
    quoted_below: tuple[str, ...]
    signature: str
    quotation: str
    reported_by: tuple[str, ...]
    references: dict[str, str]
    orders: dict[str, str]


class Money(Written):
    """Signs (`$`) and words (`dollars`) of currencies, with their ISO 4217 codes."""

    signs: dict[str, str]
    words: dict[str, str]


class RequestWords(Written):
    """How a message is cut into requests.

    joiners: words that begin another request;  adders: those that say so by themselves;
    instead: words that name another way of settling the same one;  alternatives: those that begin such a sentence;
    belongs: remedies that are part of another one said in the same sentence (`refund: [cancellation]`);
    minor: remedies that are no request of their own beside others;  by_object: remedies that are told apart by what
    they are for;  turned_down: what the customer does to what is not wanted, after an `own` word
    """

    joiners: frozenset[str]
    adders: frozenset[str]
    instead: frozenset[str]
    alternatives: frozenset[str]
    belongs: dict[str, frozenset[str]]
    minor: frozenset[str]
    by_object: frozenset[str]
    object_stops: frozenset[str]
    turned_down: frozenset[str]
    own: frozenset[str]


class Outline(Written):
    """What holds for all rules: vocabularies in order of precedence, thresholds, marks of the text."""

    version: str
    kinds: tuple[str, ...]
    remedies: tuple[str, ...]
    tones: tuple[str, ...]
    weak_kinds: tuple[str, ...]
    firm_only_channels: frozenset[str]
    brief_words: int
    small_talk: str
    needs_person_below: float = Field(default=0.5, ge=0, le=1)
    threshold: float = Field(gt=0, lt=1)
    shouting: Shouting
    exclamations: dict[str, int]
    negations: tuple[str, ...]
    patterns: Patterns
    money: Money
    languages: tuple[str, ...]
    requests: RequestWords


class Rulebook(Written):
    """All rules as written: the outline, the word lists, the phrase rules by group, and the combinations."""

    outline: Outline
    dates: DateWords
    times: TimeWords
    lists: dict[str, tuple[str, ...]]
    rules: dict[Group, tuple[PhraseRule, ...]]
    combinations: tuple[Combination, ...]

    @model_validator(mode="after")
    def _vocabulary(self) -> Self:
        outline = self.outline
        known: dict[str, tuple[str, ...]] = {
            "kind": (*outline.kinds, outline.small_talk),
            "remedy": outline.remedies,
            "tone": outline.tones,
            "urgency": URGENCIES,
            "answer": ANSWERS,
        }
        seen: set[str] = set()
        for group, rules in self.rules.items():
            for rule in rules:
                if group in known and rule.gives not in known[group]:
                    raise ValueError(f"rule {rule.id}: `gives: {rule.gives}` is not one of {', '.join(known[group])}")
                if rule.id in seen:
                    raise ValueError(f"rule id {rule.id} is used twice; give one of them another id")
                seen.add(rule.id)
        for combination in self.combinations:
            if combination.kind not in outline.kinds:
                raise ValueError(f"combination {combination.id}: unknown kind {combination.kind}")
        return self


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a matched phrase says: `finding` as it is written into the evidence, such as `kind:policy_restriction`."""

    id: str
    group: Group
    gives: str
    finding: str
    weight: float
    negatable: bool
    emergency: bool
    brief: bool


@dataclass(frozen=True, slots=True)
class AssessmentRules:
    """The rulebook compiled: what `judge` needs to read a message."""

    outline: Outline
    dates: DateWords
    times: Lexicon
    judgements: tuple[Judgement, ...]
    book: PhraseBook
    combinations: tuple[Combination, ...]
    negations: frozenset[str]
    quoted_line: re.Pattern[str]
    quoted_below: re.Pattern[str]
    signature: re.Pattern[str]
    quotation: re.Pattern[str]
    reported_by: re.Pattern[str]
    references: tuple[tuple[str, str, re.Pattern[str]], ...]
    amounts: re.Pattern[str]
    currencies: Mapping[str, str]


_NUMBER = r"(?P<n{0}>\d{{1,3}}(?:[,.'  ]\d{{3}})+(?:[.,]\d{{1,2}})?|\d{{1,9}}(?:[.,]\d{{1,2}})?)(?!\d|[.,]\d)"


def compile_rules(rulebook: Rulebook) -> AssessmentRules:
    """Compile a rulebook; raises ValueError that names the rule, what is wrong with it, and the fix."""
    judgements: list[Judgement] = []
    patterns = []
    for group, rules in rulebook.rules.items():
        for rule in rules:
            for phrase in rule.phrases:
                try:
                    patterns.extend(parse_phrase(phrase, rulebook.lists, len(judgements)))
                except ValueError as error:
                    raise ValueError(f"rule {rule.id}: {error}") from error
            finding = f"{group}:{rule.gives}"
            judgements.append(
                Judgement(rule.id, group, rule.gives, finding, rule.weight, rule.negatable, rule.emergency, rule.brief)
            )
    outline = rulebook.outline
    signs = "|".join(re.escape(sign) for sign in sorted(outline.money.signs, key=len, reverse=True))
    names = "|".join(re.escape(word) for word in sorted(outline.money.words, key=len, reverse=True))
    amounts = (
        rf"(?P<sign>{signs})\s?{_NUMBER.format(1)}"
        rf"|(?<![\w.,]){_NUMBER.format(2)}\s?(?:(?P<after>{signs})|(?P<word>{names})\b)"
        rf"|\b(?P<code>{names})\s?{_NUMBER.format(3)}"
    )
    return AssessmentRules(
        outline=outline,
        dates=rulebook.dates,
        times=compile_times(rulebook.times, rulebook.dates),
        judgements=tuple(judgements),
        book=compile_book(patterns),
        combinations=rulebook.combinations,
        negations=frozenset(plain(word) for word in outline.negations),
        quoted_line=re.compile(outline.patterns.quoted_line),
        quoted_below=re.compile("|".join(outline.patterns.quoted_below), re.IGNORECASE | re.MULTILINE),
        signature=re.compile(outline.patterns.signature, re.MULTILINE),
        quotation=re.compile(outline.patterns.quotation),
        reported_by=re.compile(rf"(?:{'|'.join(outline.patterns.reported_by)})\W{{0,3}}$", re.IGNORECASE),
        references=(
            *((kind, kind, re.compile(pattern)) for kind, pattern in outline.patterns.references.items()),
            *(("order", f"order-{name}", re.compile(pattern)) for name, pattern in outline.patterns.orders.items()),
        ),
        amounts=re.compile(amounts, re.IGNORECASE),
        currencies={k.lower(): v for k, v in {**outline.money.signs, **outline.money.words}.items()},
    )
