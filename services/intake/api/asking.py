"""Who may ask intake, and what every request body is."""

from typing import Annotated, Any

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field

from shared.runtime.auth import Caller, caller
from shared.runtime.service import shell_of
from shared.runtime.shell import Shell

Agent = Annotated[Caller, Depends(caller("agent", "supervisor", "manager"))]
Reader = Annotated[Caller, Depends(caller("agent", "supervisor", "manager", "auditor"))]
TheShell = Annotated[Shell[Any, Any], Depends(shell_of)]
Words = Annotated[str, Field(min_length=1, max_length=4000)]


class Body(BaseModel):
    """What a request may say; unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
