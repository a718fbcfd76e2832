-- Rows of the injury reports with upstream's words and the statuses that they mean.
-- A word counts without regard to case and blanks. A blank one (upstream: "\n    ") and a note mean
-- no status; any other word is unknown.
select
    * replace (
        case game
            when 'out' then 'Out'
            when 'doubtful' then 'Doubtful'
            when 'questionable' then 'Questionable'
            when 'probable' then 'Probable'
        end as injury_status,
        case
            when practice = 'dnp' or starts_with(practice, 'didnot') then 'DNP'
            when starts_with(practice, 'out(') then 'DNP'
            when starts_with(practice, 'limited') then 'Limited'
            when starts_with(practice, 'full') then 'Full'
        end as practice_status
    ),
    injury_status as injury_word,
    practice_status as practice_word,
    game not in ('', 'note') as has_game_word,
    practice not in ('', 'note') as has_practice_word
from (
    select
        *,
        regexp_replace(lower(injury_status), '[\s\p{Z}]+', '', 'g') as game,
        regexp_replace(lower(practice_status), '[\s\p{Z}]+', '', 'g') as practice
    from injuries
)
where player_id is not null
