import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import httpx2
import pytest

from deploy.standins.mail.mailbox import Mailbox
from tests.integration.standins.courier_process import running

pytestmark = pytest.mark.integration


@dataclass
class Mail:
    smtp_port: int
    api: httpx2.Client
    process: Any

    def send(self, subject: str, text: str, to: str = "ann@example.com", html: str = "") -> None:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "shop@example.com", to, subject
        message.set_content(text)
        if html:
            message.add_alternative(html, subtype="html")
            message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="a.pdf")
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=5) as smtp:
            smtp.send_message(message, to_addrs=[to, "hidden@example.com"])

    def messages(self, **params: str) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.api.get("/messages", params=params).json()["messages"]
        return listed


@pytest.fixture
def mail() -> Iterator[Mail]:
    with running("deploy.standins.mail", lines=2) as (ready, process):
        port = int(ready[0].rpartition(":")[2])
        with httpx2.Client(base_url=ready[1].removeprefix("ready "), trust_env=False) as api:
            yield Mail(port, api, process)


def test_messages_are_shown_newest_first_with_their_letters(mail: Mail) -> None:
    mail.send("Zwrot przyjęty", "Łucja, dziękujemy. Zażółć gęślą jaźń.")
    mail.send("Second", "two", to="Bob@Example.com")
    newest, oldest = mail.messages()
    assert newest["subject"] == "Second"
    assert oldest["subject"] == "Zwrot przyjęty"
    assert oldest["text"] == "Łucja, dziękujemy. Zażółć gęślą jaźń.\n"
    assert oldest["from"] == "shop@example.com"
    assert oldest["to"] == ["ann@example.com", "hidden@example.com"]
    assert [m["id"] for m in mail.messages(to="bob@example.com")] == [newest["id"]]
    assert [m["id"] for m in mail.messages(limit="1")] == [newest["id"]]


def test_one_message_shows_everything(mail: Mail) -> None:
    mail.send("Label", "plain", html="<b>bold</b>")
    whole = mail.api.get(f"/messages/{mail.messages()[0]['id']}").json()
    assert whole["text"] == "plain\n"
    assert whole["html"] == "<b>bold</b>\n"
    assert whole["attachments"] == [{"name": "a.pdf", "type": "application/pdf"}]
    assert ["Subject", "Label"] in whole["headers"]


def test_messages_can_be_deleted(mail: Mail) -> None:
    mail.send("one", "1")
    message_id = mail.messages()[0]["id"]
    assert mail.api.delete("/messages").json() == {"deleted": 1}
    assert mail.messages() == []
    assert mail.api.get(f"/messages/{message_id}").status_code == 404
    assert mail.api.get("/healthz").json() == {"status": "ok", "messages": 0}


@pytest.mark.parametrize("limit", ["0", "-1", "ten", "1001"])
def test_a_wrong_limit_is_refused(mail: Mail, limit: str) -> None:
    assert mail.api.get("/messages", params={"limit": limit}).status_code == 400


def test_a_message_that_is_not_mail_is_kept_and_shown(mail: Mail) -> None:
    with smtplib.SMTP("127.0.0.1", mail.smtp_port, timeout=5) as smtp:
        body = b'Content-Type: text/plain; charset="no-such"\r\n\r\n\xff\xfe rubbish'
        smtp.sendmail("a@example.com", ["b@example.com"], body)
    assert "rubbish" in mail.messages()[0]["text"]


def test_sigterm_ends_it_quickly_with_an_open_conversation(mail: Mail) -> None:
    with smtplib.SMTP("127.0.0.1", mail.smtp_port, timeout=5):
        started = time.monotonic()
        mail.process.terminate()
        assert mail.process.wait(timeout=5) == 0
        assert time.monotonic() - started < 2


def test_a_taken_port_is_one_line_on_stderr(mail: Mail) -> None:
    command = [sys.executable, "-m", "deploy.standins.mail", "--smtp-port", str(mail.smtp_port)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603 - our own module
    assert ended.returncode == 1
    assert ended.stderr.startswith("mail stand-in: ")
    assert ended.stderr.count("\n") == 1


def test_the_mailbox_is_bounded_in_number_and_bytes() -> None:
    mailbox = Mailbox(max_messages=3, max_bytes=100)
    for number in range(5):
        mailbox.receive("a", ["b"], str(number).encode())
    assert [message.raw for message in mailbox] == [b"4", b"3", b"2"]
    mailbox.receive("a", ["b"], b"x" * 99)
    assert [len(message.raw) for message in mailbox] == [99, 1]
