"""Cuts a message into the single requests that it holds, each with its own kind, remedy and facts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from services.triage.domain.policies.findings import (
    Circumstances,
    Match,
    best_remedy,
    combine,
    confidence_of,
    findings_of,
    kinds_of,
)
from services.triage.domain.policies.phrases import QUESTION, Word, sentences_of
from services.triage.domain.policies.rulebook import AssessmentRules
from services.triage.domain.policies.time_words import BREAKS, pauses

INFORMATION = "information"
OBJECT_WORDS = 5
ADDED = 3
TURNED_DOWN = 5


@dataclass(slots=True)
class Part:
    """A stretch of words [first, last] that asks for one thing: the matches in it and what the asking is for."""

    first: int
    last: int
    remedy: str | None
    matches: list[Match] = field(default_factory=list)
    objects: frozenset[str] = frozenset()
    orders: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Request:
    """One request: the words [first, last], its kinds (the leading one first), remedy, and how sure we are."""

    first: int
    last: int
    kinds: tuple[str, ...]
    remedy: str | None
    confidence: float


def requests_in(
    words: list[Word],
    found: list[Match],
    breaks: Iterable[int],
    named: Sequence[tuple[int, str]],
    given: Circumstances,
    rules: AssessmentRules,
) -> tuple[Request, ...]:
    """Give the requests of a message in the order said; empty where it holds no more than one.

    `breaks` are the words that begin a new line, `named` the orders that are named, with their places in the text.
    """
    found = [m for m in found if not (m.rule.group == "remedy" and _turned_down(words, m, rules))]
    asked = [m for m in found if m.rule.group == "remedy"]
    firm = [m for m in found if m.rule.group == "kind" and m.rule.gives not in rules.outline.weak_kinds]
    questions = any(m.rule.gives == INFORMATION for m in found)
    if len({m.rule.gives for m in asked}) + len({m.rule.gives for m in firm}) + questions < 2 and len(asked) < 2:
        return ()
    sentences = sentences_of(words, breaks)
    if len(sentences) == 1 and len(asked) < 2:
        return ()
    parts: list[Part] = []
    for first, last in sentences:
        parts += _parts(words, [m for m in found if first <= m.first <= last], (first, last), rules)
    for part in parts:
        start, end = words[part.first].start, words[part.last].end
        part.orders = frozenset(value for at, value in named if start <= at < end)
    return tuple(_merged(_settle(parts, words, rules), words, given, rules))


def _turned_down(words: list[Word], match: Match, rules: AssessmentRules) -> bool:
    """Tell whether the customer did not want it: "I declined the repair", "ich habe die Reparatur abgelehnt"."""
    known = rules.outline.requests
    before = [word.plain for word in words[max(match.first - TURNED_DOWN, 0) : match.first]]
    if any(word in known.turned_down and known.own & set(before[:n]) for n, word in enumerate(before)):
        return True
    after = words[match.last + 1].plain if match.last + 1 < len(words) else ""
    return after in known.turned_down and bool(known.own & set(before))


def _parts(words: list[Word], found: list[Match], sentence: tuple[int, int], rules: AssessmentRules) -> list[Part]:
    """Cut one sentence where another remedy is asked for; words of another way to settle it do not cut it."""
    known = rules.outline.requests
    parts: list[Part] = []
    cuts: list[int] = []
    for match in sorted((m for m in found if m.rule.group == "remedy"), key=lambda m: (m.first, -m.weight)):
        remedy = match.rule.gives
        before = parts[-1] if parts else None
        if before is not None and (match.first <= before.last or not _another(words, before, match, rules)):
            before.last = max(before.last, match.last)
            if before.remedy in known.minor:
                before.remedy, before.objects = remedy, _objects(words, match, sentence[1], rules)
            continue
        objects = _objects(words, match, sentence[1], rules)
        cuts.append((_joiner(words, before.last, match.first, rules) or match.first) if before else sentence[0])
        parts.append(Part(match.first, match.last, remedy, [match], objects))
    if not parts:
        return [Part(sentence[0], sentence[1], None, list(found))]
    for number, part in enumerate(parts):
        part.first = cuts[number]
        part.last = cuts[number + 1] - 1 if number + 1 < len(parts) else sentence[1]
        part.matches = [m for m in found if part.first <= m.first <= part.last]
    return parts


def _another(words: list[Word], before: Part, match: Match, rules: AssessmentRules) -> bool:
    """Tell whether a remedy begins another request than the part before it in the same sentence."""
    known, remedy = rules.outline.requests, match.rule.gives
    between = [word.plain for word in words[before.last + 1 : match.first]]
    if any(word in known.instead for word in between) or _joiner(words, before.last, match.first, rules) is None:
        return False
    if remedy in known.minor or before.remedy in known.minor or before.remedy in known.belongs.get(remedy, ()):
        return False
    return remedy != before.remedy or remedy in known.by_object


def _joiner(words: list[Word], after: int, before: int, rules: AssessmentRules) -> int | None:
    """Give the place of the word that joins two remedies, or that follows a comma between them; None without one."""
    joiners = rules.outline.requests.joiners
    return next((at for at in range(after + 1, before + 1) if words[at].plain in joiners or pauses(words, at)), None)


def _objects(words: list[Word], match: Match, end: int, rules: AssessmentRules) -> frozenset[str]:
    """Give the words that say what a remedy is for: the first few behind its verb that are no filling words."""
    known, near = rules.outline.requests, set()
    for at in range(match.first + 1, min(match.last + OBJECT_WORDS, end) + 1):
        word = words[at].plain
        if at > match.last and (word in known.joiners or pauses(words, at)):
            break
        if word not in known.object_stops and word not in BREAKS and word != QUESTION:
            near.add(word)
    return frozenset(near)


def _settle(parts: list[Part], words: list[Word], rules: AssessmentRules) -> list[Part]:
    """Keep the parts that ask for something; what is only told belongs to the next of them, else to the last."""
    wanted = any(_wants(part, rules) for part in parts)
    kept: list[Part] = []
    told: list[Part] = []
    for part in parts:
        if _asks(part, words, rules, wanted=wanted, first=not kept):
            if told:
                part.first = told[0].first
                part.matches = [m for earlier in told for m in earlier.matches] + part.matches
                part.orders = part.orders.union(*(earlier.orders for earlier in told))
            told = []
            kept.append(part)
        else:
            told.append(part)
    if kept and told:
        last = kept[-1]
        last.last = told[-1].last
        last.matches = last.matches + [m for late in told for m in late.matches]
        last.orders = last.orders.union(*(late.orders for late in told))
    return kept


def _wants(part: Part, rules: AssessmentRules) -> bool:
    return part.remedy is not None and part.remedy not in rules.outline.requests.minor and _surely(part, rules)


def _surely(part: Part, rules: AssessmentRules) -> bool:
    weights = {m.rule.id: m.weight for m in part.matches if m.rule.group == "remedy" and m.rule.gives == part.remedy}
    doubt = 1.0
    for weight in weights.values():
        doubt *= 1.0 - weight
    return 1.0 - doubt >= rules.outline.threshold


def _asks(part: Part, words: list[Word], rules: AssessmentRules, *, wanted: bool, first: bool) -> bool:
    """Tell whether a part is a request: a remedy, a question of its own, something added, or the first matter told.

    `wanted` says that a remedy is asked for somewhere in the message, `first` that nothing has been asked before.
    """
    if not first and words[part.first].plain in rules.outline.requests.alternatives:
        return False
    if _wants(part, rules):
        return True
    kinds = {m.rule.gives for m in part.matches if m.rule.group == "kind" and m.weight >= rules.outline.threshold}
    outline = rules.outline
    kinds.discard(outline.small_talk)
    added = any(
        words[at].plain in outline.requests.adders for at in range(part.first, min(part.first + ADDED, part.last) + 1)
    )
    if added and kinds:
        return True
    firm = kinds - set(outline.weak_kinds)
    if not wanted:
        return first and bool(firm)
    upset = any(m.rule.group == "tone" for m in part.matches)
    question = any(m.rule.gives == INFORMATION for m in part.matches) and words[part.last].plain == QUESTION
    return question and not firm and not upset and _own_matter(part, words, rules)


def _own_matter(part: Part, words: list[Word], rules: AssessmentRules) -> bool:
    """Tell whether a question has a matter of its own, unlike "why is that?" and "what can you do for me?"."""
    stops = rules.outline.requests.object_stops
    said = {words[at].plain for at in range(part.first, part.last)}
    return sum(len(word) > 3 and word not in stops for word in said) > 1


def _merged(parts: list[Part], words: list[Word], given: Circumstances, rules: AssessmentRules) -> list[Request]:
    """Put requests for the same thing together; empty where they are all one."""
    kept: list[Part] = []
    for part in parts:
        same = next((earlier for earlier in kept if _same(earlier, part, rules)), None)
        if same is None:
            kept.append(part)
            continue
        same.matches = same.matches + part.matches
        same.objects, same.orders = same.objects | part.objects, same.orders | part.orders
        if kept[-1] is same:
            same.last = part.last
    if len(kept) < 2:
        return []
    return [request for part in kept if (request := _request(part, words, given, rules)) is not None]


def _same(one: Part, other: Part, rules: AssessmentRules) -> bool:
    """Tell whether two parts ask for the same: one remedy, for the same order and, where it matters, the same thing."""
    if one.remedy != other.remedy or one.remedy is None:
        return False
    if one.orders and other.orders and not one.orders & other.orders:
        return False
    told_apart = one.remedy in rules.outline.requests.by_object and one.objects and other.objects
    return not told_apart or bool(one.objects & other.objects)


def _request(part: Part, words: list[Word], given: Circumstances, rules: AssessmentRules) -> Request | None:
    findings = findings_of(part.matches, words)
    remedy = part.remedy if part.remedy and _surely(part, rules) else best_remedy(findings, rules)
    own = Circumstances(given.channel, given.rating, remedy, given.tone, given.urgency, given.days)
    combine(findings, own, rules)
    kinds = kinds_of(findings, given.channel, rules)
    if not kinds:
        return None
    return Request(part.first, part.last, kinds, remedy, confidence_of(kinds, findings, rules))
