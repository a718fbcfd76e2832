-- NFL.com's projected points; 0 means none. A name can stand twice in a file: keep the higher.
select
    cast($season as integer) as season,
    week,
    trim(PlayerName) as name,
    position,
    {team} as team,
    cast(PlayerWeekProjectedPts as double) as points_half,
    as_of
from read_csv($paths, all_varchar = true, union_by_name = true, filename = true, header = true)
join files using (filename)
where try_cast(PlayerWeekProjectedPts as double) > 0 and trim(PlayerName) <> ''
qualify row_number() over (
    partition by week, position, trim(PlayerName)
    order by cast(PlayerWeekProjectedPts as double) desc, Team
) = 1
