"""`recourse privacy export`: what is known of a person, in one archive."""

from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import httpx
import typer

from deploy.local.cli.api import pages
from deploy.local.cli.context import AsOption, Context, HomeOption, JsonOption, checked, open_context
from deploy.local.cli.customer import CustomerArgument, customer_of
from deploy.local.cli.privacy_archive import archive
from deploy.local.errors import UsageError
from deploy.local.identity import SERVICES
from deploy.local.secret_files import write_secret


def export(
    customer: CustomerArgument,
    user: AsOption,
    file: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Default: CUSTOMER.zip.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write everything that is known of a customer into one archive.

    Pages to read (begin with index.html), the files that came with messages,
    and data.json, as GDPR Articles 15 and 20 ask for. Only you can read the
    file (mode 0600). Facts about other customers are left out.

    JSON: {"file", "customer_id", "cases", "events", "files"}.
    """
    context = open_context(home, as_json)
    customer_id = customer_of(context, user, customer)
    target = file or Path(f"{customer_id}.zip")
    if target.exists():
        raise UsageError(f"-o: {target} is there already", "Name another file.")
    if not target.absolute().parent.is_dir():
        raise UsageError(f"-o: there is no directory {target.absolute().parent}", "Name a file in one that exists.")
    with context.client("intake", user) as intake:
        known: dict[str, Any] = checked(intake.get(f"/customers/{customer_id}/known"))
        status = checked(intake.get(f"/customers/{customer_id}/privacy"))
        reads = {case["case_id"]: _reads(context, user, case["case_id"]) for case in known["cases"]}
        when = datetime.now(UTC).isoformat(timespec="seconds")
        packed = archive(known, status, reads, _contents(intake, customer_id, known), when)
    write_secret(target, packed)
    told = {
        "file": str(target),
        "customer_id": str(customer_id),
        "cases": len(known["cases"]),
        "events": sum(len(case["events"]) for case in known["cases"]) + len(known["events"]),
        "files": len(known["contents"]),
    }
    line = f"{target}: {told['cases']} cases, {told['events']} events, {told['files']} files"
    context.emit(told, lambda out: out.print(line, highlight=False, soft_wrap=True))


def _contents(
    intake: httpx.Client, customer_id: UUID, known: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], bytes | None]]:
    for content in known["contents"]:
        answer = intake.get(f"/customers/{customer_id}/contents/{content['content_id']}")
        if answer.status_code == HTTPStatus.GONE:
            yield content, None
            continue
        if not answer.is_success:
            checked(answer)
        yield content, answer.content


def _reads(context: Context, user: str, case_id: str) -> list[dict[str, Any]]:
    """Who read a case, over every service."""
    found = []
    for service in SERVICES:
        with context.client(service, user) as client:
            found += [{"service": service, **one} for one in pages(client, "/access-records", case=case_id)["items"]]
    return sorted(found, key=lambda record: (record["read_at"], record["access_id"]))
