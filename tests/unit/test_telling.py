"""What an operator is told of an error names the field and never quotes the customer."""

import subprocess
import sys
from unittest.mock import patch
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import ValidationError

from shared.contracts.intake import MessageReceived
from shared.eventstore.partition import log_part
from shared.kernel.errors import MalformedInput
from shared.runtime import telemetry
from shared.runtime.telling import tell, tell_whole
from shared.runtime.tracing import TraceRequests

WORDS = "my card number is 4111"


def test_a_body_that_fits_no_contract_is_told_by_field_in_one_line_without_its_values() -> None:
    with pytest.raises(ValidationError) as caught:
        MessageReceived.model_validate({"case_id": WORDS, "text": 7, "rating": WORDS})
    told = tell(caught.value)
    assert told.startswith("MessageReceived does not fit its contract: case_id: Input should be a valid UUID")
    assert "text: Input should be a valid string" in told
    assert [part for part in (WORDS, "\n", "http") if part in told] == []


def test_any_other_error_is_told_by_its_kind_and_place_and_its_words_are_left_out() -> None:
    with pytest.raises(ValueError, match=WORDS) as caught:
        log_part(UUID(int=1), Unfit(8))
    told = tell(caught.value)
    assert told.startswith("ValueError at shared/eventstore/partition.py:")
    assert told.endswith(" in log_part")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ConnectionRefusedError(111, "refused"), "ConnectionRefusedError: [Errno 111] refused"),
        (asyncpg.UniqueViolationError(f"Key (address)=({WORDS}) already exists"), "UniqueViolationError: 23505"),
        (MalformedInput(f"{WORDS!r} is not a UUID", field="message_id"), "MalformedInput: message_id"),
        (KeyError(WORDS), "KeyError"),
    ],
)
def test_what_the_network_and_the_database_say_is_told_without_values(error: Exception, told: str) -> None:
    assert tell(error) == told


def test_a_traceback_shows_the_way_of_every_error_in_it_and_no_word() -> None:
    with pytest.raises(RuntimeError) as caught:
        fails_because_of(KeyError(WORDS))
    told = tell_whole(caught.value)
    assert told.splitlines()[0] == "RuntimeError"
    assert "\ncaused by KeyError\n" in told
    assert "in fails_because_of" in told
    assert WORDS not in told


def test_nothing_that_libraries_or_we_log_has_words_of_an_error() -> None:
    asked = [sys.executable, "-m", "tests.support.logs_with_errors", WORDS]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert WORDS not in done.stdout + done.stderr
    assert done.stderr.count("KeyError") == 5, done.stderr


async def test_a_span_keeps_the_kind_of_an_error_and_the_route_of_a_request() -> None:
    exported = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exported))
    app = FastAPI()
    app.add_middleware(TraceRequests)

    @app.get("/chat/{key}/messages")
    async def read(key: str, sender: str) -> None:
        raise KeyError(key, sender)

    way = httpx.ASGITransport(app, raise_app_exceptions=False)
    with patch.object(telemetry, "tracer", provider.get_tracer("test")):
        async with httpx.AsyncClient(transport=way, base_url="http://door") as asked:
            await asked.get(f"/chat/{WORDS}/messages", params={"sender": WORDS})
            await asked.get(f"/{WORDS}")
    failed, missed = exported.get_finished_spans()
    assert (failed.name, failed.status.description) == ("GET chat", "KeyError")
    assert dict(failed.attributes or {}) == {"http.request.method": "GET", "http.route": "/chat/{key}/messages"}
    assert missed.name == "GET"
    assert [one for span in (failed, missed) if WORDS in (one := span.to_json())] == []


class Unfit(int):
    """A number of partitions that says so with a customer's words when it is used."""

    def __rmod__(self, _other: int) -> int:
        raise ValueError(WORDS)


def fails_because_of(cause: Exception) -> None:
    try:
        raise cause
    except KeyError as error:
        raise RuntimeError(WORDS) from error
