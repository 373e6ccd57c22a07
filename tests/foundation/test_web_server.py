"""Pages take turns, writes do not, nobody waits for ever, and a busy process leaves newcomers to the others."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection

import pytest
from django.conf import settings

from revops.foundation.web_server import TakingTurns

PAGE, WRITE = {"REQUEST_METHOD": "GET"}, {"REQUEST_METHOD": "POST"}
SOON = 10.0
"""Seconds after which something that should have happened has not."""


def ask(application, environ=PAGE):
    return application(environ, None)


class Held:
    """An application whose first page stays until it is let go."""

    def __init__(self):
        self.has_begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self, environ, start_response):
        if not self.has_begun.is_set():
            self.has_begun.set()
            assert self.may_end.wait(SOON)
        return []


@contextmanager
def a_page_under_way(patience):
    """An application in turns, and a page of it that does not end before this does."""
    held = Held()
    application = TakingTurns(held, patience)
    first = threading.Thread(target=ask, args=(application,))
    first.start()
    try:
        assert held.has_begun.wait(SOON)
        yield application
        assert first.is_alive()
    finally:
        held.may_end.set()
        first.join()


def test_pages_are_made_one_at_a_time() -> None:
    at_once, most = 0, 0

    def page(environ, start_response):
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        time.sleep(0.01)
        at_once -= 1
        return []

    application = TakingTurns(page, patience=SOON)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: ask(application), range(18)))
    assert most == 1


def test_a_write_waits_for_no_page() -> None:
    with a_page_under_way(patience=SOON) as application:
        began = time.monotonic()
        ask(application, WRITE)
        assert time.monotonic() - began < SOON / 2


def test_nobody_waits_for_a_long_page_and_only_the_first_loses_the_time_of_finding_out() -> None:
    with a_page_under_way(patience=0.2) as application:
        ask(application)
        began = time.monotonic()
        for _ in range(20):
            ask(application)
        assert time.monotonic() - began < 20 * 0.2 / 2


def test_a_page_that_fails_gives_its_turn_back() -> None:
    def page(environ, start_response):
        raise ValueError("broken")

    application = TakingTurns(page, patience=SOON)
    began = time.monotonic()
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            ask(application)
    assert time.monotonic() - began < SOON / 2


class Site:
    """A server of two processes whose pages can be held."""

    def __init__(self, port, folder):
        self.port, self.folder = port, folder
        self.connections = []

    def send(self, path="/", method="GET"):
        """A request on a connection of its own that was not answered yet."""
        client = HTTPConnection("127.0.0.1", self.port, timeout=SOON)
        client.request(method, path)
        self.connections.append(client)
        return client

    def hold(self, name, method="GET"):
        """A request that is under way and stays so until `let_go`. Gives its connection."""
        client = self.send(f"/hold/{name}", method)
        until = time.monotonic() + SOON
        while not (self.folder / f"{name}.seen").exists():
            assert time.monotonic() < until, f"{name} was never begun"
            time.sleep(0.01)
        return client

    def let_go(self, name):
        (self.folder / f"{name}.go").touch()

    def close(self):
        for name in ("a", "b"):
            self.let_go(name)
        for client in self.connections:
            client.close()


def process_of(client):
    return int(client.getresponse().read())


def is_answered(client, within):
    client.sock.settimeout(within)
    try:
        return bool(client.sock.recv(1, socket.MSG_PEEK))
    except TimeoutError:
        return False
    finally:
        client.sock.settimeout(SOON)


@pytest.fixture
def site(tmp_path, request):
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "tests.foundation.holding:application", f"--bind=127.0.0.1:{port}",
               f"--worker-class=tests.foundation.holding.{request.param}", "--workers=2", "--threads=4",
               "--keep-alive=15", "--log-level=critical", "--no-control-socket"]  # fmt: skip
    environment = {**os.environ, "HOLDING": str(tmp_path)}
    server = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR)
    site = Site(port, tmp_path)
    try:
        processes, until = set(), time.monotonic() + 3 * SOON
        while len(processes) < 2 and time.monotonic() < until:
            with suppress(OSError), closing(HTTPConnection("127.0.0.1", port, timeout=SOON)) as client:
                client.request("GET", "/")
                processes.add(process_of(client))
        assert len(processes) == 2
        yield site
    finally:
        site.close()
        server.terminate()
        server.wait(3 * SOON)


@pytest.mark.parametrize("site", ["Patient"], indirect=True)
def test_a_process_that_makes_a_page_leaves_newcomers_to_the_other(site) -> None:
    busy = site.hold("a")
    others = {process_of(site.send()) for _ in range(12)}
    site.let_go("a")
    assert len(others) == 1
    assert process_of(busy) not in others


@pytest.mark.parametrize("site", ["Patient"], indirect=True)
def test_while_all_make_pages_the_next_waits_for_the_first_who_is_free(site) -> None:
    _first, second = site.hold("a"), site.hold("b")
    waiting = site.send()
    assert not is_answered(waiting, within=0.3)
    site.let_go("b")
    assert process_of(waiting) == process_of(second)


@pytest.mark.parametrize("site", ["Patient"], indirect=True)
def test_writes_under_way_keep_nobody_out(site) -> None:
    site.hold("a", "POST")
    site.hold("b", "POST")
    assert is_answered(site.send(), within=SOON)


@pytest.mark.parametrize("site", ["Impatient"], indirect=True)
def test_long_pages_keep_nobody_out_for_long(site) -> None:
    site.hold("a")
    site.hold("b")
    assert is_answered(site.send(), within=SOON)
