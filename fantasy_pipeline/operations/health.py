"""Health check: runs every rule of `health_rules`; the exit code is the worst level found.

It asks no upstream and changes nothing, so a container or a cron may call it at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.lake.patience import patience
from fantasy_pipeline.operations.health_rules import DAEMON_RULES, RULES, Finding, Level, Subject
from fantasy_pipeline.orchestration.history_errors import at_once, in_words
from fantasy_pipeline.orchestration.history_probe import history_folders
from fantasy_pipeline.settings import invalid_settings

if TYPE_CHECKING:
    from fantasy_pipeline.operations.session import Session

LONGEST_REQUEST_SECONDS = 2
"""For each request to object storage or a database: a monitor gives up a check after seconds."""
LEVELS: tuple[Level, ...] = ("ok", "warning", "critical")


def examine(subject: Subject, daemon: bool = True) -> list[Finding]:
    """Return the findings of every rule, in order; a rule without findings is ok.

    Args:
        daemon: False leaves out `DAEMON_RULES`.
    """
    findings = []
    for rule in RULES:
        if not daemon and rule in DAEMON_RULES:
            continue
        name = rule.__name__
        try:
            found = list(rule(subject))
        except Exception as error:
            # Monitoring needs the other rules' findings and a defined exit code.
            found = [Finding(name, "critical", f"cannot be checked: {_cause(error)}")]
        findings += found or [Finding(name, "ok", "")]
    return findings


def examine_session(make_session: Callable[[], Session], daemon: bool = True) -> list[Finding]:
    """Return `examine` of a session. Never raises: a session that cannot be opened is critical."""
    with patience(LONGEST_REQUEST_SECONDS):
        return _examine_session(make_session, daemon)


def _examine_session(make_session: Callable[[], Session], daemon: bool) -> list[Finding]:
    try:
        session = make_session()
    except (PipelineError, ValidationError) as error:
        return [_no_answer(error)]
    with at_once():
        try:
            # Query once here: else each rule waits for a storage that does not answer.
            session.instance.get_runs(limit=1)
        except Exception as error:
            return [Finding("storage", "critical", f"cannot be reached: {_cause(error)}")]
        try:
            subject = subject_of(session)
        except Exception as error:
            return [_no_answer(error)]
        return examine(subject, daemon)


def _no_answer(error: Exception) -> Finding:
    text = invalid_settings(error) if isinstance(error, ValidationError) else _cause(error)
    return Finding("answer", "critical", text)


def _cause(error: BaseException) -> str:
    """Return the root cause in one line: outer errors only say that something failed."""
    if (known := in_words(error)) is not None:
        return str(known)
    while error.__cause__ is not None:
        error = error.__cause__
    text = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def exit_code(findings: Iterable[Finding]) -> int:
    """Return the exit code of the worst finding: 0 ok, 1 warning, 2 critical."""
    return max((LEVELS.index(finding.level) for finding in findings), default=0)


def subject_of(session: Session) -> Subject:
    """Return the deployment of a session: its instance, its lake's schedule, its folders."""
    data = session.settings.data
    folders = [session.home, *([] if "://" in data else [Path(data)])]
    for further in (session.settings.cache_dir, *history_folders(session.instance)):
        if not any(further.absolute().is_relative_to(folder.absolute()) for folder in folders):
            folders.append(further.absolute())
    return Subject(
        instance=session.instance,
        label=session.label,
        lake=session.lake,
        games=session.stored_games,
        now=session.present,
        clock=session.at or datetime.now(timezone.utc),
        folders=folders,
        locks=session.locks,
    )
