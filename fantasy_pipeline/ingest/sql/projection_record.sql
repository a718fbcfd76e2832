-- The record of some weeks after a download: stored statements stay, new ones are added.
--   stored   the record so far
--   stated   what the sources state now: whole weeks, one row per source and player
-- In braces: lists of the columns that a source states.
with fetches as (
    select season, week, source, max(as_of) as fetched from stated group by all
),
-- A file older than the latest stored one is left out: its place in the order is unknown.
fresh as (
    select f.*
    from fetches f
    left join (select season, week, source, max(as_of) as latest from stored group by all)
        using (season, week, source)
    where latest is null or fetched >= latest
),
new as (
    select * from stated semi join fresh using (season, week, source)
),
-- A file that is read again, perhaps by a better reader, replaces its own rows only.
kept as (
    select s.*
    from stored s
    left join fresh f using (season, week, source)
    anti join new using (season, week, source, player_id, as_of)
    where f.fetched is null or s.as_of <> f.fetched
),
latest as (
    select *
    from kept
    qualify row_number() over (
        partition by season, week, source, player_id order by as_of desc
    ) = 1
),
added as (
    select n.*
    from new n
    asof left join kept k
        on n.season = k.season and n.week = k.week and n.source = k.source
        and n.player_id = k.player_id and n.as_of >= k.as_of
    where k.player_id is null or {content_new} is distinct from {content_kept}
),
-- A player whom the source no longer projects gets a row without content.
withdrawn as (
    select l.* replace (f.fetched as as_of, {blank})
    from latest l
    join fresh f using (season, week, source)
    anti join new using (season, week, source, player_id)
    where coalesce({columns}) is not null
)
from kept union all by name from added union all by name from withdrawn
