"""The training of the baseline: seeded, bounded, and it learns."""

import numpy as np
import pytest
import torch

from grader.data.interface import Images, Progress, silent
from grader.data.training import Trained, Trainer, train

WIDTHS = (3072, 24, 10)


def images(split: str = "train") -> Images:
    """Noise with a bright stripe whose place tells the class."""
    rng = np.random.default_rng({"train": 1, "test": 2}[split])
    pixels = rng.integers(0, 160, (200, 3, 32, 32), dtype=np.uint8)
    labels = rng.integers(0, 10, 200)
    for image, label in zip(pixels, labels, strict=True):
        image[:, 3 * label : 3 * label + 3] += np.uint8(90)
    return Images(pixels, labels)


def trained(
    epochs: int = 2, *, seed: int = 0, budget: float | None = None, progress: Progress = silent
) -> Trained:
    return train(
        Trainer(images(), WIDTHS, seed=seed, batch=50),
        epochs,
        judged_by=images("test"),
        threads=1,
        progress=progress,
        time_budget=budget,
    )


def test_train_learns() -> None:
    """The loss falls from that of guessing, and unseen images are recognised."""
    found = trained(10)
    assert found.losses[0] > 2
    assert found.losses[-1] < 1
    assert found.accuracy > 0.8


def test_train_gives_the_weights_of_the_given_network() -> None:
    """float32 weights of every layer, by the names that the students' network has."""
    shapes = {name: values.shape for name, values in trained().weights.items()}
    assert shapes == {
        "fc1.weight": (24, 3072),
        "fc1.bias": (24,),
        "fc2.weight": (10, 24),
        "fc2.bias": (10,),
    }
    assert {values.dtype for values in trained().weights.values()} == {np.dtype(np.float32)}


def test_train_repeats_itself() -> None:
    """The same seed gives the same weights to the bit, another seed others."""
    one, same, other = trained(), trained(), trained(seed=1)
    for name, values in one.weights.items():
        np.testing.assert_array_equal(values, same.weights[name])
    assert one.losses == same.losses
    assert not np.array_equal(one.weights["fc1.weight"], other.weights["fc1.weight"])


def test_train_measures_what_the_weights_do() -> None:
    """The accuracy told is that of the weights, computed again from the definition."""
    found = trained(4)
    test = images("test")
    x = test.normalised().reshape(len(test), -1)
    hidden = np.maximum(x @ found.weights["fc1.weight"].T + found.weights["fc1.bias"], 0)
    scores = hidden @ found.weights["fc2.weight"].T + found.weights["fc2.bias"]
    assert found.accuracy == np.mean(scores.argmax(axis=1) == test.labels)


def test_train_stops_after_the_epoch_that_crosses_its_budget() -> None:
    """Too little time gives one whole epoch; enough time gives all."""
    assert len(trained(5, budget=1e-9).losses) == 1
    assert len(trained(3, budget=600).losses) == 3


def test_train_leaves_torch_as_it_was() -> None:
    """Neither threads nor global randomness nor gradients change for whoever trains."""
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    threads = torch.get_num_threads()
    with torch.no_grad():
        trained(1)
        assert not torch.is_grad_enabled()
    assert torch.get_num_threads() == threads
    torch.testing.assert_close(torch.rand(3), expected, rtol=0, atol=0)


def test_train_tells_its_progress_to_the_end() -> None:
    """Steps are counted over all epochs, in order, up to the last."""
    told: list[tuple[int, int, str]] = []
    trained(3, progress=lambda done, total, what: told.append((done, total, what)))
    steps = [done for done, _, _ in told]
    assert steps == sorted(steps)
    assert told[-1] == (12, 12, "training the baseline, epoch 3 of 3")


def test_trainer_meets_every_image_once_an_epoch() -> None:
    """The last batch, smaller than the others, is not left out."""
    trainer = Trainer(images().part(slice(130)), WIDTHS, seed=0, batch=50)
    steps: list[int] = []
    trainer.epoch(steps.append)
    assert trainer.steps == 3
    assert steps[-1] == 3


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_train_on_a_gpu_agrees_with_the_cpu() -> None:
    """The first epoch's loss is the same up to rounding."""
    trainer = Trainer(images(), WIDTHS, seed=0, batch=50, device="cuda")
    found = train(trainer, 1, judged_by=images("test"), threads=1, progress=silent)
    assert found.losses[0] == pytest.approx(trained(1).losses[0], rel=1e-3)
