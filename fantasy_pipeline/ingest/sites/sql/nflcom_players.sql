-- NFL.com's rows with player ids, matched by normalised name and position. Of two players with one
-- name and position the one on the team that NFL.com states is taken, or neither.
-- Names are compared by plain_name, see ingest/names.py. The id map adds the names
-- that fantasy sites use (Tank Dell) where rosters have the legal name.
-- A row without such a player gets a player of the same surname and position who is on the same team
-- or whose first name begins with the same three letters, if both are the only ones left: NFL.com
-- shortens first names (Jeff Wilson).
create or replace temp macro surname(plain) as regexp_extract(plain, '[^ ]+$');
create or replace temp macro more_of(team, plain) as [team, 'first name ' || left(plain, 3)];

with listed as (
    select
        r.season, r.week, r.player_id, r.team, r.position, r.player_name,
        i.player_name as fantasy_name
    from raw_players r
    left join ids i using (player_id)
    where r.position in $positions
),
named as (
    select season, week, player_id, team, position, plain_name(player_name) as name from listed
    union
    select season, week, player_id, team, position, plain_name(fantasy_name) from listed
    where fantasy_name is not null
),
candidates as (
    select
        n.season, n.week, 'nflcom' as source, p.player_id, p.team as roster_team,
        n.name as player_name, n.position, n.team,
        null::double as points_std, n.points_half, null::double as points_ppr, n.as_of
    from nflcom n
    left join named p
        on p.season = n.season and p.week = n.week and p.position = n.position
        and p.name = plain_name(n.name)
),
by_name as (
    select * exclude (roster_team) replace (
        case when roster_team = team or namesakes = 1 then player_id end as player_id
    )
    from (
        select *,
            count(distinct player_id) over (partition by season, week, position, player_name)
                as namesakes
        from candidates
    )
    qualify row_number() over (
        partition by season, week, position, player_name
        order by (roster_team = team) desc nulls last, player_id
    ) = 1
),
-- The players whom no row names and the rows that name no player, by surname and by one thing more:
-- the team, or the first letters of the first name, because NFL.com's team is that of the day on
-- which the file was saved. A row with namesakes is left alone.
players_left as (
    select season, week, position, player_id, surname(name) as surname,
        unnest(more_of(team, name)) as more
    from named
    anti join by_name using (season, week, player_id)
),
rows_left as (
    select season, week, position, player_name, surname(plain_name(player_name)) as surname,
        unnest(more_of(team, plain_name(player_name))) as more
    from by_name
    where player_id is null and namesakes = 0
),
single_players as (
    select season, week, position, surname, more, min(player_id) as player_id
    from players_left
    group by all
    having count(distinct player_id) = 1
),
single_rows as (
    select season, week, position, surname, more, min(player_name) as player_name
    from rows_left
    group by all
    having count(distinct player_name) = 1
),
by_surname as (
    select season, week, position, player_name, min(p.player_id) as found
    from single_rows
    join single_players p using (season, week, position, surname, more)
    group by all
    -- Team and first letters do not lead to two players.
    having count(distinct p.player_id) = 1
)
select b.* exclude (namesakes) replace (coalesce(b.player_id, s.found) as player_id)
from by_name b
left join by_surname s using (season, week, position, player_name)
-- If a file has a player in two spellings, the higher projection is taken.
qualify coalesce(b.player_id, s.found) is null or row_number() over (
    partition by season, week, coalesce(b.player_id, s.found)
    order by points_half desc, player_name
) = 1
