"""What the assignment gives to everyone. Generated from student_template/assignment.md."""

# mypy: disable-error-code="no-untyped-call"

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader


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
