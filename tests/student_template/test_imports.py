import ast

import pytest

from student_template.imports import Import, read_imports, split_imports, write_imports


@pytest.mark.parametrize(
    ("statement", "bound"),
    [
        ("import os.path", "os"),
        ("import numpy as np", "np"),
        ("from torch import nn", "nn"),
        ("from torch import nn as layers", "layers"),
    ],
)
def test_bound_is_the_name_that_the_importing_module_gets(statement: str, bound: str) -> None:
    """A name is known by what code calls it."""
    (found,) = read_imports(ast.parse(statement).body[0])
    assert found.bound == bound


def test_split_imports_takes_only_those_that_come_first() -> None:
    """An import further down stays where it is."""
    imports, rest = split_imports("import a\nfrom b import c, d\n\n\nx = 1\nimport e\n")
    assert imports == [Import("a"), Import("b", "c"), Import("b", "d")]
    assert rest == "x = 1\nimport e"


def test_write_imports_sorts_by_section_kind_and_case() -> None:
    """The block is the one that isort and ruff leave alone."""
    source = """\
from torch.nn import functional
from torch import nn, Tensor
import torch
import numpy as np
import time
import numpy as np
from collections.abc import Sequence, Callable
from typing import Any, TYPE_CHECKING
import jax
import jax.numpy as jnp
"""
    imports, rest = split_imports(source)
    assert rest == ""
    assert write_imports(imports) == (
        "import time\n"
        "from collections.abc import Callable, Sequence\n"
        "from typing import TYPE_CHECKING, Any\n"
        "\n"
        "import jax\n"
        "import jax.numpy as jnp\n"
        "import numpy as np\n"
        "import torch\n"
        "from torch import Tensor, nn\n"
        "from torch.nn import functional"
    )
