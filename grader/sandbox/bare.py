"""No isolation: the same worker as a plain process, for one's own file.

Time, memory and output are limited, and system calls that no solution needs are refused, such as
sockets; files that all users may read can be read. Called by root, the worker and its items become
unprivileged users, so that what is root's is out of reach. Called by a user, a submission can do
what that user can.
"""

import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from grader.errors import SandboxError
from grader.sandbox.bubblewrap import site_folders
from grader.sandbox.environment import worker_environment
from grader.sandbox.identities import claim_identity, identity_command
from grader.sandbox.interface import Identity, Launched
from grader.sandbox.seccomp import build_filter
from grader.worker.identity import forbid_tracing

_OPEN = stat.S_IROTH | stat.S_IXOTH
_WORKER = Path(__file__).parent.parent / "worker"


class Bare:
    """Starts workers as plain processes."""

    name = "bare"

    @property
    def not_enforced(self) -> tuple[str, ...]:
        """What submissions are not isolated from."""
        if os.geteuid() != 0:
            who = "run as the user who grades and can read and change what is theirs"
        elif closed_to_others() is None:
            who = "run as an unprivileged user and can read what all users may read"
        else:
            who = "run as root and can do everything"
        return (f"isolation: submissions {who} (--sandbox bare)",)

    def launch(self, *, threads: int, device: str) -> Launched:
        """Start a worker in a temporary folder.

        Raises:
            SandboxError: the process can't be started.
        """
        drops_root = os.geteuid() == 0 and closed_to_others() is None
        if not drops_root:
            # Other processes of this user could read its memory and its environment.
            forbid_tracing()
        identity = claim_identity() if drops_root else Identity()
        folder = Path(tempfile.mkdtemp(prefix="nla-grader-"))
        home = _lay_out(folder, identity)
        path = [str(folder), *(str(place) for place in site_folders())]
        environment = worker_environment(threads, home=str(home), path=path)
        # macOS has no sequenced packets between processes; datagrams keep their bounds there too.
        kind = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_DGRAM
        ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
        command = [sys.executable, "-P", "-s", "-B", "-m", "grader.worker.main"]
        try:
            process = subprocess.Popen(
                [*identity_command(identity), *command, str(theirs.fileno())],
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        except OSError as exc:
            shutil.rmtree(folder, ignore_errors=True)
            identity.release()
            raise SandboxError(f"sandbox: the worker can't be started: {exc}") from exc
        finally:
            theirs.close()
        return Launched(
            process,
            ours,
            alone=False,
            identity=identity,
            dispose=lambda: shutil.rmtree(folder, ignore_errors=True),
            filter=build_filter(gpu=device == "cuda") if sys.platform == "linux" else None,
        )


def closed_to_others() -> Path | None:
    """What another user would need to run a worker and may not read; None where all is open."""
    for place in _needed():
        for part in (place, *place.parents):
            mode = part.stat().st_mode
            wanted = _OPEN if stat.S_ISDIR(mode) or part == place else stat.S_IXOTH
            if mode & wanted != wanted:
                return part
    return None


def _needed() -> Iterator[Path]:
    yield Path(sys.executable).absolute()
    yield Path(os.path.realpath(sys.executable))
    yield from site_folders()


def _lay_out(folder: Path, identity: Identity) -> Path:
    """Put the worker's package, and nothing else of the grader's, into `folder`.

    Returns:
        A folder that items may write to.
    """
    home = folder / "home"
    home.mkdir()
    # Only the worker's own package is on the path, as in the sandbox.
    package = folder / "grader"
    package.mkdir()
    (package / "__init__.py").touch()
    if identity.item is None:
        (package / "worker").symlink_to(_WORKER)
        return home
    # The grader's own folder may be closed to others.
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(_WORKER, package / "worker", ignore=ignored)
    for place in (folder, *package.rglob("*"), package):
        place.chmod(0o755 if place.is_dir() else 0o644)
    os.chown(home, identity.item, identity.item)
    home.chmod(0o700)
    return home
