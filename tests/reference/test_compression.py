from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from grader.worker.probes.given import Net
from reference import compression, given
from reference.compression import (
    CompressedNet,
    compression_curve,
    fine_tune,
    layer_singular_values,
)

WIDTHS = (12, 9, 7, 9, 4)
"""Of a small network with matrices that are wider than high, and the other way round."""
Array = NDArray[np.float64]


def small_net(dtype: torch.dtype = torch.float32, widths: Sequence[int] = WIDTHS) -> Net:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Net(widths).to(dtype).eval()


def matrices(net: nn.Module) -> list[tuple[Array, Array]]:
    """Weight matrix and bias of each layer, in float64."""
    layers = [layer for layer in net.children() if isinstance(layer, nn.Linear)]
    return [(numbers(layer.weight), numbers(layer.bias)) for layer in layers]


def numbers(tensor: Tensor) -> Array:
    return tensor.detach().double().numpy()


def truncated_output(net: nn.Module, r: int, x: Array) -> Array:
    """The truncated network's log-probabilities by its definition, in float64."""
    layers = matrices(net)
    for number, (W, b) in enumerate(layers, start=1):
        U, s, Vh = np.linalg.svd(W)
        W_r = sum(
            (s[i] * np.outer(U[:, i], Vh[i]) for i in range(min(r, len(s)))), np.zeros_like(W)
        )
        x = x @ W_r.T + b
        if number < len(layers):
            x = np.maximum(x, 0)
    return np.asarray(x - np.log(np.exp(x).sum(axis=1, keepdims=True)))


def inputs(count: int = 20, width: int = WIDTHS[0]) -> Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("r", [1, 2, 3, 4, 5, 7, 9, 100])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_compressed_net_is_the_truncated_network(r: int, dtype: torch.dtype) -> None:
    """Sums of the first r triplets give the same output, for r = 1, in between, and beyond."""
    net, x = small_net(dtype), inputs().to(dtype)
    actual = CompressedNet(net, r)(x)
    assert actual.dtype == dtype
    expected = truncated_output(net, r, numbers(x))
    np.testing.assert_allclose(numbers(actual), expected, rtol=0, atol=50 * torch.finfo(dtype).eps)


@pytest.mark.parametrize("r", [1, 2, 3, 4, 5, 9, 100])
def test_compressed_net_stores_the_fewer_numbers(r: int) -> None:
    """Each layer costs r(m + n) or mn, whichever is less, and its bias."""
    net = small_net()
    expected = sum(min(min(r, *W.shape) * sum(W.shape), W.size) + b.size for W, b in matrices(net))
    compressed = CompressedNet(net, r)
    assert sum(part.numel() for part in compressed.parameters()) == expected
    assert sum(part.numel() for part in compressed.state_dict().values()) == expected


def test_compressed_net_multiplies_through_the_factors() -> None:
    """A forward pass of one image costs as many multiplications as there are stored weights."""
    from torch.utils.flop_counter import FlopCounterMode  # noqa: PLC0415 - slow, needed here alone

    compressed = CompressedNet(small_net(), 2)
    with FlopCounterMode(display=False) as counter:
        compressed(inputs(1))
    biases = sum(len(b) for _, b in matrices(small_net()))
    stored = sum(part.numel() for part in compressed.parameters()) - biases
    assert counter.get_total_flops() == 2 * stored


def test_compressed_net_takes_images() -> None:
    """(B, 3, 32, 32) is flattened as `Net` flattens it."""
    net = small_net(widths=(3072, 6, 5))
    x = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(CompressedNet(net, 6)(x), net(x))


def test_compressed_net_leaves_the_given_one_alone() -> None:
    """Training the factors and biases changes no number of the given network."""
    net = small_net()
    before = deepcopy(net.state_dict())
    compressed = CompressedNet(net, 3)
    with torch.no_grad():
        for part in compressed.parameters():
            part.add_(1)
    for name, values in net.state_dict().items():
        assert torch.equal(values, before[name])


def test_compressed_net_trains_every_number() -> None:
    """Each factor and each bias gets a gradient."""
    compressed = CompressedNet(small_net(), 3)
    nn.functional.nll_loss(compressed(inputs()), torch.arange(20) % 4).backward()  # type: ignore[no-untyped-call]
    for part in compressed.parameters():
        assert part.grad is not None
        assert part.grad.abs().max() > 0


@pytest.mark.parametrize("training", [True, False])
def test_compressed_net_keeps_the_mode(training: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Training or evaluation mode is that of the given network."""
    assert CompressedNet(small_net().train(training), 2).training is training


@pytest.mark.parametrize("r", [0, -1])
def test_compressed_net_refuses_ranks_below_one(r: int) -> None:
    """There is no network of rank 0."""
    with pytest.raises(ValueError, match=f"at least 1, got {r}"):
        CompressedNet(small_net(), r)


def test_compressed_net_refuses_broken_ranks() -> None:
    """A rank is a whole number."""
    with pytest.raises(TypeError):
        CompressedNet(small_net(), 2.5)  # type: ignore[arg-type]


def test_layer_singular_values_are_those_of_the_weights() -> None:
    """They are the roots of the Gram matrices' eigenvalues, descending, under the layers' names."""
    net = small_net(torch.float64)
    found = layer_singular_values(net)
    assert list(found) == ["fc1", "fc2", "fc3", "fc4"]
    for (W, _), values in zip(matrices(net), found.values(), strict=True):
        gram = W @ W.T if W.shape[0] <= W.shape[1] else W.T @ W
        np.testing.assert_allclose(values, np.sqrt(np.linalg.eigvalsh(gram))[::-1], rtol=1e-10)


def labelled(net: nn.Module, count: int = 60) -> DataLoader[Any]:
    """Random inputs under the classes that `net` gives to them."""
    x = inputs(count)
    with torch.no_grad():
        return DataLoader(TensorDataset(x, net(x).argmax(dim=1)), 25)


def test_compression_curve_measures_each_rank() -> None:
    """Parameters and accuracy are those of the compressed network; full rank is always right."""
    net = small_net()
    loader = labelled(net)
    records = compression_curve(net, [1, 3, 50], loader)
    assert [record["rank"] for record in records] == [1, 3, 50]
    for record in records:
        compressed = CompressedNet(net, int(record["rank"]))
        assert record["parameters"] == sum(part.numel() for part in compressed.parameters())
        assert record["accuracy"] == given.test(compressed, loader)
        assert record["seconds"] > 0
    assert records[0]["accuracy"] < records[-1]["accuracy"] == 1


def test_compression_curve_times_the_network_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three batches of a second each; the slow first pass does not count, loading neither."""
    now = 0.0
    passes = 0

    class Slow(CompressedNet):
        def forward(self, x: Tensor) -> Tensor:
            nonlocal now
            now += 1 if passes > 2 else 100
            return super().forward(x)

    class SlowToLoad(Dataset[tuple[Tensor, int]]):
        def __len__(self) -> int:
            return 60

        def __getitem__(self, index: int) -> tuple[Tensor, int]:
            nonlocal now, passes
            now += 1000
            passes += index == 0
            return torch.zeros(WIDTHS[0]), 0

    monkeypatch.setattr(compression, "CompressedNet", Slow)
    monkeypatch.setattr("reference.compression.time.perf_counter", lambda: now)
    loader: DataLoader[Any] = DataLoader(SlowToLoad(), 25)
    # One pass measures accuracy, the second warms up.
    (record,) = compression_curve(small_net(), [2], loader)
    assert record["seconds"] == 3


def test_fine_tune_moves_every_factor_and_learns(capsys: pytest.CaptureFixture[str]) -> None:
    """Every epoch fits the images better; the network comes back in evaluation mode."""
    net = small_net()
    compressed = CompressedNet(net, 1)
    before = [part.detach().clone() for part in compressed.parameters()]
    tuned = fine_tune(compressed, labelled(net, 500), 5)
    assert tuned is compressed
    assert not tuned.training
    losses = [float(line.split()[-1]) for line in capsys.readouterr().out.splitlines()]
    assert len(losses) == 5
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0] - 0.02
    for part, old in zip(tuned.parameters(), before, strict=True):
        assert not torch.equal(part, old)


def test_fine_tune_refuses_no_epochs() -> None:
    """Fine-tuning without an epoch is a mistake of the caller."""
    net = small_net()
    with pytest.raises(ValueError, match="at least 1, got 0"):
        fine_tune(CompressedNet(net, 1), labelled(net), 0)
