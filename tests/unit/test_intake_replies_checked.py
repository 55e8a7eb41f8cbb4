"""What intake says of itself, such as a decision or an acknowledgement, passes the reply check in every language."""

import pytest

from services.intake.domain.policies.wording import FromTemplate
from tests.support.intake import RULES
from tests.support.replies import found

VALUES = {
    "en": {"reason": "The mark came about in use.", "offer": "half of the price as credit"},
    "es": {"reason": "La marca surgió con el uso.", "offer": "la mitad del precio como abono"},
    "fr": {"reason": "La marque vient de l'usage.", "offer": "un avoir de la moitié du prix"},
    "de": {"reason": "Die Spur entstand im Gebrauch.", "offer": "eine Gutschrift über den halben Preis"},
}
REFUSING = {"rejected": True, "expired": True, "countered": True, "acknowledgement": False, "check_in": False}


@pytest.mark.parametrize("style", ["letter", "chat", "script", "review"])
@pytest.mark.parametrize("template", REFUSING)
@pytest.mark.parametrize("language", VALUES)
def test_a_template_has_no_error(language: str, template: str, style: str) -> None:
    values = {**VALUES[language], "due": "18:00", "opens": "09:00"}
    text = RULES.replies.say(FromTemplate(template, language, values), style, None, "RC-7F3K-9QXD")
    refusing = REFUSING[template] and style != "review"  # in public only that it was told directly
    reason = values["reason"] if template != "expired" else ""
    findings = found(text, form=style, language=language, refusing=refusing, reason=reason if refusing else "")
    wrong = [one for one in findings if one.severity == "error" and one.rule != "promise_backed"]
    assert wrong == [], text
