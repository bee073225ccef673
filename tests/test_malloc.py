"""Large blocks are kept for the next who asks, and given back when told."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc is set on Linux alone")

# In a process of its own, whose malloc nothing else has set; in a thread, as a model's work is.
USES = """
import resource, sys, threading
from bot.malloc import give_back, keep_large_blocks

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() >> 20

def work():
    for _ in range(10):
        bytearray(96 << 20)

if sys.argv[1] == "kept":
    keep_large_blocks()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
thread = threading.Thread(target=work)
thread.start()
thread.join()
faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
held = resident()
give_back()
print(faults * resource.getpagesize() >> 20, held, resident())
"""


def used(how: str) -> tuple[int, int, int]:
    done = subprocess.run([sys.executable, "-c", USES, how], capture_output=True, text=True, check=True)
    touched, held, after = map(int, done.stdout.split())
    return touched, held, after


def test_a_large_block_is_touched_once_and_given_back_when_told() -> None:
    touched, held, after = used("kept")
    assert touched < 3 * 96  # MB; ten times 96 when each is mapped anew
    assert held > 96 > after
