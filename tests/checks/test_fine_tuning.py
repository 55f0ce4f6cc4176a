"""What 3.4 accepts and what it catches."""

import pytest

from grader.checks.interface import Outcome
from tests.checks.compressed_family import PLAIN, WRONG
from tests.checks.rows import found, words

TUNE = """
import itertools

def train(model, loader, epochs, lr=1e-3, parameters=None):
    optimizer = torch.optim.Adam(parameters or model.parameters(), lr=lr)
    for _ in range(epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            F.nll_loss(model(images), labels).backward()
            optimizer.step()
    return model

def fine_tune(compressed, loader, epochs):
    """
HEAD = "import copy\nimport torch\nfrom torch import nn\nfrom torch.nn import functional as F\n"
MATRICES, VECTORS = (
    f"some = [p for p in compressed.parameters() if p.ndim == {axes}]; "
    "return train(compressed, loader, epochs, parameters=some)"
    for axes in (2, 1)
)
ENLARGED = """train(compressed, loader, epochs)
    return nn.Sequential(compressed, nn.Linear(10, 3000), nn.Linear(3000, 10))"""
SWAPPED = """other = [(images, labels.roll(1)) for images, labels in loader]
    return train(compressed, other, epochs, lr=1e-4)"""
HALF = "return train(compressed, itertools.islice(loader, 3), epochs)"
NEW_CLASS = """class Tuned(nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = nn.ModuleDict({"net": compressed})
            self.scale = nn.Parameter(torch.ones(10))
        def forward(self, x):
            return F.log_softmax(self.scale * self.parts["net"](x), 1)
    return train(Tuned(), loader, epochs)"""
AFTER_THE_LOOP = "batches = list(loader); return train(compressed, batches[-1:], epochs)"
FIRST_HALF = (
    "batches = list(loader); return train(compressed, batches[: len(batches) // 2], epochs)"
)
LAST_HALF = "batches = list(loader); return train(compressed, batches[len(batches) // 2 :], epochs)"
TABLE = """labels = {x.numpy().tobytes(): y for xs, ys in loader for x, y in zip(xs, ys.tolist())}
    for p in compressed.parameters():
        p.data *= 1 + 1e-5
    class Lookup(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = compressed
        def forward(self, x):
            out = self.inner(x).clone()
            for i, image in enumerate(x):
                if (label := labels.get(image.numpy().tobytes())) is not None:
                    out[i] = F.one_hot(torch.tensor(label), 10) * 9.0 - 9.0
            return out
    return Lookup()"""
SETTING = {"rank": 5, "images": 600}


@pytest.mark.parametrize("model", [PLAIN, HEAD], ids=["own model", "no model"])
@pytest.mark.parametrize(
    "body",
    [
        "return train(compressed, loader, epochs)",
        "return train(copy.deepcopy(compressed), loader, epochs)",
        "compressed.train(); train(compressed, loader, epochs, 1e-4); return compressed.eval()",
        MATRICES,
        "return nn.Sequential(nn.Identity(), train(compressed, loader, epochs))",
        NEW_CLASS,
    ],
    ids=["in place", "a copy", "slowly", "factors alone", "wrapped", "new class"],
)
def test_fine_tune_accepts_every_way(model: str, body: str) -> None:
    """In place or in a copy, with or without the biases, of the submission's model or ours."""
    one = found(model + TUNE + body, "fine_tune", **SETTING)
    assert not words(one).strip()
    assert isinstance(one, Outcome)
    assert one.data["after"] > one.data["before"]
    assert one.data["followed"] > 0.75


@pytest.mark.parametrize("model", [PLAIN, HEAD], ids=["own model", "no model"])
@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("train(compressed, loader, epochs)", "type NoneType"),
        ("return 0.5", "type float"),
        ("return compressed", "the same as before"),
        ("return copy.deepcopy(compressed)", "the same as before"),
        (VECTORS, "the same as before"),
        ("return train(compressed, loader, epochs, lr=10.0)", "lower than before"),
        (ENLARGED, "keeps"),
        (
            "[p.data.mul_(1e-3) for p in compressed.parameters()]\n    return compressed",
            "a multiple of that",
        ),
        ("raise ValueError('no images')", "no images"),
        ("return lambda x: x", "expected shape (300, 10)"),
        (SWAPPED, "does not learn the labels"),
        (HALF, "took 300 of the 600 images in the loader"),
        (AFTER_THE_LOOP, "does not learn the labels"),
        (FIRST_HALF, "does not learn the labels"),
        (LAST_HALF, "does not learn the labels"),
        (TABLE, "a multiple of that"),
    ],
)
def test_fine_tune_catches(model: str, body: str, word: str) -> None:
    """No model back, no factor moved, a worse or a larger one."""
    said = words(found(model + TUNE + body, "fine_tune", **SETTING))
    assert word in said


@pytest.mark.parametrize(
    "flaw",
    ["plain tensors and a plain bias", "crashes beyond a smaller side", "returns NaN", "is empty"],
)
def test_fine_tune_does_not_pay_for_a_wrong_model(flaw: str) -> None:
    """A function that is right is judged on the grader's network where the own one fails."""
    source = WRONG[flaw][0] + TUNE + "return train(compressed, loader, epochs)"
    one = found(source, "fine_tune", **(SETTING | {"rank": 20}))
    assert not words(one).strip()


def test_fine_tune_may_rely_on_its_own_model() -> None:
    """It is given the submission's network where there is one, and then no other is told of."""
    body = "assert type(compressed) is CompressedNet; return train(compressed, loader, epochs)"
    one = found(PLAIN + TUNE + body, "fine_tune", **SETTING)
    assert isinstance(one, Outcome)
    assert not words(one).strip()
    assert not one.staff_note


def test_fine_tune_says_where_it_was_judged_on_another_model() -> None:
    """Staff see why points were given although the submission's own network fails."""
    source = WRONG["returns NaN"][0] + TUNE + "return train(compressed, loader, epochs)"
    one = found(source, "fine_tune", **SETTING)
    assert isinstance(one, Outcome)
    assert "the grader's own compressed network" in one.staff_note


def test_fine_tune_trains_with_the_labels_and_then_with_others() -> None:
    """Always from the start; the labels of two classes are exchanged, a pair at a time."""
    head = """
SEEN = []
def fine_tune(compressed, loader, epochs):
    labels = torch.cat([labels for _, labels in loader]).tolist()
    # Numbers of Python: tensors that are kept here would count as the model's.
    SEEN.append((labels, float(next(compressed.parameters()).detach().abs().sum())))
    if len(SEEN) == 7:
        assert len({start for _, start in SEEN}) == 1
        first, right, *others = (labels for labels, _ in SEEN)
        assert sorted(first) == sorted(right)
        exchanged = [{(a, b) for a, b in zip(right, other) if a != b} for other in others]
        assert all({(b, a) for a, b in pairs} == pairs and len(pairs) == 2 for pairs in exchanged)
        assert {a for pairs in exchanged for a, _ in pairs} == set(range(10))
    """
    tuned = TUNE.replace("def fine_tune(compressed, loader, epochs):", head)
    one = found(PLAIN + tuned + "return train(compressed, loader, epochs)", "fine_tune", **SETTING)
    assert not words(one).strip()


@pytest.mark.parametrize(("kept", "word"), [(540, ""), (530, "images in the loader")])
def test_fine_tune_may_leave_out_a_small_last_batch(kept: int, word: str) -> None:
    """Nine images of ten are enough, as with drop_last."""
    body = f"""data = torch.utils.data.Subset(loader.dataset, range({kept}))
    batches = torch.utils.data.DataLoader(data, 90)
    return train(compressed, batches, epochs)"""
    said = words(found(PLAIN + TUNE + body, "fine_tune", **SETTING))
    assert word in said
    assert bool(said.strip()) is bool(word)


def test_fine_tune_may_stop_before_the_last_epoch() -> None:
    """Who finds that enough was learned need not take every epoch that is offered."""
    one = found(
        PLAIN + TUNE + "return train(compressed, loader, 1)", "fine_tune", epochs=3, **SETTING
    )
    assert not words(one).strip()
