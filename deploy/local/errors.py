"""What can go wrong with the local stack, said in one line with its remedy."""


class StackError(Exception):
    """A failure a person can act on: `problem` says what is wrong, `fix` what to do about it."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(f"{problem}. {fix}")
        self.problem = problem
        self.fix = fix


class UsageError(StackError):
    """The command cannot be carried out as it was given; the command line exits with code 2."""
