"""Become another program that the kernel signals when the parent dies. Run by path, imports nothing of ours.

Usage: python -IS die_with_parent.py SIGNAL PARENT_PID PROGRAM [ARGUMENT...]
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Ask for SIGNAL on the parent's death, then replace this process by PROGRAM."""
    wanted, parent, program = int(arguments[0]), int(arguments[1]), arguments[2:]
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, wanted, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:  # it died before we asked
        os.kill(os.getpid(), signal.SIGKILL)
    os.execvp(program[0], program)


if __name__ == "__main__":
    main(sys.argv[1:])
