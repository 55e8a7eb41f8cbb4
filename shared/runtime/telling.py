"""Errors in one line for operators, without what a customer wrote."""

from pydantic import ValidationError


def tell(error: BaseException) -> str:
    """Name an error and its problem; of a body that fits no contract the fields and problems, never the values."""
    if isinstance(error, ValidationError):
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        told = "; ".join(f"{'.'.join(map(str, one['loc'])) or error.title}: {one['msg']}" for one in problems)
        return f"{error.title} does not fit its contract: {told}"
    return f"{type(error).__name__}: {error}"
