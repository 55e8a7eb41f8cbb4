"""The shipped policy: complete, answering the trade's classic cases, and refused at start when it is not."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.triage.adapters.decision_table import DecisionTable, Passed
from services.triage.adapters.policy_files import load_assessment
from services.triage.adapters.policy_pack import PolicyPack, ruling_of
from services.triage.domain.policies.ruling import Question, question_of
from services.triage.domain.policies.wording import FORMS, REVIEW_LIMIT, say_boundary, say_grant
from shared.kernel.errors import MalformedInput, NotFound
from tests.support.triage import POLICIES, TUESDAY, read, shop, usd

LANGUAGES = ("en", "es", "fr", "de")
CLASSIC = [
    ("I bought this four months ago, it has a tiny scratch. I want a full refund.", "refused", "R-3"),
    ("I need a replacement immediately. So what if it is out of stock?", "refused", "S-1"),
    ("It was a final sale, but I changed my mind: my money back, please.", "refused", "R-4"),
    ("I declined the repair, so refund the diagnostic fee.", "refused", "R-5"),
    ("I am a loyal customer and demand a 20 percent discount.", "refused", "D-1"),
    ("Refund my shipping costs.", "refused", "F-1"),
    ("I insist on speaking to your CEO.", "refused", "M-2"),
    ("I bought it two months ago and it is broken. Refund me.", "refused", "W-3"),
    ("I bought it three years ago and it is broken. Repair it.", "refused", "W-2"),
    ("I bought it two months ago and no longer want it. I want a refund.", "refused", "R-2"),
    ("I need the parcel delivered immediately, I cannot wait.", "refused", "S-2"),
    ("I bought it two weeks ago and changed my mind, refund me please.", "allowed", "R-1"),
    ("I bought it two months ago and it is broken. I want a replacement.", "allowed", "W-1"),
    ("My parcel never arrived, where is it?", "allowed", "S-3"),
    ("Your app keeps crashing, please help me.", "allowed", "T-1"),
    ("Cancel my subscription.", "allowed", "C-2"),
    ("I want to speak to a manager.", "allowed", "M-1"),
    ("You delivered the wrong item, I want $20 compensation.", "allowed", "G-1"),
    ("You delivered the wrong item, I want $200 compensation.", "discretionary", "G-2"),
    ("Please make an exception for me.", "discretionary", "X-1"),
    ("Another guest threatened me.", "needs_person", "P-1"),
    ("Your charger caught fire, refund me!", "needs_person", "E-1"),
    ("You idiots, refund me!", "needs_person", "B-1"),
    ("Your colleague told me that I would get a refund. I want my refund.", "needs_person", "I-1"),
    ("What are your opening hours?", "needs_person", "I-1"),
]


@pytest.mark.parametrize(("text", "outcome", "clause"), CLASSIC)
def test_the_trades_classic_cases_are_answered(text: str, outcome: str, clause: str) -> None:
    ruling = shop().evaluate(question_of(read(text), "en", "chat"))
    assert (ruling.outcome, ruling.clause.clause) == (outcome, clause)


FIVE = {
    "R-3": (
        "I bought this jacket four months ago and found a tiny scratch on the zip. I want a full refund.",
        "Compré la chaqueta hace cuatro meses y tiene un arañazo pequeño. Quiero el reembolso completo.",
        "J'ai acheté la veste il y a quatre mois et elle a une petite rayure. Je veux un remboursement complet.",
        "Vor vier Monaten gekauft, und die Jacke hat einen kleinen Kratzer. Ich will den vollen Preis zurück.",
    ),
    "S-1": (
        "My blender is broken, send me a replacement today! I know the manufacturer's delay put it out of stock.",
        "Exijo un reemplazo de inmediato, me da igual que esté agotado por un retraso del fabricante.",
        "J'exige un remplacement immédiat, peu importe que l'article soit en rupture de stock à cause du fabricant.",
        "Ich verlange sofort einen Ersatz, egal ob der Artikel wegen Verzögerung beim Hersteller ausverkauft ist.",
    ),
    "R-4": (
        "The coat was final sale but I changed my mind, I want my money back.",
        "Era un artículo de liquidación pero cambié de opinión, quiero que me devuelvan el dinero.",
        "C'était une vente ferme mais j'ai changé d'avis, je veux être remboursé.",
        "Es war Schlussverkauf, aber ich habe es mir anders überlegt, ich will mein Geld zurück.",
    ),
    "R-5": (
        "I declined the repair, so I want the diagnostic fee refunded.",
        "Rechacé la reparación, así que quiero el reembolso de la tarifa de diagnóstico.",
        "J'ai refusé la réparation, je veux le remboursement des frais de diagnostic.",
        "Ich habe die Reparatur abgelehnt, also will ich die Diagnosegebühr erstattet haben.",
    ),
    "D-1": (
        "I have been a loyal customer for ten years, I am entitled to a 20% discount.",
        "Soy cliente fiel desde hace diez años y exijo un descuento del 20 %.",
        "Je suis client fidèle depuis dix ans et j'exige une remise de 20 %.",
        "Ich bin seit zehn Jahren Stammkunde und verlange 20 % Rabatt.",
    ),
}


@pytest.mark.parametrize(
    ("clause", "language", "said"),
    [
        (clause, language, said)
        for clause, texts in FIVE.items()
        for language, said in zip(LANGUAGES, texts, strict=True)
    ],
)
def test_the_five_cases_are_refused_in_the_customers_language_with_two_ways_out(
    clause: str, language: str, said: str
) -> None:
    ruling = shop().evaluate(question_of(read(said), language, "chat"))
    assert (ruling.outcome, ruling.clause.clause, ruling.language) == ("refused", clause, language)
    assert len(ruling.alternatives) >= 2
    assert all((ruling.limit, ruling.reason, ruling.appeal, ruling.deviation))


@pytest.mark.parametrize(("language", "opening"), [("en", "When"), ("es", "¿Cuándo"), ("fr", "Quand"), ("de", "Wann")])
def test_where_the_date_of_purchase_decides_and_is_unknown_it_is_asked(language: str, opening: str) -> None:
    unknown = Question(kind="other", language=language, channel="chat", remedy="refund")
    ruling = shop().evaluate(unknown)
    assert (ruling.outcome, ruling.clause.clause) == ("needs_information", "I-2")
    (missing,) = ruling.missing
    assert missing.path == "days_since_purchase"
    assert missing.question.startswith(opening)
    known = shop().evaluate(replace(unknown, days_since_purchase=12))
    assert (known.outcome, known.missing) == ("allowed", ())


def test_danger_and_lawyers_stay_with_a_person_whatever_else_is_asked() -> None:
    asked = Question(kind="other", language="en", channel="chat", remedy="refund", topics=("legal_threat",))
    assert shop().evaluate(asked).trace.rule == "law"
    assert shop().evaluate(replace(asked, emergency=True)).trace.rule == "danger"


def test_a_sour_public_review_is_answered_in_public() -> None:
    found = read("Worst purchase ever, do not buy it.", "review", rating=1)
    ruling = shop().evaluate(question_of(found, "en", "review"))
    assert (ruling.outcome, ruling.clause.clause) == ("allowed", "V-1")
    assert len(say_grant(ruling, found.tone, "review", shop().wording)) <= REVIEW_LIMIT


def test_nothing_is_refused_in_public() -> None:
    found = read("Nice shop. I demand a discount on my next purchase.", "review", rating=4)
    ruling = shop().evaluate(question_of(found, "en", "review"))
    assert (found.remedy, ruling.outcome, ruling.trace.rule) == ("discount", "needs_person", "review")


@pytest.mark.parametrize("language", ["en", "es", "fr", "de"])
@pytest.mark.parametrize("row", shop().rows, ids=lambda row: row.id)
def test_every_row_can_be_said_in_every_language_and_form(row: Any, language: str) -> None:
    policy = shop()
    assert row.outputs["clause"] in policy.clauses
    ruling = ruling_of(policy.said(dict(row.outputs), language, [Passed(row.table, {}, row, {})]))
    assert ruling.clause.text
    if ruling.outcome == "refused":
        assert all((ruling.limit, ruling.reason, ruling.appeal, ruling.deviation, ruling.alternatives))
        assert all(offered.offer and offered.benefit for offered in ruling.alternatives)
    elif ruling.outcome == "allowed":
        assert ruling.what
    elif ruling.outcome == "discretionary":
        assert ruling.reason
        assert ruling.deviation
    else:
        assert ruling.note
    for form in FORMS:
        channel = {"letter": "email", "script": "phone"}.get(form, form)
        if ruling.outcome == "refused":
            text = say_boundary(ruling, "frustrated", channel, policy.wording)
            assert ruling.limit in text
            assert ruling.alternatives[0].benefit in text
        elif ruling.outcome == "allowed":
            text = say_grant(ruling, "frustrated", channel, policy.wording)
            assert ruling.what in text
        else:
            continue
        assert text.startswith(policy.wording.replies[language].acknowledgements["frustrated"])
        assert form != "review" or len(text) <= REVIEW_LIMIT


def test_rows_have_ids_of_their_own_and_the_last_one_catches_all() -> None:
    ids = [row.id for row in shop().rows]
    assert len(set(ids)) == len(ids)
    assert shop().rows[-1].inputs == {}
    nothing = shop().evaluate(Question(kind="nonsense", language="xx", channel="pigeon"))
    assert (nothing.outcome, nothing.language, nothing.trace.rule) == ("needs_person", "en", "else")


def test_every_clause_is_used() -> None:
    used = {row.outputs["clause"] for row in shop().rows}
    assert set(shop().clauses) == used


def test_an_answer_says_which_row_matched_and_why() -> None:
    question = Question(
        kind="perfectionist_standard",
        language="de",
        channel="email",
        remedy="refund",
        topics=("minor_damage",),
        days_since_purchase=121,
        amount=usd(129),
    )
    ruling = shop().evaluate(question)
    assert ruling.trace.rule == "refund-for-a-blemish"
    assert ("days since purchase", "> 30") in ruling.trace.conditions
    assert ruling == shop().evaluate(question)


def test_an_unknown_clause_cannot_be_quoted() -> None:
    with pytest.raises(NotFound, match="no clause Z-9"):
        shop().quote("Z-9", "en")


Change = Callable[[Path], None]


def cell(row: str, column: str, value: str) -> Change:
    """Change one cell of the table."""

    def change(home: Path) -> None:
        document = json.loads((home / "table.json").read_text("utf-8"))
        (found,) = [r for r in document["nodes"][1]["content"]["rules"] if r["_id"] == row]
        found[column] = value
        (home / "table.json").write_text(json.dumps(document), "utf-8")

    return change


def text(name: str, old: str, new: str) -> Change:
    """Change some words of a file."""

    def change(home: Path) -> None:
        before = (home / name).read_text("utf-8")
        assert old in before
        (home / name).write_text(before.replace(old, new, 1), "utf-8")

    return change


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (cell("danger", "c5", ">> 3 ("), r"row danger, remedy: '>> 3 \(' is no condition"),
        (cell("danger", "o2", "'"), "row danger, clause: .* is no value"),
        (cell("danger", "o1", "'maybe'"), "row danger: outcome must be one of"),
        (cell("danger", "o2", "'Z-9'"), "clause Z-9 is used by the table but not written"),
        (cell("refund-in-time", "o1", "'refused'"), "clause R-1 refuses but offers no alternative"),
        (
            text("clauses.yaml", '        fr: "sa reprise en acompte', '        pt: "sa reprise en acompte'),
            "offer is missing in fr",
        ),
        (text("clauses.yaml", "id: R-2", "id: R-1"), "two clauses share an id"),
        (text("clauses.yaml", "effective_from: 2026-01-01", "effective: 2026-01-01"), "clauses.yaml: 0"),
        (
            text("clauses.yaml", '  limit:\n    en: "We', '  limit:\n    en: "' + "Long. " * 60 + "We"),
            "350 are allowed",
        ),
        (text("replies/en.yaml", "{limit} {reason}", "{limits} {reason}"), "names unknown parts"),
        (
            text("replies/en.yaml", '  script: "{acknowledgement} {what}', '  skript: "{acknowledgement} {what}'),
            "Input should be",
        ),
        (text("replies/en.yaml", '  review: "{offer}; {benefit}"', ""), "alternative.review is missing"),
        (text("replies/en.yaml", "  calm:", "  kalm:"), "acknowledgements.calm is missing"),
        (text("pack.yaml", "fallback_language: en", "fallback_language: it"), "fallback_language must be one of"),
        (text("table.json", "{", "["), "is not JSON"),
        (text("table.json", "decisionTableNode", "switchNode"), "must hold a decision table"),
        (lambda home: (home / "table.json").unlink(), "cannot be read"),
    ],
)
def test_a_pack_that_is_wrong_is_refused_at_start(tmp_path: Path, change: Change, problem: str) -> None:
    home = tmp_path / "shop"
    shutil.copytree(POLICIES / "shop", home)
    change(home)
    with pytest.raises(MalformedInput, match=problem) as caught:
        PolicyPack(home)
    assert str(home) in (caught.value.field or "")


def test_a_table_without_a_last_resort_says_so() -> None:
    document = json.loads((POLICIES / "shop" / "table.json").read_text("utf-8"))
    document["nodes"][1]["content"]["rules"] = document["nodes"][1]["content"]["rules"][:1]
    table = DecisionTable(json.dumps(document), "table.json")
    with pytest.raises(LookupError, match="add a last row without conditions"):
        table.evaluate({"emergency": False})


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("kinds.yaml", "gives: technical_issue", "gives: magic", "rule technical: .gives: magic. is not one of"),
        ("kinds.yaml", "id: technical", "id: broken", "rule id broken is used twice"),
        ("kinds.yaml", '"{broken}"', '"{broke}"', "rule broken: word list 'broke' does not exist"),
        ("combinations.yaml", "kind: other", "kind: others", "unknown kind others"),
        ("outline.yaml", "threshold: 0.5", "threshold: 2", "less than 1"),
        ("outline.yaml", "quoted_line: '[ \\t]*>'", "quoted_line: '['", "unterminated character set"),
    ],
)
def test_rules_of_assessment_that_are_wrong_are_refused_at_start(
    tmp_path: Path, name: str, old: str, new: str, problem: str
) -> None:
    shutil.copytree(POLICIES / "assessment", tmp_path / "assessment")
    text(name, old, new)(tmp_path / "assessment")
    with pytest.raises(MalformedInput, match=problem):
        load_assessment(tmp_path)


@pytest.mark.parametrize(
    ("received_at", "said", "outcome", "clause"),
    [
        ("2026-11-10", None, "allowed", "R-1"),
        ("2026-08-01", None, "refused", "R-2"),
        ("2026-08-01T10:00:00Z", 5, "refused", "R-2"),
        (None, 5, "allowed", "R-1"),
        (None, None, "needs_information", "I-2"),
        ("soon", None, "needs_information", "I-2"),
    ],
)
def test_the_orders_record_goes_before_what_the_customer_says(
    received_at: str | None, said: int | None, outcome: str, clause: str
) -> None:
    asked = Question(
        kind="buyers_remorse",
        language="en",
        channel="chat",
        remedy="refund",
        days_since_purchase=said,
        records={"order": {"received_at": received_at}},
        now=TUESDAY,
    )
    ruling = shop().evaluate(asked)
    assert (ruling.outcome, ruling.clause.clause) == (outcome, clause)
