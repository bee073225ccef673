"""How glibc's malloc keeps large blocks: a speech model asks for tens of megabytes, thousands of times.

By default each block over 32 MB (in a thread that isn't the first: over 64 MB in all) is mapped anew and
given back at once, so that the kernel zeroes every page again: a fifth of the CPU time of hearing an episode
(docs/experiments.md). Kept blocks are given back when the work is done. Without glibc nothing is done.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

# https://man7.org/linux/man-pages/man3/mallopt.3.html
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_NEVER = 2**31 - 1


@cache
def _glibc() -> Any:
    """The C library, or None where it isn't glibc (macOS, Windows, musl)."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "gnu_get_libc_version") else None


def keep_large_blocks() -> None:
    """Keep what is freed for the next who asks. Call it before threads are started: those that have a heap of
    their own already keep it, and it can't hold large blocks."""
    if library := _glibc():
        library.mallopt(_M_ARENA_MAX, 1)
        library.mallopt(_M_MMAP_THRESHOLD, _NEVER)
        library.mallopt(_M_TRIM_THRESHOLD, _NEVER)


def give_back() -> None:
    """Give the pages that nothing is kept in back to the system."""
    if library := _glibc():
        library.malloc_trim(0)
