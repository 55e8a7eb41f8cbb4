"""What the rules find in a text: every phrase that matched, how sure they make us together, and what follows."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from services.triage.domain.policies.phrases import Word, find, negated
from services.triage.domain.policies.rulebook import URGENCIES, AssessmentRules, Combination, Judgement
from shared.contracts.triage import Evidence

TONE_OF_CAPITALS = 0.7
TONE_OF_MARKS = 0.4


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase rule that matched the words [first, last], and the weight that it has in this text."""

    rule: Judgement
    first: int
    last: int
    weight: float


@dataclass(slots=True)
class Findings:
    """What has been found so far: how sure we are of each finding, and where it stands."""

    doubts: dict[str, float] = field(default_factory=dict)
    evidence: dict[str, Evidence] = field(default_factory=dict)
    emergency: bool = False

    def add(self, finding: str, weight: float, evidence: Evidence) -> None:
        """Count one more rule for a finding."""
        self.doubts[finding] = self.doubts.get(finding, 1.0) * (1.0 - weight)
        self.evidence[evidence.rule] = evidence

    def sure(self, finding: str) -> float:
        """Give how sure we are of a finding, from 0 to 1: independent rules add up, as 1 - (1 - a)(1 - b)."""
        return 1.0 - self.doubts.get(finding, 1.0)

    def named(self, group: str) -> dict[str, float]:
        """Give how sure we are of each finding of a group, by its name."""
        prefix = f"{group}:"
        return {f[len(prefix) :]: 1.0 - doubt for f, doubt in self.doubts.items() if f.startswith(prefix)}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a combination may ask for beside the words themselves."""

    channel: str
    rating: int | None
    remedy: str | None
    tone: str
    urgency: str
    days: int | None


def matches(words: list[Word], rules: AssessmentRules) -> list[Match]:
    """Give every phrase that matches and is not undone by a "not", in the order of the text."""
    at_length = len(words) > rules.outline.brief_words
    found = []
    for number, first, last in find(rules.book, words):
        rule = rules.judgements[number]
        if not (rule.negatable and negated(words, first, rules.negations)):
            found.append(Match(rule, first, last, rule.weight / (2 if rule.brief and at_length else 1)))
    return found


def findings_of(found: Iterable[Match], words: list[Word]) -> Findings:
    """Add matches up; a rule counts once, where it matched first."""
    findings = Findings()
    for match in found:
        rule = match.rule
        if rule.id not in findings.evidence:
            findings.add(
                rule.finding,
                match.weight,
                evidence_of(rule.finding, words, match.first, match.last, rule.id, match.weight),
            )
            findings.emergency = findings.emergency or rule.emergency
    return findings


def evidence_of(finding: str, words: list[Word], first: int, last: int, rule: str, weight: float) -> Evidence:
    """Point at the words [first, last]."""
    start, end = words[first].start, words[last].end
    return Evidence(finding=finding, start=start, end=end, rule=rule, confidence=round(weight, 3))


def hear_shouting(own: str, span: tuple[int, int], findings: Findings, rules: AssessmentRules) -> None:
    """Add what capital letters and exclamation marks say of the tone."""
    shouting, exclamations = rules.outline.shouting, rules.outline.exclamations
    capitals = sum(map(str.isupper, own))
    if capitals >= shouting.letters * shouting.share:
        letters = capitals + sum(map(str.islower, own))
        if letters >= shouting.letters and capitals >= shouting.share * letters:
            _add_tone(findings, shouting.tone, span, "shouting", TONE_OF_CAPITALS)
    marks = own.count("!")
    for tone, needed in exclamations.items():
        if marks >= needed:
            _add_tone(findings, tone, span, f"exclamations-{needed}", TONE_OF_MARKS)


def _add_tone(findings: Findings, tone: str, span: tuple[int, int], rule: str, weight: float) -> None:
    finding = f"tone:{tone}"
    findings.add(finding, weight, Evidence(finding=finding, start=span[0], end=span[1], rule=rule, confidence=weight))


def combine(findings: Findings, circumstances: Circumstances, rules: AssessmentRules) -> None:
    """Add the kinds that follow from several findings together."""
    for combination in rules.combinations:
        if _holds(combination, circumstances, findings, rules.outline.threshold):
            start, end = _where(findings, combination, circumstances.remedy)
            evidence = Evidence(
                finding=f"kind:{combination.kind}",
                start=start,
                end=end,
                rule=f"combination/{combination.id}",
                confidence=combination.weight,
            )
            findings.add(evidence.finding, combination.weight, evidence)


def best_remedy(findings: Findings, rules: AssessmentRules) -> str | None:
    """Give the remedy that we are surest of; of two as sure, the one that the vocabulary names first."""
    order, found = rules.outline.remedies, findings.named("remedy")
    sure = [name for name, weight in found.items() if weight >= rules.outline.threshold]
    return min(sure, key=lambda name: (-round(found[name], 3), order.index(name)), default=None)


def sharpest_tone(findings: Findings, rules: AssessmentRules) -> str:
    """Give the sharpest tone whose own and sharper signs together reach the threshold."""
    tones = rules.outline.tones
    doubt = 1.0
    for tone in reversed(tones[1:]):
        doubt *= findings.doubts.get(f"tone:{tone}", 1.0)
        if 1.0 - doubt >= rules.outline.threshold:
            return tone
    return tones[0]


def urgency_of(findings: Findings) -> str:
    """Give the highest urgency that is said, else `normal`."""
    found = findings.named("urgency")
    return next((level for level in ("critical", "high", "low") if level in found), URGENCIES[1])


def kinds_of(findings: Findings, channel: str, rules: AssessmentRules) -> tuple[str, ...]:
    """Give the kinds found, the surest first; weak ones only where no other is found, and none in small talk."""
    outline = rules.outline
    found = {k: w for k, w in findings.named("kind").items() if w >= outline.threshold}
    chatting = found.pop(outline.small_talk, 0.0)
    firm = [kind for kind in found if kind not in outline.weak_kinds]
    asked = firm or ([] if chatting or channel in outline.firm_only_channels else list(found))
    return tuple(sorted(asked, key=lambda kind: (-round(found[kind], 3), outline.kinds.index(kind))))


def confidence_of(kinds: tuple[str, ...], findings: Findings, rules: AssessmentRules) -> float:
    """Give how sure we are of the leading kind; of there being none, how unsure we are of the nearest one."""
    if kinds:
        return round(findings.sure(f"kind:{kinds[0]}"), 3)
    near = [w for k, w in findings.named("kind").items() if k != rules.outline.small_talk]
    return round(1.0 - min(max(near, default=0.0), 0.5), 3)


def _holds(rule: Combination, given: Circumstances, findings: Findings, threshold: float) -> bool:
    def any_of(group: str, names: frozenset[str]) -> bool:
        return any(findings.sure(f"{group}:{name}") >= threshold for name in names)

    days, rating = given.days, given.rating
    return (
        (not rule.remedies or given.remedy in rule.remedies)
        and (not rule.tones or given.tone in rule.tones)
        and (not rule.urgencies or given.urgency in rule.urgencies)
        and (not rule.channels or given.channel in rule.channels)
        and (not rule.topics or any_of("topic", rule.topics))
        and not any_of("topic", rule.without_topics)
        and (not rule.kinds or any_of("kind", rule.kinds))
        and not any_of("kind", rule.without_kinds)
        and (rule.days_over is None or (days is not None and days > rule.days_over))
        and (rule.rating_upto is None or (rating is not None and rating <= rule.rating_upto))
    )


def _where(findings: Findings, rule: Combination, remedy: str | None) -> tuple[int, int]:
    """Give the span of the first finding that a combination rests on; (0, 0) when it rests on no words."""
    named = (("topic", rule.topics), ("kind", rule.kinds), ("tone", rule.tones), ("urgency", rule.urgencies))
    rests_on = {f"{group}:{name}" for group, names in named for name in names}
    if rule.remedies:
        rests_on.add(f"remedy:{remedy}")
    return next(((e.start, e.end) for e in findings.evidence.values() if e.finding in rests_on), (0, 0))
