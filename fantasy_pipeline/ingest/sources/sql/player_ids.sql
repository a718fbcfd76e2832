-- Id map, one row per player. Upstream lists ten gsis_ids twice; the row with more ids stays.
select *
from ids
where player_id is not null and player_id <> 'NA'
qualify row_number() over (
    partition by player_id
    order by
        (sleeper_id is not null)::int + (espn_id is not null)::int + (yahoo_id is not null)::int
            + (fantasypros_id is not null)::int + (pfr_id is not null)::int desc,
        mfl_id
) = 1
