-- Whose snaps are whose. Snap counts have Pro Football Reference's player ids.
--   snap_ids     pfr_id, player_id
--   exchanged    season, week, stated, team: teams whose snaps upstream lists under their opponent,
--                as in the Super Bowls of 2015, 2018 and 2020. More of the listed players are on the
--                opponent's roster (without rosters: have its stat lines) than on the stated team's.
create temp view snap_ids as
select pfr_id, min(player_id) as player_id
from (
    select pfr_id, player_id from players union select pfr_id, player_id from ids
)
where pfr_id is not null
group by pfr_id;

create temp table exchanged as
with teams as (
    select season, week, player_id, team from rosters
    union
    select season, week, player_id, team from stats
)
select w.season, w.week, w.team as stated, w.opponent as team
from team_weeks w
join snaps s using (season, week, team)
join snap_ids i using (pfr_id)
join teams t on t.season = w.season and t.week = w.week and t.player_id = i.player_id
where w.opponent is not null
group by all
having count_if(t.team = w.opponent) > count_if(t.team = w.team)
