"""What a killed run left behind may end by itself at any moment; stopping it must not fail for that."""

import signal
import subprocess
import sys

import psutil

from deploy.local.process import send


def test_a_process_that_is_there_gets_the_signal() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    send(psutil.Process(child.pid), signal.SIGTERM)
    assert child.wait(timeout=10) == -signal.SIGTERM


def test_a_process_that_ended_since_it_was_found_is_no_error() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    found = psutil.Process(child.pid)
    child.wait(timeout=10)
    send(found, signal.SIGTERM)
    assert not found.is_running()
