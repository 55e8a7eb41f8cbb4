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
from services.triage.domain.policies.phrases import Word
from services.triage.domain.policies.rulebook import AssessmentRules
from services.triage.domain.policies.time_words import BREAKS

QUESTION = "?"
INFORMATION = "information"
OBJECT_WORDS = 5


@dataclass(slots=True)
class Part:
    """A stretch of words [first, last] that asks for one thing: the matches in it and what the asking is for."""

    first: int
    last: int
    remedy: str | None
    matches: list[Match] = field(default_factory=list)
    objects: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Request:
    """One request: the words [first, last], its kinds (the leading one first), remedy, and how sure we are."""

    first: int
    last: int
    kinds: tuple[str, ...]
    remedy: str | None
    confidence: float


def sentences_of(words: Sequence[Word], breaks: Iterable[int]) -> list[tuple[int, int]]:
    """Give the sentences as [first, last] words: they end at marks, and where `breaks` says that a new line begins."""
    begun, found, start = frozenset(breaks), [], 0
    for at, word in enumerate(words):
        if at in begun and at > start:
            found.append((start, at - 1))
            start = at
        if word.plain in BREAKS or word.plain == QUESTION:
            if at > start or (word.plain == QUESTION and at == start):
                found.append((start, at))
            start = at + 1
    if start < len(words):
        found.append((start, len(words) - 1))
    return found


def requests_in(
    words: list[Word], found: list[Match], breaks: Iterable[int], given: Circumstances, rules: AssessmentRules
) -> tuple[Request, ...]:
    """Give the requests of a message in the order said; empty where it holds no more than one."""
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
    parts = _settle(parts, rules)
    requests = [request for part in parts if (request := _request(part, words, given, rules)) is not None]
    merged = _merged(requests, parts, rules) if len(requests) == len(parts) else requests
    return tuple(merged) if len(merged) > 1 else ()


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
            before.matches.append(match)
            continue
        objects = _objects(words, match, sentence[1], rules) if remedy in known.by_object else frozenset()
        cuts.append(_joiner(words, before.last, match.first, rules) if before else sentence[0])
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
    if any(word in known.instead for word in between) or not any(word in known.joiners for word in between):
        return False
    if remedy in known.minor or before.remedy in known.minor or before.remedy in known.belongs.get(remedy, ()):
        return False
    return remedy != before.remedy or remedy in known.by_object


def _joiner(words: list[Word], after: int, before: int, rules: AssessmentRules) -> int:
    """Give the place of the joining word between two remedies."""
    return next(at for at in range(after + 1, before) if words[at].plain in rules.outline.requests.joiners)


def _objects(words: list[Word], match: Match, end: int, rules: AssessmentRules) -> frozenset[str]:
    """Give the words that say what a remedy is for: the first few behind its verb that are no filling words."""
    stops = rules.outline.requests.object_stops
    near = (words[at].plain for at in range(match.first + 1, min(match.last + OBJECT_WORDS, end) + 1))
    return frozenset(word for word in near if word not in stops and word not in BREAKS and word != QUESTION)


def _settle(parts: list[Part], rules: AssessmentRules) -> list[Part]:
    """Keep the parts that ask for something; what is only told belongs to the next of them, else to the last."""
    outline = rules.outline
    wanted = any(p.remedy is not None and p.remedy not in outline.requests.minor and _surely(p, rules) for p in parts)
    kept: list[Part] = []
    told: list[Part] = []
    for part in parts:
        if _asks(part, rules, others=wanted):
            for earlier in told:
                part.first, part.matches = earlier.first, earlier.matches + part.matches
            part.first = min([part.first, *(earlier.first for earlier in told)])
            told = []
            kept.append(part)
        else:
            told.append(part)
    for late in told:
        if kept:
            kept[-1].matches = kept[-1].matches + late.matches
            kept[-1].last = late.last
    return kept


def _surely(part: Part, rules: AssessmentRules) -> bool:
    weights: dict[str, float] = {}
    for match in part.matches:
        if match.rule.group == "remedy" and match.rule.gives == part.remedy:
            weights.setdefault(match.rule.id, match.weight)
    doubt = 1.0
    for weight in weights.values():
        doubt *= 1.0 - weight
    return 1.0 - doubt >= rules.outline.threshold


def _asks(part: Part, rules: AssessmentRules, *, others: bool) -> bool:
    """Tell whether a part is a request: a remedy, a plain question, or, where no remedy is named at all, a matter."""
    if (
        part.remedy is not None
        and _surely(part, rules)
        and not (others and part.remedy in rules.outline.requests.minor)
    ):
        return True
    kinds = {m.rule.gives for m in part.matches if m.rule.group == "kind" and m.weight >= rules.outline.threshold}
    firm = kinds - set(rules.outline.weak_kinds) - {rules.outline.small_talk}
    upset = any(m.rule.group == "tone" for m in part.matches)
    if others:
        return (
            INFORMATION in kinds
            and not firm
            and not upset
            and rules.outline.small_talk not in kinds
            and _is_question(part)
        )
    return bool(firm)


def _is_question(part: Part) -> bool:
    return any(m.rule.id == "question" for m in part.matches)


def _request(part: Part, words: list[Word], given: Circumstances, rules: AssessmentRules) -> Request | None:
    findings = findings_of(part.matches, words)
    remedy = part.remedy if part.remedy and _surely(part, rules) else best_remedy(findings, rules)
    own = Circumstances(given.channel, given.rating, remedy, given.tone, given.urgency, given.days)
    combine(findings, own, rules)
    kinds = kinds_of(findings, given.channel, rules)
    if not kinds:
        return None
    return Request(part.first, part.last, kinds, remedy, confidence_of(kinds, findings, rules))


def _merged(requests: list[Request], parts: list[Part], rules: AssessmentRules) -> list[Request]:
    """Put requests for the same thing together; those told apart by what they are for stay apart."""
    kept: list[tuple[Request, frozenset[str]]] = []
    for request, part in zip(requests, parts, strict=True):
        for number, (earlier, objects) in enumerate(kept):
            same = earlier.remedy == request.remedy and (
                request.remedy is not None or earlier.kinds[0] == request.kinds[0]
            )
            apart = (
                request.remedy in rules.outline.requests.by_object
                and part.objects
                and not part.objects & objects
                and objects
            )
            if same and not apart:
                kinds = tuple(dict.fromkeys((*earlier.kinds, *request.kinds)))
                firm = tuple(k for k in kinds if k not in rules.outline.weak_kinds) or kinds
                sure = max(earlier.confidence, request.confidence)
                kept[number] = Request(earlier.first, earlier.last, firm, earlier.remedy, sure), objects | part.objects
                break
        else:
            kept.append((request, part.objects))
    return [request for request, _ in kept]
