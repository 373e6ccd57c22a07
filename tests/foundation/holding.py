"""A web application whose requests wait until a file is there, and servers with more and with less patience."""

from __future__ import annotations

import os
import time
from pathlib import Path

from revops.foundation.web_server import Worker


class Patient(Worker):
    patience = 30.0


class Impatient(Worker):
    patience = 0.2


def application(environ, start_response):
    """Answers with its process; /hold/NAME first writes NAME.seen and waits for NAME.go."""
    _, _, name = environ["PATH_INFO"].partition("/hold/")
    if name:
        folder = Path(os.environ["HOLDING"])
        (folder / f"{name}.seen").touch()
        while not (folder / f"{name}.go").exists():
            time.sleep(0.01)
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
