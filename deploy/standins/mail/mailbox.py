"""The last messages received, bounded in number and bytes."""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.errors import MessageError
from email.parser import BytesParser
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from email.message import EmailMessage

MAX_MESSAGES: Final = 1_000
MAX_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """One message as it came in. `recipients` are the envelope's, so a blind copy is seen too."""

    id: str
    received_at: datetime
    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    def summary(self) -> dict[str, Any]:
        """What a list shows."""
        parsed = self._parsed()
        return {
            "id": self.id,
            "received_at": self.received_at.isoformat(),
            "from": self.sender,
            "to": list(self.recipients),
            "subject": str(parsed.get("Subject", "")),
            "text": _part(parsed, "plain"),
        }

    def whole(self) -> dict[str, Any]:
        """What one message shows: headers, HTML and attachments' names too."""
        parsed = self._parsed()
        return {
            **self.summary(),
            "headers": [[name, str(value)] for name, value in parsed.items()],
            "html": _part(parsed, "html"),
            "attachments": [
                {"name": part.get_filename() or "", "type": part.get_content_type()}
                for part in parsed.iter_attachments()
            ],
            "raw": self.raw.decode("utf-8", "replace"),
        }

    def _parsed(self) -> EmailMessage:
        return BytesParser(policy=policy.default).parsebytes(self.raw)


def _part(message: EmailMessage, kind: str) -> str:
    """The text of the body of a kind; a body in an unknown charset is shown as well as can be."""
    try:
        part = message.get_body(preferencelist=(kind,))
        # SMTP turns every line end into CR LF; readers compare with what they wrote.
        return str(part.get_content()).replace("\r\n", "\n") if part else ""
    except (LookupError, ValueError, MessageError):
        return message.as_bytes().decode("utf-8", "replace")


class Mailbox:
    """Newest first for readers; the oldest leave when there are too many or they weigh too much."""

    def __init__(self, max_messages: int = MAX_MESSAGES, max_bytes: int = MAX_BYTES) -> None:
        self._messages: deque[ReceivedMessage] = deque()
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._bytes = 0
        self._numbers = itertools.count(1)

    def __len__(self) -> int:
        return len(self._messages)

    def __iter__(self) -> Iterator[ReceivedMessage]:
        return reversed(self._messages)

    def receive(self, sender: str, recipients: Sequence[str], raw: bytes) -> ReceivedMessage:
        """Keep a message."""
        message = ReceivedMessage(
            id=str(next(self._numbers)),
            received_at=datetime.now(UTC),
            sender=sender,
            recipients=tuple(recipients),
            raw=raw,
        )
        self._messages.append(message)
        self._bytes += len(raw)
        while len(self._messages) > self._max_messages or self._bytes > self._max_bytes:
            self._bytes -= len(self._messages.popleft().raw)
        return message

    def find(self, message_id: str) -> ReceivedMessage | None:
        """A message that is still here."""
        return next((m for m in self._messages if m.id == message_id), None)

    def clear(self) -> int:
        """Forget all; says how many."""
        count = len(self._messages)
        self._messages.clear()
        self._bytes = 0
        return count
