"""Expected errors say where, what and how to put it right."""

import pytest

from shared.kernel import errors
from shared.kernel.errors import MalformedInput, RecourseError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, RecourseError)]


def test_an_error_names_the_field_the_problem_and_the_fix() -> None:
    error = MalformedInput("has no currency", field="amount", fix="write it as 12.00 EUR")
    assert str(error) == "amount: has no currency (write it as 12.00 EUR)"


def test_an_error_says_only_what_there_is_to_say() -> None:
    assert str(MalformedInput("cannot be read")) == "cannot be read"
    assert str(MalformedInput("cannot be read", field="body")) == "body: cannot be read"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_error_is_the_callers_to_act_on(kind: type[RecourseError]) -> None:
    assert 400 <= kind.status < 500
    assert kind.title
    assert kind.__name__ in (errors.__doc__ or "")
