"""Real receivers on this machine: an SMTP server and a chat that answers as it is told."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class Chat:
    """What was posted, in order, and how the next posts are answered: (status, headers) or seconds of silence."""

    posts: list[dict[str, Any]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]] | float] = field(default_factory=list)
    url: str = ""

    @property
    def ids(self) -> list[str]:
        return [post["id"] for post in self.posts]

    @property
    def texts(self) -> list[str]:
        return [post["body"]["text"] for post in self.posts]


@contextmanager
def chat_server() -> Iterator[Chat]:
    chat = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            chat.posts.append({"id": self.headers["Webhook-Id"], "path": self.path, "body": json.loads(body)})
            answer = chat.answers.pop(0) if chat.answers else (200, {})
            if isinstance(answer, int | float):
                time.sleep(answer)
                answer = (200, {})
            status, headers = answer
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"ok" if status == 200 else b"no_such_channel")
            except OSError:
                pass  # whoever posted did not wait

        def log_message(self, *_arguments: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    chat.url = f"http://127.0.0.1:{server.server_port}/services/secret"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield chat
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class Post:
    """Takes mails; addresses that begin with `full` are refused for now, with `gone` for good."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("gone"):
            return "550 5.1.1 No such mailbox"
        if address.startswith("full"):
            return "452 4.2.2 Mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(BytesParser(policy=default).parsebytes(envelope.content))  # type: ignore[arg-type]
        return "250 OK"


@contextmanager
def mail_server(settings: Any) -> Iterator[Post]:
    """A real SMTP server that the settings lead to."""
    post = Post()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(post, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    try:
        yield post
    finally:
        controller.stop()
