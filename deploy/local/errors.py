"""What can go wrong with the local stack; each error is one line with its remedy."""

from shared.kernel.errors import RecourseError


class StackError(RecourseError):
    """Something could not be started or stopped; `fix` says what to do about it. The command line exits with 1."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem, fix=fix)


class UsageError(RecourseError):
    """The command cannot be carried out as it was given. The command line exits with 2."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem, fix=fix)
