"""One server span a request, under the caller's trace when it sends a traceparent (W3C Trace Context)."""

from opentelemetry.trace import SpanKind
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.runtime.telemetry import span

QUIET = ("/health", "/metrics")


class TraceRequests:
    """ASGI middleware; pure, so that it costs microseconds and leaves streaming alone.

    A span names the route, never the path or the query that was asked: those hold what callers put there.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(QUIET):
            return await self._app(scope, receive, send)
        given = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), None)
        method: str = scope["method"]
        with span(method, kind=SpanKind.SERVER, traceparent=given) as opened:
            opened.set_attribute("http.request.method", method)
            try:
                return await self._app(scope, receive, send)
            finally:
                if (route := route_of(scope)) is not None:
                    opened.update_name(f"{method} {route.split('/')[1]}")
                    opened.set_attribute("http.route", route)


def route_of(scope: Scope) -> str | None:
    """Give the template of the route that a request took, such as `/cases/{case_id}`; None where it took none."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else None
