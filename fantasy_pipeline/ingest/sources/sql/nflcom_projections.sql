-- NFL.com's projected points, one row per player and week; 0 points mean no projection.
-- If a file has a name twice, the higher projection stays.
select
    cast($season as integer) as season,
    week,
    trim(PlayerName) as name,
    position,
    {team} as team,
    case when lower(PlayerOpponent) <> 'bye' then {opponent} end as opponent,
    cast(PlayerWeekProjectedPts as double) as points_half,
    case
        -- Before 2024 the stat columns have what happened, not what was projected.
        when $season < 2024 then null
        when position = 'K' and "PatMade" is not null then
            coalesce(try_cast("PatMade" as double), 0) + 3 * (
                coalesce(try_cast("FgMade_0-19" as double), 0)
                + coalesce(try_cast("FgMade_20-29" as double), 0)
                + coalesce(try_cast("FgMade_30-39" as double), 0)
                + coalesce(try_cast("FgMade_40-49" as double), 0)
            ) + 5 * coalesce(try_cast("FgMade_50" as double), 0)
        when position <> 'K' and coalesce("PassingYDS", "RushingYDS", "ReceivingYDS") is not null
        then
            coalesce(try_cast("PassingYDS" as double), 0) / 25
            + 4 * coalesce(try_cast("PassingTD" as double), 0)
            - 2 * coalesce(try_cast("PassingInt" as double), 0)
            + coalesce(try_cast("RushingYDS" as double), 0) / 10
            + 6 * coalesce(try_cast("RushingTD" as double), 0)
            + coalesce(try_cast("ReceivingRec" as double), 0) / 2
            + coalesce(try_cast("ReceivingYDS" as double), 0) / 10
            + 6 * coalesce(try_cast("ReceivingTD" as double), 0)
            + 6 * coalesce(try_cast("RetTD" as double), 0)
            + 6 * coalesce(try_cast("FumTD" as double), 0)
            + 2 * coalesce(try_cast("2PT" as double), 0)
            - 2 * coalesce(try_cast("Fum" as double), 0)
    end as line_points,
    as_of
from lines
where try_cast(PlayerWeekProjectedPts as double) > 0 and trim(PlayerName) <> ''
qualify row_number() over (
    partition by week, position, trim(PlayerName)
    order by cast(PlayerWeekProjectedPts as double) desc, Team
) = 1
