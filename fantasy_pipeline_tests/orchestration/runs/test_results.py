"""What is read from a run's events: checks with one result per week become one line each."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import pytest

from fantasy_pipeline.orchestration.runs.results import facts_of

WEEKS = dg.StaticPartitionsDefinition(["1", "2", "3", "4", "5"])


@dg.asset(partitions_def=WEEKS)
def lines() -> None: ...


def evaluations(
    severity: dg.AssetCheckSeverity, partitions: list[str | None]
) -> Iterator[dg.Output[None] | dg.AssetCheckEvaluation]:
    yield dg.Output(None, output_name="lines_even")
    for partition in partitions:
        yield dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey("lines"),
            check_name="even",
            passed=partition == "2",
            severity=severity,
            description=f"week {partition} is odd" if partition else "weeks 1-5 are odd",
            partition=partition,
        )


def events(severity: dg.AssetCheckSeverity, *partitions: str | None) -> list[dg.DagsterEvent]:
    """Events of a run over all weeks whose check has these results."""

    @dg.multi_asset_check(
        specs=[dg.AssetCheckSpec("even", asset="lines", partitions_def=WEEKS)], can_subset=True
    )
    def check() -> Iterator[dg.Output[None] | dg.AssetCheckEvaluation]:
        yield from evaluations(severity, list(partitions))

    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [lines, check],
            instance=instance,
            tags={
                "dagster/asset_partition_range_start": "1",
                "dagster/asset_partition_range_end": "5",
            },
        )
    return result.all_events


@pytest.mark.filterwarnings("ignore::dagster.BetaWarning", "ignore::dagster.PreviewWarning")
def test_a_check_that_fails_in_many_weeks_is_one_line() -> None:
    facts = facts_of(events(dg.AssetCheckSeverity.WARN, "1", "2", "3", "4", "5"))
    told = "even: lines week 1 is odd; week 3 is odd; week 4 is odd; and in 1 more week"
    assert list(facts.warnings) == [told]
    assert not facts.errors
    facts = facts_of(events(dg.AssetCheckSeverity.ERROR, "1"))
    assert [error.line for error in facts.errors] == ["even: lines week 1 is odd"]
    assert not facts.warnings


@pytest.mark.filterwarnings("ignore::dagster.BetaWarning", "ignore::dagster.PreviewWarning")
def test_the_result_of_all_weeks_names_them_already() -> None:
    facts = facts_of(events(dg.AssetCheckSeverity.WARN, None, "1", "2"))
    assert list(facts.warnings) == ["even: lines weeks 1-5 are odd"]
