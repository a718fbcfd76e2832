"""Channels against real servers on this machine."""

import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from pydantic import SecretStr

from fantasy_pipeline.orchestration.alerts import channels
from fantasy_pipeline.orchestration.alerts.channels import (
    Channel,
    ChannelError,
    Punctual,
    Smtp,
    Webhook,
    configured,
    misconfigured,
)
from fantasy_pipeline.orchestration.alerts.messages import Alert
from fantasy_pipeline.orchestration.alerts.outbox import Outbox
from fantasy_pipeline.settings import AlertSettings
from fantasy_pipeline_tests.orchestration.alerts.receivers import (
    SECRET,
    Receiver,
    dripping,
    free_port,
    receiving,
)
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS

pytestmark = pytest.mark.loopback

ALERT = Alert("failure-1", "failure", "weekly_import 2024 week 5 failed", 2024, 5, cause="boom")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


class TestWebhook:
    def test_slack_takes_text(self, receiver: Receiver) -> None:
        Webhook("slack", receiver.url).send(ALERT)
        assert receiver.bodies == [{"text": ALERT.text}]

    def test_generic_takes_the_fields(self, receiver: Receiver) -> None:
        Webhook("webhook", receiver.url).send(ALERT)
        (body,) = receiver.bodies
        assert body["kind"] == "failure"
        assert (body["season"], body["week"], body["cause"]) == (2024, 5, "boom")

    @pytest.mark.parametrize("status", [302, 404, 500])
    def test_refusal_is_an_error_without_the_address(self, receiver: Receiver, status: int) -> None:
        receiver.status = status
        with pytest.raises(ChannelError) as caught:
            Webhook("slack", receiver.url).send(ALERT)
        assert str(caught.value) == f"answered HTTP {status}"
        assert len(receiver.paths) == 1  # a redirect is not followed

    def test_no_server(self) -> None:
        with pytest.raises(ChannelError) as caught:
            Webhook("slack", f"http://127.0.0.1:{free_port()}/{SECRET}").send(ALERT)
        assert str(caught.value) == "could not be reached (ConnectionError)"
        assert caught.value.__cause__ is None

    @pytest.mark.parametrize("url", ["http://hooks.example/x", "file:///etc/passwd", "x"])
    def test_only_https_leaves_this_machine(self, url: str) -> None:
        with pytest.raises(ChannelError, match="must be https"):
            Webhook("slack", url).send(ALERT)


class _Mailbox:
    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.messages.append((envelope.rcpt_tos, message_from_bytes(envelope.content)))
        return self.answer


@pytest.fixture
def mailbox() -> Iterator[tuple[_Mailbox, int]]:
    handler = _Mailbox()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield handler, controller.port
    controller.stop()


def mail_settings(port: int) -> AlertSettings:
    return AlertSettings(
        smtp_host="127.0.0.1", smtp_port=port, smtp_to="a@example.org,b@example.org"
    )


class TestSmtp:
    def test_mail_arrives_at_everyone(self, mailbox: tuple[_Mailbox, int]) -> None:
        handler, port = mailbox
        Smtp(mail_settings(port)).send(ALERT)
        ((recipients, message),) = handler.messages
        assert recipients == ["a@example.org", "b@example.org"]
        assert message["Subject"] == "[fantasy-pipeline] weekly_import 2024 week 5 failed"
        assert "cause: boom" in message.get_payload()

    def test_newline_in_a_title_makes_no_header(self, mailbox: tuple[_Mailbox, int]) -> None:
        handler, port = mailbox
        Smtp(mail_settings(port)).send(Alert("x", "failure", "title\nBcc: evil@example.org"))
        ((_, message),) = handler.messages
        assert message["Bcc"] is None

    def test_refusal(self, mailbox: tuple[_Mailbox, int]) -> None:
        handler, port = mailbox
        handler.answer = "554 no"
        with pytest.raises(ChannelError, match="answered 554"):
            Smtp(mail_settings(port)).send(ALERT)

    def test_no_server(self) -> None:
        with pytest.raises(ChannelError, match="ConnectionRefusedError"):
            Smtp(mail_settings(free_port())).send(ALERT)


class _Login:
    """A mail server's accounts."""

    def __call__(
        self, server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        known = (data.login, data.password) == (b"fantasy", SECRET.encode())
        return AuthResult(success=known, handled=False)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(params=["starttls", "implicit"])
def encrypted(
    request: pytest.FixtureRequest, authority: trustme.CA
) -> Iterator[tuple[_Mailbox, AlertSettings]]:
    """A mail server that takes no mail without TLS and a login, and the settings for it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    implicit = request.param == "implicit"
    handler = _Mailbox()
    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=free_port(),
        ssl_context=context if implicit else None,
        tls_context=None if implicit else context,
        require_starttls=not implicit,
        # It does not count TLS from the first byte on as TLS.
        auth_require_tls=not implicit,
        auth_required=True,
        authenticator=_Login(),
    )
    controller.start()
    settings = AlertSettings(
        smtp_host="127.0.0.1",
        smtp_port=controller.port,
        smtp_tls=request.param,
        smtp_user="fantasy",
        smtp_password=SecretStr(SECRET),
        smtp_to="a@example.org",
    )
    yield handler, settings
    controller.stop()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authority is one that this machine trusts."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
class TestTls:
    @pytest.mark.usefixtures("trusted")
    def test_mail_after_login(self, encrypted: tuple[_Mailbox, AlertSettings]) -> None:
        handler, settings = encrypted
        Smtp(settings).send(ALERT)
        ((recipients, message),) = handler.messages
        assert recipients == ["a@example.org"]
        assert "cause: boom" in message.get_payload()

    @pytest.mark.usefixtures("trusted")
    def test_wrong_password(self, encrypted: tuple[_Mailbox, AlertSettings]) -> None:
        handler, settings = encrypted
        wrong = settings.model_copy(update={"smtp_password": SecretStr("canary")})
        with pytest.raises(ChannelError) as caught:
            Smtp(wrong).send(ALERT)
        assert str(caught.value) == "the mail server answered 535"
        assert handler.messages == []

    def test_certificate_of_an_untrusted_authority(
        self, encrypted: tuple[_Mailbox, AlertSettings]
    ) -> None:
        handler, settings = encrypted
        with pytest.raises(ChannelError, match="SSLCertVerificationError"):
            Smtp(settings).send(ALERT)
        assert handler.messages == []

    @pytest.mark.usefixtures("trusted")
    def test_certificate_of_another_host(self, encrypted: tuple[_Mailbox, AlertSettings]) -> None:
        _, settings = encrypted
        other = settings.model_copy(update={"smtp_host": "localhost"})
        with pytest.raises(ChannelError, match="SSLCertVerificationError"):
            Smtp(other).send(ALERT)

    def test_server_without_tls_gets_nothing(self, mailbox: tuple[_Mailbox, int]) -> None:
        handler, port = mailbox
        wants = mail_settings(port).model_copy(update={"smtp_tls": "starttls"})
        with pytest.raises(ChannelError, match="SMTPNotSupportedError"):
            Smtp(wants).send(ALERT)
        assert handler.messages == []

    def test_never_in_the_clear_to_another_machine(self) -> None:
        settings = AlertSettings(smtp_host="mail.example.org", smtp_to="a@b", smtp_tls="off")
        with pytest.raises(ChannelError, match="off is for a mail server on this machine"):
            Smtp(settings).send(ALERT)


HEAD = b"HTTP/1.1 200 OK\r\n"


def webhook_at(port: int) -> Channel:
    return Webhook("webhook", f"http://127.0.0.1:{port}/{SECRET}")


class TestDeadline:
    """A receiver that answers byte by byte, so that no single read times out."""

    @pytest.fixture(autouse=True)
    def _ended(self) -> Iterator[None]:
        """Wait for the threads of given up messages, which end when their server does."""
        yield
        for thread in channels.SENDING.values():
            thread.join(LONGEST_SECONDS)

    def test_the_body_of_an_answer_is_not_read(self) -> None:
        with dripping(HEAD + b"Content-Length: 1000000\r\n\r\n", b"x") as port:
            webhook_at(port).send(ALERT)

    @pytest.mark.parametrize(
        ("start", "drop", "is_mail"),
        [
            (HEAD, b"X-More: drop\r\n", False),
            (HEAD + b"X-Endless: ", b"x", False),
            (b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 1000000\r\n\r\n", b"x", False),
            (b"220-hello\r\n", b"220-and more\r\n", True),
            (b"220 ", b"x", True),
        ],
        ids=["headers", "one header", "body of a redirect", "greeting", "line of a greeting"],
    )
    def test_a_message_is_given_up(self, start: bytes, drop: bytes, is_mail: bool) -> None:
        with dripping(start, drop) as port:
            channel = Smtp(mail_settings(port)) if is_mail else webhook_at(port)
            # Servers that send too many or too long lines are refused before the deadline.
            with pytest.raises(ChannelError, match=r"did not take|could not be reached"):
                Punctual(channel, 0.5).send(ALERT)

    def test_a_receiver_gets_no_second_message_while_it_answers_the_first(self) -> None:
        with dripping(HEAD + b"X-Endless: ", b"x") as port:
            with pytest.raises(ChannelError, match=r"did not take the message within 0.2 s"):
                Punctual(webhook_at(port), 0.2).send(ALERT)
            with pytest.raises(ChannelError, match="still answering an earlier message"):
                Punctual(webhook_at(port), 60).send(ALERT)

    def test_the_next_channel_gets_its_alert(self, receiver: Receiver) -> None:
        outbox = Outbox(dg.DagsterInstance.ephemeral())
        outbox.add(ALERT)
        with dripping(b"220 ", b"x") as port:
            hangs = Punctual(Smtp(mail_settings(port)), 0.2)
            assert outbox.deliver([hangs, Webhook("webhook", receiver.url)]) == 1
        assert outbox.failing() == {"smtp": "did not take the message within 0.2 s"}

    def test_every_configured_channel_has_the_deadline(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(channels, "DEADLINE_SECONDS", 0.2)
        with dripping(b"220 ", b"x") as port:
            monkeypatch.setenv("FANTASY_ALERT_SMTP_HOST", "127.0.0.1")
            monkeypatch.setenv("FANTASY_ALERT_SMTP_PORT", str(port))
            monkeypatch.setenv("FANTASY_ALERT_SMTP_TO", "a@example.org")
            (smtp,) = configured()
            with pytest.raises(ChannelError, match=r"within 0.2 s"):
                smtp.send(ALERT)


class TestConfigured:
    def test_nothing_set(self) -> None:
        assert configured() == []

    def test_set_to_nothing_is_not_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A compose file sets the variables that its user left out to empty strings."""
        for name in AlertSettings.model_fields:
            monkeypatch.setenv(f"FANTASY_ALERT_{name.upper()}", "")
        settings = AlertSettings()
        assert configured() == []
        assert settings.smtp_from
        assert settings.smtp_port == 587

    def test_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FANTASY_ALERT_SLACK_URL", f"https://hooks.example/{SECRET}")
        monkeypatch.setenv("FANTASY_ALERT_WEBHOOK_URL", "https://other.example/x")
        monkeypatch.setenv("FANTASY_ALERT_SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("FANTASY_ALERT_SMTP_TO", "a@example.org")
        settings = AlertSettings()
        assert [c.name for c in configured()] == ["slack", "webhook", "smtp"]
        assert SECRET not in repr(settings)
        assert isinstance(settings.slack_url, SecretStr)

    def test_bad_setting_of_one_channel_leaves_the_others(
        self, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FANTASY_ALERT_WEBHOOK_URL", receiver.url)
        monkeypatch.setenv("FANTASY_ALERT_SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("FANTASY_ALERT_SMTP_TO", "a@example.org")
        monkeypatch.setenv("FANTASY_ALERT_SMTP_PORT", SECRET)
        webhook, smtp = configured()
        webhook.send(ALERT)
        assert len(receiver.bodies) == 1
        with pytest.raises(ChannelError, match="FANTASY_ALERT_SMTP_PORT: Input") as caught:
            smtp.send(ALERT)
        assert SECRET not in str(caught.value)
        assert misconfigured() == {"smtp": str(caught.value)}
        monkeypatch.delenv("FANTASY_ALERT_SMTP_PORT")
        assert misconfigured() == {}


class TestCommand:
    """`fantasy-pipeline alert-test`, as an operator runs it."""

    @staticmethod
    def run(*words: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "fantasy_pipeline.cli", "alert-test", *words],
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
        )
        return done.returncode, done.stdout, done.stderr

    def test_every_channel_is_tried_and_named(
        self, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FANTASY_ALERT_WEBHOOK_URL", receiver.url)
        monkeypatch.setenv("FANTASY_ALERT_SLACK_URL", f"http://127.0.0.1:{free_port()}/{SECRET}")
        code, out, err = self.run("--json")
        assert code == 1
        assert json.loads(out) == [
            {"channel": "slack", "sent": False, "error": "could not be reached (ConnectionError)"},
            {"channel": "webhook", "sent": True, "error": None},
        ]
        assert err == (
            "error: the test alert failed on slack; check the FANTASY_ALERT_… settings of each "
            "and test again.\n"
        )
        (body,) = receiver.bodies
        assert body["kind"] == "test"
        monkeypatch.delenv("FANTASY_ALERT_SLACK_URL")
        assert self.run() == (0, "webhook: sent\n", "")
        first, second = (body["id"] for body in receiver.bodies)
        assert first != second

    def test_nothing_set(self) -> None:
        code, out, err = self.run()
        assert (code, out) == (1, "")
        assert err.startswith("error: no alert channel is configured; set FANTASY_ALERT_SLACK_URL")
