"""What a cluster's worker runs: one file at a time, whatever the worker's threads."""

import threading
import traceback
from typing import TYPE_CHECKING

import msgspec

from grader.batch.messages import Event, Setup, Task, decode, encode, failed, read_options
from grader.batch.work import Hands
from grader.environment import resolve_device
from grader.errors import GraderError
from grader.options import describe_environment, thread_count
from grader.sandbox import choose_guards

if TYPE_CHECKING:
    from grader.data.baseline import Baseline

_ONE_AT_A_TIME = threading.Lock()
_HANDS: dict[bytes, Hands] = {}
"""The hands of the run that this process grades for, by how it grades; one at most."""


def describe(setup: bytes) -> bytes:
    """The environment in which this worker grades, as JSON."""
    told = _read(setup)
    options = read_options(told.options, told.secret)
    device = resolve_device(options.device)
    found = describe_environment(options, device, choose_guards(), thread_count(options))
    return msgspec.json.encode(found)


def grade(setup: bytes, task: bytes, topic: str, baseline: "Baseline | None") -> bytes:
    """Grade a file.

    Args:
        setup: How, an encoded `Setup`.
        task: An encoded `Task`.
        topic: Of the events that tell how it goes on.
        baseline: The trained network, where the task may ask for it.

    Returns:
        An encoded `Result`. What a person must mend on this worker is a fault in it: another worker
        may be sound.
    """
    asked = decode(task)
    assert isinstance(asked, Task)  # noqa: S101 - the run sends nothing else
    with _ONE_AT_A_TIME:
        try:
            return encode(_hands(setup, topic, baseline).grade(asked))
        except GraderError as exc:
            return encode(failed(asked, fault=str(exc)))
        except Exception:  # noqa: BLE001 - a mistake of ours; Dask would log the setup with it
            return encode(failed(asked, fault=traceback.format_exc(limit=-6)))


def release() -> None:
    """End the sandbox that waits for a next file."""
    with _ONE_AT_A_TIME:
        while _HANDS:
            _, hands = _HANDS.popitem()
            hands.__exit__(None, None, None)


def _hands(setup: bytes, topic: str, baseline: "Baseline | None") -> Hands:
    from distributed import get_worker  # noqa: PLC0415 - only there when a worker runs this

    worker = get_worker()

    def tell(event: Event) -> None:
        named = msgspec.structs.replace(event, worker=str(worker.name))
        worker.log_event(topic, {"event": encode(named)})

    known = b"%s %s" % (topic.encode(), setup)
    if known not in _HANDS:
        while _HANDS:
            _, old = _HANDS.popitem()
            old.__exit__(None, None, None)
        _HANDS[known] = Hands(_read(setup), tell, verify=True, baseline=baseline)
    return _HANDS[known]


def _read(setup: bytes) -> Setup:
    told = decode(setup)
    assert isinstance(told, Setup)  # noqa: S101 - the run sends nothing else
    return told
