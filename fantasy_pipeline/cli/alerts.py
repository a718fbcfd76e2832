"""The command `alert-test`: send a test message to the alert channels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import uuid4

import typer

from fantasy_pipeline.cli.help import CONTROL_PANEL, command
from fantasy_pipeline.cli.options import JsonOption
from fantasy_pipeline.cli.output import console, print_json
from fantasy_pipeline.cli.progress import waiting
from fantasy_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from fantasy_pipeline.orchestration.alerts.channels import Channel


def alert_test(json: JsonOption = False) -> None:
    """Send a test message to every configured alert channel.

    The message says that it is a test. Each channel gets one attempt, without a retry.
    """
    from rich.markup import escape

    from fantasy_pipeline.orchestration.alerts.channels import configured

    channels = configured()
    if not channels:
        raise PipelineError(
            "no alert channel is configured; set FANTASY_ALERT_SLACK_URL, "
            "FANTASY_ALERT_WEBHOOK_URL, or FANTASY_ALERT_SMTP_HOST and FANTASY_ALERT_SMTP_TO."
        )
    errors = _send(channels)
    if json:
        print_json(
            [
                {"channel": name, "sent": error is None, "error": error}
                for name, error in errors.items()
            ]
        )
    else:
        for name, error in errors.items():
            console().print(f"{name}: {escape(error) if error else '[green]sent[/]'}")
    if failed := [name for name, error in errors.items() if error]:
        raise PipelineError(
            f"the test alert failed on {', '.join(failed)}; check the FANTASY_ALERT_… settings of "
            f"each and test again."
        )


def _send(channels: Iterable[Channel]) -> dict[str, str | None]:
    """Send a test alert to each channel; return the error of each by name, None if it was sent."""
    from fantasy_pipeline.orchestration.alerts.channels import ChannelError
    from fantasy_pipeline.orchestration.alerts.messages import Alert

    alert = Alert(f"test-{uuid4()}", "test", "A test of fantasy_pipeline's alerts")
    errors: dict[str, str | None] = {}
    for channel in channels:
        try:
            with waiting(f"sending to {channel.name}"):
                channel.send(alert)
            errors[channel.name] = None
        except ChannelError as error:
            errors[channel.name] = str(error)
    return errors


def add_to(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, CONTROL_PANEL, "alert-test", "alert-test --json")(alert_test)
