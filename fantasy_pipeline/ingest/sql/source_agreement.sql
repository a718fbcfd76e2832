-- Pairs of files of projections: on how many players both project the two agree.
-- A file is what one source states about one part of a week: every position, or a single one.
--   statements   one row per season, week, part, source and player
--   $weeks_back  0: compare the files of two sources; 1: a source's file with its week before
--   $apart       points that are less than this apart agree, as equal points do
with files as (
    -- Sources write 0 where they have no projection.
    select
        season, week, part, source, player_id,
        case when points_std > 0 then points_std end as std,
        case when half > 0 then half end as half,
        case when points_ppr > 0 then points_ppr end as ppr,
        nullif(ecr, 0) as ecr, nullif(ecr_sd, 0) as ecr_sd,
        nullif(ecr_best, 0) as ecr_best, nullif(ecr_worst, 0) as ecr_worst
    from (
        -- Half-PPR lies midway between standard and PPR.
        select *, coalesce(points_half, (points_std + points_ppr) / 2) as half from statements
    )
),
compared as (
    select
        file.season, file.week, file.part, file.source, other.source as other,
        -- The scoring in which the two are nearest: least() skips those that one does not give.
        least(
            abs(file.std - other.std), abs(file.half - other.half), abs(file.ppr - other.ppr)
        ) as points_apart,
        file.ecr = other.ecr as ecr, file.ecr_sd = other.ecr_sd as ecr_sd,
        file.ecr_best = other.ecr_best as ecr_best, file.ecr_worst = other.ecr_worst as ecr_worst
    from files file
    join files other
        on other.season = file.season and other.week = file.week - $weeks_back
        and other.part = file.part and other.player_id = file.player_id
        and (other.source = file.source) = ($weeks_back > 0)
),
judged as (
    select
        season, week, part, source, other,
        case
            when points_apart is not null then points_apart = 0 or points_apart < $apart
            -- Without a common scoring all common ranks must be equal; null if there is none.
            when coalesce(ecr, ecr_sd, ecr_best, ecr_worst) is not null
                then (ecr and ecr_sd and ecr_best and ecr_worst) is not false
        end as agrees
    from compared
)
select season, week, part, source, other
from judged
group by all
having count(agrees) >= $players and count(*) filter (where agrees) >= $share * count(agrees)
order by all
