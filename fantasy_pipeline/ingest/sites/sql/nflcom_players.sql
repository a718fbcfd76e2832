-- NFL.com's rows with player ids, matched by normalised name and position. Of two players with one
-- name and position the one on the team that NFL.com states is taken, or neither.
-- Names are compared without case, punctuation and Jr./Sr./II/III/IV/V. The id map adds the names
-- that fantasy sites use (Tank Dell) where rosters have the legal name.
create or replace temp macro plain_name(name) as regexp_replace(
    regexp_replace(lower(strip_accents(name)), '[^a-z ]', '', 'g'),
    '( (jr|sr|ii|iii|iv|v))?\s*$', ''
);

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
matched as (
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
)
select * exclude (namesakes)
from matched
-- If a file has a player in two spellings, the higher projection is taken.
qualify player_id is null or row_number() over (
    partition by season, week, player_id order by points_half desc, player_name
) = 1
