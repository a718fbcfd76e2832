-- Whose snaps and injury reports are whose. Snap counts have Pro Football Reference's player ids.
--   snap_ids     pfr_id, player_id; the rosters' ids serve where the id tables have none, or are
--                missing
--   exchanged    season, week, stated, team: teams whose snaps upstream lists under their opponent,
--                as in the Super Bowls of 2015, 2018 and 2020. More of the listed players are on the
--                opponent's roster (without rosters: have its stat lines) than on the stated team's.
--   exchanged_reports   the same of injury reports, under any other team. In 2021-2025, at least 87%
--                of the players of a report are on the roster of its team.
create temp view snap_ids as
select pfr_id, min(player_id) as player_id
from (
    select pfr_id, player_id
    from (
        select pfr_id, player_id, 0 as source from players
        union
        select pfr_id, player_id, 0 from ids
        union
        select pfr_id, player_id, 1 from rosters
    )
    where pfr_id is not null
    qualify rank() over (partition by pfr_id order by source) = 1
)
group by pfr_id;

create temp table exchanged as
-- Each step is materialized: otherwise DuckDB pairs the snaps of a week with all teams of that week
-- before it looks at the players, which takes 2.7 GiB for a season without rosters.
with listed as materialized (
    select s.season, s.week, s.team as stated, i.player_id
    from snaps s
    join snap_ids i using (pfr_id)
),
teams as (
    select season, week, player_id, team from rosters
    union
    select season, week, player_id, team from stats
),
found as materialized (
    select l.season, l.week, l.stated, t.team, count(*) as players
    from listed l
    join teams t using (season, week, player_id)
    group by all
)
select w.season, w.week, w.team as stated, w.opponent as team
from team_weeks w
join found f on f.season = w.season and f.week = w.week and f.stated = w.team
where w.opponent is not null
group by all
having sum(f.players) filter (f.team = w.opponent) > coalesce(
    sum(f.players) filter (f.team = w.team), 0
);

create temp table exchanged_reports as
select season, week, stated, team
from (
    select
        i.season, i.week, i.team as stated, r.team, count(*) as players,
        sum(count(*)) over (partition by i.season, i.week, i.team) as listed
    from injuries i
    join rosters r
        on r.season = i.season and r.player_id = i.player_id
        -- A coming week has no rosters yet: those before it are compared.
        and r.week = least(i.week, (select max(week) from rosters))
    group by i.season, i.week, i.team, r.team
)
where team <> stated and players >= 3 and players > 0.5 * listed
