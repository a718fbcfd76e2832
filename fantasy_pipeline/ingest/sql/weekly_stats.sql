-- Stat lines with the position from the week's roster where that is a fantasy position: stats files
-- have today's position, which changes from one download to the next.
select
    l.* replace (
        coalesce(l.player_name, p.player_name) as player_name,
        case
            when p.position in $positions and p.roster_source = 'weekly_roster'
                then p.position
            when l.position in ('FB', 'HB') then 'RB'
            else l.position
        end as position
    )
from lines l
left join raw_players p using (season, week, player_id)
