-- Words of the table reports that mean no known status: one row per column and word, with its rows,
-- and the share that all unknown words have in the latest week of the column.
with words as (
    select 'injury_status' as name, week, injury_word as word, injury_status is null as is_unknown
    from reports where has_game_word
    union all
    select 'practice_status', week, practice_word, practice_status is null
    from reports where has_practice_word
),
weeks as (
    select name, week, count_if(is_unknown) / count(*) as share
    from words
    group by name, week
    -- A report that has just begun says nothing about its format.
    having count(*) >= 10
    qualify row_number() over (partition by name order by week desc) = 1
)
select name, left(trim(word), 40) as word, count(*) as rows, coalesce(any_value(share), 0) as share
from words left join weeks using (name)
where is_unknown
group by name, left(trim(word), 40)
order by name, rows desc, word
