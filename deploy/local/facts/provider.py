"""The sample facts provider: serves the records of tasks files, in the form that docs/facts_provider.md fixes."""

import hmac
from collections import Counter
from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.triage.adapters.records_file import RecordsFile


def make_provider(records: RecordsFile, *, token: str | None = None) -> Starlette:
    """Give the application. With `token`, every look-up needs `Authorization: Bearer <token>`."""

    async def record(request: Request) -> Response:
        if token is not None and not _speaks_for(request, token):
            return _problem(401, "Not allowed", "Send the token as `Authorization: Bearer ...`.")
        kind, wanted = request.path_params["kind"], request.path_params["id"]
        found = records.find(kind, wanted)
        if not found.found:
            return _problem(404, "No such record", f"There is no {kind} of this id.")
        return JSONResponse(found.value, headers={"Cache-Control": "no-store"})

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "live", "records": counts(records)})

    return Starlette(routes=[Route("/health/live", live), Route("/{kind:str}/{id:path}", record)])


def counts(records: RecordsFile) -> dict[str, int]:
    """Give how many records there are of each kind; one that is known by several names counts once."""
    once: Mapping[tuple[str, int], Any] = {(kind, id(record)): record for (kind, _), record in records.records.items()}
    return dict(sorted(Counter(kind for kind, _ in once).items()))


def _speaks_for(request: Request, token: str) -> bool:
    said = request.headers.get("Authorization", "")
    return hmac.compare_digest(said.encode(), f"Bearer {token}".encode())


def _problem(status: int, title: str, detail: str) -> Response:
    return JSONResponse(
        {"title": title, "status": status, "detail": detail}, status, media_type="application/problem+json"
    )
