"""The real sandbox: a worker in namespaces of its own that sees the interpreter and nothing else.

Called by root, no user namespace is made (an id mapped there is still root outside): the worker is
a real unprivileged user that holds three capabilities to become another one and to end it, and the
items hold none. Called by a user, the kernel's user namespaces do the same with one id.
"""

import os
import shutil
import socket
import stat
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from grader.errors import SandboxError
from grader.sandbox.environment import SITE, WORKER, worker_environment
from grader.sandbox.identities import claim_identity, find_setpriv, identity_command
from grader.sandbox.interface import MIB, Identity, Launched
from grader.sandbox.seccomp import build_filter

TMP_BYTES = 512 * MIB
SHM_BYTES = 256 * MIB
INSTALL = "install it (Debian, Ubuntu: apt-get install bubblewrap), or grade with --sandbox bare"
_PRIVATE = ("grader", "reference", "student_template", "rubrics", "tests")
_PRIVATE_PREFIXES = ("nla_grader", "__editable__", "_nla_grader")


class Bubblewrap:
    """Starts workers with bubblewrap."""

    name = "bubblewrap"
    not_enforced: tuple[str, ...] = ()

    def launch(self, *, threads: int, device: str) -> Launched:
        """Start a worker in a sandbox of its own.

        Raises:
            SandboxError: bubblewrap is missing or too old, or the machine refuses it.
        """
        bwrap = find_bubblewrap()
        identity = claim_identity() if os.geteuid() == 0 else Identity()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        rules = _filter_descriptor(gpu=device == "cuda")
        argv = [bwrap, *_namespaces(), *_mounts(), *_devices(device)]
        argv += ["--remount-ro", "/proc", "--remount-ro", "/dev", "--remount-ro", "/"]
        argv += ["--hostname", "grader", "--chdir", "/tmp"]  # noqa: S108 - the sandbox's own
        for key, value in worker_environment(threads, home="/tmp/home").items():  # noqa: S108
            argv += ["--setenv", key, value]
        if rules is not None:
            argv += ["--seccomp", str(rules)]
        argv += ["--", *identity_command(identity), *_python(theirs.fileno())]
        descriptors = [theirs.fileno(), *([] if rules is None else [rules])]
        try:
            process = subprocess.Popen(
                argv,
                env={},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=descriptors,
                close_fds=True,
                start_new_session=True,
            )
        except OSError as exc:
            identity.release()
            raise SandboxError(f"sandbox: {bwrap} can't be started: {exc}; {INSTALL}") from exc
        finally:
            theirs.close()
            if rules is not None:
                os.close(rules)
        return Launched(process, ours, alone=True, identity=identity)


def find_bubblewrap() -> str:
    """The path of `bwrap`.

    Raises:
        SandboxError: it is not installed, or this is not Linux.
    """
    if sys.platform != "linux":
        raise SandboxError(
            "sandbox: bubblewrap needs Linux; grade your own file with --sandbox bare, others' on "
            "Linux or in a container"
        )
    path = shutil.which("bwrap")
    if path is None:
        raise SandboxError(f"sandbox: bubblewrap must be installed, found no `bwrap`; {INSTALL}")
    # With the setuid bit, bubblewrap would be root on a user's behalf: another trust model.
    if os.geteuid() != 0 and Path(path).stat().st_mode & stat.S_ISUID:
        raise SandboxError(
            f"sandbox: {path} must not be setuid; allow unprivileged user namespaces and remove "
            "the bit"
        )
    return path


def _namespaces() -> Iterator[str]:
    yield from ("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts")
    yield from ("--unshare-cgroup-try", "--die-with-parent", "--new-session")
    if os.geteuid() == 0:
        yield from ("--cap-drop", "ALL")
        for capability in ("SETUID", "SETGID", "SETPCAP", "KILL"):
            yield from ("--cap-add", f"CAP_{capability}")
    else:
        yield from ("--unshare-user", "--disable-userns", "--cap-drop", "ALL")


def _mounts() -> Iterator[str]:
    made: set[Path] = set()
    yield from ("--proc", "/proc", "--dev", "/dev")
    yield from ("--size", str(TMP_BYTES), "--perms", "1777", "--tmpfs", "/tmp")  # noqa: S108
    yield from ("--size", str(SHM_BYTES), "--perms", "1777", "--tmpfs", "/dev/shm")  # noqa: S108
    for place in _system_folders():
        if place.is_symlink():
            yield from ("--symlink", str(place.readlink()), str(place))
        else:
            yield from _bind(place, place, made)
    base = Path(sys.base_prefix)
    if not base.is_relative_to("/usr"):
        yield from _bind(Path(os.path.realpath(sys.executable)), _interpreter(), made)
        yield from _bind(base / "lib", base / "lib", made)
        packages = Path(sysconfig.get_path("purelib", vars={"base": str(base)}))
        if packages.is_dir() and packages.is_relative_to(base):
            yield from ("--tmpfs", str(packages), "--remount-ro", str(packages))
    for number, folder in enumerate(site_folders()):
        place = Path(f"{SITE}/{number}")
        yield from _bind(folder, place, made)
        yield from _masks(folder, place)
    yield from _bind(Path(__file__).parent.parent / "worker", Path(f"{WORKER}/grader/worker"), made)


def _system_folders() -> list[Path]:
    folders = [Path(f"/{name}") for name in ("lib", "lib32", "lib64", "libx32")]
    folders += [Path(f"/usr/{name}") for name in ("lib", "lib32", "lib64", "libx32")]
    if os.geteuid() == 0:
        folders.append(Path(find_setpriv()))
    if Path(sys.base_prefix).is_relative_to("/usr"):
        folders.append(_interpreter())
    return [place for place in folders if place.exists()]


def _bind(source: Path, place: Path, made: set[Path]) -> Iterator[str]:
    # Missing parents would be made 0700, and another user than root could not pass them.
    for parent in reversed(place.parents):
        if parent != Path("/") and parent not in made:
            made.add(parent)
            yield from ("--perms", "0755", "--dir", str(parent))
    made.add(place)
    yield from ("--ro-bind", str(source), str(place))


def _masks(folder: Path, place: Path) -> Iterator[str]:
    """Hide the grader itself where it is installed beside the packages."""
    for entry in sorted(folder.iterdir()):
        if entry.name not in _PRIVATE and not entry.name.startswith(_PRIVATE_PREFIXES):
            continue
        if entry.is_dir():
            yield from ("--perms", "0755", "--tmpfs", str(place / entry.name))
            yield from ("--remount-ro", str(place / entry.name))
        else:
            yield from ("--ro-bind", "/dev/null", str(place / entry.name))


def site_folders() -> list[Path]:
    """The folders of installed packages that this interpreter uses."""
    folders = [Path(entry) for entry in sys.path]
    return [
        folder
        for folder in dict.fromkeys(folders)
        if folder.name in {"site-packages", "dist-packages"} and folder.is_dir()
    ]


def _devices(device: str) -> Iterator[str]:
    if device != "cuda":
        return
    for node in sorted(Path("/dev").glob("nvidia*")):
        yield from ("--dev-bind-try", str(node), str(node))


def _interpreter() -> Path:
    return Path(os.path.realpath(sys.executable))


def _python(control: int) -> list[str]:
    # Not -I: it would also ignore PYTHONHASHSEED, and the environment is ours alone.
    return [str(_interpreter()), "-P", "-s", "-B", "-m", "grader.worker.main", str(control)]


def _filter_descriptor(*, gpu: bool) -> int | None:
    rules = build_filter(gpu=gpu)
    if rules is None:
        return None
    descriptor = os.memfd_create("seccomp", 0)
    os.write(descriptor, rules)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
