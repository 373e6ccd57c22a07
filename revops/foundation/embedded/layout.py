"""Where the embedded services keep their data, sockets, logs and locks."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

DATABASE_NAME = "revops"
DATABASE_USER = "revops"

# A socket address has room for 107 bytes on Linux and 103 on macOS; ".s.PGSQL.5432.lock" is the longest name in it.
_LONGEST_SOCKET_DIRECTORY = 80


@dataclass(frozen=True)
class Layout:
    """The files of one portal. Everything hangs on its `var` directory, so that two checkouts never meet."""

    var: Path

    @property
    def postgres_data(self) -> Path:
        return self.var / "postgres"

    @property
    def postgres_log(self) -> Path:
        return self.var / "log" / "postgres.log"

    @property
    def valkey_data(self) -> Path:
        return self.var / "valkey"

    @property
    def valkey_log(self) -> Path:
        return self.var / "log" / "valkey.log"

    @property
    def record(self) -> Path:
        """What runs now, for people and tools."""
        return self.var / "services.json"

    @property
    def start_lock(self) -> Path:
        """Held while services start or stop, so that two processes do not do it at once."""
        return self.var / "services.lock"

    @property
    def use_lock(self) -> Path:
        """Shared by everyone who uses the services; who gets it alone may stop them."""
        return self.var / "services.in-use"

    @cached_property
    def sockets(self) -> Path:
        """The directory of the sockets: inside `var`, or a short private one when that path is too long."""
        inside = self.var / "run"
        if len(os.fsencode(inside)) <= _LONGEST_SOCKET_DIRECTORY:
            return inside
        digest = hashlib.sha256(os.fsencode(self.var)).hexdigest()[:12]
        return Path(tempfile.gettempdir()).resolve() / f"revops-{os.getuid()}-{digest}"

    @property
    def postgres_socket(self) -> Path:
        return self.sockets / ".s.PGSQL.5432"

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def valkey_url(self) -> str:
        return f"unix://{self.valkey_socket}"
