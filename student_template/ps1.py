"""Problem Set 1: the questions, and the functions to write."""

# %% [markdown]
# # Problem Set 1
#
# 93 points. Hand in **one** file, the notebook `ps1.ipynb` or the module `ps1.py`: both hold the
# same questions.
#
# - Write your code into the functions and classes below. Keep their names and signatures: the
#   grader finds them by name. Helper functions, imports and constants of your own are welcome.
# - Write proofs and explanations, in Markdown with LaTeX, into the cells that begin with *Your*,
#   and leave the headings as they are: people find your answers by them.
# - The grader runs definitions, not experiments: training loops, plots and downloads in cells of
#   their own cost it nothing, and a cell that raises harms nothing else.
# - A function must work for every input that its docstring allows, not only for the ones that you
#   tried, and must not change its arguments.
# - `grader check FILE` judges your own file before anybody else does.
#
# The norms are $\|x\|_2 = \sqrt{\sum_i |x_i|^2}$ and $\|x\|_\infty = \max_i |x_i|$ for vectors,
# the spectral norm $\|A\|_2 = \max_{\|x\|_2 = 1} \|Ax\|_2$ and the Frobenius norm
# $\|A\|_F = \sqrt{\sum_{i,j} |a_{ij}|^2}$ for matrices. The star is the conjugate transpose.
# Matrices are complex unless something else is said.

# %%
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

# %% [markdown]
# ## Problem 1. Theory

# %% [markdown] item="1.1a" role="question"
# ### 1.1a Two norms of a vector (1 point)
#
# Find the largest $C_1$ and the smallest $C_2$ for which
# $$C_1 \|x\|_2 \le \|x\|_\infty \le C_2 \|x\|_2$$
# holds for every vector $x$ with $n$ entries.


# %% item="1.1a" role="answer"
def norm_constants(n: int) -> tuple[float, float]:
    """Best constants between the 2-norm and the infinity norm in dimension n.

    Args:
        n: dimension, at least 1.

    Returns:
        (C1, C2), two floats.
    """
    raise NotImplementedError("norm_constants: return the pair (C1, C2) for dimension n")


# %% [markdown] item="1.1b" role="question"
# ### 1.1b Frobenius norm under unitary matrices (5 points)
#
# Let $U$ be unitary and of the same size as the square matrix $A$. Prove that the Frobenius norm
# does not see $U$:
# $$\|UA\|_F = \|AU\|_F = \|A\|_F.$$

# %% [markdown] item="1.1b" role="answer"
# *Your proof.*

# %% [markdown] item="1.1c" role="question"
# ### 1.1c Spectral norm under unitary matrices (5 points)
#
# Prove the same for the spectral norm, again for unitary $U$:
# $$\|UA\|_2 = \|AU\|_2 = \|A\|_2.$$

# %% [markdown] item="1.1c" role="answer"
# *Your proof.*

# %% [markdown] item="1.2a" role="question"
# ### 1.2a Frobenius norm, rank and spectral norm (5 points)
#
# Prove that for every matrix $A$ the Frobenius norm is bounded through the rank:
# $$\|A\|_F \le \sqrt{\operatorname{rank}(A)} \; \|A\|_2.$$

# %% [markdown] item="1.2a" role="answer"
# *Your proof.*

# %% [markdown] item="1.2b" role="question"
# ### 1.2b Where the bound is sharp (5 points: 3 for the function, 2 for the proof)
#
# Show that equality can hold in 1.2a for every shape and every rank: for all $m$, $n$ and
# $1 \le k \le \min(m, n)$ there is an $m \times n$ matrix $A$ of rank $k$ with
# $\|A\|_F = \sqrt{k} \, \|A\|_2$. Write a function that returns one, and prove that it does.


# %% item="1.2b" role="answer"
def extremal_matrix(m: int, n: int, k: int) -> np.ndarray:
    """A matrix of rank k whose Frobenius norm is sqrt(k) times its 2-norm.

    Args:
        m: rows, at least 1.
        n: columns, at least 1.
        k: rank, from 1 to min(m, n).

    Returns:
        (m, n) float64.
    """
    raise NotImplementedError("extremal_matrix: return an (m, n) array of rank k")


# %% [markdown] item="1.2b" role="answer"
# *Your proof.*

# %% [markdown] item="1.2c" role="question"
# ### 1.2c Matrices of rank 1 (5 points)
#
# Prove that $\operatorname{rank}(A) = 1$ implies $\|A\|_F = \|A\|_2$.

# %% [markdown] item="1.2c" role="answer"
# *Your proof.*

# %% [markdown] item="1.2d" role="question"
# ### 1.2d Frobenius norm of a product (5 points)
#
# Prove that for every product $AB$
# $$\|AB\|_F \le \|A\|_2 \, \|B\|_F.$$

# %% [markdown] item="1.2d" role="answer"
# *Your proof.*

# %% [markdown] item="1.3a" role="question"
# ### 1.3a Pseudoinverse of a projector (2 points)
#
# Let $U$ be a complex $n \times k$ matrix with $U^* U = I$. Find the pseudoinverse of $UU^*$.


# %% item="1.3a" role="answer"
def projector_pinv(U: np.ndarray) -> np.ndarray:
    """Pseudoinverse of U U* for U with orthonormal columns.

    Args:
        U: (n, k) complex128 or complex64 with U* U = I.

    Returns:
        (n, n), dtype of U.
    """
    raise NotImplementedError("projector_pinv: return the (n, n) pseudoinverse of U U*")


# %% [markdown] item="1.3b" role="question"
# ### 1.3b SVD of a matrix of rank 1 (3 points)
#
# Derive, for every $n$, the singular value decomposition of the $n \times n$ matrix
# $$A = \begin{pmatrix} 1 \\ \sqrt{3} \\ \vdots \\ \sqrt{2n-1} \end{pmatrix}
# \begin{pmatrix} -1 & 1 & -1 & \dots & (-1)^n \end{pmatrix}.$$
# Return the one triplet whose singular value is not zero. The function is asked for $n$ up to
# $10^6$, where $A$ has $10^{12}$ entries, so it can't decompose $A$ numerically.


# %% item="1.3b" role="answer"
def rank_one_svd(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Thin singular value decomposition of the matrix A above.

    Args:
        n: rows and columns of A, from 1 to a million.

    Returns:
        (U, s, Vh) with A = U diag(s) Vh: (n, 1), (1,) and (1, n) float64, s positive.
    """
    raise NotImplementedError("rank_one_svd: return (U, s, Vh) of shapes (n, 1), (1,), (1, n)")


# %% [markdown]
# ## Problem 2. Matrix calculus
#
# Everything in this problem is real.

# %% [markdown] item="2.1a" role="question"
# ### 2.1a Gradient in U (2 points)
#
# An $n \times n$ matrix $X$ is to be approximated by the product of an $n \times k$ matrix $U$ and
# a $k \times n$ matrix $V$, with $k < n$. The misfit is
# $$F(U, V) = \tfrac12 \, \|X - UV\|_F^2.$$
# Derive $\partial F / \partial U$.


# %% item="2.1a" role="answer"
def grad_U(X: np.ndarray, U: np.ndarray, V: np.ndarray) -> np.ndarray:
    """Gradient of F(U, V) = ||X - U V||_F^2 / 2 in U.

    Args:
        X: (n, n) float64 or float32.
        U: (n, k), dtype of X.
        V: (k, n), dtype of X.

    Returns:
        (n, k), dtype of X.
    """
    raise NotImplementedError("grad_U: return the (n, k) gradient of F with respect to U")


# %% [markdown] item="2.1b" role="question"
# ### 2.1b Gradient in V (2 points)
#
# Derive $\partial F / \partial V$ for the same $F$.


# %% item="2.1b" role="answer"
def grad_V(X: np.ndarray, U: np.ndarray, V: np.ndarray) -> np.ndarray:
    """Gradient of F(U, V) = ||X - U V||_F^2 / 2 in V.

    Args:
        X: (n, n) float64 or float32.
        U: (n, k), dtype of X.
        V: (k, n), dtype of X.

    Returns:
        (k, n), dtype of X.
    """
    raise NotImplementedError("grad_V: return the (k, n) gradient of F with respect to V")


# %% [markdown] item="2.1c" role="question"
# ### 2.1c Complexity, and autodiff (6 points: 3 for the functions, 3 for plots and conclusion)
#
# What is the complexity of your two gradients, as $O(n^p k^q)$? Derive it. Then measure: the time
# of the analytic gradients against that of automatic differentiation in JAX (autodiff), over a
# range of $n$ and over a range of $k$. Plot both, in scales in which $p$ and $q$ are slopes, and
# conclude. JAX compiles a jitted function at its first call and returns before a result is there:
# call it once before the clock starts, and `block_until_ready()` before the clock stops.


# %% item="2.1c" role="answer"
def gradient_complexity() -> dict[str, float]:
    """Exponents of the time O(n^p k^q) that the gradients of F take.

    Returns:
        {"n": p, "k": q}.
    """
    raise NotImplementedError('gradient_complexity: return {"n": p, "k": q} for O(n^p k^q)')


def time_gradients(ns: list[int], ks: list[int]) -> list[dict[str, float]]:
    """Measure the analytic gradients of F and those of JAX's autodiff.

    Args:
        ns: the n to measure.
        ks: the k to measure, each smaller than every n.

    Returns:
        A record {"n": n, "k": k, "analytic": seconds, "autodiff": seconds} for each pair of an n
        and a k.
    """
    raise NotImplementedError("time_gradients: return a list with a record for each n and k")


# %% [markdown] item="2.1c" role="answer"
# *Your derivation, your plots (add cells for their code) and your conclusion.*

# %% [markdown] item="2.2" role="question"
# ### 2.2 Gradient of the Rayleigh quotient (2 points)
#
# For a symmetric matrix $A$ and $x \ne 0$ let
# $$R(x) = \frac{(Ax, x)}{(x, x)}.$$
# Derive $\nabla R(x)$. Mind that $x$ need not have length 1.


# %% item="2.2" role="answer"
def rayleigh_gradient(A: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Gradient of R(x) = (A x, x) / (x, x).

    Args:
        A: (n, n) float64 or float32, symmetric.
        x: (n,), dtype of A, not zero.

    Returns:
        (n,), dtype of A.
    """
    raise NotImplementedError("rayleigh_gradient: return the (n,) gradient of R at x")


# %% [markdown]
# ## Problem 3. Compression of fully-connected layers
#
# A network with five wide layers learns to tell the ten classes of CIFAR-10 apart. Its weight
# matrices hold some seven million numbers; this problem asks how many of them it needs. The
# network, its training and its test are given: use them, don't change them.


# %%
class Net(nn.Module):
    """The network: six fully connected layers with ReLU between, log-probabilities at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(3 * 32 * 32, 1000)
        self.fc2 = nn.Linear(1000, 1000)
        self.fc3 = nn.Linear(1000, 1000)
        self.fc4 = nn.Linear(1000, 1000)
        self.fc5 = nn.Linear(1000, 1000)
        self.fc6 = nn.Linear(1000, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Log-probabilities of the classes.

        Args:
            x: (B, 3, 32, 32) float32 in [-1, 1].

        Returns:
            (B, 10) float32.
        """
        x = x.flatten(1)
        x = functional.relu(self.fc1(x))
        x = functional.relu(self.fc2(x))
        x = functional.relu(self.fc3(x))
        x = functional.relu(self.fc4(x))
        x = functional.relu(self.fc5(x))
        return functional.log_softmax(self.fc6(x), dim=1)


Loader = DataLoader[tuple[Tensor, Tensor]]
"""Gives batches: images (B, 3, 32, 32) float32 in [-1, 1], labels (B,) int64."""


def load_cifar10(folder: str = "data", batch: int = 100) -> tuple[Loader, Loader]:
    """CIFAR-10, downloaded once, each channel with mean 0.5 and standard deviation 0.5 taken out.

    Args:
        folder: where the images are kept.
        batch: images in a batch.

    Returns:
        Loaders of the 50,000 training images, in random order, and of the 10,000 test images.
    """
    from torchvision import datasets, transforms  # noqa: PLC0415 - slow, needed here alone

    normalise = transforms.Compose(
        [transforms.ToTensor(), transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))]
    )
    training, testing = (
        datasets.CIFAR10(folder, train=train, download=True, transform=normalise)
        for train in (True, False)
    )
    return DataLoader(training, batch, shuffle=True), DataLoader(testing, batch)


def device_of(net: nn.Module) -> torch.device:
    """Where the parameters of a network are."""
    return next(net.parameters()).device


def train(
    net: nn.Module,
    loader: Loader,
    epochs: int = 7,
    lr: float = 1e-3,
    device: str | torch.device | None = None,
) -> None:
    """Train a network in place with Adam, on the negative log-likelihood.

    Args:
        net: gives log-probabilities.
        loader: the training images.
        epochs: how often each image is seen.
        lr: Adam's learning rate.
        device: where the network is moved to first; None leaves it where it is.
    """
    net.to(device or device_of(net)).train()
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    for epoch in range(1, epochs + 1):
        total = seen = 0.0
        for images, labels in loader:
            optimizer.zero_grad()
            answers = net(images.to(device_of(net)))
            loss = functional.nll_loss(answers, labels.to(answers.device))
            loss.backward()
            optimizer.step()
            total += loss.item() * len(labels)
            seen += len(labels)
        print(f"epoch {epoch} of {epochs}: mean loss {total / seen:.3f}")


def test(net: nn.Module, loader: Loader) -> float:
    """The share of images whose class a network names, between 0 and 1."""
    net.eval()
    right = seen = 0
    with torch.no_grad():
        for images, labels in loader:
            answers = net(images.to(device_of(net))).argmax(dim=1)
            right += int((answers == labels.to(answers.device)).sum())
            seen += len(labels)
    return right / seen


# %% [markdown] item="3.1" role="question"
# ### 3.1 Singular values of the layers (3 points: 2 for the function, 1 for plot and conclusion)
#
# Compute the singular values of the weight matrix of every layer of the trained network. Plot
# those of a $1000 \times 1000$ layer, in a scale in which their decay can be seen. What do you
# conclude about compressing the layer?


# %% item="3.1" role="answer"
def layer_singular_values(net: nn.Module) -> dict[str, np.ndarray]:
    """Singular values of the weight matrices of a network.

    Args:
        net: a network whose fully connected layers are submodules, e.g. fc1 to fc6 of `Net`.

    Returns:
        Name of the layer, such as "fc1" -> (q,) float32, descending, q the smaller side of the
        layer's weight matrix.
    """
    raise NotImplementedError("layer_singular_values: return {layer name: its singular values}")


# %% [markdown] item="3.1" role="answer"
# *Your plot (add a cell for its code) and your conclusion.*

# %% [markdown] item="3.2" role="question"
# ### 3.2 The compressed network (17 points)
#
# Write a network that is made of a trained `Net` and a rank $r > 0$. Each of its weight matrices is
# the best approximation of rank $r$ of the given one: its first $r$ singular triplets. In all else
# it is the same network: the same biases, ReLU and log-softmax. It should
#
# - store factors, not products, and never more numbers than the weight matrix has;
# - use the factors in `forward` with as few multiplications as possible;
# - be trainable: every factor and every bias is a parameter;
# - leave the given network as it is, and share nothing with it;
# - work for every $r > 0$, also where $r$ exceeds the smaller side of a matrix.


# %% item="3.2" role="answer"
class CompressedNet(nn.Module):
    """A network whose weight matrices are cut down to rank r.

    Args:
        net: a trained `Net`; it is not changed.
        r: the rank, at least 1.
    """

    def __init__(self, net: nn.Module, r: int) -> None:
        super().__init__()
        raise NotImplementedError("CompressedNet: factor the weights of `net` by the SVD")

    def forward(self, x: Tensor) -> Tensor:
        """Log-probabilities of the classes.

        Args:
            x: (B, 3, 32, 32) float32 in [-1, 1].

        Returns:
            (B, 10) float32.
        """
        raise NotImplementedError("CompressedNet: return the log-probabilities of the classes")


# %% [markdown] item="3.3" role="question"
# ### 3.3 Accuracy, parameters and time (5 points: 3 for the function, 2 for plots and explanation)
#
# Compress the trained network to several ranks. Plot the test accuracy against the number of
# parameters, and the time that inference takes against $r$. Explain what you see: from which rank
# on is accuracy lost, and when does compression save time?


# %% item="3.3" role="answer"
def compression_curve(net: nn.Module, ranks: list[int], loader: Loader) -> list[dict[str, float]]:
    """Measure the compressed network at several ranks.

    Args:
        net: a trained `Net`.
        ranks: the ranks to measure.
        loader: the images to measure on.

    Returns:
        For each rank a record {"rank": r, "parameters": count of the stored numbers,
        "accuracy": between 0 and 1, "seconds": of inference on all images of `loader`}.
    """
    raise NotImplementedError("compression_curve: return a list with a record for each rank")


# %% [markdown] item="3.3" role="answer"
# *Your plots (add cells for their code) and your explanation.*

# %% [markdown] item="3.4" role="question"
# ### 3.4 Fine-tuning (5 points: 3 for the function, 2 for comparison and explanation)
#
# Fine-tune compressed networks: train the factors for 1 to 5 epochs. Compare the test accuracy
# before and after, for several ranks, and explain the difference.


# %% item="3.4" role="answer"
def fine_tune(compressed: nn.Module, loader: Loader, epochs: int) -> nn.Module:
    """Train the factors of a compressed network further.

    Args:
        compressed: a `CompressedNet`.
        loader: the training images.
        epochs: how often each image is seen, 1 to 5.

    Returns:
        The fine-tuned network.
    """
    raise NotImplementedError("fine_tune: train the factors, then return the network")


# %% [markdown] item="3.4" role="answer"
# *Your comparison (add a cell for its code) and your explanation.*

# %% [markdown]
# ## Problem 4. Reducio!

# %% [markdown] item="4" role="question"
# ### 4 Reducio! (15 points)
#
# Hermione draws a whole number $r$ between 1 and 95, each with the same chance, and two matrices
# whose entries are uniform in $[0, 100)$, in float32: $W_1$ of size $r \times 100$ and $W_2$ of
# size $100 \times r$. She keeps all three to herself. Harry may ask her for
# $$h(x) = \sin(W_2 \cos(W_1 x))$$
# at any $x$ with 100 entries, as often as he likes, and he may differentiate $h$ with JAX. Then he
# must name $r$. He should be right in at least 95 % of the rounds.


# %% item="4" role="given"
class Hermione:
    """Draws r and the matrices, and answers with her function."""

    def __init__(self, seed: int = 0) -> None:
        self.key = jax.random.PRNGKey(seed)
        self.draw()

    def draw(self) -> None:
        """Start a new round."""
        self.key, *keys = jax.random.split(self.key, 4)
        self.r = int(jax.random.randint(keys[0], (), 1, 96))
        # W2's columns past r are zero: the function is that of the first r rows and columns, and
        # JAX compiles once for this one shape, not anew for every r.
        self.W1 = jax.random.uniform(keys[1], (95, 100), maxval=100.0)
        W2 = jax.random.uniform(keys[2], (100, 95), maxval=100.0)
        self.W2 = jnp.where(jnp.arange(95) < self.r, W2, 0.0)

    def hermione_computes_function(self, x: jax.Array) -> jax.Array:
        """What Harry may ask: (100,) -> (100,)."""
        return jnp.sin(self.W2 @ jnp.cos(self.W1 @ x))


# %% [markdown] item="4" role="question"
# Write the function `harry_answers`, which is given Hermione's function. (A method
# `harry_answers(self)` of `Game` that calls `self.hermione_computes_function` is graded just as
# well; there, to read `self.r`, `self.W1` or `self.W2` is against the rules.)


# %% item="4" role="answer"
def harry_answers(hermione_computes_function: Callable[[jax.Array], jax.Array]) -> int:
    """Name r, knowing nothing but Hermione's function.

    Args:
        hermione_computes_function: (100,) -> (100,); JAX can differentiate it.

    Returns:
        r, from 1 to 95.
    """
    raise NotImplementedError("harry_answers: ask hermione_computes_function, return r")


class Game(Hermione):
    """The game: Hermione draws, Harry answers."""

    def play(self, rounds: int = 100) -> float:
        """The share of rounds in which Harry is right, between 0 and 1."""
        right = 0
        for _ in range(rounds):
            self.draw()
            right += int(harry_answers(self.hermione_computes_function)) == self.r
        return right / rounds


# %%
def main() -> None:
    """Train, measure and plot."""
    train_loader, test_loader = load_cifar10()
    net = Net().to("cuda" if torch.cuda.is_available() else "cpu")
    train(net, train_loader)
    print(f"test accuracy {test(net, test_loader):.3f}")

    print(f"Harry is right in {Game().play(20):.0%} of the rounds")


if __name__ == "__main__":
    main()
