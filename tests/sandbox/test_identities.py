"""Real users for sandboxes: never two sandboxes with the same."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import grader.sandbox.identities
from grader.errors import SandboxError
from grader.sandbox.identities import claim_identity
from grader.sandbox.interface import Identity

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux maps user ids for sandboxes"
)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Locks of this test alone, so that sandboxes that run beside it don't count."""
    monkeypatch.setattr(grader.sandbox.identities, "RUN", tmp_path)
    return tmp_path / f"nla-grader-{os.geteuid()}"


def uids(identity: Identity) -> tuple[int, int]:
    assert identity.worker is not None
    assert identity.item is not None
    return identity.worker, identity.item


def test_claim_identity_gives_two_users_to_each(locks: Path) -> None:
    """Worker and item are different users, and no user belongs to two sandboxes."""
    claimed = [claim_identity() for _ in range(5)]
    everyone = [uid for identity in claimed for uid in uids(identity)]
    assert len(set(everyone)) == 10
    assert len(list(locks.iterdir())) == 5
    for identity in claimed:
        identity.release()


def test_claim_identity_keeps_away_from_people_and_services(locks: Path) -> None:
    """The users are none that a system hands out, and not the grader's own."""
    del locks
    identity = claim_identity()
    for uid in uids(identity):
        assert uid > 60_000
        assert uid != os.getuid()
    identity.release()


def test_release_gives_the_users_back(locks: Path) -> None:
    """The next sandbox gets them; releasing twice frees nobody else's."""
    del locks
    first = claim_identity()
    second = claim_identity()
    first.release()
    third = claim_identity()
    assert uids(third) == uids(first)
    first.release()
    fourth = claim_identity()
    assert len({uids(second), uids(third), uids(fourth)}) == 3
    for identity in (second, third, fourth):
        identity.release()


def test_claim_identity_says_when_all_are_taken(
    locks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More sandboxes than there are pairs is an error that says so, and costs none of them."""
    del locks
    monkeypatch.setattr(grader.sandbox.identities, "SLOTS", 2)
    claimed = [claim_identity(), claim_identity()]
    with pytest.raises(SandboxError, match="at most 2 can run at once"):
        claim_identity()
    claimed[0].release()
    claim_identity().release()
    claimed[1].release()


def test_users_of_a_grader_that_died_are_free_again(locks: Path) -> None:
    """The kernel gives a dead process's lock back."""
    script = (
        "import os\n"
        "from pathlib import Path\n"
        "import grader.sandbox.identities as identities\n"
        f"identities.RUN = Path({str(locks.parent)!r})\n"
        "claimed = identities.claim_identity()\n"
        "print(claimed.worker, flush=True)\n"
        "input()\n"
        "os._exit(1)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    taken = int(child.stdout.readline())
    beside = claim_identity()
    assert taken not in uids(beside)
    child.communicate("\n", timeout=20)
    after = claim_identity()
    assert after.worker == taken
    beside.release()
    after.release()


def test_the_folder_of_locks_is_ours_alone(locks: Path) -> None:
    """Its permissions keep others out."""
    claim_identity().release()
    assert locks.stat().st_mode & 0o777 == 0o700
    assert locks.stat().st_uid == os.geteuid()


def test_a_folder_that_a_stranger_made_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link put where the locks would lie is not followed."""
    elsewhere, temporary = tmp_path / "elsewhere", tmp_path / "tmp"
    elsewhere.mkdir()
    temporary.mkdir()
    (temporary / f"nla-grader-{os.geteuid()}").symlink_to(elsewhere)
    monkeypatch.setattr(grader.sandbox.identities, "RUN", tmp_path / "no-run")
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with pytest.raises(SandboxError, match="set TMPDIR"):
        claim_identity()
    assert list(elsewhere.iterdir()) == []


def test_claim_identity_falls_back_on_the_folder_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where /run is not to be written, TMPDIR will do."""
    monkeypatch.setattr(grader.sandbox.identities, "RUN", tmp_path / "no-run")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    claim_identity().release()
    assert (tmp_path / f"nla-grader-{os.geteuid()}" / "slot-0").is_file()
