"""Compressed networks as students write them, right in many ways."""

HEAD = """
import copy
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

def linears(net):
    return [part for part in net.modules() if isinstance(part, nn.Linear)]

def svd(layer, r):
    U, s, Vh = torch.linalg.svd(layer.weight.detach(), full_matrices=False)
    return U[:, :r], s[:r], Vh[:r]
"""

NET = """
class CompressedNet(nn.Module):
    def __init__(self, net, r):
        super().__init__()
        self.layers = nn.ModuleList(Low(layer, r) for layer in linears(net))

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return F.log_softmax(self.layers[-1](x), dim=1)
"""

LOW = """
class Low(nn.Module):
    def __init__(self, layer, r):
        super().__init__()
        U, s, Vh = svd(layer, r)
        self.U = nn.Parameter(U * s.sqrt())
        self.V = nn.Parameter(s.sqrt()[:, None] * Vh)
        self.bias = nn.Parameter(layer.bias.detach().clone())

    def forward(self, x):
        return F.linear(F.linear(x, self.V), self.U, self.bias)
"""

PLAIN = HEAD + LOW + NET


def changed(*pairs: tuple[str, str]) -> str:
    """`PLAIN` with each old text replaced by a new one."""
    source = PLAIN
    for old, new in pairs:
        assert old in source, old
        source = source.replace(old, new)
    return source


def low(init: str, forward: str) -> str:
    """A network of layers with this body of `__init__` and this value of `forward`."""
    lines = "\n".join(f"        {line}" for line in init.strip().splitlines())
    return (
        f"{HEAD}\nclass Low(nn.Module):\n    def __init__(self, layer, r):\n"
        f"        super().__init__()\n        U, s, Vh = svd(layer, r)\n"
        f"        self.bias = nn.Parameter(layer.bias.detach().clone())\n{lines}\n"
        f"    def forward(self, x):\n        return {forward}\n{NET}"
    )


RIGHT = {
    "√s on both sides": PLAIN,
    "two linear layers": HEAD
    + """
def low(layer, r):
    U, s, Vh = svd(layer, r)
    first = nn.Linear(layer.in_features, len(s), bias=False)
    second = nn.Linear(len(s), layer.out_features)
    first.weight.data = s[:, None] * Vh
    second.weight.data = U
    second.bias.data = layer.bias.data.clone()
    return nn.Sequential(first, second)

class CompressedNet(nn.Module):
    def __init__(self, net, r):
        super().__init__()
        parts = [nn.Flatten()]
        for layer in linears(net):
            parts += [low(layer, r), nn.ReLU()]
        self.body = nn.Sequential(*parts[:-1])

    def forward(self, x):
        return torch.log_softmax(self.body(x), -1)
""",
    "three tensors": low(
        "self.U = nn.Parameter(U)\nself.s = nn.Parameter(s)\nself.V = nn.Parameter(Vh.T)",
        "(x @ self.V * self.s) @ self.U.T + self.bias",
    ),
    "a diagonal matrix": low(
        "self.U, self.S, self.V = (nn.Parameter(t) for t in (U, torch.diag(s), Vh))",
        "x @ self.V.T @ self.S @ self.U.T + self.bias",
    ),
    "transposed factors": low(
        "self.A = nn.Parameter((U * s).T.contiguous())\nself.B = nn.Parameter(Vh.T.contiguous())",
        "torch.addmm(self.bias, x @ self.B, self.A)",
    ),
    "einsum of copies": low(
        "self.U = nn.Parameter((U * s).clone())\nself.V = nn.Parameter(Vh.clone())",
        "torch.einsum('br,or->bo', torch.einsum('bi,ri->br', x, self.V), self.U) + self.bias",
    ),
    "dense where that is smaller": low(
        "self.small = len(s) * sum(layer.weight.shape) < layer.weight.numel()\n"
        "if self.small:\n"
        "    self.U, self.V = nn.Parameter(U * s), nn.Parameter(Vh.clone())\n"
        "else:\n"
        "    self.W = nn.Parameter((U * s) @ Vh)",
        "F.linear(F.linear(x, self.V), self.U, self.bias) if self.small\\\n"
        "            else F.linear(x, self.W, self.bias)",
    ),
    "buffers beside parameters": low(
        "self.U, self.V = nn.Parameter(U * s), nn.Parameter(Vh.clone())\n"
        "self.register_buffer('rank', torch.tensor(r))\n"
        "self.register_buffer('energy', (s ** 2).sum())",
        "F.linear(F.linear(x, self.V), self.U, self.bias)",
    ),
    "numpy's SVD": low(
        "u, s, vh = np.linalg.svd(layer.weight.detach().cpu().numpy(), full_matrices=False)\n"
        "self.U = nn.Parameter(torch.tensor(u[:, :r] * s[:r]))\n"
        "self.V = nn.Parameter(torch.tensor(vh[:r]))",
        "F.linear(F.linear(x, self.V), self.U, self.bias)",
    ),
    "eigenvectors": low(
        "w = layer.weight.detach().double()\n"
        "u = torch.linalg.eigh(w @ w.T).eigenvectors.flip(1)[:, :r]\n"
        "self.U, self.V = nn.Parameter(u.float()), nn.Parameter((u.T @ w).float())",
        "F.linear(F.linear(x, self.V), self.U, self.bias)",
    ),
    "rotated factors": low(
        "q = torch.linalg.qr(torch.randn(len(s), len(s)))[0]\n"
        "self.U, self.V = nn.Parameter(U * s @ q), nn.Parameter(q.T @ Vh)",
        "F.linear(F.linear(x, self.V), self.U, self.bias)",
    ),
    "a copy of the net with its layers replaced": HEAD
    + LOW
    + """
class CompressedNet(nn.Module):
    def __init__(self, net, r, device='cpu', verbose=False):
        super().__init__()
        self.net = copy.deepcopy(net)
        for name, part in list(self.net.named_children()):
            if isinstance(part, nn.Linear):
                setattr(self.net, name, Low(part, r))

    def forward(self, x):
        return self.net(x)
""",
    "tables in the model itself": HEAD
    + """
class CompressedNet(nn.Module):
    def __init__(self, net, r):
        super().__init__()
        self.factors = nn.ParameterDict()
        self.depth = len(linears(net))
        for i, layer in enumerate(linears(net)):
            U, s, Vh = svd(layer, r)
            self.factors[f'U{i}'], self.factors[f'V{i}'] = U * s, Vh.clone()
            self.factors[f'b{i}'] = layer.bias.detach().clone()

    def forward(self, x):
        x = x.view(len(x), -1)
        for i in range(self.depth):
            x = F.relu(x) if i else x
            x = x @ self.factors[f'V{i}'].T @ self.factors[f'U{i}'].T + self.factors[f'b{i}']
        return x.log_softmax(1)
""",
    "a function": HEAD
    + LOW
    + """
def CompressedNet(net, r):
    parts = []
    for layer in linears(net):
        parts += [Low(layer, r), nn.ReLU()]
    return nn.Sequential(nn.Flatten(), *parts[:-1], nn.LogSoftmax(dim=1))
""",
    "lazy factors": HEAD
    + """
class CompressedNet(nn.Module):
    def __init__(self, net, r):
        super().__init__()
        self.todo = [svd(layer, r) + (layer.bias.detach().clone(),) for layer in linears(net)]
        self.lists = nn.ModuleList()
        self(torch.zeros(1, 3, 32, 32))

    def forward(self, x):
        while self.todo:
            U, s, Vh, b = self.todo.pop(0)
            self.lists.append(nn.ParameterList([Vh.clone(), U * s, b]))
        x = x.flatten(1)
        for i, (V, U, b) in enumerate(self.lists):
            x = F.linear(F.linear(F.relu(x) if i else x, V), U, b)
        return F.log_softmax(x, dim=1)
""",
    "no gradients in the constructor": changed(
        ("        U, s, Vh = svd(layer, r)", """
        with torch.no_grad():
            U, s, Vh = torch.linalg.svd(layer.weight, full_matrices=False)
        U, s, Vh = U[:, :r], s[:r], Vh[:r]"""),
    ),
}  # fmt: skip
"""Title -> source; each earns every row."""
