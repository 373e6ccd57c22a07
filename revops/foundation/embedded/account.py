"""Which system account the embedded servers run under: PostgreSQL refuses to run as root, so root drops privileges."""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from revops.foundation.embedded.errors import ServiceError

ACCOUNT_NAME = "revops-portal"


@dataclass(frozen=True)
class Account:
    """A system account. `switch` is true when the current process is root and has to become this account."""

    uid: int
    gid: int
    switch: bool

    def own(self, path: Path, mode: int) -> None:
        """Give `path` to this account with exactly `mode`."""
        if self.switch:
            os.chown(path, self.uid, self.gid)
        path.chmod(mode)

    def own_directory(self, path: Path) -> None:
        """Make `path` a private directory of this account. Raises ServiceError when somebody else put it there."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {self.uid, os.getuid()}:
            raise ServiceError(f"{path} belongs to another user. Remove it, or set VAR_DIR to a directory of your own.")
        self.own(path, 0o700)

    def own_file(self, path: Path) -> None:
        """Make `path` a file that this account may append to."""
        path.touch(mode=0o600)
        self.own(path, 0o600)

    def run(self, command: list[str], *, timeout: float, log: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a short command under this account, in a clean environment."""
        return subprocess.run(
            command,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            # Not a pipe: a server that outlives its starter would keep the pipe open and the starter waiting.
            stdout=subprocess.DEVNULL if log is None else log.open("ab"),
            stderr=subprocess.STDOUT,
            timeout=timeout,
            check=False,
            umask=0o077,
            text=True,
            user=self.uid if self.switch else None,
            group=self.gid if self.switch else None,
            extra_groups=[] if self.switch else None,
        )


def service_account(var: Path) -> Account:
    """The account of the servers: yourself, or for root whoever owns the data, else an account made for it."""
    if os.getuid() != 0:
        return Account(os.getuid(), os.getgid(), switch=False)
    for place in (var / "postgres", var):
        if place.exists() and place.stat().st_uid != 0 and (known := _by_uid(place.stat().st_uid)):
            return Account(known.pw_uid, known.pw_gid, switch=True)
    made = _by_name(ACCOUNT_NAME) or _make_account() or _by_name("postgres") or _by_name("nobody")
    if made is None:
        raise ServiceError(
            "PostgreSQL does not run as root and no ordinary account was found. "
            f"Add one (useradd --system {ACCOUNT_NAME}), or set DATABASE_URL to a server of your own."
        )
    return Account(made.pw_uid, made.pw_gid, switch=True)


def make_reachable(account: Account, *places: Path) -> None:
    """Let `account` walk to `places`: adds the search bit (never the list bit) to parents such as /root."""
    if not account.switch:
        return
    for directory in {parent for place in places for parent in place.resolve().parents}:
        _add_mode(directory, stat.S_IXOTH, account)


def make_readable(account: Account, *trees: Path) -> None:
    """Let `account` read and run what an installer with a strict umask has put into `trees`."""
    if not account.switch:
        return
    for tree in trees:
        if tree.is_dir() and not _is_open(tree):
            for path in (tree, *tree.rglob("*")):
                runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
                _add_mode(path, stat.S_IROTH | (stat.S_IXOTH if runs else 0), account)


def _is_open(tree: Path) -> bool:
    sample = next((path for path in tree.rglob("*") if path.is_file()), tree)
    return bool(tree.stat().st_mode & stat.S_IXOTH and sample.stat().st_mode & stat.S_IROTH)


def _add_mode(path: Path, bits: int, account: Account) -> None:
    found = path.stat()
    if found.st_mode & bits == bits or found.st_uid == account.uid:
        return
    try:
        path.chmod(stat.S_IMODE(found.st_mode) | bits)
    except OSError as problem:
        raise ServiceError(
            f"The database server may not run as root, and its account cannot enter {path}. "
            f"Allow it (chmod o+x {path}), move the portal elsewhere, or set DATABASE_URL to a server of your own."
        ) from problem


def _make_account() -> pwd.struct_passwd | None:
    tool = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if tool:
        subprocess.run(
            [tool, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT_NAME],
            check=False,
            capture_output=True,
        )
    return _by_name(ACCOUNT_NAME)


def _by_name(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _by_uid(uid: int) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        return None
