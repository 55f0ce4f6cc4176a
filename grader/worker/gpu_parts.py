"""Stand-ins for the parts of `torch.cuda` and `torch.mps` that have a meaning on the CPU, too."""

import time
from contextlib import nullcontext
from typing import Any

import torch

NAME = "CPU (there is no GPU here)"
"""What `torch.cuda.get_device_name` answers."""
# As torch calls it on every kind of processor; a submission may rebind it in torch.
_CpuGenerator = torch.Generator
_now = time.perf_counter


class Event:
    """A moment by the CPU's clock: its work is done as soon as the call of it has returned."""

    def __init__(self, *_args: Any, **_options: Any) -> None:
        self.seconds: float | None = None

    def record(self, _stream: Any = None) -> None:
        """Take the time."""
        self.seconds = _now()

    def elapsed_time(self, end_event: "Event") -> float:
        """Milliseconds from this moment to the other.

        Raises:
            RuntimeError: one of them was not recorded, as in torch.
        """
        if self.seconds is None or end_event.seconds is None:
            raise RuntimeError("Both events must be recorded before calculating elapsed time.")
        return 1000 * (end_event.seconds - self.seconds)

    def query(self) -> bool:
        """Whether all is done: always."""
        return True

    def synchronize(self) -> None:
        """No-op."""

    def wait(self, _stream: Any = None) -> None:
        """No-op."""


class Stream(nullcontext[None]):
    """A queue of work on the CPU, which is done in order anyway."""

    def __init__(self, *_args: Any, **_options: Any) -> None:
        super().__init__()

    def record_event(self, event: Event | None = None) -> Event:
        """Take the time."""
        event = Event() if event is None else event
        event.record()
        return event

    def query(self) -> bool:
        """Whether all is done: always."""
        return True

    def synchronize(self) -> None:
        """No-op."""

    def wait_event(self, _event: Any) -> None:
        """No-op."""

    def wait_stream(self, _stream: Any) -> None:
        """No-op."""


class MpsEvent(Event):
    """`torch.mps.Event`."""


class DeviceContext(nullcontext[None]):
    """`torch.cuda.device`."""

    def __init__(self, *_args: Any, **_options: Any) -> None:
        super().__init__()


class DeviceOf(DeviceContext):
    """`torch.cuda.device_of`."""


class StreamContext(DeviceContext):
    """`torch.cuda.stream`."""


def is_gpu(value: Any) -> bool:
    """Whether torch takes `value` for a GPU: by its name, its number or as a `torch.device`."""
    if isinstance(value, torch.device):
        value = value.type
    if isinstance(value, str):
        return value.partition(":")[0] in {"cuda", "mps"}
    return isinstance(value, int) and not isinstance(value, bool)


class _GeneratorType(type):
    def __call__(cls, device: Any = "cpu") -> torch.Generator:
        return _CpuGenerator("cpu" if is_gpu(device) else device)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, _CpuGenerator)


class Generator(metaclass=_GeneratorType):
    """Makes torch's own generators, those for a GPU on the CPU."""


def current_device(*_args: Any, **_options: Any) -> int:
    """The number of the device: there is one."""
    return 0


def get_device_name(*_args: Any, **_options: Any) -> str:
    """What it is called."""
    return NAME


def current_stream(*_args: Any, **_options: Any) -> Stream:
    """Any will do."""
    return Stream()


def default_stream(*_args: Any, **_options: Any) -> Stream:
    """As `current_stream`."""
    return Stream()


PARTS: dict[Any, dict[str, Any]] = {
    torch: {"Generator": Generator},
    torch.cuda: {
        "Event": Event,
        "Stream": Stream,
        "StreamContext": StreamContext,
        "current_device": current_device,
        "current_stream": current_stream,
        "default_stream": default_stream,
        "device": DeviceContext,
        "device_of": DeviceOf,
        "get_device_name": get_device_name,
        "stream": StreamContext,
    },
    torch.mps: {"Event": MpsEvent},
    torch.mps.event: {"Event": MpsEvent},
}
"""Library -> name in it -> what it is without a GPU."""
