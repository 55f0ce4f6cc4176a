"""What 3.3 accepts and what it catches."""

import pytest

from tests.checks.compressed_family import PLAIN, WRONG
from tests.checks.rows import found, words

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


def test_curve_of_a_wrong_model_must_still_be_measured() -> None:
    """Invented numbers fit no model."""
    body = "return [(r, p, 0.95 - r / 100, s) for r, p, a, s in rows]"
    said = words(found(curve(body, WRONG["no s"][0]), "curve", ranks=RANKS))
    assert "the accuracy at rank" in said


def test_curve_needs_no_model_of_that_name() -> None:
    """A submission may have its compressed network under any name."""
    renamed = curve(DICTS).replace("CompressedNet", "Small")
    assert not words(found(renamed, "curve", ranks=RANKS)).strip()
