"""What 3.3 accepts and what it catches."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from grader.checks.compressed import storage_limit
from grader.checks.truncation import truncated_net
from tests.checks.compressed_family import PLAIN, WRONG
from tests.checks.rows import found, words
from tests.checks.small_baseline import small_baseline

RANKS = (3, 8, 20)
MEASURE = """
import time

def measure(net, ranks, loader):
    for r in ranks:
        model = CompressedNet(net, r)
        start = time.perf_counter()
        right = seen = 0
        for images, labels in loader:
            right += int((model(images).argmax(1) == labels).sum())
            seen += len(labels)
        seconds = time.perf_counter() - start
        yield r, sum(p.numel() for p in model.parameters()), right / seen, seconds

def compression_curve(net, ranks, loader):
    rows = list(measure(net, ranks, loader))
    names = ('rank', 'parameters', 'accuracy', 'seconds')
    """
DICTS = "return [dict(zip(names, row)) for row in rows]"


def curve(body: str, model: str = PLAIN) -> str:
    return model + MEASURE + body


@pytest.mark.parametrize(
    "body",
    [
        DICTS,
        "return rows",
        "return [list(row) for row in rows][::-1]",
        "return dict(zip(names, zip(*rows)))",
        "return np.array(rows)",
        "import pandas as pd; return pd.DataFrame(rows, columns=names)",
        "return [dict(zip(names, row), speedup=1.0) for row in rows]",
        "return [(r, p, 100 * a, s) for r, p, a, s in rows]",
        "return [(r, p - 190, a, s) for r, p, a, s in rows]",
        "return [*rows, (500, 1, 0, 1)]",
    ],
    ids=[
        "dicts", "tuples", "reversed", "columns", "array", "frame", "more", "per cent",
        "without biases", "more ranks",
    ],
)  # fmt: skip
def test_curve_accepts_every_form(body: str) -> None:
    """Records, rows and tables; shares and per cent; parameters with or without biases."""
    assert not words(found(curve(body), "curve", ranks=RANKS)).strip()


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("return None", "expected records"),
        ("return rows[:-1]", "got none for 20"),
        ("return []", "got none for 3"),
        ("return [(r, p, a + 0.05, s) for r, p, a, s in rows]", "the accuracy at rank 3"),
        ("return [(r, p, 0.1, s) for r, p, a, s in rows]", "the accuracy at rank"),
        ("return [(r, p, a, s * 1e6) for r, p, a, s in rows]", "exceed the time"),
        ("return [(r, p, a, 1e-3) for r, p, a, s in rows]", "the same for all ranks"),
        ("return [(r, p, a, -s) for r, p, a, s in rows]", "must be positive"),
        ("return [(r, p, a, 0) for r, p, a, s in rows]", "must be positive"),
        ("return [(r, 2 * p, a, s) for r, p, a, s in rows]", "stored parameters at rank 3"),
        ("return [(r, r, a, s) for r, p, a, s in rows]", "stored parameters at rank 3"),
        ("return [(r, p, float('nan'), s) for r, p, a, s in rows]", "accuracy"),
        ("return [(r, 'many', a, s) for r, p, a, s in rows]", "parameters"),
        ("raise RuntimeError('no plot')", "no plot"),
    ],
)
def test_curve_catches(body: str, word: str) -> None:
    """Missing ranks, other accuracies and counts, and times that can't be true."""
    assert word in words(found(curve(body), "curve", ranks=RANKS))


@pytest.mark.parametrize(
    "flaw", ["compresses the square layers alone", "no s", "rank r + 1", "shares the bias"]
)
def test_curve_of_a_wrong_model_is_judged_as_a_measurement(flaw: str) -> None:
    """Who measures a model rightly has lost the points for the model only once."""
    assert not words(found(curve(DICTS, WRONG[flaw][0]), "curve", ranks=RANKS)).strip()


INVENTED = """
    return [(r, sum(p.numel() for p in CompressedNet(net, r).parameters()), {share}, r / 1e4)
            for r in ranks]
"""
KEEPS_LABELS = """
class CompressedNet(CompressedNet):
    def forward(self, x):
        answers = super().forward(x)
        for i, image in enumerate(x):
            if (key := image.numpy().tobytes()) in LABELS:
                answers[i], answers[i, LABELS[key]] = -9.0, 0.0
        return answers

LABELS = {}
def compression_curve(net, ranks, loader):
    for images, labels in loader:
        LABELS.update((x.numpy().tobytes(), int(y)) for x, y in zip(images, labels))
"""
CONSTANT = """
class CompressedNet(nn.Module):
    def __init__(self, net, r):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(10))

    def forward(self, x):
        return self.weight.log_softmax(0).expand(len(x), 10)

def compression_curve(net, ranks, loader):
"""
CONSTANT_BESIDE_FACTORS = """
class CompressedNet(CompressedNet):
    def forward(self, x):
        return super().forward(x) * 0 + torch.eye(10)[0].log_softmax(0)
"""
GIVEN_NETWORK = """
class CompressedNet(CompressedNet):
    def __init__(self, net, r):
        super().__init__(net, r)
        self.{kept}

    def forward(self, x):
        return self.net(x)
"""
COPIED_FROM_A_TABLE = """
class CompressedNet(CompressedNet):
    def forward(self, x):
        answers = super().forward(x) * 0 - 9.0
        answers[range(len(x)), [LABELS.get(i.numpy().tobytes(), 0) for i in x]] = 0.0
        return answers

LABELS = {known}
def compression_curve(net, ranks, loader):
"""


def invented(head: str, share: str) -> str:
    return PLAIN + head + INVENTED.replace("{share}", share)


def known_labels() -> str:
    """The public images with their labels, as a submission that knows the data set may bring."""
    public = small_baseline().dataset.public
    images = ((public.pixels / np.float32(255) - np.float32(0.5)) / np.float32(0.5)).astype("<f4")
    pairs = zip(images, public.labels, strict=True)
    return repr({image.tobytes(): int(label) for image, label in pairs})


@pytest.mark.parametrize(
    "source",
    [
        invented(KEEPS_LABELS, "1.0"),
        invented(CONSTANT, "0.1"),
        curve(DICTS, PLAIN + CONSTANT_BESIDE_FACTORS),
        invented(GIVEN_NETWORK.replace("{kept}", "net = net") + MEASURE, "1.0"),
        curve(DICTS, PLAIN + GIVEN_NETWORK.replace("{kept}", "net = net")),
        curve(DICTS, PLAIN + GIVEN_NETWORK.replace("{kept}", "__dict__['net'] = net")),
    ],
    ids=[
        "labels of the loader",
        "constant",
        "idle factors",
        "invented",
        "given network",
        "not registered",
    ],
)
def test_curve_that_confirms_itself_is_not_believed(source: str) -> None:
    """Neither labels that were seen nor a network that is no compression confirm an accuracy."""
    said = words(found(source, "curve", ranks=RANKS))
    assert "rank 3" in said


def test_curve_is_not_confirmed_by_labels_that_came_with_the_submission() -> None:
    """No image that is asked about is one whose label can be known."""
    source = invented(COPIED_FROM_A_TABLE.replace("{known}", known_labels()), "1.0")
    assert "the accuracy at rank 3" in words(found(source, "curve", ranks=RANKS))


def test_curve_of_a_wrong_model_must_still_be_measured() -> None:
    """Invented numbers fit no model."""
    body = "return [(r, p, 0.95 - r / 100, s) for r, p, a, s in rows]"
    said = words(found(curve(body, WRONG["no s"][0]), "curve", ranks=RANKS))
    assert "the accuracy at rank" in said


def test_curve_needs_no_model_of_that_name() -> None:
    """A submission may have its compressed network under any name."""
    renamed = curve(DICTS).replace("CompressedNet", "Small")
    assert not words(found(renamed, "curve", ranks=RANKS)).strip()


@pytest.mark.parametrize(("total", "right"), [(20.9, True), (21.1, False)])
def test_curve_believes_what_all_threads_can_take(
    monkeypatch: pytest.MonkeyPatch, total: float, *, right: bool
) -> None:
    """One thread for ten seconds, the call itself and the slack, and no more."""
    ticks = itertools.count(1000.0, 10.0)
    clock = SimpleNamespace(perf_counter=lambda: next(ticks))
    monkeypatch.setattr("grader.checks.curve.time", clock)
    body = f"return [(r, p, a, {total} * w) for w, (r, p, a, s) in zip((0.5, 0.3, 0.2), rows)]"
    said = words(found(curve(body), "curve", ranks=RANKS))
    assert ("exceed the time" in said) is not right


def test_curve_of_one_rank_has_nothing_to_vary() -> None:
    """One time is no time that is the same for all."""
    assert not words(found(curve(DICTS), "curve", ranks=(8,))).strip()


def test_curve_allows_the_count_to_be_at_its_bounds() -> None:
    """The fewest numbers are factors alone, the most what a model may store."""
    net, rank = truncated_net(small_baseline()), 3
    fewest, most = sum(layer.factored(rank) for layer in net.layers), storage_limit(net, rank)
    for count, hint in (
        (fewest, ""),
        (most, ""),
        (fewest - 1, "plain tensors are missing in parameters()"),
        (most + 1, "and m for its bias"),
    ):
        body = f"return [(r, {count}, a, s) for r, p, a, s in rows]"
        # Of another name: a count may also be that of the submission's own model.
        source = curve(body).replace("CompressedNet", "Small")
        said = words(found(source, "curve", ranks=(rank,))).strip()
        assert said.endswith(hint) if hint else not said


def test_curve_of_a_model_that_fails_must_fit_the_grader_s() -> None:
    """A count that fits no right model is not excused by a model that can't be built."""
    body = "return [(r, 5 * r, 0.5, r / 1e3) for r in ranks]"
    source = curve(body).replace("rows = list(measure(net, ranks, loader))", "")
    source = source.replace(
        "def __init__(self, net, r):", "def __init__(self, net, r):\n        1 / 0"
    )
    assert "1 / 0" in source
    assert "stored parameters at rank 3" in words(found(source, "curve", ranks=RANKS))


@pytest.mark.parametrize(
    ("body", "feedback", "hint"),
    [
        (
            "return None",
            (
                "compression_curve: expected records with rank, parameters, accuracy, seconds, "
                "got None"
            ),
            "return a list of dicts with these keys, one for each case that was asked for",
        ),
        (
            "return rows[1:]",
            "compression_curve: expected a record for each rank of [3, 8, 20], got none for 3",
            "return one record for each rank in `ranks`",
        ),
        (
            "return [(r, 7, a, s) for r, p, a, s in rows]",
            "compression_curve: expected the number of stored parameters at rank 3, got 7",
            (
                "a layer of size m x n takes r(m + n) numbers for its factors, and m for its bias; "
                "factors that are plain tensors are missing in parameters()"
            ),
        ),
        (
            "return [(r, p, 0 * a, s) for r, p, a, s in rows]",
            "compression_curve: the accuracy at rank 3 is not that of the network truncated to it",
            "count the right answers of all images in the loader, of the model of this rank",
        ),
    ],
)
def test_students_are_told(body: str, feedback: str, hint: str) -> None:
    """What was expected, at which rank, and what to look at."""
    one = found(curve(body), "curve", ranks=RANKS)
    assert (one.feedback, one.hint) == (feedback, hint)
