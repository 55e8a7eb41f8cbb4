"""What every route of triage shares: who may ask, the parts of the running service, and checks of vocabularies."""

from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from services.triage.adapters.policy_store import PolicyStore
from services.triage.domain.policies.rulebook import Outline
from shared.kernel.errors import MalformedInput
from shared.runtime.auth import Caller, caller
from shared.runtime.service import shell_of
from shared.runtime.shell import Shell

Words = Annotated[str, Field(min_length=1, max_length=4000)]
Agent = Annotated[Caller, Depends(caller("agent", "supervisor", "manager"))]
Manager = Annotated[Caller, Depends(caller("manager"))]
Reader = Annotated[Caller, Depends(caller("agent", "supervisor", "manager", "auditor", "ops"))]
TheShell = Annotated[Shell[Any, Any], Depends(shell_of)]


def policies_of(request: Request) -> PolicyStore:
    """FastAPI dependency: the published policies."""
    policies = request.app.state.policies
    assert isinstance(policies, PolicyStore)
    return policies


def outline_of(request: Request) -> Outline:
    """FastAPI dependency: the vocabularies of assessment."""
    outline = request.app.state.outline
    assert isinstance(outline, Outline)
    return outline


ThePolicies = Annotated[PolicyStore, Depends(policies_of)]
TheOutline = Annotated[Outline, Depends(outline_of)]


class Body(BaseModel):
    """What a request may say; unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


def known(field: str, values: tuple[str, ...], vocabulary: tuple[str, ...]) -> None:
    """Check words against a vocabulary; raises MalformedInput that names the field and the words there are."""
    for value in values:
        if value not in vocabulary:
            raise MalformedInput(f"{value!r} is unknown", field=field, fix=f"use one of {', '.join(vocabulary)}")
