-- Injury reports, one row per player, team and week: the latest report of each.
select
    season, week, {team} as team, player_id,
    injury_status,
    injury,
    practice_injury,
    practice_status,
    modified_at
from reports
qualify row_number() over (
    partition by season, week, {team}, player_id
    -- Of two reports of one time, or without one, the worse counts.
    order by
        modified_at desc nulls last,
        case injury_status
            when 'Out' then 0 when 'Doubtful' then 1 when 'Questionable' then 2
            when 'Probable' then 3 else 4
        end,
        case practice_status when 'DNP' then 0 when 'Limited' then 1 when 'Full' then 2 else 3 end,
        injury
) = 1
