"""How a customer is named on the command line: by their id, or by a case of theirs."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

import typer

from deploy.local.cli.context import Context, checked
from deploy.local.errors import UsageError

CustomerArgument = Annotated[
    str, typer.Argument(metavar="CUSTOMER", help="A customer's id, or a case of theirs (id or tracking code).")
]


def customer_of(context: Context, user: str, name: str) -> UUID:
    """The customer that is meant; UsageError where no case has this name and it is no customer's id."""
    with context.client("casebook", user) as book:
        answer = book.get(f"/cases/{quote(name, safe='')}")
    if answer.status_code != HTTPStatus.NOT_FOUND:
        return UUID(checked(answer)["customer_id"])
    try:
        return UUID(name)
    except ValueError:
        raise UsageError(
            f"CUSTOMER: there is no case {name}", "Name a customer by their id, or by a case of theirs."
        ) from None
