"""What a probe is given to work with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class ProbeContext:
    """The loaded submission, as a probe sees it.

    A probe is a module of `worker/probes/`; its methods are public functions
    `method(context, *args, **options) -> Value`.
    """

    namespace: dict[str, Any]
    """The submission's globals after its slice was executed, asked names bound."""
    ask: Callable[[Any], Any]
    """Send a query to the grader and wait for its answer (only inside `Session.serve`)."""
    threads: int = 1
    device: str = "cpu"
    names: Mapping[str, str] = field(default_factory=dict)
    """Asked name -> where the submission has it: a name or `Class.method`."""
    state: dict[str, Any] = field(default_factory=dict)
    """Lives as long as the item's fork: what one probe call leaves for the next."""

    def ask_now(self, query: Any) -> Any:
        """As `ask` is at the moment of the call, for what outlives one call of a probe."""
        return self.ask(query)
