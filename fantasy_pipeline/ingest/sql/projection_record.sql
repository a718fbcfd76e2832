-- The record of some weeks after a fetch: what was said stays, what is new is added.
--   stored  the record so far
--   said    what sources say now: whole weeks, one row per source and player
-- In braces: lists of the columns that are what a source says.
with fetches as (
    select season, week, source, max(as_of) as fetched from said group by all
),
-- An older file than the one recorded last cannot be put in order any more.
fresh as (
    select f.*
    from fetches f
    left join (select season, week, source, max(as_of) as latest from stored group by all)
        using (season, week, source)
    where latest is null or fetched >= latest
),
new as (
    select * from said semi join fresh using (season, week, source)
),
-- The same file read again, perhaps by better code, replaces its own rows and no others.
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
-- Who was projected and is not any more: a row that says nothing.
taken_back as (
    select l.* replace (f.fetched as as_of, {blank})
    from latest l
    join fresh f using (season, week, source)
    anti join new using (season, week, source, player_id)
    where coalesce({columns}) is not null
)
from kept union all by name from added union all by name from taken_back
