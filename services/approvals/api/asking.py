"""Who may ask approvals, and what every request body is."""

from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from services.approvals.domain.policies.authority import AuthorityRules
from shared.runtime.auth import Caller, caller
from shared.runtime.service import shell_of
from shared.runtime.shell import Shell

Words = Annotated[str, Field(min_length=1, max_length=4000)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Decider = Annotated[Caller, Depends(caller("agent", "supervisor", "manager"))]
Reader = Annotated[Caller, Depends(caller("agent", "supervisor", "manager", "auditor", "ops"))]
Overseer = Annotated[Caller, Depends(caller("supervisor", "manager", "auditor", "ops"))]
TheShell = Annotated[Shell[Any, Any], Depends(shell_of)]


def rules_of(request: Request) -> AuthorityRules:
    """FastAPI dependency: the authority rules in force."""
    rules = request.app.state.authority
    assert isinstance(rules, AuthorityRules)
    return rules


TheRules = Annotated[AuthorityRules, Depends(rules_of)]


class Body(BaseModel):
    """What a request may say; unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
