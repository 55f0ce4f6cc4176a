"""What 3.1 accepts and what it catches."""

import pytest

from tests.checks.rows import found, words

HEAD = """
import numpy as np
import torch
from torch import nn

def layers(net):
    return {name: part for name, part in net.named_modules() if isinstance(part, nn.Linear)}

def values(part):
    return torch.linalg.svdvals(part.weight.detach())

def layer_singular_values(net):
    return """


@pytest.mark.parametrize(
    "body",
    [
        "{name: values(part) for name, part in layers(net).items()}",
        "{name + '.weight': values(part).tolist() for name, part in layers(net).items()}",
        "{name: values(part).numpy() for name, part in layers(net).items()}",
        "{n: torch.linalg.svd(p.weight)[1] for n, p in layers(net).items()}",
        "{n: np.linalg.svd(p.weight.detach().double())[1] for n, p in layers(net).items()}",
        "{**{n: values(p) for n, p in layers(net).items()}, 'mean': 1.0}",
    ],
)
def test_singular_values_accepts_every_route(body: str) -> None:
    """Torch or NumPy, arrays or lists, with the layer's or the parameter's name."""
    one = found(HEAD + body, "singular_values")
    assert not one.feedback


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("None", "expected a dict"),
        ("[values(part) for part in layers(net).values()]", "expected a dict"),
        ("{n: values(p) for n, p in layers(net).items() if n != 'fc4'}", "fc4 too"),
        ("{'W' + n: values(p) for n, p in layers(net).items()}", "expected the keys fc1, fc2"),
        ("{n: values(p).flip(0) for n, p in layers(net).items()}", "descending"),
        ("{n: values(p) ** 2 for n, p in layers(net).items()}", "squares"),
        ("{n: values(p) / values(p)[0] for n, p in layers(net).items()}", "don't divide"),
        ("{n: values(net.fc2)[:10 if n == 'fc4' else 60] for n in layers(net)}", "another layer"),
        ("{n: values(p)[:5] for n, p in layers(net).items()}", "60 singular values"),
        ("{n: values(p) * (1 + 1e-3) for n, p in layers(net).items()}", "got others"),
        ("{n: values(p) * float('nan') for n, p in layers(net).items()}", "NaN"),
        ("{n: p.weight.detach() for n, p in layers(net).items()}", "expected shape (60,)"),
    ],
)
def test_singular_values_catches(body: str, word: str) -> None:
    """Missing layers, other numbers and other orders fail, and the words say which."""
    assert word in words(found(HEAD + body, "singular_values"))


@pytest.mark.parametrize(
    "change",
    [
        "values(p) * (1 + {off})",
        "values(p) + {off} * values(p)[0]",
        "values(p) - {off} * values(p)[0]",
    ],
)
def test_singular_values_may_be_off_by_rtol_of_the_largest(change: str) -> None:
    """Each by as much, small ones too; a little more is too much."""
    body = "{{n: {} for n, p in layers(net).items()}}"
    for off, word in ((1.7e-5, ""), (2.4e-5, "got others")):
        source = HEAD + body.format(change.format(off=off))
        said = found(source, "singular_values").feedback
        assert said.endswith(word)
        assert bool(said) is bool(word)


@pytest.mark.parametrize(
    ("body", "feedback", "hint"),
    [
        (
            "[1.0]",
            (
                "layer_singular_values: expected a dict with the keys fc1, fc2, fc3, fc4, got "
                "a list with 1 entries"
            ),
            "return {name: values} for the layers in net.named_children()",
        ),
        (
            "{}",
            "layer_singular_values: expected the keys fc1, fc2, fc3, fc4, got none",
            "every fully connected layer is asked for, whatever its shape: fc1 too",
        ),
        (
            "{str(i): 0 for i in range(9)}",
            (
                "layer_singular_values: expected the keys fc1, fc2, fc3, fc4, got the text '0', "
                "the text '1', the text '2', the text '3', the text '4', the text '5'"
            ),
            "every fully connected layer is asked for, whatever its shape: fc1 too",
        ),
        (
            "{n: values(p)[:9] for n, p in layers(net).items()}",
            "layer_singular_values: fc1: expected shape (60,), got (9,)",
            "a 60x3072 matrix has 60 singular values",
        ),
        (
            "{n: values(p).flip(0) for n, p in layers(net).items()}",
            "layer_singular_values: fc1: the values are not in descending order",
            "sort them",
        ),
        (
            "{n: values(p) / values(p).sum() for n, p in layers(net).items()}",
            (
                "layer_singular_values: fc1: expected the singular values of the weight matrix, "
                "got others"
            ),
            "don't divide them: their size is wanted too",
        ),
        (
            "{n: values(p) * 2 for n, p in layers(net).items()}",
            (
                "layer_singular_values: fc1: expected the singular values of the weight matrix, "
                "got others"
            ),
            "torch.linalg.svdvals(layer.weight) gives them",
        ),
    ],
)
def test_students_are_told(body: str, feedback: str, hint: str) -> None:
    """What was expected, of which layer, and what to look at."""
    one = found(HEAD + body, "singular_values")
    assert (one.feedback, one.hint) == (feedback, hint)


def test_singular_values_uses_the_submission_s_own_class() -> None:
    """A function that asks for the submission's `Net` gets one."""
    source = (
        HEAD.replace(
            "def layers",
            "class Net(nn.Module):\n"
            "    def __init__(self):\n"
            "        super().__init__()\n"
            "        for i, (n, m) in enumerate([(3072, 60), (60, 60), (60, 60), (60, 10)], 1):\n"
            "            setattr(self, f'fc{i}', nn.Linear(n, m))\n"
            "def layers",
        )
        + "{n: values(p) for n, p in layers(net).items()} if isinstance(net, Net) else None"
    )
    assert not found(source, "singular_values").feedback
