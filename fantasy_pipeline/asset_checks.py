"""The checks on assets: what a reader of the tables may rely on."""

import dagster as dg

from fantasy_pipeline.assets import weekly_stats
from fantasy_pipeline.partitions import season_week, weeks_of
from fantasy_pipeline.resources import NflData
from fantasy_pipeline.tables import WEEKLY_STATS


@dg.asset_check(
    asset=weekly_stats,
    partitions_def=season_week,
    description="Points by our scoring equal upstream's own, to 0.01, in every stat line.",
)
def points_match_upstream(
    context: dg.AssetCheckExecutionContext, nfl: NflData
) -> dg.AssetCheckResult:
    from fantasy_pipeline.stats import POINT_COLUMNS, point_differences

    lines = nfl.lake.read(WEEKLY_STATS, weeks_of(context), POINT_COLUMNS)
    different = point_differences(lines)
    return dg.AssetCheckResult(
        passed=not different,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "rows": lines.num_rows,
            "different": len(different),
            "examples": different[:10],
        },
    )
