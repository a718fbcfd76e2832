"""Channels that send alerts: Slack, any webhook, e-mail; each is configured by the environment."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from threading import Lock, Thread
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.settings import AlertSettings, is_loopback, read_alert_settings

if TYPE_CHECKING:
    from fantasy_pipeline.orchestration.alerts.messages import Alert

TIMEOUT_SECONDS = 10
"""Longest wait for a connection, and for the next bytes of an answer."""
DEADLINE_SECONDS = 15
"""Longest time of one message, the look-up of the host included. Dagster gives a sensor 60 seconds,
and a delivery tries each of the three channels once if they fail."""

SENDING: dict[str, Thread] = {}
"""By channel, the thread of its last message; it is alive as long as the receiver answers."""
_LOCK = Lock()


class ChannelError(PipelineError):
    """A channel did not accept an alert. The message contains no address and no password."""


class Channel(Protocol):
    """Sends one alert."""

    @property
    def name(self) -> str: ...

    def send(self, alert: Alert) -> None:
        """Send an alert; raise ChannelError if the receiver does not accept it."""


class Webhook:
    """Posts an alert as JSON: its fields and text, or only ``{"text": …}`` to Slack."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self._url = url

    def send(self, alert: Alert) -> None:
        import requests

        _check_address(self.name, self._url)
        body = {"text": alert.text}
        if self.name == "webhook":
            body = {**alert.to_json(), **body}
        try:
            # The address is a secret, and a redirect would pass it on to another host.
            with requests.post(
                self._url, json=body, timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True
            ) as response:
                # The body is not read: it may have no end.
                status = response.status_code
        except requests.RequestException as error:
            raise ChannelError(f"could not be reached ({type(error).__name__})") from None
        if not 200 <= status < 300:
            raise ChannelError(f"answered HTTP {status}")


def _check_address(name: str, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        return
    raise ChannelError(f"the {name} address must be https, or http for a host on this machine")


class Smtp:
    """Sends an alert by e-mail, over TLS unless the mail server is on this machine."""

    name = "smtp"

    def __init__(self, settings: AlertSettings) -> None:
        self._settings = settings

    def send(self, alert: Alert) -> None:
        settings = self._settings
        message = EmailMessage()
        # A header must stay one line.
        message["Subject"] = f"[fantasy-pipeline] {' '.join(alert.title.split())}"
        message["From"] = settings.smtp_from
        message["To"] = settings.smtp_to
        message.set_content(alert.text)
        try:
            with self._connect() as server:
                if settings.smtp_user and settings.smtp_password:
                    server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
                server.send_message(message)
        except smtplib.SMTPResponseException as error:
            raise ChannelError(f"the mail server answered {error.smtp_code}") from None
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelError(f"could not be reached ({type(error).__name__})") from None

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        tls, is_local = settings.smtp_tls, is_loopback(settings.smtp_host)
        if tls == "auto":
            tls = "implicit" if settings.smtp_port == 465 else "off" if is_local else "starttls"
        if tls == "off" and not is_local:
            raise ChannelError(
                "FANTASY_ALERT_SMTP_TLS: off is for a mail server on this machine only; "
                "use auto, starttls or implicit"
            )
        context = ssl.create_default_context()
        address = (settings.smtp_host, settings.smtp_port)
        if tls == "implicit":
            return smtplib.SMTP_SSL(*address, timeout=TIMEOUT_SECONDS, context=context)
        server = smtplib.SMTP(*address, timeout=TIMEOUT_SECONDS)
        try:
            if tls == "starttls":
                server.starttls(context=context)
        except BaseException:
            server.close()
            raise
        return server


class Punctual:
    """Sends through another channel, and gives a message up after `DEADLINE_SECONDS`.

    The timeouts of sockets limit the wait for the next bytes only, so a receiver that sends its
    answer byte by byte would hold the sender for ever.

    Args:
        seconds: the deadline; None: `DEADLINE_SECONDS`.
    """

    def __init__(self, channel: Channel, seconds: float | None = None) -> None:
        self.name = channel.name
        self._channel = channel
        self._seconds = DEADLINE_SECONDS if seconds is None else seconds

    def send(self, alert: Alert) -> None:
        refusals: list[Exception] = []

        def send() -> None:
            try:
                self._channel.send(alert)
            except Exception as error:
                refusals.append(error)

        # A daemon thread: a receiver that never ends must not keep the process alive.
        thread = Thread(target=send, name=f"alert to {self.name}", daemon=True)
        self._start(thread)
        thread.join(self._seconds)
        if thread.is_alive():
            raise ChannelError(f"did not take the message within {self._seconds:g} s")
        if refusals:
            raise refusals[0]

    def _start(self, thread: Thread) -> None:
        """Start the thread of a message, at most one for each channel.

        Raises:
            ChannelError: the receiver is still answering the message before.
        """
        with _LOCK:
            before = SENDING.get(self.name)
            if before is not None and before.is_alive():
                raise ChannelError("is still answering an earlier message, byte by byte")
            SENDING[self.name] = thread
            thread.start()


class Misconfigured:
    """Stands in for a channel with an invalid setting: every send fails with the reason."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self._reason = reason

    def send(self, alert: Alert) -> None:
        raise ChannelError(self._reason)


def configured() -> Sequence[Channel]:
    """Return the channels that the environment configures."""
    settings, bad = read_alert_settings()
    channels: list[Channel] = []
    if settings.slack_url:
        channels.append(Webhook("slack", settings.slack_url.get_secret_value()))
    if settings.webhook_url:
        channels.append(Webhook("webhook", settings.webhook_url.get_secret_value()))
    if settings.smtp_host and settings.smtp_to:
        channels.append(Smtp(settings))
    return [Punctual(_with_valid_settings(channel, bad)) for channel in channels]


def _with_valid_settings(channel: Channel, bad: Mapping[str, str]) -> Channel:
    reasons = [text for name, text in bad.items() if name.startswith(f"{channel.name}_")]
    return Misconfigured(channel.name, "; ".join(reasons)) if reasons else channel


def misconfigured() -> Mapping[str, str]:
    """Return the channels with an invalid setting, each with the reason."""
    _, bad = read_alert_settings()
    return {name.partition("_")[0]: reason for name, reason in bad.items()}
