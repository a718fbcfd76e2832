-- NFL.com's projected points, one row per player and week; 0 points mean no projection.
-- If a file has a name twice, the higher projection stays.
select
    cast($season as integer) as season,
    week,
    trim(PlayerName) as name,
    position,
    {team} as team,
    cast(PlayerWeekProjectedPts as double) as points_half,
    as_of
from lines
where try_cast(PlayerWeekProjectedPts as double) > 0 and trim(PlayerName) <> ''
qualify row_number() over (
    partition by week, position, trim(PlayerName)
    order by cast(PlayerWeekProjectedPts as double) desc, Team
) = 1
