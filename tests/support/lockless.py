"""Programs that see a file system without locks and hard links, as some network file systems are.

The kernel refuses them their system calls (seccomp, Linux), whatever the file system could do.
"""

import ctypes
import errno
import fcntl
import os
import platform
import struct

import pytest

# By the architecture: flock, fcntl, and what makes hard links.
_CALLS = {"x86_64": (73, 72, (86, 265)), "aarch64": (32, 25, (37,))}
_LOCKS = (fcntl.F_SETLK, fcntl.F_SETLKW)
# Of linux/prctl.h, linux/filter.h and linux/seccomp.h.
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_REFUSE, _ALLOW = 0x00050000, 0x7FFF0000
_CALL, _SECOND_ARGUMENT = 0, 24


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))


def without_locks() -> None:
    """Refuse locks and hard links to a new process and all that it starts; use as `preexec_fn`."""
    code = _filter()
    raw = b"".join(struct.pack("HBBI", *line) for line in code)
    buffer = ctypes.create_string_buffer(raw, len(raw))
    program = _Program(len(code), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    for call in (
        (_NO_NEW_PRIVILEGES, 1, 0, 0, 0),
        (_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0),
    ):
        if libc.prctl(*call):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _filter() -> list[tuple[int, int, int, int]]:
    """Return a program of Berkeley's packet filter: code, jumps if equal and if not, a value."""
    flock, control, links = _CALLS[platform.machine()]
    no_locks, no_links = _REFUSE | errno.ENOLCK, _REFUSE | errno.EPERM
    code = [(_LOAD, 0, 0, _CALL)]
    for call, answer in [(flock, no_locks), *((link, no_links) for link in links)]:
        code += [(_EQUAL, 0, 1, call), (_RETURN, 0, 0, answer)]
    code += [(_EQUAL, 1, 0, control), (_RETURN, 0, 0, _ALLOW), (_LOAD, 0, 0, _SECOND_ARGUMENT)]
    for kind in _LOCKS:
        code += [(_EQUAL, 0, 1, kind), (_RETURN, 0, 0, no_locks)]
    return [*code, (_RETURN, 0, 0, _ALLOW)]


known = pytest.mark.skipif(
    platform.machine() not in _CALLS, reason="system calls of this architecture are not known here"
)
"""For tests that need it."""
