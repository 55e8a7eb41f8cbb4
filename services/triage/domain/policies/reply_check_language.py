"""Which language a reply is in, and the words to check it by; neighbours look alike, and chat turns are short."""

from collections.abc import Callable

from services.triage.domain.policies.reply_check_rules import CheckRules, Words
from services.triage.domain.policies.reply_parts import take_apart

Detect = Callable[[str], str]
"""Gives the ISO 639-1 code of a text, or `und`."""
UNKNOWN = "und"
DEFAULT = "en"
ENOUGH_ACTS = 3


def spoken_in(text: str, wanted: str | None, rules: CheckRules, detect: Detect) -> str:
    """Tell a reply's language: the customer's (`wanted`) where enough of its phrases are there, else as detected."""
    spoken, own = detect(text), rules.languages.get(wanted or "")
    if own is None or spoken in (UNKNOWN, wanted):
        return spoken
    sure = len({act.does for act in take_apart(text, own.phrasing).acts}) >= ENOUGH_ACTS
    return own.written.language if sure else spoken


def words_for(spoken: str, text: str, wanted: str | None, rules: CheckRules) -> Words:
    """Give the words of the reply's language; of a text too short to tell, those of the language that knows most."""
    languages = rules.languages
    if spoken in languages:
        return languages[spoken]
    if wanted in languages or spoken != UNKNOWN:
        return languages.get(wanted or DEFAULT) or languages[DEFAULT]
    known = {name: len(take_apart(text, words.phrasing).acts) for name, words in languages.items()}
    return languages[max(known, key=lambda name: (known[name], name == DEFAULT))]
