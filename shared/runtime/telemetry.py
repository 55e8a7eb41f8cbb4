"""Traces (OpenTelemetry), structured logs (structlog) and metrics (Prometheus) of one service."""

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import structlog
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import Counter, Gauge, Histogram

from shared.runtime.telling import tell_whole

APPENDED = Counter("recourse_events_appended", "Events appended to the log", ["service"])
RELAYED = Counter("recourse_events_relayed", "Events published to Kafka", ["service"])
CONSUMED = Counter("recourse_events_consumed", "Events taken from Kafka", ["service", "source"])
UNKNOWN = Counter("recourse_events_unknown", "Events of a type unknown here, skipped", ["service", "type"])
DUPLICATES = Counter("recourse_events_duplicate", "Events that came again and were skipped", ["service", "source"])
GAPS = Counter("recourse_gaps_repaired", "Gaps in a topic repaired from the source's log", ["service", "source"])
PARKED = Counter("recourse_events_parked", "Events parked as dead letters", ["service"])
TIMERS = Counter("recourse_timers_fired", "Durable timers fired", ["service", "kind"])
LAG = Gauge("recourse_relay_lag", "Events in the log that are not in Kafka yet", ["service"])
BATCH = Histogram("recourse_batch_seconds", "Time to handle one polled batch", ["service"])

_propagator = TraceContextTextMapPropagator()
tracer = trace.get_tracer("recourse")
log: structlog.stdlib.BoundLogger = structlog.get_logger("recourse")


def set_up_telemetry(service: str, *, otlp_endpoint: str | None, level: str) -> None:
    """Configure traces and logs of this process; spans leave only when an OTLP endpoint is configured."""
    provider = TracerProvider(resource=Resource.create({"service.name": service, "service.namespace": "recourse"}))
    if otlp_endpoint:
        exporter = OTLPSpanExporter(endpoint=f"{otlp_endpoint.rstrip('/')}/v1/traces")
        provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    others = logging.StreamHandler(sys.stderr)
    others.setFormatter(_WithoutWords("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[others], force=True)
    sys.excepthook = _tell_the_end
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _add_trace,
            _tell_exceptions,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)


def _add_trace(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event.setdefault("trace_id", trace.format_trace_id(context.trace_id))
    return event


def _tell_exceptions(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    given = event.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else sys.exc_info()[1] if given else None
    if error is not None:
        event["exception"] = tell_whole(error)
    return event


def _tell_the_end(_kind: type[BaseException], error: BaseException, _traceback: object) -> None:
    print(tell_whole(error), file=sys.stderr)


class _WithoutWords(logging.Formatter):
    """Formats what libraries log, with the errors of theirs and ours told as everywhere else."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        # asyncio shows whole tasks, and in them what they were given and what they raised
        if record.name == "asyncio":
            record.message = "an error outside of any request"
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        return tell_whole(ei[1])


@contextmanager
def span(
    name: str, *, kind: SpanKind, traceparent: str | None = None, case_id: UUID | None = None, **attributes: str | int
) -> Iterator[Span]:
    """Open a span under the trace that `traceparent` (W3C Trace Context) names, or under the current one.

    Of an error that passes through it keeps the kind, not the words.
    """
    parent = _propagator.extract({"traceparent": traceparent}) if traceparent else None
    if case_id is not None:
        attributes["recourse.case_id"] = str(case_id)
    with tracer.start_as_current_span(
        name, context=parent, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as opened:
        try:
            yield opened
        except Exception as error:
            opened.set_status(StatusCode.ERROR, type(error).__name__)
            raise


def traceparent_of(opened: Span) -> str | None:
    """Give the W3C traceparent of a span; None when there is no trace."""
    context = opened.get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def current_traceparent() -> str | None:
    """Give the W3C traceparent of the current span; None outside a trace."""
    return traceparent_of(trace.get_current_span())
