-- What NFL.com states of defenders, by player. Names are compared by plain_name, see ingest/names.py;
-- the id map adds the names that fantasy sites use. Of two defenders with one name the one on the
-- team that NFL.com states is taken, or neither. A line that names nobody is that of the only other
-- defender with its surname on its team: NFL.com shortens first names (Foye Oluokun).
create or replace temp macro surname(plain) as regexp_extract(plain, '[^ ]+$');

with listed as (
    select p.season, p.week, p.player_id, p.team, plain_name(p.player_name) as name
    from players p
    where p.position in $defenders
    union
    select p.season, p.week, p.player_id, p.team, plain_name(i.player_name) as name
    from players p
    join ids i using (player_id)
    where p.position in $defenders
),
stated as (
    select season, week, team, plain_name(name) as name, tackles_for_loss, kicks_blocked
    from results
),
same_name as (
    select l.season, l.week, l.player_id, s.name, l.team = s.team as is_on_team,
        count(distinct l.player_id) over (partition by l.season, l.week, l.name) as namesakes,
        s.tackles_for_loss, s.kicks_blocked
    from listed l
    join stated s using (season, week, name)
),
by_name as (
    select * from same_name where namesakes = 1 or is_on_team
),
by_surname as (
    select l.season, l.week, min(l.player_id) as player_id,
        max(s.tackles_for_loss) as tackles_for_loss, max(s.kicks_blocked) as kicks_blocked
    from (from listed anti join by_name using (season, week, player_id)) l
    join (from stated anti join same_name using (season, week, name)) s
        on s.season = l.season and s.week = l.week and s.team = l.team
        and surname(s.name) = surname(l.name)
    group by l.season, l.week, l.team, surname(l.name)
    having count(distinct l.player_id) = 1 and count(distinct s.name) = 1
)
select season, week, player_id,
    max(tackles_for_loss) as nflcom_tackles_for_loss,
    max(kicks_blocked) as nflcom_kicks_blocked
from (
    select season, week, player_id, tackles_for_loss, kicks_blocked from by_name
    union all
    select season, week, player_id, tackles_for_loss, kicks_blocked from by_surname
)
group by all
