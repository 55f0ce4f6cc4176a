"""The system calls that a worker has no business with, as a filter that bubblewrap installs."""

import errno
import platform
import struct

# Classic BPF, linux/bpf_common.h and linux/filter.h.
_LOAD_WORD = 0x20
_JUMP_EQUAL = 0x15
_JUMP_GREATER_EQUAL = 0x35
_JUMP_ANY_BIT = 0x45
_RETURN = 0x06

# linux/seccomp.h; offsets into struct seccomp_data.
_KILL_PROCESS = 0x80000000
_ERRNO = 0x00050000
_ALLOW = 0x7FFF0000
_NUMBER, _ARCHITECTURE, _ARGUMENT_0, _ARGUMENT_1 = 0, 4, 16, 24

_NEW_NAMESPACES = 0x7E020080
"""Every CLONE_NEW* flag: time, mount, cgroup, uts, ipc, user, pid, net."""
_AF_UNIX = 1
_TIOCSTI = 0x5412
_X32_BIT = 0x40000000

_FORBIDDEN = {
    "x86_64": {
        "shmget": 29, "semget": 64, "msgget": 68, "mq_open": 240,
        "ptrace": 101, "personality": 135, "vhangup": 153, "pivot_root": 155, "adjtimex": 159,
        "chroot": 161, "acct": 163, "settimeofday": 164, "mount": 165, "umount2": 166,
        "swapon": 167, "swapoff": 168, "reboot": 169, "sethostname": 170, "setdomainname": 171,
        "iopl": 172, "ioperm": 173, "init_module": 175, "delete_module": 176, "quotactl": 179,
        "clock_settime": 227, "kexec_load": 246, "add_key": 248, "request_key": 249,
        "keyctl": 250, "unshare": 272, "move_pages": 279, "perf_event_open": 298,
        "name_to_handle_at": 303, "open_by_handle_at": 304, "setns": 308,
        "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "finit_module": 313,
        "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323,
        "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190,
    },
    "aarch64": {
        "mq_open": 180, "msgget": 186, "semget": 190, "shmget": 194,
        "umount2": 39, "mount": 40, "pivot_root": 41, "chroot": 51, "quotactl": 60,
        "vhangup": 58, "acct": 89, "personality": 92, "unshare": 97, "kexec_load": 104,
        "init_module": 105, "delete_module": 106, "clock_settime": 112, "ptrace": 117,
        "reboot": 142, "sethostname": 161, "setdomainname": 162, "settimeofday": 170,
        "adjtimex": 171, "add_key": 217, "request_key": 218, "keyctl": 219, "swapon": 224,
        "swapoff": 225, "move_pages": 239, "perf_event_open": 241, "name_to_handle_at": 264,
        "open_by_handle_at": 265, "setns": 268, "process_vm_readv": 270,
        "process_vm_writev": 271, "kcmp": 272, "finit_module": 273, "bpf": 280,
        "userfaultfd": 282, "kexec_file_load": 294,
        "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7,
    },
}  # fmt: skip
_FORBIDDEN_WITHOUT_GPU = {
    "x86_64": {"memfd_create": 319, "sched_setaffinity": 203},
    "aarch64": {"memfd_create": 279, "sched_setaffinity": 122},
}
"""The drivers of graphics cards may need them."""
_FORBIDDEN_EVERYWHERE = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428,
    "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
    "pidfd_open": 434, "pidfd_getfd": 438, "mount_setattr": 442, "memfd_secret": 447,
    "setxattrat": 463,
}  # fmt: skip
_CLONE3 = 435
_AUDIT_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CLONE = {"x86_64": 56, "aarch64": 220}
_SOCKET = {"x86_64": 41, "aarch64": 198}
_IOCTL = {"x86_64": 16, "aarch64": 29}


def build_filter(machine: str = "", *, gpu: bool = False) -> bytes | None:
    """The filter as an array of `struct sock_filter`; None for a machine that has no table.

    It answers EPERM to what a worker has no business with (other processes' memory, mounts,
    namespaces, keys, kernel modules, io_uring, sockets other than AF_UNIX, typing into a terminal,
    System V and POSIX queues and memory, which would outlive an item's process, files in memory,
    which no count of resident memory sees, leaving the processors that it was put on, attributes of
    files and folders)
    and ENOSYS to clone3, whose flags a filter can't read, so that libc falls back to clone.
    """
    machine = machine or platform.machine()
    if machine not in _FORBIDDEN:
        return None
    denied = _ERRNO | errno.EPERM
    program = [
        _step(_LOAD_WORD, _ARCHITECTURE),
        _step(_JUMP_EQUAL, _AUDIT_ARCHITECTURE[machine], 1, 0),
        _step(_RETURN, _KILL_PROCESS),
        _step(_LOAD_WORD, _NUMBER),
    ]
    if machine == "x86_64":
        program += [_step(_JUMP_GREATER_EQUAL, _X32_BIT, 0, 1), _step(_RETURN, denied)]
    forbidden = [*_FORBIDDEN[machine].values(), *_FORBIDDEN_EVERYWHERE.values()]
    if not gpu:
        forbidden += _FORBIDDEN_WITHOUT_GPU[machine].values()
    for number in sorted(forbidden):
        program += [_step(_JUMP_EQUAL, number, 0, 1), _step(_RETURN, denied)]
    program += [_step(_JUMP_EQUAL, _CLONE3, 0, 1), _step(_RETURN, _ERRNO | errno.ENOSYS)]
    program += [
        _step(_JUMP_EQUAL, _CLONE[machine], 0, 4),
        _step(_LOAD_WORD, _ARGUMENT_0),
        _step(_JUMP_ANY_BIT, _NEW_NAMESPACES, 0, 1),
        _step(_RETURN, denied),
        _step(_RETURN, _ALLOW),
        _step(_JUMP_EQUAL, _SOCKET[machine], 0, 4),
        _step(_LOAD_WORD, _ARGUMENT_0),
        _step(_JUMP_EQUAL, _AF_UNIX, 1, 0),
        _step(_RETURN, denied),
        _step(_RETURN, _ALLOW),
        _step(_JUMP_EQUAL, _IOCTL[machine], 0, 3),
        _step(_LOAD_WORD, _ARGUMENT_1),
        _step(_JUMP_EQUAL, _TIOCSTI, 0, 1),
        _step(_RETURN, denied),
        _step(_RETURN, _ALLOW),
    ]
    return b"".join(program)


def _step(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, operand)
