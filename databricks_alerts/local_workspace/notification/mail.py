"""A mailbox on loopback: alerts' e-mails are sent to it by SMTP and stay here."""

from __future__ import annotations

import email
import smtplib
import socket
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import default
from typing import Any

from databricks_alerts.local_workspace.notification.inbox import Inbox
from databricks_alerts.local_workspace.notification.message import Message

_SENDER = "alerts@local.test"
_SECONDS = 10.0
_HOST = "127.0.0.1"


class Mailbox:
    """An SMTP server on a free loopback port (aiosmtpd), and the road to it."""

    def __init__(self, inbox: Inbox, timestamp: Callable[[], str]) -> None:
        from aiosmtpd.controller import Controller

        self._inbox, self._timestamp = inbox, timestamp
        # The controller knocks at the port it was told, so it has to be told a free one.
        self._server = Controller(self, hostname=_HOST, port=_free_port())

    def start(self) -> None:
        """Listen."""
        self._server.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.stop(no_assert=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.port)

    def send(self, address: str, message: Message, key: str) -> None:
        """Send one e-mail. Raises OSError or smtplib.SMTPException."""
        mail = EmailMessage()
        mail["From"], mail["To"] = _SENDER, address
        mail["Subject"] = message.subject
        mail["Message-ID"] = f"<{key}@local.test>"
        mail.set_content(f"{message.text}\n\n{message.url}\n")
        mail.add_alternative(
            f'{message.html}<p><a href="{message.url}">Open the alert</a></p>', "html"
        )
        with smtplib.SMTP(_HOST, self.port, timeout=_SECONDS) as client:
            client.send_message(mail)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Take one e-mail (aiosmtpd's name for it)."""
        mail = email.message_from_bytes(envelope.content, policy=default)
        parts = {
            kind: part.get_content()
            for kind in ("plain", "html")
            if (part := mail.get_body((kind,))) is not None
        }
        body = {"from": mail["From"], "to": envelope.rcpt_tos, "subject": mail["Subject"], **parts}
        for address in envelope.rcpt_tos:
            self._inbox.add(address, "mail", self._timestamp(), body)
        return "250 OK"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])
