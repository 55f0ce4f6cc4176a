"""The submission's compressed networks in the worker, as the checks of problem 3 ask for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pydantic import Field

from grader.checks.compare import Array, as_array, relative_error, short
from grader.checks.factors import find_roles, unaccounted
from grader.checks.interface import Bench, Outcome, Params, SubmissionFault, Value, failed
from grader.checks.probe_answers import (
    about,
    fields,
    read_arrays,
    read_count,
    read_names,
    read_shape,
    tampered,
)
from grader.checks.truncation import Doubles, Form, TruncatedNet, truncated_net
from grader.data.interface import Images
from grader.model import Status

IMAGES = 100
"""Hidden images that a model is asked about."""
RTOL = 1e-4
"""Relative error of log-probabilities that float32 is allowed, ‖actual - exact‖_F / ‖exact‖_F.

A layer's dot products of n terms are off by some √n rounding units, 2e-6 for n = 1000. Measured at
full size on CPU, over ranks 1 to 1000 and four ways to factor: 5e-6 at most. The nearest mistake
among those of `TruncatedNet.mistakes` is 4e-4 away for ranks up to 100.
"""
SLACK = 0.01
"""Share of the numbers that a model may keep beside factors, singular values and biases."""
ODD_NUMBERS = 100
"""Numbers such as r and the sides of the layers that a model may keep besides."""
ANSWER_BYTES = 1 << 24
"""The largest answer of a probe that sends no stored arrays."""
ARRAYS_BYTES = 160 << 20
"""The largest answer with the arrays that a model keeps; the worker sends 2^24 numbers of them."""
MAX_ARRAYS = 20_000
"""Arrays of a model; each is matched by a path, and which ones match is all that paths can tell."""


class RankParams(Params):
    """Parameters of checks that look at one rank."""

    rank: int = Field(default=8, gt=0)


@dataclass(frozen=True, eq=False)
class Stored:
    """What a model keeps, as the worker sent it."""

    arrays: Mapping[str, Array]
    """Path such as `layers.0.weight` -> array."""
    empty: Mapping[str, int]
    """Path -> count, of tensors that hold no numbers or too many to be sent."""
    numbers: int
    """Plain Python numbers, and words of texts and buffers."""
    complete: bool
    """False where the model keeps more objects than the worker was ready to walk."""
    parameters: frozenset[str]
    """Paths that an optimiser would change; told by the worker."""
    shared: tuple[str, ...]
    """Parameters of the given network in the same memory; told by the worker."""

    @classmethod
    def read(cls, value: Value) -> "Stored":
        """What the probe `compression.stored` answered.

        Raises:
            Tampering: no honest walk gives this.
        """
        reply = fields(
            value,
            arrays=dict,
            empty=dict,
            numbers=int,
            complete=bool,
            parameters=list,
            shared=list,
        )
        if len(reply["arrays"]) + len(reply["empty"]) > MAX_ARRAYS:
            raise SubmissionFault(
                Status.FAILED,
                f"the model keeps more than {MAX_ARRAYS} tensors",
                "put the columns of a factor into one matrix",
            )
        return cls(
            read_arrays(reply["arrays"]),
            {str(path): read_count(count) for path, count in reply["empty"].items()},
            read_count(reply["numbers"]),
            reply["complete"],
            frozenset(read_names(reply["parameters"])),
            read_names(reply["shared"]),
        )

    @property
    def count(self) -> int:
        """Numbers of 32 bits that all of it takes; one of 64 bits counts twice."""
        return count_words(self.arrays) + sum(self.empty.values()) + self.numbers


def count_words(arrays: Mapping[str, Array]) -> int:
    """Numbers of 32 bits that `arrays` take."""
    return sum(-(-array.nbytes // 4) for array in arrays.values())


def storage_limit(net: TruncatedNet, rank: int) -> int:
    """The most numbers that count as factors, singular values and biases, and some slack.

    Where a weight matrix has fewer numbers than its factors either may be stored.
    """
    needed = sum(
        layer.factored(rank) + min(rank, len(layer.values)) + len(layer.bias)
        for layer in net.layers
    )
    return int(needed * (1 + SLACK)) + ODD_NUMBERS


@dataclass(frozen=True, eq=False)
class Seen:
    """An untrained model: what it keeps, and then what it computes for images drawn afterwards."""

    stored: Stored
    pixels: Array
    """(N, 3, 32, 32) uint8, hidden."""
    actual: Array | Outcome
    """(N, classes) log-probabilities, or what is wrong with their form."""
    spoilt: bool
    """Whether `forward` changed the images."""


@dataclass
class Models:
    """Builds models in the worker where they are not there, and remembers what it saw."""

    bench: Bench
    seen_at: dict[int, Seen] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.baseline = self.bench.baseline()
        self.net = truncated_net(self.baseline)

    @classmethod
    def of(cls, bench: Bench) -> "Models":
        """The item's own: its checks share what they have built and seen."""
        models: Models = bench.memo.setdefault("models", None) or cls(bench)
        bench.memo["models"] = models
        return models

    def hidden(self, *labels: str | int, count: int = IMAGES) -> Array:
        """`count` hidden images for these labels: (N, 3, 32, 32) uint8; their labels stay here."""
        pool = self.baseline.dataset.hidden
        chosen = self.bench.draws.rng("images", *labels).permutation(len(pool))[:count]
        return pool.pixels[chosen]

    def labelled(self, count: int) -> tuple[Array, Array]:
        """The first `count` hidden images and their labels, which the worker must never see."""
        some = self.baseline.dataset.hidden.part(slice(count))
        return some.pixels, some.labels

    def public(self, count: int = IMAGES) -> Images:
        """The first `count` public images, with labels."""
        return self.baseline.dataset.public.part(slice(count))

    def expected(self, pixels: Array, form: Form) -> Doubles:
        """(N, classes) exact log-probabilities."""
        return self.net.log_probabilities(as_inputs(pixels), form)

    @property
    def has_own(self) -> bool:
        """Whether the submission has a `CompressedNet`."""
        return bool(self._state()["own"])

    def ask(self, probe: str, method: str, *args: Value, answer_bytes: int = ANSWER_BYTES) -> Value:
        """What a probe answers that needs the trained weights; they are sent where not there."""
        if not self._state()["weights"]:
            self.bench.session.probe("given", "load", dict(self.baseline.weights))
        return self.bench.session.probe(probe, method, *args, answer_bytes=answer_bytes)

    def build(self, rank: int, *, untrained: bool = True) -> None:
        """See to it that the worker holds a model of this rank, made of the trained network."""
        state = self._state()
        trained = state["built"].get(str(rank))
        if not state["weights"] or trained is None or (trained and untrained):
            with about(rank):
                self.ask("compression", "build", rank)

    def _state(self) -> dict[str, Any]:
        told = self.bench.session.probe("compression", "state")
        state = fields(told, weights=bool, built=dict, own=bool)
        if not all(isinstance(trained, bool) for trained in state["built"].values()):
            raise tampered("it is not told which models are trained")
        return state

    def build_blank(self, rank: int) -> None:
        """Have the worker make a model of this rank of a network with random weights."""
        widths = list(self.baseline.spec.architecture.widths)
        self.bench.session.probe("compression", "build_blank", rank, widths)

    def seen(self, rank: int) -> Seen:
        """What the untrained model of this rank keeps and computes; looked at once an item."""
        if rank not in self.seen_at:
            self.build(rank)
            stored = self.stored(rank)
            pixels = self.hidden("seen", rank)  # drawn only now that the arrays are here
            actual, spoilt = self._answer(rank, pixels)
            self.seen_at[rank] = Seen(stored, pixels, actual, spoilt)
        return self.seen_at[rank]

    def stored(self, rank: int) -> Stored:
        """What the model of this rank keeps now."""
        with about(rank):
            told = self.bench.session.probe(
                "compression", "stored", rank, answer_bytes=ARRAYS_BYTES
            )
            return Stored.read(told)

    def answer(self, rank: int, pixels: Array) -> Array | Outcome:
        """The log-probabilities of the model of this rank, or what is wrong with their form."""
        return self._answer(rank, pixels)[0]

    def _answer(self, rank: int, pixels: Array) -> tuple[Array | Outcome, bool]:
        with about(rank):
            told = self.bench.session.probe("compression", "answer", rank, pixels)
        reply = fields(told, spoilt=bool)
        return self.read_output(rank, len(pixels), reply.get("output")), reply["spoilt"]

    def read_output(self, rank: int, images: int, output: Value) -> Array | Outcome:
        """(images, classes) log-probabilities, or what is wrong with their form."""
        return as_array(
            output,
            name=f"CompressedNet(net, {rank}): forward",
            shape=(images, len(self.net.layers[-1].bias)),
            hint="one row of log-probabilities for each image",
        )

    def rebuilt(
        self, rank: int, arrays: Mapping[str, Array], pixels: Array, *, limit: int
    ) -> tuple[Array | Outcome, Sequence[str]]:
        """What a model computes that is made of `arrays` alone.

        A fresh process, which has been given nothing, makes a model of a network with random
        weights; then every number that it keeps is overwritten by `arrays`. Nothing else of the
        first process reaches it: no more than `limit` numbers of 32 bits, and no text, since the
        fresh process names its own arrays and gets those of the same path and shape.

        Returns:
            Its answer for `pixels`, and the paths that it does not have.
        """
        count = count_words(arrays)
        if count > limit:
            return too_many(rank, limit, count), ()
        self.bench.session.restart()
        with about(rank):
            self.build_blank(rank)
        lost = self.fill(rank, arrays)
        return self.answer(rank, pixels), lost

    def fill(self, rank: int, arrays: Mapping[str, Array]) -> Sequence[str]:
        """Overwrite what the model of this rank keeps; the paths that it does not have."""
        session = self.bench.session
        with about(rank):
            slots = _read_slots(session.probe("compression", "slots", rank))
            chosen = [
                arrays[path] if path in arrays and arrays[path].shape == shape else None
                for path, shape in slots
            ]
            session.probe("compression", "fill", chosen)
        return sorted(
            set(arrays)
            - {path for (path, _), array in zip(slots, chosen, strict=True) if array is not None}
        )

    def foreign(self, rank: int) -> Outcome | None:
        """The finding about a model that is no compression, not even a mistaken one.

        A model that is wrong somewhere still earns its other rows; one that takes nothing from the
        network, and so is small, quick and harmless, does not.
        """
        seen = self.seen(rank)
        if not isinstance(seen.actual, Outcome):
            error, allowed = self.distance(rank, seen.pixels, seen.actual)
            if error <= allowed:
                return None
        lost = unaccounted(find_roles(seen.stored.arrays, self.net, rank), self.net)
        if not lost:
            return None
        return no_factors(rank, lost)

    def distance(self, rank: int, pixels: Array, actual: Array) -> tuple[float, float]:
        """The relative error of an answer for `pixels`, and what is allowed.

        That is `RTOL`, and where the rank falls between close singular values also what that costs
        anybody who computes in float32.
        """
        error = relative_error(actual, self.expected(pixels, Form(rank)))
        if error <= RTOL:
            return error, RTOL
        some = as_inputs(pixels[: IMAGES // 2])
        noise = self.bench.draws.rng("noise", rank)
        return error, RTOL + self.net.sensitivity(some, rank, noise)


def no_factors(rank: int, layers: Sequence[str]) -> Outcome:
    """The finding about a model in which `layers` are not represented."""
    return failed(
        f"CompressedNet(net, {rank}): no factors of {', '.join(layers)} were found in what it "
        "keeps",
        "keep U[:, :r], s[:r] and Vh[:r] of each weight matrix, multiplied as you like",
    )


def too_many(rank: int, limit: int, count: int, shown: str = "") -> Outcome:
    """The finding about a model that keeps more than factors and biases take."""
    return failed(
        f"CompressedNet(net, {rank}): expected at most {limit} stored numbers, got {count}{shown}",
        "keep the two factors and the bias of each layer; nothing else may refer to `net`",
        stored=count,
        limit=limit,
    )


def _read_slots(value: Value) -> list[tuple[str, tuple[int, ...]]]:
    """Path and shape of each array of a model, as the probe `compression.slots` lists them."""
    if not isinstance(value, list) or len(value) > MAX_ARRAYS:
        raise tampered(f"the arrays of a rebuilt model are {short(value)}")
    slots = []
    for slot in value:
        path, shape = slot if isinstance(slot, list) and len(slot) == 2 else (None, None)  # noqa: PLR2004 - path and shape
        if not isinstance(path, str):
            raise tampered(f"an array of a rebuilt model is {short(slot)}")
        slots.append((path, read_shape(shape)))
    return slots


def as_inputs(pixels: Array) -> Doubles:
    """Pixels as the first layer takes them, (N, 3, 32, 32) -> (N, inputs)."""
    images = Images(pixels, np.zeros(len(pixels), dtype=np.int64))
    return images.normalised().reshape(len(pixels), -1).astype(np.float64)
