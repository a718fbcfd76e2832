-- Pool the measures of teams over weeks: one row per position, group and source. A team-week counts
-- once, so every mean is weighted by the number of teams. fsum does not depend on the rows' order.
with scored as (
    select *,
        case $by when 'season' then season when 'week' then week else 0 end as rank,
        case $by when 'season' then cast(season as varchar) when 'week' then cast(week as varchar)
            else 'all' end as label
    from accuracy
    where scoring = $scoring and pool = $pool and week <= $last_week and teams is not null
        and source not in (select unnest($naive))
)
select position, label, source,
    cast(sum(teams) as bigint) as team_weeks,
    fsum(starter_right * teams) / sum(teams) as starter_right,
    fsum(two_starters * teams) / sum(teams) as two_starters,
    fsum(team_projected * teams) / sum(teams) as projected,
    fsum(team_scored * teams) / sum(teams) as scored,
    fsum(team_projected * teams) / nullif(fsum(team_scored * teams), 0) - 1 as sum_off,
    fsum(yards_apart * teams) / nullif(sum(teams) filter (yards_apart is not null), 0)
        as yards_apart
from scored
group by position, rank, label, source
order by position desc, rank, starter_right desc, source
