-- Id map, one row per player. Upstream lists ten gsis_ids twice, most of them with two persons: the
-- one whose name and date of birth are those of the player stays, then the row with more ids.
select i.*
from ids i
left join players p using (player_id)
where player_id is not null and player_id <> 'NA'
    -- an Elias id
    and not regexp_full_match(player_id, '[A-Z]{3}[0-9]{6}')
qualify row_number() over (
    partition by player_id
    order by
        coalesce(lower(i.player_name) = lower(p.player_name), false)::int
            + coalesce(i.birth_date = p.birth_date, false)::int desc,
        (i.sleeper_id is not null)::int + (i.espn_id is not null)::int + (i.yahoo_id is not null)::int
            + (i.fantasypros_id is not null)::int + (i.pfr_id is not null)::int desc,
        i.mfl_id
) = 1
