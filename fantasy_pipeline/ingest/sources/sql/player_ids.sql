-- Id map, one row per player. Upstream lists ten gsis_ids twice; the row with more ids stays.
select *
from ids
where player_id is not null and player_id <> 'NA'
    -- an Elias id
    and not regexp_full_match(player_id, '[A-Z]{3}[0-9]{6}')
qualify row_number() over (
    partition by player_id
    order by
        (sleeper_id is not null)::int + (espn_id is not null)::int + (yahoo_id is not null)::int
            + (fantasypros_id is not null)::int + (pfr_id is not null)::int desc,
        mfl_id
) = 1
