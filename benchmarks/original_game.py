"""The game as the assignment gives it, all in one process: `python original_game.py ROUNDS`.

Every round draws matrices of another shape, so JAX compiles anew: this is what courses run today.
"""

import sys

import jax.numpy as jnp
from jax import Array, jacfwd, random


class Game:
    """Hermione draws, Harry guesses."""

    def __init__(self, seed: int) -> None:
        self.key = random.PRNGKey(seed)
        self.r = 0
        self.W1 = self.W2 = jnp.zeros((0, 0))

    def draw(self) -> None:
        """A new r and new matrices."""
        self.key, of_r, of_first, of_second = random.split(self.key, 4)
        self.r = int(random.randint(of_r, (), 1, 96))
        self.W1 = random.uniform(of_first, (self.r, 100), maxval=100)
        self.W2 = random.uniform(of_second, (100, self.r), maxval=100)

    def hermione_computes_function(self, x: Array) -> Array:
        """Sin(W2 cos(W1 x)) for x of shape (100,)."""
        return jnp.sin(self.W2 @ jnp.cos(self.W1 @ x))

    def harry_answers(self) -> int:
        """The number of singular values of the Jacobian above 1."""
        jacobian = jacfwd(self.hermione_computes_function)(jnp.ones(100))
        return int(jnp.sum(jnp.linalg.svd(jacobian, compute_uv=False) > 1.0))


def main() -> None:
    """Play and say how many answers were right."""
    rounds = int(sys.argv[1])
    game, right = Game(0), 0
    for _ in range(rounds):
        game.draw()
        right += game.harry_answers() == game.r
    print(f"{right} of {rounds} right")


if __name__ == "__main__":
    main()
