"""How answers are worded: templates by language and style, and what must fit where."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

Style = Literal["letter", "chat", "script", "review"]
REVIEW_LIMIT = 350
FALLBACK = "en"
PLACEHOLDER = re.compile(r"\{(\w+)\}")
TEMPLATES: dict[str, frozenset[str]] = {
    "acknowledgement": frozenset({"greeting", "code", "due"}),
    "acknowledgement_out_of_hours": frozenset({"greeting", "code", "due", "opens"}),
    "acknowledgement_surge": frozenset({"greeting", "code", "due"}),
    "emergency": frozenset({"greeting", "code"}),
    "passed_on": frozenset({"greeting", "code"}),
    "approved": frozenset({"greeting", "code", "deviation", "conditions", "amount"}),
    "rejected": frozenset({"greeting", "code", "reason"}),
    "countered": frozenset({"greeting", "code", "offer", "reason", "amount"}),
    "expired": frozenset({"greeting", "code"}),
    "check_in": frozenset({"greeting", "code"}),
    "conduct_taken": frozenset({"greeting", "code", "measure", "reason", "review", "appeal"}),
    "conduct_reviewed": frozenset({"greeting", "code", "measure", "reason", "review", "appeal"}),
    "conduct_lifted": frozenset({"greeting", "code", "reason"}),
    "conduct_restricted": frozenset({"greeting", "code", "open_channel"}),
    "dispute_opened": frozenset({"greeting", "code", "matter", "due"}),
    "dispute_statement": frozenset({"greeting", "code", "matter", "due"}),
    "dispute_decided": frozenset({"greeting", "code", "outcome", "reason", "follows", "appeal"}),
}


@dataclass(frozen=True, slots=True)
class Words:
    """Text that is finished; it is only fitted to the channel."""

    text: str


@dataclass(frozen=True, slots=True)
class FromTemplate:
    """Text to make from a template; values that are None or empty leave their line out."""

    template: str
    language: str
    values: Mapping[str, str | None] = field(default_factory=dict)


Saying = Words | FromTemplate


class Wording(BaseModel):
    """One template in its four styles."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    letter: str = Field(min_length=1)
    chat: str = Field(min_length=1)
    script: str = Field(min_length=1)
    review: str = Field(min_length=1, max_length=REVIEW_LIMIT)


class LanguageFile(BaseModel):
    """`replies/<language>.yaml`: greetings, how a time is written, and every template."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: str = Field(pattern=r"^[a-z]{2}$")
    greeting: str = Field(min_length=1)
    greeting_named: str = Field(pattern=r"\{name\}")
    time: str = Field(pattern=r"\{day\}.*\{year\}")
    weekdays: tuple[str, ...] = Field(min_length=7, max_length=7)
    months: tuple[str, ...] = Field(min_length=12, max_length=12)
    templates: dict[str, Wording]

    @model_validator(mode="after")
    def _complete(self) -> "LanguageFile":
        missing = sorted(TEMPLATES.keys() - self.templates.keys())
        unknown = sorted(self.templates.keys() - TEMPLATES.keys())
        if missing or unknown:
            raise ValueError(f"templates missing: {', '.join(missing) or '-'}; unknown: {', '.join(unknown) or '-'}")
        for name, wording in self.templates.items():
            for style in ("letter", "chat", "script", "review"):
                strange = set(PLACEHOLDER.findall(getattr(wording, style))) - TEMPLATES[name]
                if strange or (style == "review" and "{greeting}" in wording.review):
                    raise ValueError(
                        f"{name}.{style} may use {', '.join(sorted(TEMPLATES[name]))} (a review no greeting),"
                        f" not {', '.join(sorted(strange)) or 'greeting'}"
                    )
        return self

    def instant(self, when: datetime, zone: str) -> str:
        """Write an instant as people of this language read it, in local time."""
        local = when.astimezone(ZoneInfo(zone))
        return self.time.format(
            weekday=self.weekdays[local.weekday()],
            day=local.day,
            month=self.months[local.month - 1],
            year=local.year,
            time=f"{local:%H:%M}",
        )

    def day(self, day: date) -> str:
        """Write a day as people of this language read it: the time of an instant without its hour."""
        form = self.time[: self.time.index("{year}") + len("{year}")]
        return form.format(
            weekday=self.weekdays[day.weekday()], day=day.day, month=self.months[day.month - 1], year=day.year
        )


@dataclass(frozen=True, slots=True)
class Replies:
    """Every language that we answer in; one that is missing falls back to English."""

    languages: Mapping[str, LanguageFile]

    def of(self, language: str) -> LanguageFile:
        """Give the wording for a language tag such as `es` or `pt-BR`."""
        return self.languages.get(language[:2].lower(), self.languages[FALLBACK])

    def say(self, saying: Saying, style: str, name: str | None = None, code: str = "") -> str:
        """Word an answer in a style, fitted to it. A public review never names the customer."""
        if isinstance(saying, Words):
            return fitted(saying.text, style)
        language = self.of(saying.language)
        greeting = language.greeting_named.format(name=name) if name else language.greeting
        values = {"greeting": greeting, "code": code, **saying.values}
        wording = language.templates[saying.template]
        return fitted(_filled(str(getattr(wording, style, wording.chat)), values), style)


def _filled(template: str, values: Mapping[str, str | None]) -> str:
    lines = [
        line
        for line in template.strip().split("\n")
        if all(values.get(name) for name in PLACEHOLDER.findall(line))
    ]  # fmt: skip
    text = "\n".join(PLACEHOLDER.sub(lambda found: str(values[found[1]]), line) for line in lines)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def fitted(text: str, style: str) -> str:
    """Fit text to its style: a review gets at most 350 characters, cut at the end of a sentence where there is one."""
    text = text.strip()
    if style != "review":
        return text
    text = " ".join(text.split())
    if len(text) <= REVIEW_LIMIT:
        return text
    head = text[: REVIEW_LIMIT - 1]
    sentence = max(head.rfind(end) for end in (". ", "! ", "? ", "。"))
    if sentence > REVIEW_LIMIT // 3:
        return head[: sentence + 1]
    return head[: head.rfind(" ")] + "…" if " " in head else head + "…"
