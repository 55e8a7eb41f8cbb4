"""Tells a text's language, and says so when it does not know."""

from collections.abc import Callable

from lingua import Language, LanguageDetectorBuilder

from services.triage.adapters.language_marks import contradicts, told_at_once, told_by_little_words

UNKNOWN = "und"
LEAST_LETTERS = 16
LEAST_CONFIDENCE = 0.7
ENOUGH = 160


def make_detect(supported: tuple[str, ...]) -> Callable[[str], str]:
    """Make a detector that gives one of the `supported` ISO 639-1 codes, or `und` when unsure or the text is short.

    The little words tell most texts at a tenth of the cost, and are asked first. Then all of the library's languages
    compete, though only the supported ones are reported: a detector that knows few languages takes every other one for
    its nearest relative, and so a text whose letters or little words contradict the language found is nobody's. Its
    small models (about 80 MB) are as good beyond `LEAST_LETTERS`; the first `ENOUGH` characters decide. Scripts without
    letter case say more in fewer characters.
    """
    codes = {language: language.iso_code_639_1.name.lower() for language in Language.all()}
    known = frozenset(supported)
    builder = LanguageDetectorBuilder.from_all_languages().with_low_accuracy_mode()
    detector = builder.with_preloaded_language_models().build()

    def detect(text: str) -> str:
        sample = text[:ENOUGH]
        letters = sum(3 if character > "\u0900" else 1 for character in sample if character.isalpha())
        if letters < LEAST_LETTERS:
            return UNKNOWN
        if (plain := told_at_once(sample)) is not None and plain in known:
            return plain
        best = next(iter(detector.compute_language_confidence_values(sample)), None)
        code = codes[best.language] if best is not None and best.value >= LEAST_CONFIDENCE else UNKNOWN
        if code in known and not contradicts(sample, code):
            return code
        told = told_by_little_words(sample)
        return told if told is not None and told in known and not contradicts(sample, told) else UNKNOWN

    return detect
