"""What is sealed stays sealed in the read models, whole, and is opened only in an answer."""

import json
from collections.abc import Iterator
from itertools import pairwise
from uuid import UUID

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from services.casebook.api.opening import OpenAnswers
from services.casebook.projections.apply import changes
from services.casebook.projections.wording import EXCERPT, excerpt, say, words
from shared.contracts import catalogue
from shared.contracts.event import REGISTRY, Fact
from shared.eventstore import seal
from tests.support.histories import Maker
from tests.support.memory_vault import MemoryVault
from tests.support.recorded import recorded

assert catalogue
CASE, OTHER = UUID(int=1), UUID(int=2)
TAG = seal.tag_of("text")


@pytest.fixture
def vault() -> MemoryVault:
    return MemoryVault()


def token(vault: MemoryVault, text: str) -> str:
    return seal.seal_text(vault.key(OTHER), text, CASE.bytes, TAG)


@pytest.mark.parametrize("kind", REGISTRY.values(), ids=lambda kind: kind.TYPE)
def test_a_sealed_fact_reads_as_if_it_had_never_been_sealed(kind: type[Fact], vault: MemoryVault) -> None:
    for seed in range(10):
        plain = recorded(Maker(seed).fact(kind, CASE, [OTHER]))
        sealed = vault.sealed(plain)
        assert plain.fact is not None
        assert sealed.fact is not None
        told, said = say(plain.fact), say(sealed.fact)
        assert vault.open_all([said.line]) == [told.line]
        assert vault.open_all([said.why or ""]) == [told.why or ""]


@pytest.mark.parametrize("kind", REGISTRY.values(), ids=lambda kind: kind.TYPE)
def test_every_token_in_a_row_is_whole_and_every_one_in_a_line_has_its_length(
    kind: type[Fact], vault: MemoryVault
) -> None:
    for seed in range(10):
        for change in changes(vault.sealed(recorded(Maker(seed).fact(kind, CASE, [OTHER])))):
            for name, value in change.set.items():
                if isinstance(value, str):
                    assert value.count(seal.PREFIX) == len(seal.TOKEN.findall(value))
                    assert seal.UNREADABLE not in vault.open_all([value])[0]
                    assert name != "line" or all(length for _, length in seal.TOKEN.findall(value))


@pytest.mark.parametrize("text", ["My money", " two\n lines ", "w" * 139, "w" * 140, "w" * 141, "word " * 300])
def test_an_excerpt_of_a_sealed_text_opens_to_the_excerpt_of_the_text(vault: MemoryVault, text: str) -> None:
    sealed = excerpt(token(vault, text))
    assert vault.open_all([sealed]) == [excerpt(text)]
    assert excerpt(sealed) == sealed


def test_several_sealed_texts_share_one_excerpt(vault: MemoryVault) -> None:
    one, two = token(vault, "a" * 500), token(vault, "b" * 500)
    [opened] = vault.open_all([excerpt(f"{one}; {two}")])
    assert len(opened) <= EXCERPT + len("; ")
    assert opened.count("a") == opened.count("b") > 0


def test_a_sealed_word_is_not_rewritten(vault: MemoryVault) -> None:
    sealed = token(vault, "health_condition")
    assert vault.open_all([words(sealed)]) == ["health_condition"]
    assert words("health_condition") == "health condition"


def test_what_looks_like_a_token_is_a_text_like_others() -> None:
    assert excerpt("sealed:1:abc " * 100) == excerpt("sealed:2:abc " * 100).replace("sealed:2", "sealed:1")


@pytest.fixture
def client(vault: MemoryVault) -> AsyncClient:
    answers = {"line": token(vault, 'He said "no" \\ é\n\x00') + ";80", "not": 1, "plain": "é"}

    async def answer(_: Request) -> Response:
        return JSONResponse(answers)

    async def in_pieces(_: Request) -> Response:
        def pieces() -> Iterator[bytes]:
            whole = json.dumps(answers).encode()
            ends = [0, 20, 30, 99, len(whole)]
            return (whole[start:end] for start, end in pairwise(ends))

        return StreamingResponse(pieces(), media_type="application/json")

    async def text(_: Request) -> Response:
        return Response(answers["line"], media_type="text/plain")

    app = Starlette(
        routes=[
            Route("/cases", answer),
            Route("/log/3", answer),
            Route("/dead-letters", answer),
            Route("/pieces", in_pieces),
            Route("/text", text),
        ]
    )
    app.add_middleware(OpenAnswers, open_document=vault.open_document)
    return AsyncClient(transport=ASGITransport(app), base_url="http://casebook")


@pytest.mark.parametrize("path", ["/cases", "/pieces"])
async def test_an_answer_is_opened_whole_and_escaped(client: AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.json() == {"line": 'He said "no" \\ é \x00', "not": 1, "plain": "é"}
    assert int(answer.headers.get("content-length", len(answer.content))) == len(answer.content)


@pytest.mark.parametrize("path", ["/log/3", "/dead-letters", "/text"])
async def test_what_is_not_for_people_stays_sealed(client: AsyncClient, path: str) -> None:
    assert seal.MARK in (await client.get(path)).content


async def test_an_erased_customer_reads_as_erased(client: AsyncClient, vault: MemoryVault) -> None:
    vault.destroy(OTHER)
    assert (await client.get("/cases")).json()["line"] == seal.ERASED


async def test_without_the_vault_the_answer_says_so(client: AsyncClient, vault: MemoryVault) -> None:
    vault.away = True
    answer = await client.get("/cases")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert "vault" in answer.json()["detail"]
