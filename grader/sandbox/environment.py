"""The environment variables of a worker: all of them, none inherited."""

from collections.abc import Sequence

WORKER = "/nla"
"""Where the worker's own package is mounted."""
SITE = "/site"
"""Below it, the folders of installed packages."""
SITE_FOLDERS = 4
_IDLE_THREADS = "PASSIVE"
"""OpenMP's threads sleep while they wait. By default they spin; where more of them run than there
are processors, a decomposition that one thread does in 1.4 s took 22 s, and 4 s when they sleep."""
_XLA_THREADS = "4"
"""On one CPU, JAX's callbacks wait for a thread that the waiting computation holds; with four
threads in its pool they don't. It reads the number from NPROC."""


def worker_environment(threads: int, *, home: str, path: Sequence[str] = ()) -> dict[str, str]:
    """The variables that a worker starts with.

    Args:
        threads: Threads of the numeric libraries.
        home: A folder that items may write to.
        path: Import path; empty for that of the sandbox.
    """
    places = path or [WORKER, *(f"{SITE}/{number}" for number in range(SITE_FOLDERS))]
    return {
        "HOME": home,
        "TMPDIR": home,
        "PATH": "",
        "LANG": "C.UTF-8",
        "PYTHONPATH": ":".join(places),
        "PYTHONHASHSEED": "0",
        **{f"{library}_NUM_THREADS": str(threads) for library in ("OMP", "OPENBLAS", "MKL")},
        "OMP_WAIT_POLICY": _IDLE_THREADS,
        "NPROC": _XLA_THREADS,
        "JAX_PLATFORMS": "cpu",
        "KINETO_LOG_LEVEL": "99",  # torch's profiler speaks on stderr, which is the student's
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": f"{home}/matplotlib",
        "TORCHINDUCTOR_CACHE_DIR": f"{home}/inductor",
    }
