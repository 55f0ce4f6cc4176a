"""Tries to break out of the sandbox, as a submission could, before any submission is let in."""

import tempfile

from grader.errors import SandboxError
from grader.sandbox.guards import GuardMaker
from grader.sandbox.host import Sandbox
from grader.sandbox.interface import ItemEndedError, Launcher, Limits
from grader.worker.protocol import Kind

VERIFY_SECONDS = 30.0


def verify_sandbox(launcher: Launcher, guards: GuardMaker) -> None:
    """Start a sandbox, try to get out of it, and refuse to grade where that succeeds.

    Raises:
        SandboxError: an attempt succeeded, or the sandbox does not start; the text says which.
    """
    with (
        Sandbox(launcher, guards) as sandbox,
        tempfile.NamedTemporaryFile(prefix="nla-grader-") as secret,
    ):
        item = sandbox.open_item(Limits(wall_seconds=VERIFY_SECONDS))
        body = {
            "probe": "escape",
            "method": "attempts",
            "args": [[secret.name, __file__, "/etc/passwd", "/sys/fs/cgroup"]],
            "options": {},
        }
        try:
            kind, found = item.exchange(Kind.PROBE, body, VERIFY_SECONDS)
        except ItemEndedError as exc:
            raise SandboxError(f"sandbox: its self-test did not end well: {exc}") from exc
    if kind is not Kind.RESULT or not isinstance(found, list):
        raise SandboxError(f"sandbox: its self-test failed: {found}")
    if found:
        raise SandboxError(
            "sandbox: it must hold, but in its self-test a submission "
            f"{'; '.join(str(name) for name in found)}; do not grade others' code on this machine "
            "until that is mended"
        )
