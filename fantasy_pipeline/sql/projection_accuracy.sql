-- Error of each source per week and position, on the players whom all sources of the week project
-- above 0 and who played.
with actual as (
    select season, week, player_id, fantasy_points_half + kicking_points as points
    from weekly_stats
),
projected as (
    select season, week, player_id, position, source,
        projected_points_half as points, p10_half as p10, p90_half as p90
    from projections
    union all
    select s.season, s.week, s.player_id, p.position, s.source, s.points_half, null, null
    from source_projections s
    join projections p using (season, week, player_id)
),
week_sources as (
    select season, week, count(distinct source) as sources
    from projected
    group by all
),
pool as (
    select p.season, p.week, p.player_id
    from projected p
    join week_sources w using (season, week)
    where p.points > 0
    group by all
    having count(distinct p.source) = any_value(w.sources)
),
scored as (
    select j.season, j.week, j.source, j.position, j.points as projected, a.points as actual,
        j.p10, j.p90
    from projected j
    join pool using (season, week, player_id)
    join actual a using (season, week, player_id)
),
both_ways as (
    select * from scored
    union all by name
    select * replace ('ALL' as position) from scored
),
ranked as (
    select *,
        -- Equal values share the mean of their ranks.
        rank() over (by_source order by projected)
            + (count(*) over (partition by season, week, source, position, projected) - 1) / 2
            as projected_rank,
        rank() over (by_source order by actual)
            + (count(*) over (partition by season, week, source, position, actual) - 1) / 2
            as actual_rank
    from both_ways
    window by_source as (partition by season, week, source, position)
)
select
    season, week, source, position,
    count(*) as players,
    round(avg(abs(projected - actual)), 4) as mae,
    round(sqrt(avg((projected - actual) ** 2)), 4) as rmse,
    round(avg(projected - actual), 4) as bias,
    -- Not a number where all are alike.
    round(case when count(*) > 2 and not isnan(corr(projected_rank, actual_rank))
        then corr(projected_rank, actual_rank) end, 4) as spearman,
    round(avg((actual between p10 and p90)::int) filter (p10 is not null), 4) as coverage
from ranked
group by all
