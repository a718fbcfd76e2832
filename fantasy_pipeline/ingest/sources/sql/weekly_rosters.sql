-- Weekly rosters, one row per player-week. A missing gsis_id is looked up by Elias id in players.
-- An Elias id (EME675714) in the column of the gsis_id means that the player has none yet.
with listed as (
    select * exclude (is_elias) replace (
        case when not is_elias then player_id end as player_id,
        coalesce(esb_id, case when is_elias then player_id end) as esb_id
    )
    from (
        select *, coalesce(regexp_full_match(player_id, '[A-Z]{{3}}[0-9]{{6}}'), false) as is_elias
        from rosters
    )
)
select
    r.* replace (
        coalesce(r.player_id, p.player_id) as player_id,
        {team} as team,
        -- Some feeds pad unknown picks with 0.
        nullif(r.draft_pick, 0) as draft_pick
    )
from listed r
left join players p on r.player_id is null and p.esb_id = r.esb_id
qualify row_number() over (
    partition by r.season, r.week, coalesce(r.player_id, p.player_id, r.team || r.player_name)
    -- Of two rosters in a week, the one on which the player is active counts, and a release counts
    -- least. `rosters_that_tie` reports what this does not decide.
    order by
        r.player_id is null,
        case r.status when 'ACT' then 0 when 'INA' then 1 when 'RES' then 2 when 'DEV' then 3 else 4 end,
        r.team
) = 1
