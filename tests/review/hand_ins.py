"""A class of made-up hand-ins, graded by nobody yet, in a store."""

import base64
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

from grader.store import Entry, RunInfo, Store, open_store

RUBRIC = Path(__file__).parents[2] / "rubrics" / "ps1.yaml"

PROOFS = (
    r"""Write the squared norm as a trace:
$$
\begin{aligned}
\|UA\|_F^2 &= \operatorname{tr}\left((UA)^* UA\right) \\
           &= \operatorname{tr}(A^* U^* U A) = \operatorname{tr}(A^* A) = \|A\|_F^2,
\end{aligned}
$$
since $U^*U = I$. For $AU$ use $\operatorname{tr}(XY) = \operatorname{tr}(YX)$:
\begin{gather*}
\|AU\|_F^2 = \mathrm{tr}(U^* A^* A U) = \mathrm{tr}(A^* A U U^*) = \|A\|_F^2. \quad \blacksquare
\end{gather*}""",
    r"""Let $a_1, \dots, a_n$ be the columns of $A$. Then
$$\|UA\|_F^2 = \sum_{j=1}^n \|U a_j\|_2^2 = \sum_{j=1}^n \|a_j\|_2^2 = \|A\|_F^2,$$
because a unitary matrix keeps lengths: $\|Ua\|_2^2 = a^*U^*Ua = \|a\|_2^2$.
The other side follows from $\|A\|_F = \|A^*\|_F$.""",
    r"""$U$ is unitary so $\|U\|_F = 1$, hence $\|UA\|_F \le \|U\|_F \|A\|_F = \|A\|_F$.""",
    r"""By the SVD $A = V \Sigma W^*$ the singular values of $UA$ are those of $A$, and
$$\|A\|_F = \sqrt{\sum_i \sigma_i^2}.$$ The same holds for $AU$, q.e.d. $\qed$""",
)
"""Answers to 1.1b of four kinds."""

QUESTION = (
    "### 1.1b Frobenius norm under unitary matrices (5 points)\n\n"
    "Let $U$ be unitary. Prove that $\\|UA\\|_F = \\|AU\\|_F = \\|A\\|_F.$"
)
ATTACK = """<script>window.hacked = 1</script>
<img src=x onerror="window.hacked = 2"> <svg onload="window.hacked = 3"><script>window.hacked = 4
</script></svg> [press](javascript:window.hacked=5) <a href="javascript:window.hacked=6">me</a>
<math><mi href="javascript:window.hacked=7">x</mi><maction actiontype="statusline#http://a.test"
href="javascript:window.hacked=8">y</maction></math> <style>body { display: none }</style>
<iframe src="data:text/html,<script>parent.hacked = 9</script>"></iframe>
<form action="https://a.test"><input autofocus onfocus="window.hacked = 10"></form>
<a href="data:text/html;base64,PHNjcmlwdD4=">data</a> <base href="https://a.test/">
<meta http-equiv="refresh" content="0;url=https://a.test"> $\\text{<img src=x onerror=hacked=11>}$
$\\href{javascript:hacked=12}{z}$ ![$" onerror="window.hacked=13" x="$](https://a.test/pixel.png)
<details open ontoggle="window.hacked = 14"><summary>s</summary></details>
<div id="judgement" class="bar" style="position:fixed;inset:0">over the page</div>
"""
"""What a hostile student hands in for a proof."""


def png(shade: int = 128, size: int = 24, *, noise: bool = False) -> str:
    """A grey picture, base64; one of noise can't be made smaller."""
    held = io.BytesIO()
    image = Image.effect_noise((size, size), 90) if noise else Image.new("L", (size, size), shade)
    image.save(held, "PNG")
    return base64.b64encode(held.getvalue()).decode()


def markdown(source: str, **metadata: str) -> dict[str, Any]:
    marks = {"nla_grader": metadata} if metadata else {}
    return {"cell_type": "markdown", "metadata": marks, "source": source}


def code(source: str, outputs: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "metadata": {},
        "execution_count": 1,
        "source": source,
        "outputs": list(outputs),
    }


def picture(shade: int = 128) -> dict[str, Any]:
    data = {"image/png": png(shade), "text/plain": "<Figure>"}
    return {"output_type": "display_data", "metadata": {}, "data": data}


def notebook(cells: Iterable[Mapping[str, Any]]) -> bytes:
    content = {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, ensure_ascii=False).encode()


def hand_in(number: int, answer: str | None = None) -> bytes:
    """The hand-in of student `number`; `answer` is that to 1.1b."""
    proof = PROOFS[number % len(PROOFS)] if answer is None else answer
    return notebook(
        [
            markdown(f"# Problem Set 1\n\nStudent {number}"),
            markdown("## Problem 1. Theory"),
            markdown(QUESTION, item="1.1b", role="question"),
            markdown(proof, item="1.1b", role="answer"),
            markdown("### 1.1c Spectral norm\n\n$\\|UAx\\| = \\|Ax\\|$ for every $x$."),
            markdown(
                "### 1.2a\n\n" + "$\\sigma_i \\le \\sigma_1$ for every i. " * (1 + number % 3)
            ),
            code("def grad_U(X, U, V):\n    return (U @ V - X) @ V.T"),
            markdown("### 2.1c\n\nEach product costs $\\mathcal{O}(n^2 k)$."),
            code("plt.loglog(ns, times)", [picture(number % 256)]),
        ]
    )


def make_run(folder: Path, hand_ins: Sequence[bytes], *, name: str = "student") -> Store:
    """A store with these hand-ins of `student-000` and so on."""
    store = open_store(folder, create=True)
    rubric = json.dumps(yaml.safe_load(RUBRIC.read_text(encoding="utf-8")))
    store.put_info(
        RunInfo(
            assignment="ps1",
            title="Problem Set 1",
            rubric_sha256=hashlib.sha256(rubric.encode()).hexdigest(),
            rubric=rubric,
            seed="practice",
        )
    )
    store.put_entries(
        (
            Entry(
                student=f"{name}-{number:03}",
                name=f"Person {number}",
                file=f"{name}-{number:03}{'.ipynb' if content[:1] == b'{' else '.py'}",
                sha256=hashlib.sha256(content).hexdigest(),
            ),
            content,
        )
        for number, content in enumerate(hand_ins)
    )
    return store
