"""From an address to a Dask scheduler: one that runs, or one that is started here."""

import contextlib
import logging
import signal
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from grader.errors import GraderError, UsageError

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

LOCAL = "local:"
CONNECT_SECONDS = 60
"""Schedulers of batch systems take a while to start their workers."""
INSTALL = "install it with `pip install 'nla-grader[cluster]'`"
CONFIG = {
    # A notebook is larger than what Dask wants to see in a task; each goes to one worker, once.
    "distributed.admin.large-graph-warning-threshold": "1GiB",
    # Of a scheduler that is started here: a file that ends two workers is given up.
    "distributed.scheduler.allowed-failures": 1,
}
"""Settings of Dask's."""


def connect(address: str) -> "tuple[LocalCluster | None, Client]":
    """A client of the scheduler at `address`, and the cluster where one is started for it.

    Raises:
        UsageError: the address can't be used, or Dask is not installed.
        GraderError: nobody answers there.
    """
    try:
        import dask  # noqa: PLC0415 - an extra
        from distributed import Client, LocalCluster  # noqa: PLC0415 - likewise
    except ImportError as exc:
        raise UsageError(f"--cluster: needs Dask, which is not installed; {INSTALL}") from exc
    cluster = None
    if address.startswith(LOCAL):
        count = address.removeprefix(LOCAL)
        if not (count.isascii() and count.isdigit() and int(count)):
            raise UsageError(f"--cluster: local:N must name a number of processes, got {address!r}")
        with dask.config.set(CONFIG), _interrupts_ignored():
            cluster = LocalCluster(
                n_workers=int(count),
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                # Whoever speaks to a scheduler runs code as its user: on a shared machine, anybody.
                security=True,
                # Dask sees the worker's memory alone, not the sandbox's, which has a limit.
                memory_limit=None,
                silence_logs=logging.CRITICAL,
            )
    try:
        return cluster, Client(cluster or address, timeout=CONNECT_SECONDS, set_as_default=False)
    except ValueError as exc:
        raise UsageError(
            f"--cluster: must be a scheduler's address as tcp://host:8786, or local:N, got "
            f"{address!r}: {exc}"
        ) from exc
    except OSError as exc:
        raise GraderError(
            f"--cluster: {address} does not answer: {exc}; start a scheduler there"
        ) from exc


@contextlib.contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Processes that are started meanwhile leave Ctrl-C in the terminal to this one."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
