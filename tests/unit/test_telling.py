"""What an operator is told of an error names the field and never quotes the customer."""

import pytest
from pydantic import ValidationError

from shared.contracts.intake import MessageReceived
from shared.runtime.telling import tell

WORDS = "my card number is 4111"


def test_a_body_that_fits_no_contract_is_told_by_field_in_one_line_without_its_values() -> None:
    with pytest.raises(ValidationError) as caught:
        MessageReceived.model_validate({"case_id": WORDS, "text": 7, "rating": WORDS})
    told = tell(caught.value)
    assert told.startswith("MessageReceived does not fit its contract: case_id: Input should be a valid UUID")
    assert "text: Input should be a valid string" in told
    assert [part for part in (WORDS, "\n", "http") if part in told] == []


def test_any_other_error_is_told_by_its_kind_and_message() -> None:
    assert tell(ValueError("no such clause")) == "ValueError: no such clause"
