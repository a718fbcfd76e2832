-- Market values, one row per player. Upstream's file has FantasyPros ids; of two rows of a player the
-- higher value stays.
select i.player_id, m.* exclude (fantasypros_id)
from market m
join ids i using (fantasypros_id)
qualify row_number() over (
    partition by i.player_id
    order by m.value_1qb desc nulls last, m.fantasypros_id
) = 1
