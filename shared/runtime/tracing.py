"""One server span a request, under the caller's trace when it sends a traceparent (W3C Trace Context)."""

from opentelemetry.trace import SpanKind
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.runtime.telemetry import span

QUIET = ("/health", "/metrics")


class TraceRequests:
    """ASGI middleware; pure, so that it costs microseconds and leaves streaming alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(QUIET):
            return await self._app(scope, receive, send)
        given = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), None)
        with span(
            f"{scope['method']} {scope['path'].split('/')[1]}",
            kind=SpanKind.SERVER,
            traceparent=given,
            **{"http.request.method": scope["method"], "url.path": scope["path"]},
        ):
            return await self._app(scope, receive, send)
