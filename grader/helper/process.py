"""A helper process: `python -m grader.helper.process DESCRIPTOR`. It ends with its socket."""

import importlib
import math
import resource
import sys
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import get_type_hints

import msgspec
import psutil

from grader.helper.pool import MEMORY_BYTES, Reply, Request

TRACEBACK_CHARACTERS = 4000


def serve(link: Connection) -> None:
    """Answer requests until the other end closes."""
    while True:
        try:
            request = msgspec.msgpack.decode(link.recv_bytes(), type=Request)
        except EOFError:
            return
        _allow_cpu(request.cpu_seconds)
        link.send_bytes(_answered(request))


def _answered(request: Request) -> bytes:
    try:
        return msgspec.msgpack.encode(Reply(result=_called(request), is_large=_is_large()))
    except MemoryError:
        return msgspec.msgpack.encode(Reply(out_of_memory=True, is_large=True))
    # The caller raises it again.
    except Exception:  # noqa: BLE001
        text = traceback.format_exc()[-TRACEBACK_CHARACTERS:]
        # A message may repeat a lone surrogate of the submission.
        text = text.encode("utf-8", "backslashreplace").decode()
        return msgspec.msgpack.encode(Reply(traceback=text))


def _called(request: Request) -> msgspec.Raw:
    function = getattr(importlib.import_module(request.module), request.function)
    hints = get_type_hints(function)
    (kind,) = (hint for name, hint in hints.items() if name != "return")
    result = function(msgspec.msgpack.decode(request.argument, type=kind))
    return msgspec.Raw(msgspec.msgpack.encode(result))


def _is_large() -> bool:
    """Whether so much memory is still held that the next file would find less room."""
    size: int = psutil.Process().memory_info().vms
    return size > MEMORY_BYTES // 2


def _allow_cpu(seconds: int) -> None:
    """Have the kernel end this process after so many seconds more; C code can't delay that."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = math.ceil(used.ru_utime + used.ru_stime) + seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))


def main() -> None:
    """Start from the command line."""
    for kind, value in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CORE, 0)):
        # Not every system has every limit.
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (value, value))
    serve(Connection(int(sys.argv[1])))


if __name__ == "__main__":
    main()
