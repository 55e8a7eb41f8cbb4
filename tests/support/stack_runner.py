"""Runs a stack with stand-in services, as `recourse up` would. Usage: python -m tests.support.stack_runner HOME"""

import sys
from pathlib import Path

from deploy.local.home import Home
from deploy.local.stack import ChildDied
from deploy.local.supervisor import supervise
from shared.kernel.errors import RecourseError


def say(words: str) -> None:
    """Print at once."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run until stopped; one line a step, the exit code as the command line's."""
    home = Home(Path(sys.argv[1]))
    try:
        supervise(
            home,
            lambda step: say(f"{step.part} {step.status}"),
            lambda: say("READY"),
            service_module="tests.support.stack_service",
        )
    except ChildDied as error:
        say("\n".join([str(error), *error.lines]))
        return 1
    except RecourseError as error:
        say(str(error))
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
