"""What is read from a run's events: checks with one result per week become one line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dagster as dg
import pytest

from fantasy_pipeline.orchestration.runs.results import facts_of

KEYS = ("2024|01", "2024|02", "2024|03", "2024|04", "2024|05")
WEEKS = dg.StaticPartitionsDefinition(KEYS)


@dg.asset(partitions_def=WEEKS)
def lines() -> None: ...


def evaluations(
    severity: dg.AssetCheckSeverity, partitions: list[str | None]
) -> Iterator[dg.Output[None] | dg.AssetCheckEvaluation]:
    yield dg.Output(None, output_name="lines_even")
    described = {
        KEYS[0]: "2024 week 1: no rows",
        KEYS[2]: "2024 week 3: no rows",
        KEYS[3]: "2024 week 4: odd; 2024 week 4: high",
        KEYS[4]: "2024 week 5: no rows",
    }
    for partition in partitions:
        yield dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey("lines"),
            check_name="even",
            passed=partition == KEYS[1],
            severity=severity,
            description=described.get(partition or "", "weeks 1-5 are odd"),
            partition=partition,
        )


def events(severity: dg.AssetCheckSeverity, *partitions: str | None) -> Sequence[dg.DagsterEvent]:
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
                "dagster/asset_partition_range_start": KEYS[0],
                "dagster/asset_partition_range_end": KEYS[-1],
            },
        )
    return result.all_events


@pytest.mark.filterwarnings("ignore::dagster.BetaWarning", "ignore::dagster.PreviewWarning")
def test_a_check_that_fails_in_many_weeks_is_one_line() -> None:
    facts = facts_of(events(dg.AssetCheckSeverity.WARN, *KEYS))
    told = "2024 weeks 1,3,5: no rows; 2024 week 4: odd; 2024 week 4: high"
    assert list(facts.warnings) == [f"even: lines {told}"]
    assert not facts.errors
    facts = facts_of(events(dg.AssetCheckSeverity.ERROR, KEYS[0]))
    assert [error.line for error in facts.errors] == ["even: lines 2024 week 1: no rows"]
    assert not facts.warnings


@pytest.mark.filterwarnings("ignore::dagster.BetaWarning", "ignore::dagster.PreviewWarning")
def test_the_result_of_all_weeks_names_them_already() -> None:
    facts = facts_of(events(dg.AssetCheckSeverity.WARN, None, *KEYS[:2]))
    assert list(facts.warnings) == ["even: lines weeks 1-5 are odd"]
