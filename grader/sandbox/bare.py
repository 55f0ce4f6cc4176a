"""No isolation: the same worker as a plain process, for one's own file.

Time, memory and output are limited; files, network and other processes are not.
"""

import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from grader.errors import SandboxError
from grader.sandbox.bubblewrap import site_folders
from grader.sandbox.environment import worker_environment
from grader.sandbox.interface import Launched


class Bare:
    """Starts workers as plain processes."""

    name = "bare"

    def launch(self, *, threads: int, device: str) -> Launched:  # noqa: ARG002 - every device is there
        """Start a worker in a temporary folder.

        Raises:
            SandboxError: the process can't be started.
        """
        folder = Path(tempfile.mkdtemp(prefix="nla-grader-"))
        home = folder / "home"
        home.mkdir()
        # Only the worker's own package is on the path, as in the sandbox.
        (folder / "grader").mkdir()
        (folder / "grader" / "__init__.py").touch()
        (folder / "grader" / "worker").symlink_to(Path(__file__).parent.parent / "worker")
        path = [str(folder), *(str(place) for place in site_folders())]
        environment = worker_environment(threads, home=str(home), path=path)
        # macOS has no sequenced packets between processes; datagrams keep their bounds there too.
        kind = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_DGRAM
        ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
        command = [sys.executable, "-P", "-s", "-B", "-m", "grader.worker.main"]
        try:
            process = subprocess.Popen(
                [*command, str(theirs.fileno())],
                env=environment,
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        except OSError as exc:
            shutil.rmtree(folder, ignore_errors=True)
            raise SandboxError(f"sandbox: the worker can't be started: {exc}") from exc
        finally:
            theirs.close()
        return Launched(
            process, ours, alone=False, dispose=lambda: shutil.rmtree(folder, ignore_errors=True)
        )
