"""Errors over HTTP as problem details (RFC 9457, application/problem+json)."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from shared.eventstore.database import TRANSIENT
from shared.kernel.errors import RecourseError
from shared.runtime.telemetry import log
from shared.runtime.telling import tell
from shared.runtime.tracing import route_of

PROBLEM_JSON = "application/problem+json"


def problem(status: int, title: str, detail: str, **more: object) -> JSONResponse:
    """Make a problem+json answer; `more` members that are None are left out."""
    body: dict[str, object] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    body |= {name: value for name, value in more.items() if value is not None}
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse(body, status_code=status, media_type=PROBLEM_JSON, headers=headers)


def answer_problems(app: FastAPI) -> None:
    """Make an app answer every error as problem+json; a bug is logged with its traceback and told without it."""

    @app.exception_handler(RecourseError)
    async def expected(_request: Request, error: RecourseError) -> JSONResponse:
        return problem(error.status, error.title, error.problem, field=error.field, fix=error.fix)

    @app.exception_handler(RequestValidationError)
    async def malformed(_request: Request, error: RequestValidationError) -> JSONResponse:
        problems = [{"field": _field(each), "problem": each["msg"]} for each in error.errors()]
        field = problems[0]["field"]
        detail = f"{field}: {problems[0]['problem']}"
        fix = "correct the field; /openapi.json shows what the request may hold"
        return problem(422, "The input cannot be read", detail, field=field, fix=fix, problems=problems)

    @app.exception_handler(HTTPException)
    async def plain(_request: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, str(error.detail), str(error.detail))

    async def away(_request: Request, error: Exception) -> JSONResponse:
        log.warning("database away", error=tell(error))
        return problem(503, "Try again", "The service cannot reach its database; nothing was recorded.")

    for kind in TRANSIENT:
        app.add_exception_handler(kind, away)

    @app.exception_handler(Exception)
    async def bug(request: Request, error: Exception) -> JSONResponse:
        log.error("bug", method=request.method, route=route_of(request.scope), exc_info=error)
        return problem(500, "An error of ours", "This is a bug; it is in the service's log under this trace.")


def _field(error: Mapping[str, Any]) -> str:
    """Name the field of a validation error; of a body that is no JSON, the location is a place in its text."""
    if error["type"] == "json_invalid":
        return "body"
    return ".".join(str(part) for part in error["loc"] if part != "body") or "body"
