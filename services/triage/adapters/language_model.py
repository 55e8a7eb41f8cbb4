"""A port to an external language model: it may read a message that rules and model are unsure of, and nothing else.

Off unless an address is set. Its answer fills the fields of a reading from the vocabularies of the rules; amounts,
orders, dates and claims stay what the rules found, and policy is decided by rules whoever read the message.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Annotated, Any, Self

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.triage.domain.policies.assessment import Said
from services.triage.domain.policies.rulebook import URGENCIES, Outline
from shared.contracts.triage import Evidence, Reading
from shared.kernel.errors import MalformedInput
from shared.runtime.telemetry import log

LONGEST_TEXT = 8_000
LARGEST_ANSWER = 64 * 1024
FAILURES, REST_SECONDS = 5, 30.0
"""After so many failures in a row the model is left alone for so long: cases shall not wait for one that is down."""


class Quoted(BaseModel):
    """Words of the message that a finding rests on."""

    model_config = ConfigDict(extra="forbid", strict=True)
    finding: str = Field(max_length=80)
    words: str = Field(min_length=1, max_length=2_000)


class Answer(BaseModel):
    """What the language model may say; anything more or less is no answer."""

    model_config = ConfigDict(extra="forbid", strict=True)
    kinds: Annotated[list[str], Field(max_length=8)]
    remedy: str | None
    urgency: str
    tone: str
    emergency: bool
    confidence: float = Field(ge=0, le=1)
    quotes: Annotated[list[Quoted], Field(max_length=24)]


class ModelFailed(Exception):
    """The language model gave no usable answer; the text says why, without any of the customer's words."""


class Prompt:
    """A prompt of the policy directory; `name` is its id with the first digits of its content's hash."""

    def __init__(self, policy_dir: Path, prompt_id: str, outline: Outline) -> None:
        """Raises MalformedInput when there is no such prompt or it names an unknown vocabulary."""
        path = policy_dir / "assessment" / "prompts" / f"{prompt_id}.txt"
        try:
            written = path.read_text("utf-8")
        except OSError as error:
            problem = f"{path.name} cannot be read"
            raise MalformedInput(problem, field="TRIAGE_LLM_PROMPT", fix="name a file of assessment/prompts") from error
        words = {
            "kinds": ", ".join(outline.kinds),
            "remedies": ", ".join(outline.remedies),
            "urgencies": ", ".join(URGENCIES),
            "tones": ", ".join(outline.tones),
        }
        try:
            self.text = Template(written).substitute(words)
        except (KeyError, ValueError) as error:
            raise MalformedInput(f"unknown $name: {error}", field=str(path), fix=f"use {', '.join(words)}") from error
        self.name = f"{prompt_id}@{hashlib.sha256(written.encode()).hexdigest()[:8]}"


class LanguageModel:
    """Asks an OpenAI-compatible `POST {url}/chat/completions`; an async context manager that keeps connections."""

    def __init__(
        self,
        url: str,
        model: str,
        prompt: Prompt,
        outline: Outline,
        *,
        key_file: Path | None = None,
        timeout_ms: int = 2_000,
        at_once: int = 4,
    ) -> None:
        """Raises MalformedInput for an address that is none. `timeout_ms` bounds the whole of one question."""
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise MalformedInput(str(error), field="TRIAGE_LLM_URL", fix="give http://host:port/v1") from error
        if parsed.scheme not in {"http", "https"} or not parsed.host:
            raise MalformedInput(f"{url!r} is no address", field="TRIAGE_LLM_URL", fix="give http://host:port/v1")
        self._url = f"{url.rstrip('/')}/chat/completions"
        self._model, self._prompt, self._outline = model, prompt, outline
        self._key_file = key_file
        self._timeout = timeout_ms / 1000
        self._slots = asyncio.Semaphore(at_once)
        self._failures, self._rests_until = 0, 0.0
        self._client = httpx.AsyncClient(timeout=self._timeout)

    @property
    def judged_by(self) -> str:
        """Name what judged a reading of this model: the model, and the prompt with its hash."""
        return f"llm/{self._model}/{self._prompt.name}"

    async def __aenter__(self) -> Self:
        """Give itself; leaving closes the connections."""
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def ask(self, said: Said, reading: Reading) -> Reading | None:
        """Give the model's reading of a message, built on `reading`; None when it gives none. Never raises.

        Late, failing, malformed, or with words that are none of ours: the reading that we have stands, and the log
        says why.
        """
        clock = asyncio.get_running_loop().time
        if clock() < self._rests_until:
            return None
        try:
            async with asyncio.timeout(self._timeout), self._slots:
                answer = self._checked(await self._post(said.text[:LONGEST_TEXT]))
        except (ModelFailed, httpx.HTTPError, TimeoutError) as error:
            self._failures += 1
            if self._failures >= FAILURES:
                self._rests_until = clock() + REST_SECONDS
            reason = str(error) if isinstance(error, ModelFailed) else type(error).__name__
            log.warning("language model gave no reading", model=self._model, prompt=self._prompt.name, reason=reason)
            return None
        self._failures = 0
        return merge(reading, answer, said.text, self.judged_by)

    async def _post(self, text: str) -> bytes:
        headers = {}
        if self._key_file is not None:
            try:
                headers["Authorization"] = f"Bearer {self._key_file.read_text('utf-8').strip()}"
            except OSError as error:
                raise ModelFailed("the key file cannot be read") from error
        body = {
            "model": self._model,
            "temperature": 0,
            "messages": [
                {"role": "system", "content": self._prompt.text},
                {"role": "user", "content": json.dumps({"message": text}, ensure_ascii=False)},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "reading", "strict": True, "schema": self._schema()},
            },
        }
        async with self._client.stream("POST", self._url, json=body, headers=headers) as response:
            if response.status_code != httpx.codes.OK:
                raise ModelFailed(f"HTTP {response.status_code}")
            received = bytearray()
            async for piece in response.aiter_bytes():
                received += piece
                if len(received) > LARGEST_ANSWER:
                    raise ModelFailed("the answer is too large")
        return bytes(received)

    def _checked(self, received: bytes) -> Answer:
        try:
            answer = Answer.model_validate_json(json.loads(received)["choices"][0]["message"]["content"])
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            wrong = error.errors(include_url=False)[0]["loc"] if isinstance(error, ValidationError) else ()
            where = ".".join(str(at) for at in wrong) or "the body"
            raise ModelFailed(f"{where} is not as the schema asks") from error
        outline = self._outline
        for name, value, known in (
            *(("kinds", kind, outline.kinds) for kind in answer.kinds),
            ("tone", answer.tone, outline.tones),
            ("urgency", answer.urgency, URGENCIES),
            *((("remedy", answer.remedy, outline.remedies),) if answer.remedy is not None else ()),
        ):
            if value not in known:
                raise ModelFailed(f"{name} holds a word that is not ours")
        return answer

    def _schema(self) -> Mapping[str, Any]:
        schema = Answer.model_json_schema()
        for name, words in (("urgency", URGENCIES), ("tone", self._outline.tones)):
            schema["properties"][name]["enum"] = list(words)
        schema["properties"]["kinds"]["items"]["enum"] = list(self._outline.kinds)
        return schema


def merge(reading: Reading, answer: Answer, text: str, judged_by: str) -> Reading:
    """Put an answer into a reading: kind, remedy, urgency, tone. What else was found stays, danger above all.

    Evidence is only what stands in the message word for word.
    """
    kinds = tuple(dict.fromkeys(answer.kinds))
    said = {*(f"kind:{kind}" for kind in kinds), f"remedy:{answer.remedy}", f"tone:{answer.tone}"}
    evidence = [e for e in reading.evidence if not e.finding.startswith(("kind:", "remedy:", "tone:", "urgency:"))]
    for quote in answer.quotes:
        at = text.find(quote.words)
        if at >= 0 and quote.finding in said:
            end = at + len(quote.words)
            evidence.append(Evidence(finding=quote.finding, start=at, end=end, rule=judged_by))
    emergency = reading.emergency or answer.emergency
    return reading.model_copy(
        update={
            "kinds": kinds,
            "remedy": answer.remedy,
            "urgency": URGENCIES[-1] if emergency else answer.urgency,
            "tone": answer.tone,
            "emergency": emergency,
            "confidence": round(answer.confidence, 3),
            "judged_by": judged_by,
            "evidence": tuple(sorted(evidence, key=lambda e: (e.start, e.end, e.finding))),
            "requests": reading.requests if {r.kind for r in reading.requests} <= set(kinds) else (),
        }
    )
