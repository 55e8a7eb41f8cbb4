"""Expected errors, each with the field, what is wrong with it, and the fix.

RecourseError
├── MalformedInput      the caller sent something that cannot be read           (HTTP 422, exit code 2)
├── NotFound            no such thing                                           (HTTP 404)
├── Unauthenticated     no token, or one that does not hold                     (HTTP 401)
├── Forbidden           the token's roles do not allow this                     (HTTP 403)
├── Refused             a rule said no, and the refusal is on record            (HTTP 409)
├── StaleVersion        somebody else changed the stream first                  (HTTP 409)
└── ReusedCommandId     the command id was used before with other content       (HTTP 409)
"""


class RecourseError(Exception):
    """An error that a caller can act on; never a bug."""

    status = 400
    title = "The request cannot be carried out"

    def __init__(self, problem: str, *, field: str | None = None, fix: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.field = field
        self.fix = fix

    def __str__(self) -> str:
        where = f"{self.field}: " if self.field else ""
        return f"{where}{self.problem}" + (f" ({self.fix})" if self.fix else "")


class MalformedInput(RecourseError):
    status = 422
    title = "The input cannot be read"


class NotFound(RecourseError):
    status = 404
    title = "Not found"


class Unauthenticated(RecourseError):
    status = 401
    title = "Not signed in"


class Forbidden(RecourseError):
    status = 403
    title = "Not allowed"


class Refused(RecourseError):
    status = 409
    title = "Refused"


class StaleVersion(RecourseError):
    status = 409
    title = "Changed by somebody else"


class ReusedCommandId(RecourseError):
    status = 409
    title = "Command id used before with other content"
