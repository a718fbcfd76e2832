-- Pool the measures of weeks and positions: one row per group and source, best RMSE first.
-- The weights are those of measures.pooled. fsum and favg (Kahan) do not depend on the rows' order.
with scored as (
    select *,
        case $by when 'season' then season when 'week' then week
            when 'position' then list_position($positions, position) else 0 end as rank,
        case $by when 'season' then cast(season as varchar) when 'week' then cast(week as varchar)
            when 'position' then position else 'all' end as label
    from accuracy
    where scoring = $scoring and pool = $pool and week <= $last_week and position <> $total
        and ($by is not distinct from 'position' or list_contains($counted, position))
),
compared as (
    select distinct season, week from scored where source = $nflcom
),
pooled as (
    select rank, label, source,
        cast(sum(players) as bigint) as players,
        fsum(mae * players) / nullif(sum(players) filter (mae is not null), 0) as mae,
        sqrt(fsum(rmse ** 2 * players) / nullif(sum(players) filter (rmse is not null), 0)) as rmse,
        fsum(bias * players) / nullif(sum(players) filter (bias is not null), 0) as bias,
        -- Each week and position counts the same.
        favg(spearman) as spearman,
        fsum(start_sit * pairs) / nullif(sum(pairs) filter (start_sit is not null), 0) as start_sit,
        fsum(coverage * players) / nullif(sum(players) filter (coverage is not null), 0) as coverage,
        fsum(pinball * players) / nullif(sum(players) filter (pinball is not null), 0) as pinball,
        fsum(nflcom_mae * players)
            / nullif(sum(players) filter (nflcom_mae is not null), 0) as nflcom_mae,
        sqrt(fsum(nflcom_rmse ** 2 * players)
            / nullif(sum(players) filter (nflcom_rmse is not null), 0)) as nflcom_rmse
    from scored
    -- Weeks without NFL.com count only if no week has it: all sources share the same weeks.
    where not exists (from compared) or (season, week) in (from compared)
    group by all
)
select label, source, players, mae, rmse, bias, spearman, start_sit, coverage, pinball,
    mae / nullif(nflcom_mae, 0) as mae_ratio,
    rmse / nullif(nflcom_rmse, 0) as rmse_ratio
from pooled
order by rank, rmse, source
