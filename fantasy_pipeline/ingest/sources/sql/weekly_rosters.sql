-- Weekly rosters, one row per player-week. A missing gsis_id is looked up by Elias id in players.
select
    r.* replace (
        coalesce(r.player_id, p.player_id) as player_id,
        {team} as team,
        -- Some feeds pad unknown picks with 0.
        nullif(r.draft_pick, 0) as draft_pick
    )
from rosters r
left join players p on r.player_id is null and p.esb_id = r.esb_id
qualify row_number() over (
    partition by r.season, r.week, coalesce(r.player_id, p.player_id, r.team || r.player_name)
    order by r.player_id is null, r.team
) = 1
