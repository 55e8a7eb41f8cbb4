"""How a customer is named on the command line: by their id, or by a case of theirs."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

import typer

from deploy.local.cli.context import Context, checked
from deploy.local.errors import UsageError

CustomerArgument = Annotated[
    str, typer.Argument(metavar="CUSTOMER", help="Their id, their address, or a case of theirs (id or code).")
]


def customer_of(context: Context, user: str, name: str) -> UUID:
    """The customer that is meant; UsageError where nobody has this id, address or case."""
    with context.client("casebook", user) as book:
        answer = book.get(f"/cases/{quote(name, safe='')}")
        if answer.status_code != HTTPStatus.NOT_FOUND:
            return UUID(checked(answer)["customer_id"])
        try:
            return UUID(name)
        except ValueError:
            found = checked(book.get("/cases", params={"customer": name, "limit": 1}))["items"]
    if not found:
        raise UsageError(f"CUSTOMER: nobody is known as {name}", "Name them by id, address, or a case of theirs.")
    return UUID(found[0]["customer_id"])
