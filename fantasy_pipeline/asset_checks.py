"""The checks on assets: what a reader of the tables may rely on."""

from typing import Any

import dagster as dg

from fantasy_pipeline.assets import weekly_stats
from fantasy_pipeline.partitions import season_week


@dg.asset_check(
    asset=weekly_stats,
    partitions_def=season_week,
    description="Points by our scoring equal upstream's own, to 0.01, in every stat line.",
)
def points_match_upstream(weekly_stats: Any) -> dg.AssetCheckResult:
    from fantasy_pipeline.stats import point_differences

    different = point_differences(weekly_stats)
    return dg.AssetCheckResult(
        passed=not different,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "rows": weekly_stats.num_rows,
            "different": len(different),
            "examples": different[:10],
        },
    )
