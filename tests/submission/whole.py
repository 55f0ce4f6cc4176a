"""A notebook like the real ones: prose, definitions, and trials that nobody may run."""

from tests.submission.hand_ins import code, markdown, notebook_bytes

SCRIPT = r"""
#: keep
%matplotlib inline
import numpy as np, seaborn as sns
import matplotlib.pyplot as plt
from IPython.display import clear_output
from tqdm import tqdm
sns.set()
np.random.seed(1)
#: text
## Problem 1 $$\begin{cases} x \\ y \end{cases}$$
#: keep
def norm_constants(n):
    return 1 / np.sqrt(n), 1.0
#: trial
x = np.random.randn(10 ** 9)
assert norm_constants(10 ** 9)[0] * np.linalg.norm(x) <= abs(x).max()
#: text
Proof. $\|UA\|_F = \|A\|_F$, see [the lecture](https://nowhere.example).
#: text
*Your answer.*
#: keep
def extremal_matrix(m, n, k):
    A = np.zeros((m, n)); A[range(k), range(k)] = 1
    return A
#: trial
for m in range(1, 10 ** 6):
    print(np.linalg.matrix_rank(extremal_matrix(m, m, 1)))
#: text
**1.3**
#: text
*Your answer.*
#: keep
def rank_one_svd(n):
    i = np.arange(1, n + 1)
    u, v = np.sqrt(2 * i - 1) / n, (-1.) ** i / np.sqrt(n)
    return u[:, None], np.array([n * n ** .5]), v[None]
#: trial
n = 13000
U, s, Vh = np.linalg.svd(np.outer(np.arange(n), np.ones(n)))
#: text
## Problem 2
#: keep
SCALE = np.float64(0.5)
def F(U, V, X):
    return SCALE * ((X - U @ V) ** 2).sum()
#: keep
def difference(f):
    def g(U, V, X, h=1e-6):
        out = np.zeros_like(U)
        for at in np.ndindex(U.shape):
            E = np.zeros_like(U)
            E[at] = h
            out[at] = (f(U + E, V, X) - f(U - E, V, X)) / (2 * h)
        return out
    return g

gradU = difference(F)
#: keep
def grad_U(X, U, V):
    return gradU(U, V, X)

def grad_V(X, U, V):
    return grad_U(X.T, V.T, U.T).T
#: trial
gradU(U, V)
#: text
Complexity: $\mathcal{O}(n^2 k)$
#: trial
ns, times = range(1000, 13001, 1000), []
for n in tqdm(ns):
    X = np.random.randn(n, n); U = np.random.randn(n, 10); V = np.random.randn(10, n)
    t = %timeit -o -q grad_U(X, U, V)
    times.append(t.average)
    clear_output(wait=True)
    plt.loglog(ns[:len(times)], times); plt.show()
#: trial
grad_U?
#: text
*Your answer.*
#: keep
gradient_complexity = lambda: {'n': 2, 'k': 1}
#: keep
import time

def time_gradients(ns, ks):
    def clock(f, *args):
        start = time.perf_counter(); f(*args)
        return time.perf_counter() - start
    return [{'n': n, 'k': k, 'analytic': clock(grad_U, *3 * [np.eye(n)])} for n in ns for k in ks]
#: trial
def half_done(x:
    return
#: text
*Your answer.*
#: keep
R = lambda A, x: x @ A @ x / (x @ x)

def rayleigh_gradient(A, x):
    return 2 * (A @ x - R(A, x) * x) / (x @ x)
#: trial
1 / 0
#: text
## Problem 3
#: trial
!pip install torch torchvision
!wget https://nowhere.example/cifar.tgz && tar xf cifar.tgz
#: keep
import torch, torchvision
import torch.nn as nn
import torch.nn.functional as F
#: trial
device = torch.device('cuda')
trainset = torchvision.datasets.CIFAR10('.', download=True)
train_loader = torch.utils.data.DataLoader(trainset, batch_size=100)
#: text
*Your answer.*
#: keep
class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(3072, 1000)

    def forward(self, x):
        return F.log_softmax(self.fc1(x), dim=1)
#: keep
def train(net, loader):
    net.train()

def test(net, loader):
    return F.relu(torch.ones(1)).item()
#: trial
%%time
model = Net().cuda()
for epoch in range(7):
    train(model, train_loader)
#: text
*Your answer.*
#: keep
class CompressedNet(nn.Module):
    def __init__(self, net, r):
        super().__init__()
        self.r = r

    def forward(self, x):
        return F.relu(x)
#: keep
def compression_curve(net, ranks, loader):
    return [test(CompressedNet(net, r), loader) for r in ranks]
#: trial
ranks = [1, 5, 10]
accuracy = compression_curve(model, ranks, train_loader)
plt.figure(figsize=(9, 4)); sns.lineplot(x=ranks, y=accuracy); plt.show()
#: text
*Your answer.*
#: keep
def fine_tune(compressed, loader, epochs):
    for epoch in range(epochs):
        train(compressed, loader)
    return compressed
#: trial
for r in ranks:
    fine_tune(CompressedNet(model, r).cuda(), train_loader, 20)
#: text
## Problem 4
#: trial
key = 0
#: text
*Your answer.*
#: keep
class Game:
    def hermione_computes_function(self, x):
        return x

    def harry_answers(self):
        return int(F.relu(torch.tensor(7.0)))

    def play(self, rounds):
        return [self.harry_answers() for _ in tqdm(range(rounds))]
#: trial
game = Game()
guessed = game.play(1000)
del game, model
#: trial
plt.hist(guessed); plt.savefig('a.png')
#: text
Harry is right.
#: trial
# that is all
"""
PARTS = [part.partition("\n") for part in SCRIPT.split("\n#: ")[1:]]


def whole_notebook() -> bytes:
    """The notebook's file."""
    return notebook_bytes(
        *(markdown(text) if kind == "text" else code(text) for kind, _, text in PARTS)
    )


def kept_labels() -> set[str]:
    """The cells that hold definitions."""
    return {f"cell {at}" for at, (kind, _, _) in enumerate(PARTS, start=1) if kind == "keep"}


def broken_cell() -> str:
    """The cell that is no Python."""
    (found,) = (at for at, (_, _, text) in enumerate(PARTS, start=1) if "half_done" in text)
    return f"cell {found}"
