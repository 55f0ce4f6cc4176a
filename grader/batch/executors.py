"""Who grades: processes of this machine, or a cluster's workers."""

from grader.batch.interface import Executor
from grader.batch.jobs import default_jobs
from grader.batch.local import LocalExecutor
from grader.errors import UsageError
from grader.options import Options, chosen_items, thread_count
from grader.rubric import Rubric

QUIET_SECONDS = 900.0
"""For our own work in an item, on a machine that is busy with other things."""


def open_executor(options: Options, rubric: Rubric, *, jobs: int, cluster: str) -> Executor:
    """The executor that a person asked for.

    Args:
        options: How to grade.
        rubric: To grade by.
        jobs: Files at once on this machine; 0: as many as fit.
        cluster: Address of a Dask scheduler, or `local:N`; empty: no cluster.

    Raises:
        UsageError: an option can't be used as given.
        GraderError: the cluster can't be had.
    """
    items = chosen_items(rubric, options)
    if cluster:
        if jobs:
            raise UsageError("--jobs: must not be given with --cluster, whose workers are counted")
        from grader.batch.cluster import ClusterExecutor  # noqa: PLC0415 - an extra

        return ClusterExecutor(options, cluster)
    if jobs < 0:
        raise UsageError(f"--jobs: must be positive, or 0 for as many as fit, got {jobs}")
    longest = max((item.limits.wall_seconds for item in items), default=0.0)
    return LocalExecutor(
        options,
        jobs or default_jobs(items, thread_count(options)),
        quiet_seconds=2 * longest + QUIET_SECONDS,
    )
