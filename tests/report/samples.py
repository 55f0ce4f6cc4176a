"""A class made by rule: records as the grader leaves them, with measurements and hand scores."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from grader.model import (
    CheckRecord,
    Environment,
    HandCriterion,
    ItemRecord,
    Record,
    Status,
    SubmissionInfo,
)
from grader.report.interface import Graded, HandGiven


@dataclass(frozen=True)
class Item:
    """A row of a rubric: its checks and criteria with what they are worth."""

    id: str
    title: str
    name: str
    checks: tuple[tuple[str, str, float], ...]
    hand: tuple[tuple[str, float], ...]

    @property
    def problem(self) -> str:
        """The heading that the item stands under."""
        return PROBLEMS[self.id[0]]


PROBLEMS = {
    "1": "Problem 1. Theory",
    "2": "Problem 2. Matrix calculus",
    "3": "Problem 3. Compression of fully-connected layers",
    "4": "Problem 4. Reducio!",
}
ITEMS = (
    Item(
        "1.1a",
        "Constants between the 2-norm and the infinity norm",
        "norm_constants",
        (("best constants for every n", "theory.norm_constants", 1.0),),
        (),
    ),
    Item(
        "1.1b",
        "The Frobenius norm is unitarily invariant",
        "",
        (),
        (
            ("writes the squared norm as tr(A*A), or as a sum over columns", 2.0),
            ("uses U*U = I for UA, and says where it is used", 1.0),
            ("treats AU too: UU* = I, or ‖A‖ = ‖A*‖", 2.0),
        ),
    ),
    Item(
        "1.2b",
        "The bound is sharp for every rank",
        "extremal_matrix",
        (("rank k and equality, in every shape", "theory.extremal_matrix", 3.0),),
        (("says why the matrix has rank k", 1.0), ("computes both norms and compares them", 1.0)),
    ),
    Item(
        "1.3b",
        "Analytic SVD of a matrix of rank one",
        "rank_one_svd",
        (("thin SVD for every n, up to a million", "theory.rank_one_svd", 3.0),),
        (),
    ),
    Item(
        "2.1a",
        "Gradient of F with respect to U",
        "grad_U",
        (("right in every shape and scale", "calculus.gradient", 2.0),),
        (),
    ),
    Item(
        "2.1c",
        "Complexity of the gradients, analytic against automatic",
        "time_gradients",
        (
            ("exponents of n and k", "calculus.complexity", 1.0),
            ("plausible times of both ways", "calculus.timing", 2.0),
        ),
        (
            ("derives O(n²k), counting the products", 1.0),
            ("a plot with labelled axes", 1.0),
            ("concludes: the same order, and why", 1.0),
        ),
    ),
    Item(
        "2.2",
        "Gradient of the Rayleigh quotient",
        "rayleigh_gradient",
        (("right for every x that is not zero", "calculus.rayleigh", 2.0),),
        (),
    ),
    Item(
        "3.1",
        "Singular values of the layers",
        "layer_singular_values",
        (("singular values of every layer", "compression.singular_values", 2.0),),
        (("a plot with a sensible scale, and a conclusion", 1.0),),
    ),
    Item(
        "3.2",
        "The compressed network",
        "CompressedNet",
        (
            ("exactly the truncated network", "compression.truncation", 5.0),
            ("stores the factors and nothing more", "compression.storage", 3.0),
            ("spends the factored number of operations", "compression.flops", 3.0),
            ("every factor is trained", "compression.trainable", 2.0),
            ("leaves the given network as it was", "compression.unchanged", 2.0),
            ("works for r = 1, full rank and beyond", "compression.edge_ranks", 2.0),
        ),
        (),
    ),
    Item(
        "3.3",
        "Accuracy, parameters and time against the rank",
        "compression_curve",
        (("a curve that the grader finds too", "compression.curve", 3.0),),
        (
            ("plots of accuracy against parameters and of time against r", 1.0),
            ("explains where accuracy falls and when factoring saves time", 1.0),
        ),
    ),
    Item(
        "3.4",
        "Fine-tuning of the factors",
        "fine_tune",
        (("the factors learn and accuracy does not fall", "compression.fine_tune", 3.0),),
        (("compares accuracy before and after for several ranks", 1.0), ("explains", 1.0)),
    ),
    Item(
        "4",
        "Reducio!",
        "harry_answers",
        (("names r in at least 95 % of the rounds", "reducio.accuracy", 15.0),),
        (),
    ),
)
"""Half of a problem set, every kind of item in it."""
FIRST = ("Ada", "Søren", "Grace", "Иван", "Mei-Ling", "Noor", "Émilie", "Tomáš", "Aiko", "Kwame")
LAST = (
    "Lovelace",
    "Kierkegaard",
    "Hopper",
    "Петров",
    "Wang",
    "al-Din",
    "Châtelet",
    "Novák",
    "Mori",
)
WRONG = (
    (
        Status.FAILED,
        "grad_U: expected shape (5, 3), got (3, 5)",
        "dF/dU has the shape of U",
    ),
    (
        Status.ERRORED,
        "`grad_U` raised ValueError: matmul: operand 1 has a mismatch in size (cell 12, line 3)",
        "run the function alone on a small random input",
    ),
    (
        Status.TIMED_OUT,
        "`grad_U` had not come back when the item's 60 s were used up",
        "look for a loop that does not end, or for work that one matrix product would do",
    ),
    (
        Status.KILLED,
        "`grad_U` was ended by signal 11 (SIGSEGV)",
        "a crash below Python: look for endless recursion or a wrong call into C",
    ),
    (
        Status.FAILED,
        "grad_U: expected the gradient for (7, 7), (7, 2), (2, 7), got another array of its shape",
        "the gradient must vanish where X = UV: a term with UV is missing",
    ),
)


def measurements(use: str, rng: random.Random) -> dict[str, Any]:
    """What a check of this kind measures."""
    if use == "calculus.gradient":
        return {
            "errors": [
                {"size": n * k, "dtype": dtype, "error": scale * rng.uniform(0.3, 3.0)}
                for n, k in ((5, 3), (4, 1), (7, 2), (3, 2), (2, 1), (60, 6), (22, 9), (17, 4))
                for dtype, scale in (("float64", 2e-16), ("float32", 1e-7))
            ]
        }
    if use == "calculus.timing":
        return {
            "records": [
                {
                    "n": n,
                    "k": k,
                    "analytic": 2e-9 * n**1.9 * k**0.6 * rng.uniform(0.9, 1.1),
                    "autodiff": 6e-9 * n**1.8 * k**0.6 * rng.uniform(0.9, 1.1),
                }
                for n in (64, 128, 256)
                for k in (8, 32)
            ],
            "exponents": {"analytic": {"n": 1.9, "k": 0.6}, "autodiff": {"n": 1.8, "k": 0.6}},
        }
    if use == "compression.singular_values":
        return {
            "singular_values": {
                f"fc{layer}": [3.0 / (1 + 0.02 * layer * index) for index in range(1000)]
                for layer in range(1, 7)
            }
        }
    if use == "compression.curve":
        ranks = (5, 20, 100)
        own = [_point(rank, rng.uniform(0.98, 1.02)) for rank in ranks]
        return {"records": own, "grader": [_point(rank, 1.0) for rank in ranks]}
    if use == "reducio.accuracy":
        return {
            "right": 190,
            "played": 200,
            "draws": 200,
            "interval": [0.91, 0.976],
            "too_small": 9,
            "too_large": 1,
            "by_r": [
                {"from": low, "to": min(low + 18, 95), "right": won, "played": 40}
                for low, won in ((1, 40), (20, 40), (39, 39), (58, 38), (77, 33))
            ],
        }
    return {}


def _point(rank: int, noise: float) -> dict[str, float]:
    return {
        "rank": rank,
        "parameters": rank * 13_082 + 5_010,
        "accuracy": min(1.0, 0.52 * (1 - 0.6 / rank**0.5) * noise),
        "seconds": (0.2 + rank / 400) * noise,
    }


def item_record(item: Item, rng: random.Random, skill: float) -> ItemRecord:
    """One item of one student."""
    checks = []
    for title, use, points in item.checks:
        data = measurements(use, rng)
        if rng.random() < skill:
            status, told, hint, given = Status.PASSED, "", "", points
        else:
            status, told, hint = rng.choice(WRONG)
            told = told.replace("grad_U", item.name)
            given = 0.0
        checks.append(
            CheckRecord(
                name=title,
                use=use,
                status=status,
                points=points,
                score=given,
                feedback=told,
                hint=hint,
                staff_note="draw 3: relative error 0.2" if told else "",
                data=data,
                seconds=rng.uniform(0.1, 4.0),
            )
        )
    score = sum(check.score for check in checks)
    auto, by_hand = sum(row[2] for row in item.checks), sum(row[1] for row in item.hand)
    status = Status.NEEDS_HAND
    if checks:
        worst = [check.status for check in checks if check.status is not Status.PASSED]
        status = worst[0] if worst else Status.PASSED
        if 0 < score < auto:
            status = Status.PARTIAL
    return ItemRecord(
        id=item.id,
        title=item.title,
        problem=item.problem,
        points=auto + by_hand,
        auto_points=auto,
        hand_points=by_hand,
        status=status,
        score=score,
        checks=tuple(checks),
        hand=tuple(HandCriterion(text=text, points=points) for text, points in item.hand),
        output="epoch 1: loss 1.73\nepoch 2: loss 1.41\n" if item.id == "3.4" else "",
        notes=("the cautious larger slice was taken: `globals` is used",)
        if item.id == "3.3"
        else (),
        seconds=sum(check.seconds for check in checks),
        peak_memory_bytes=300 << 20,
    )


def record(number: int = 0, skill: float = 0.85) -> Record:
    """The record of the student with this number."""
    rng = random.Random(number)
    items = tuple(item_record(item, rng, skill) for item in ITEMS)
    return Record(
        assignment="ps1",
        title="Problem Set 1",
        submission=SubmissionInfo(name="ps1.ipynb", sha256=f"{number:064x}", kind="notebook"),
        rubric_sha256="cd" * 32,
        environment=Environment(
            grader_version="0.1.0",
            python="3.11.7",
            packages={"numpy": "2.3.0", "torch": "2.13.0"},
            sandbox="bubblewrap",
            memory_limit="cgroup v1",
            device="cpu",
            threads=2,
            dataset="synthetic 0123456789ab",
            baseline="ef" * 32,
            seed="4f1d2a",
        ),
        items=items,
        total=sum(item.points for item in items),
        auto_points=sum(item.auto_points for item in items),
        hand_points=sum(item.hand_points for item in items),
        score=round(sum(item.score for item in items), 2),
        started="2026-11-24T10:00:00+00:00",
        seconds=round(sum(item.seconds for item in items), 3),
    )


def student(number: int = 0, *, judged: bool = False) -> Graded:
    """A student of the class, with hand scores where `judged`."""
    rng = random.Random(1000 + number)
    made = record(number, skill=rng.uniform(0.35, 1.0))
    hand = {
        item.id: HandGiven(
            points=item.hand_points - (1 if number % 3 else 0),
            criteria=tuple(row.points for row in item.hand[:-1]),
            comment="The unit sphere must be mapped onto itself." if number % 3 else "",
        )
        for item in made.items
        if item.hand_points
    }
    return Graded(
        student=f"u{1000 + number}",
        name=f"{FIRST[number % len(FIRST)]} {LAST[number // len(FIRST) % len(LAST)]}",
        file="ps1.ipynb",
        attempt=1 + number % 2,
        late=number % 11 == 0,
        record=made,
        hand=hand if judged else {},
    )


def class_of(size: int) -> Iterator[Graded]:
    """A class: most are graded, one file can't be read, one met a fault of ours."""
    for number in range(size):
        if number == 4:
            yield Graded(
                student="u1004",
                name="Mei-Ling Lovelace",
                file="notes.pdf",
                error="notes.pdf: must be a notebook (.ipynb) or a module (.py), got .pdf",
            )
        else:
            yield student(number, judged=number % 4 == 0)
