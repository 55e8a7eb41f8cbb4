"""Checks a reply before it leaves: what a good refusal says is there, and nothing that it must not say."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.triage.domain.policies.reply_check_language import UNKNOWN, Detect, spoken_in, words_for
from services.triage.domain.policies.reply_check_promises import Amounts, Backed, unbacked
from services.triage.domain.policies.reply_check_rules import (
    CheckRules,
    MustHavesFile,
    RuleName,
    Severity,
    Words,
    compiled,
)
from services.triage.domain.policies.reply_parts import Act, Taken, content, says, stretches, take_apart
from services.triage.domain.policies.wording import Form
from shared.contracts.values import Alternative

NOTHING = MustHavesFile()
REFUSAL = "refusal"
LEAST_LIMIT = 1
FORBIDDEN: tuple[tuple[RuleName, str], ...] = (
    ("no_blame", "blames"),
    ("no_argument", "argues"),
    ("no_dismissal", "dismisses"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with the characters [start, end) of a reply, by which rule, and the better wording."""

    rule: RuleName
    severity: Severity
    start: int
    end: int
    problem: str
    better: str


@dataclass(frozen=True, slots=True)
class Context:
    """What is known about the reply. What was refused may be given: then the reply must say it.

    `language` is the customer's; None: the reply's own. `refusing` None: as the text itself says. `backings` None:
    not known; `all_backings` False: there may be others. `purpose` chooses the must-haves; `names` are the customer's.
    """

    form: Form = "chat"
    language: str | None = None
    refusing: bool | None = None
    limit: str = ""
    reason: str = ""
    alternatives: tuple[Alternative, ...] = ()
    appeal: str = ""
    backings: tuple[Backed, ...] | None = None
    all_backings: bool = True
    purpose: str = "reply"
    names: tuple[str, ...] = ()
    must_haves: MustHavesFile = NOTHING


@dataclass(frozen=True, slots=True)
class Checker:
    """The reply check with what it goes by; `detect` tells a text's language, `amounts` finds money."""

    rules: CheckRules
    detect: Detect
    amounts: Amounts

    def check(self, text: str, context: Context) -> list[Finding]:
        """Give what is wrong with a reply, in the order of the text; empty for a good one. Under 2 ms."""
        return check(text, context, self)


def check(text: str, context: Context, checker: Checker) -> list[Finding]:
    """Check a reply against the rules; see Checker.check."""
    spoken = spoken_in(text, context.language, checker.rules, checker.detect)
    judge = _Judge(text, context, checker, words_for(spoken, text, context.language, checker.rules))
    return sorted(judge.findings(spoken), key=lambda found: (found.start, found.end, found.rule))


def refuses(text: str, checker: Checker) -> bool:
    """Tell whether a reply refuses something, by its own words."""
    spoken = spoken_in(text, None, checker.rules, checker.detect)
    return bool(_Judge(text, Context(), checker, words_for(spoken, text, None, checker.rules)).refused)


class _Judge:
    """One reply under check."""

    def __init__(self, text: str, context: Context, checker: Checker, words: Words) -> None:
        self.text, self.context, self.checker, self.words = text, context, checker, words
        self.taken: Taken = take_apart(text, words.phrasing)
        self.refused = self._standing("refuses", but="softens")
        self.offered = self._standing("offers", but="idles")
        self.appeals = self._standing("appeals", but="dismisses")

    def findings(self, spoken: str) -> Iterator[Finding]:
        context = self.context
        if context.language and spoken not in (UNKNOWN, context.language):
            yield self._found("language_match", 0, len(self.text))
        yield from self._form()
        yield from self._forbidden()
        yield from self._promises()
        if self._refuses():
            yield from self._refusal()
        yield from self._must_haves()

    def _standing(self, does: str, *, but: str) -> list[Act]:
        """Give the acts of one sort that no overlapping act of another undoes."""
        return [
            act
            for act in self.taken.of(does)
            if not any(a.start <= act.end and act.start <= a.end for a in self.taken.within(act.sentence, but))
        ]

    def _refuses(self) -> bool:
        return bool(self.refused) if self.context.refusing is None else self.context.refusing

    def _refusal(self) -> Iterator[Finding]:
        """A refusal acknowledges before it refuses, says what and why, offers something else, and names the appeal."""
        taken, context = self.taken, self.context
        start, end = self._where()
        opened = taken.of("acknowledges")
        at = self.refused[0].start if self.refused else end
        if not any(act.start <= at for act in opened):
            first = taken.sentences[0] if taken.sentences else (0, len(self.text))
            yield self._found("acknowledge_first", *first)
        if not self._says(context.limit) and not self._limit():
            yield self._found("limit_named", start, end, context.limit)
        if not self._says(context.reason) and not taken.of("reasons"):
            yield self._found("reason_named", start, end, context.reason)
        offered = [a for a in context.alternatives if self._says(a.offer)]
        last = taken.sentences[-1] if taken.sentences else (start, end)
        if not offered and not self.offered:
            better = "; ".join(f"{a.offer}: {a.benefit}" for a in context.alternatives[:1])
            yield self._found("alternative_offered", *last, better)
        elif not any(self._says(a.benefit) for a in offered) and not taken.of("benefits"):
            yield self._found("benefit_named", *self._span(self.offered, last), offered[0].benefit if offered else "")
        if not self._says(context.appeal) and not self.appeals:
            yield self._found("appeal_told", *last, context.appeal)

    def _limit(self) -> bool:
        """A limit that names nothing ("that is not possible") tells the customer nothing."""
        said: set[str] = set()
        for act in self.refused:
            start, end = self.taken.sentences[act.sentence]
            because = (why.start for why in self.taken.within(act.sentence, "reasons") if why.start > act.end)
            said |= content(self.text[start : min(because, default=end)], self.words.empty)
        return len(said) >= LEAST_LIMIT

    def _forbidden(self) -> Iterator[Finding]:
        for rule, does in FORBIDDEN:
            standing = self._standing(does, but="softens")
            yield from (self._found(rule, start, end) for start, end in stretches(standing))
        if self.context.must_haves.no_admission:
            yield from (self._found("no_admission", start, end) for start, end in stretches(self.taken.of("admits")))

    def _promises(self) -> Iterator[Finding]:
        backings = self.context.backings
        sure = backings is not None and self.context.all_backings
        for one in unbacked(self.taken, self.words, backings or (), self.checker.amounts):
            severity = self.checker.rules.severity("promise_backed", self.context.form) if sure else "warning"
            told = one.what if sure else "make sure that a clause or a decision backs this"
            yield self._found("promise_backed", one.start, one.end, problem=told, severity=severity)

    def _form(self) -> Iterator[Finding]:
        rules, form = self.checker.rules, self.context.form
        longest = rules.written.longest.get(form)
        if longest is not None and len(self.text) > longest:
            told = f"{len(self.text)} characters; {longest} are the most here"
            yield self._found("channel_limit", longest, len(self.text), problem=told)
        for pattern in rules.placeholders:
            yield from (self._found("no_placeholder", m.start(), m.end()) for m in pattern.finditer(self.text))
        if form == "review":
            for name, pattern in rules.public:
                for match in pattern.finditer(self.text):
                    yield self._found("public_data", match.start(), match.end(), problem=f"{name} in a public text")
            for name in self.context.names:
                at = self.text.casefold().find(name.casefold()) if name.strip() else -1
                if at >= 0:
                    yield self._found("public_data", at, at + len(name), problem="the customer's name in a public text")

    def _must_haves(self) -> Iterator[Finding]:
        purposes = {self.context.purpose, *([REFUSAL] if self._refuses() else [])}
        language = self.words.written.language
        for wanted in self.context.must_haves.must_haves:
            if not purposes & set(wanted.purposes) or (wanted.forms and self.context.form not in wanted.forms):
                continue
            phrases = wanted.says.get(language)
            if phrases is not None and not _matches(self.text, phrases):
                last = self.taken.sentences[-1] if self.taken.sentences else (0, len(self.text))
                told = f"{wanted.problem} ({wanted.source})"
                better = wanted.better.get(language) or next(iter(wanted.better.values()))
                yield self._found("must_have", *last, better, problem=told)

    def _says(self, wanted: str) -> bool:
        return says(self.text, wanted, self.words.empty)

    def _where(self) -> tuple[int, int]:
        if self.refused:
            return self.taken.sentences[self.refused[0].sentence]
        return 0, len(self.text)

    def _span(self, acts: list[Act], otherwise: tuple[int, int]) -> tuple[int, int]:
        return self.taken.sentences[acts[0].sentence] if acts else otherwise

    def _found(
        self,
        rule: RuleName,
        start: int,
        end: int,
        better: str = "",
        *,
        problem: str = "",
        severity: Severity | None = None,
    ) -> Finding:
        rules, form = self.checker.rules, self.context.form
        weight = severity or rules.severity(rule, form)
        told = problem or rules.written.rules[rule].problem
        return Finding(rule, weight, start, end, told, better or self.words.written.better[rule])


def _matches(text: str, phrases: tuple[str, ...]) -> bool:
    """Tell whether one of the phrases is said."""
    return bool(take_apart(text, compiled(phrases)).acts)
