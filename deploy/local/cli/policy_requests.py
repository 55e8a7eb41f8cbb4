"""Reading structured policy requests from files, and asking packs on this machine, without a running stack."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from deploy.local.environment import ROOT
from services.triage.adapters.policy_pack import PolicyPack
from services.triage.adapters.records_file import RecordsFile
from services.triage.domain.policies.evaluation import PolicyAnswer, PolicyRequest
from services.triage.domain.policies.gathering import gather
from shared.kernel.errors import MalformedInput

PolicyOption = Annotated[
    str | None, typer.Option("--policy", metavar="DIR|NAME", help="The pack; else the one that a request names.")
]
RecordsOption = Annotated[
    list[Path] | None, typer.Option("--records", metavar="FILE", help="JSON lines with `facts` to look records up in.")
]
RequestsArgument = Annotated[
    str, typer.Argument(metavar="FILE|-", help="A request, {requests: [...]}, JSON lines, or a folder of such files.")
]


@dataclass(frozen=True)
class Item:
    """One request of a file: the item that it belongs to, its place there, and what the file expects, if it does."""

    name: str
    number: int
    request: PolicyRequest
    expect: dict[str, Any]
    only_if: dict[str, Any]


Choose = Callable[[Item], PolicyPack]
"""Gives the pack that answers a request."""


@dataclass(frozen=True)
class Answered:
    """A request as it was asked, records and all, with the pack's answer; None where its `only_if` left it out."""

    item: Item
    pack: PolicyPack
    request: PolicyRequest
    answer: PolicyAnswer | None

    @property
    def as_expected(self) -> bool | None:
        """Whether outcome, clause and missing paths are the expected ones; None when the file expects nothing."""
        if not self.item.expect or self.answer is None:
            return None
        wanted = self.item.expect
        missing = [one.path for one in self.answer.missing]
        got = {"outcome": self.answer.outcome, "clause": self.answer.clause.clause, "missing": missing}
        return all(wanted.get(name) in (None, value) for name, value in got.items())


def read_requests(source: str) -> list[Item]:
    """Read requests from a file, `-` for standard input, or a folder; raises MalformedInput naming file and field."""
    path = Path(source)
    if source == "-":
        found = list(_items(sys.stdin.read(), "standard input"))
    else:
        files = [path] if not path.is_dir() else sorted(p for p in path.iterdir() if p.suffix in {".json", ".jsonl"})
        found = [item for file in files for item in _items(_text(file), str(file))]
    if not found:
        raise MalformedInput("holds no requests", field=source, fix='write {"requests": [...]}')
    return found


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MalformedInput(f"cannot be read: {error}", field=str(file), fix="name a file of requests") from error


def chooser(policy: str | None) -> Choose:
    """Give the choice of the pack that a request names, or of the one that is given for all of them."""
    loaded = cache(load_pack)
    return lambda item: loaded(policy or item.request.policy or "")


def load_pack(name: str) -> PolicyPack:
    """Load a pack from a directory, or by its name from the shipped ones."""
    return PolicyPack(pack_home(name))


def pack_home(name: str) -> Path:
    """Give a pack's directory by path or by name; raises MalformedInput that lists the names."""
    if not name:
        raise MalformedInput("no policy is named", field="policy", fix="give --policy, or `policy` in the request")
    for home in (Path(name), ROOT / "policies" / name):
        if (home / "pack.yaml").is_file():
            return home
    known = sorted(path.parent.name for path in (ROOT / "policies").glob("*/pack.yaml"))
    raise MalformedInput(f"{name} holds no pack.yaml", field="policy", fix=f"name a directory, or {', '.join(known)}")


def ask(items: list[Item], choose: Choose, records: list[Path] | None, *, strict: bool = True) -> list[Answered]:
    """Give each request's answer, in order. `now` is this moment where a request does not say.

    Raises MalformedInput for an action that the pack does not have; without `strict`, a person answers that.
    """
    served = RecordsFile(*records) if records else None
    now = datetime.now(UTC)
    answered: list[Answered] = []
    outcomes: dict[tuple[str, int], str] = {}
    for item in items:
        pack, request, needed = choose(item), item.request, item.only_if
        if needed and outcomes.get((item.name, int(needed.get("request", 0)))) != needed.get("outcome"):
            answered.append(Answered(item, pack, request, None))
            continue
        request = request if request.now else request.model_copy(update={"now": now})
        if strict and request.action and pack.facts.actions and request.action not in pack.facts.actions:
            raise MalformedInput(
                f"{request.action!r} is unknown",
                field=f"{item.name}: action",
                fix=f"use one of {', '.join(pack.facts.actions)}",
            )
        if served:
            request = asyncio.run(gather(request, pack.facts, served.lookup))
        answer = pack.answer(request)
        outcomes[item.name, item.number] = answer.outcome
        answered.append(Answered(item, pack, request, answer))
    return answered


def _items(text: str, place: str) -> Iterator[Item]:
    try:
        documents = [(place, json.loads(text))]
    except (ValueError, RecursionError):
        documents = [
            (f"{place}:{number}", _parsed(line, f"{place}:{number}"))
            for number, line in enumerate(text.splitlines(), start=1)
            if line.strip()
        ]
    for where, document in documents:
        if isinstance(document, list):
            document = {"requests": document}
        if not isinstance(document, dict):
            raise MalformedInput("must be an object", field=where, fix="see docs/policy_requests.md")
        many = "requests" in document
        if many and not isinstance(document["requests"], list):
            raise MalformedInput("requests must be a list", field=where, fix="see docs/policy_requests.md")
        name = str(document.get("id") or document.get("task") or Path(where).name)
        for number, one in enumerate(document["requests"] if many else [document]):
            inner = one if isinstance(one, dict) and "request" in one else {"request": one}
            for name_of in ("expect", "only_if"):
                if not isinstance(inner.get(name_of) or {}, dict):
                    problem = f"requests.{number}.{name_of} must be an object"
                    raise MalformedInput(problem, field=where, fix="see docs/policy_requests.md")
            yield Item(
                name,
                number,
                _request(inner["request"], f"{where}: requests.{number}" if many else where),
                inner.get("expect") or {},
                inner.get("only_if") or {},
            )


def _parsed(line: str, where: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise MalformedInput(f"is not JSON: {error}", field=where, fix="see docs/policy_requests.md") from error


def _request(value: Any, where: str) -> PolicyRequest:
    try:
        return PolicyRequest.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        inside = ".".join(str(part) for part in first["loc"])
        raise MalformedInput(first["msg"], field=f"{where}: {inside}", fix="see docs/policy_requests.md") from error
