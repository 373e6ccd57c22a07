"""Sends prepared requests over kept-alive connections and takes the time of each."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count


@dataclass(slots=True)
class Load:
    """What a run of requests showed. `times` in seconds, one per answer."""

    seconds: float
    times: list[float]
    statuses: dict[int, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.times) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        ordered = sorted(self.times)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    @property
    def failures(self) -> int:
        return sum(number for status, number in self.statuses.items() if status >= 400)


def drive(port: int, connections: int, seconds: float, request_of: Callable[[int], bytes]) -> Load:
    """Keeps `connections` busy for so long; `request_of` makes the bytes of the nth request."""
    numbers, results = count(), Load(0.0, [])
    lock = threading.Lock()
    until = time.perf_counter() + seconds

    def work() -> None:
        times, statuses = [], []
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while (started := time.perf_counter()) < until:
                connection.sendall(request_of(next(numbers)))
                statuses.append(_read(connection))
                times.append(time.perf_counter() - started)
        with lock:
            results.times += times
            for status in statuses:
                results.statuses[status] = results.statuses.get(status, 0) + 1

    began = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.seconds = time.perf_counter() - began
    return results


def request(method: str, path: str, body: bytes = b"", *headers: str) -> bytes:
    """The bytes of one HTTP request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


def _read(connection: socket.socket) -> int:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        int(line.partition(b":")[2]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
    )
    missing = length - len(body)
    while missing > 0:
        missing -= len(_some(connection))
    return int(head.split(b" ", 2)[1])


def _some(connection: socket.socket) -> bytes:
    data = connection.recv(1 << 16)
    if not data:
        raise ConnectionError("The server closed the connection.")
    return data
