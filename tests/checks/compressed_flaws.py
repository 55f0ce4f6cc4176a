"""Compressed networks as students write them, each wrong in one way."""

# ruff: noqa: ISC004 - a source of several lines is one string

from tests.checks.compressed_sources import HEAD, LOW, changed, low

FUNCTION = ("truncation", "edge_ranks")

WRONG: dict[str, tuple[str, dict[str, str]]] = {
    "shares the bias": (
        changed(("nn.Parameter(layer.bias.detach().clone())", "layer.bias")),
        {"unchanged": "fc1.bias"},
    ),
    "wraps the given bias": (
        changed(("layer.bias.detach().clone()", "layer.bias")),
        {"unchanged": "training it changes fc1.bias"},
    ),
    "compresses the square layers alone": (
        changed(
            ("Low(layer, r) for layer in",
             "Low(layer, r) if layer.in_features == layer.out_features else copy.deepcopy(layer)"
             " for layer in"),
        ),
        {
            "truncation": "looks like fc1 and fc4 left dense",
            "edge_ranks": "left dense",
            "storage": "`layers.0.weight` (weight matrix of fc1)",
            "flops": "operations",
        },
    ),
    "leaves the last layer dense": (
        changed(
            ("Low(layer, r) for layer in",
             "Low(layer, r) if layer.out_features > 10 else copy.deepcopy(layer) for layer in"),
        ),
        {"truncation": "fc4 left dense", "edge_ranks": "fc4 left dense",
         "storage": "weight matrix of fc4"},
    ),
    "plain tensors": (
        changed(
            ("nn.Parameter(U * s.sqrt())", "U * s.sqrt()"),
            ("nn.Parameter(s.sqrt()[:, None] * Vh)", "s.sqrt()[:, None] * Vh"),
        ),
        {"trainable": "nn.Parameter"},
    ),
    "plain tensors and a plain bias": (
        changed(
            ("nn.Parameter(U * s.sqrt())", "U * s.sqrt()"),
            ("nn.Parameter(s.sqrt()[:, None] * Vh)", "s.sqrt()[:, None] * Vh"),
            ("nn.Parameter(layer.bias.detach().clone())", "layer.bias.detach().clone()"),
        ),
        {"trainable": "training moves nothing"},
    ),
    "one factor is a buffer": (
        low(
            "self.U = nn.Parameter(U * s)\nself.register_buffer('V', Vh.clone())",
            "F.linear(F.linear(x, self.V), self.U, self.bias)",
        ),
        {"trainable": "`layers.0.V` (right factor of fc1)"},
    ),
    "s is a buffer": (
        low(
            "self.U, self.V = nn.Parameter(U), nn.Parameter(Vh)\nself.register_buffer('s', s)",
            "(x @ self.V.T * self.s) @ self.U.T + self.bias",
        ),
        {"trainable": "`layers.0.s` (singular values of fc1)"},
    ),
    "detaches a factor in forward": (
        changed(("F.linear(x, self.V)", "F.linear(x, self.V.detach())")),
        {"trainable": "no .detach()"},
    ),
    "parameters() gives clones": (
        changed(
            ("class CompressedNet(nn.Module):",
             "class CompressedNet(nn.Module):\n"
             "    def parameters(self, recurse=True):\n"
             "        given = super().parameters()\n"
             "        return [part.detach().clone().requires_grad_() for part in given]\n"),
        ),
        {"trainable": "training does not move"},
    ),
    "parameters() gives nothing": (
        changed(
            ("class CompressedNet(nn.Module):",
             "class CompressedNet(nn.Module):\n"
             "    def parameters(self, recurse=True):\n        return iter(())\n"),
        ),
        {"trainable": "training moves nothing"},
    ),
    "forms the product in forward": (
        changed(("F.linear(F.linear(x, self.V), self.U, self.bias)",
                 "F.linear(x, self.U @ self.V, self.bias)")),
        {"flops": "is formed in `forward`"},
    ),
    "forms the product without a matrix product": (
        changed(("F.linear(F.linear(x, self.V), self.U, self.bias)",
                 "F.linear(x, (self.U[:, :, None] * self.V).sum(1), self.bias)")),
        {"flops": "is formed in `forward`"},
    ),
    "multiplies in the dear order": (
        changed(("F.linear(F.linear(x, self.V), self.U, self.bias)",
                 "(torch.einsum('or,ri->oi', self.U, self.V) @ x.T).T + self.bias")),
        {"flops": "is formed in `forward`"},
    ),
    "multiplies in NumPy": (
        changed(("F.linear(F.linear(x, self.V), self.U, self.bias)",
                 "torch.from_numpy(x.detach().numpy() @ self.V.detach().numpy().T"
                 " @ self.U.detach().numpy().T) + self.bias")),
        {"flops": "were seen in torch", "trainable": "training does not move"},
    ),
    "patches the counter": (
        "import torch.utils.flop_counter as counter\n"
        "counter.FlopCounterMode.get_total_flops = lambda self: 1\n"
        "counter.FlopCounterMode.__enter__ = lambda self: self\n"
        "counter.flop_registry.clear()\n"
        + changed(("F.linear(F.linear(x, self.V), self.U, self.bias)",
                   "F.linear(x, self.U @ self.V, self.bias)")),
        {"flops": "is formed in `forward`"},
    ),
    "caches the product at the first call": (
        changed(("return F.linear(F.linear(x, self.V), self.U, self.bias)",
                 "self.W = self.U @ self.V\n        return F.linear(x, self.W, self.bias)")),
        {"storage": "`layers.0.W`", "flops": "is formed"},
    ),
    "keeps the net in an attribute": (
        changed(("        self.layers =", "        self.origin = net\n        self.layers =")),
        {"storage": "`origin.fc1.weight`", "unchanged": "shares fc1.weight"},
    ),
    "keeps the weights in a closure": (
        changed(("        self.layers =",
                 "        W = [l.weight.detach().clone() for l in linears(net)]\n"
                 "        self.original = lambda: W\n        self.layers =")),
        {"storage": "`original.W.0`"},
    ),
    "keeps the weights in a default argument": (
        changed(("        self.layers =",
                 "        def original(W=copy.deepcopy(net)): return W\n"
                 "        self.original = original\n        self.layers =")),
        {"storage": "weight matrix of fc1"},
    ),
    "keeps the weights in a class attribute": (
        changed(("        self.layers =",
                 "        type(self).original = copy.deepcopy(net)\n        self.layers =")),
        {"storage": "`CompressedNet.original.fc1.weight`"},
    ),
    "keeps the weights in a global": (
        changed(("        self.layers =",
                 "        ORIGINAL.append(copy.deepcopy(net))\n        self.layers ="),
                ("class CompressedNet", "ORIGINAL = []\nclass CompressedNet")),
        {"storage": "`globals.ORIGINAL.0.fc1.weight`"},
    ),
    "keeps the weights in a hook": (
        changed(("        self.layers =",
                 "        kept = copy.deepcopy(net)\n"
                 "        self.register_forward_hook(lambda m, i, o: o if kept else None)\n"
                 "        self.layers =")),
        {"storage": "weight matrix of fc1"},
    ),
    "keeps all singular vectors": (
        changed(("        self.bias =",
                 "        self.full = torch.linalg.svd(layer.weight.detach(), False)\n"
                 "        self.bias =")),
        {"storage": "stored numbers"},
    ),
    "stores in float64": (
        changed(("nn.Parameter(U * s.sqrt())", "nn.Parameter((U * s.sqrt()).double())"),
                ("nn.Parameter(s.sqrt()[:, None] * Vh)",
                 "nn.Parameter((s.sqrt()[:, None] * Vh).double())"),
                ("F.linear(F.linear(x, self.V), self.U, self.bias)",
                 "F.linear(F.linear(x.double(), self.V), self.U).float() + self.bias")),
        {"storage": "stored numbers"},
    ),
    "a weight on the meta device": (
        changed(("        self.bias =",
                 "        self.W = nn.Parameter(torch.empty(3, 3, device='meta'))\n"
                 "        self.bias =")),
        {"storage": "holds no numbers"},
    ),
    "computes from the net behind the walk's back": (
        "import types\nhidden = types.ModuleType('hidden')\n"
        + changed(("        self.layers =",
                   "        hidden.net = copy.deepcopy(net) if net.fc1.weight.std() < 9 else None\n"
                   "        self.layers ="),
                  ("        x = x.flatten(1)\n",
                   "        x = x.flatten(1)\n"
                   "        x = x + 0 * hidden.net.fc1.weight[0] + hidden.net.fc2.bias[0]\n")),
        {"storage": "in a fresh process", "truncation": "got others", "edge_ranks": "got others",
         "trainable": "in a fresh process"},
    ),
    "rank r + 1": (
        changed(("U[:, :r], s[:r], Vh[:r]", "U[:, :r + 1], s[:r + 1], Vh[:r + 1]")),
        {"truncation": "looks like rank 4", "edge_ranks": "looks like rank 2",
         "storage": "stored numbers", "flops": "operations"},
    ),
    "rank r - 1": (
        changed(("U[:, :r], s[:r], Vh[:r]", "U[:, :r - 1], s[:r - 1], Vh[:r - 1]")),
        {"truncation": "looks like rank 2", "edge_ranks": "looks like rank 0", "flops": "seen"},
    ),
    "no s": (
        changed(("U * s.sqrt()", "U"), ("s.sqrt()[:, None] * Vh", "Vh")),
        dict.fromkeys(FUNCTION, "singular values are missing"),
    ),
    "s twice": (
        changed(("U * s.sqrt()", "U * s"), ("s.sqrt()[:, None] * Vh", "s[:, None] * Vh")),
        dict.fromkeys(FUNCTION, "enter twice"),
    ),
    "√s once": (
        changed(("s.sqrt()[:, None] * Vh", "Vh")),
        dict.fromkeys(FUNCTION, "only one factor has √s"),
    ),
    "the last triplets": (
        changed(("U[:, :r], s[:r], Vh[:r]", "U[:, -r:], s[-r:], Vh[-r:]")),
        dict.fromkeys(FUNCTION, "the last singular triplets"),
    ),
    "crashes beyond a smaller side": (
        changed(("        U, s, Vh = svd(layer, r)\n",
                 "        assert r <= min(layer.weight.shape), 'rank is too large'\n"
                 "        U, s, Vh = svd(layer, r)\n")),
        {"edge_ranks": "CompressedNet(net, 20)"},
    ),
    "no ReLU": (
        changed(("x = F.relu(layer(x))", "x = layer(x)")),
        dict.fromkeys(FUNCTION, "ReLU is missing"),
    ),
    "no bias": (
        changed(("self.U, self.bias)", "self.U)"), ("        self.bias = nn.Parameter(layer.bias"
                ".detach().clone())\n", "")),
        dict.fromkeys(FUNCTION, "biases are missing"),
    ),
    "probabilities": (
        changed(("F.log_softmax", "F.softmax")),
        dict.fromkeys(FUNCTION, "these are probabilities"),
    ),
    "no log_softmax": (
        changed(("return F.log_softmax(self.layers[-1](x), dim=1)", "return self.layers[-1](x)")),
        dict.fromkeys(FUNCTION, "log_softmax is missing"),
    ),
    "log_softmax over the batch": (
        changed(("dim=1", "dim=0")),
        dict.fromkeys(FUNCTION, "runs over the batch"),
    ),
    "noisy factors": (
        changed(("nn.Parameter(U * s.sqrt())", "nn.Parameter(U * s.sqrt() * 1.001)")),
        dict.fromkeys(FUNCTION, "got others"),
    ),
    "changes the weights that it is given": (
        changed(("        self.bias =",
                 "        layer.weight.data.copy_((U * s) @ Vh)\n        self.bias =")),
        {"unchanged": "making it changes fc1.weight"},
    ),
    "changes a weight in forward": (
        changed(("        self.layers =",
                 "        self.touch = lambda: net.fc2.bias.data.add_(1)\n        self.layers ="),
                ("        x = x.flatten(1)\n", "        x = x.flatten(1)\n        self.touch()\n")),
        {"unchanged": "running it changes fc2.bias", "storage": "stored numbers"},
    ),
    "replaces the layers of the given net": (
        HEAD + LOW + """
class CompressedNet(nn.Module):
    def __init__(self, net, r):
        super().__init__()
        for name, part in list(net.named_children()):
            setattr(net, name, Low(part, r))
        self.net = net

    def forward(self, x):
        return self.net(x)
""",
        {"unchanged": "making it changes fc1.weight"},
    ),
    "changes the images": (
        changed(("        x = x.flatten(1)\n", "        x = x.flatten(1).clamp_(-2, 0.5)\n")),
        dict.fromkeys(FUNCTION, "changes the images"),
    ),
    "is no module": (
        changed(("class CompressedNet(nn.Module):", "class CompressedNet:"),
                ("        super().__init__()\n        self.layers",
                 "        self.layers")),
        {"trainable": "training moves nothing"},
    ),
    "returns a tuple": (
        changed(("return F.log_softmax(self.layers[-1](x), dim=1)",
                 "return F.log_softmax(self.layers[-1](x), dim=1), x")),
        dict.fromkeys((*FUNCTION, "storage", "trainable"), "forward"),
    ),
    "returns NaN": (
        changed(("        x = x.flatten(1)\n", "        x = x.flatten(1) * float('nan')\n")),
        dict.fromkeys((*FUNCTION, "storage", "trainable"), "NaN"),
    ),
    "returns a column": (
        changed(("return F.log_softmax(self.layers[-1](x), dim=1)",
                 "return F.log_softmax(self.layers[-1](x), dim=1)[:, :1]")),
        dict.fromkeys((*FUNCTION, "storage", "trainable"), "expected shape (100, 10)"),
    ),
    "compresses nothing": (
        HEAD + """
class CompressedNet(nn.Module):
    def __init__(self, net, r):
        super().__init__()
        self.net = copy.deepcopy(net)

    def forward(self, x):
        return self.net(x)
""",
        {"truncation": "not compressed at all", "edge_ranks": "not compressed at all",
         "storage": "weight matrix of fc1", "flops": "operations"},
    ),
    "random factors": (
        changed(("nn.Parameter(U * s.sqrt())", "nn.Parameter(torch.randn_like(U))"),
                ("nn.Parameter(s.sqrt()[:, None] * Vh)", "nn.Parameter(torch.randn_like(Vh))")),
        {"truncation": "got others", "edge_ranks": "got others",
         **dict.fromkeys(("storage", "flops", "unchanged"), "no factors")},
    ),
    "is empty": (
        HEAD + """
class CompressedNet(nn.Module):
    def forward(self, x):
        return torch.zeros(len(x), 10).log_softmax(1)

    def __init__(self, net, r):
        super().__init__()
""",
        {"truncation": "got others", "edge_ranks": "got others", "storage": "no factors",
         "flops": "", "trainable": "training moves nothing", "unchanged": "no factors"},
    ),
}  # fmt: skip
"""Title -> source, and the rows that it loses with words that the student is told there."""
