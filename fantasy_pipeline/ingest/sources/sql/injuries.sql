-- Injury reports, one row per player, team and week: the latest report of each.
-- The practice status becomes DNP, Limited or Full; a blank one (upstream: "\n    ") becomes null.
select
    season, week, {team} as team, player_id,
    case when injury_status in ('Out', 'Doubtful', 'Questionable', 'Probable')
        then injury_status end as injury_status,
    injury,
    practice_injury,
    case
        when practice_status like 'Did Not%' then 'DNP'
        when practice_status like 'Limited%' then 'Limited'
        when practice_status like 'Full%' then 'Full'
        when practice_status like 'Out (%' then 'DNP'
    end as practice_status,
    modified_at
from injuries
where player_id is not null
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
