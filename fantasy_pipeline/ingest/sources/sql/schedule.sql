-- Schedule, one row per game. Upstream's kick-offs are US/Eastern; 13:00 where the time is missing.
-- Upstream gives a game at a neutral site the stadium of the home team until someone corrects it, so
-- stadium, roof and surface are unknown there. A Super Bowl may be in the home team's own stadium.
with own_stadium as (
    select season, home_team, mode(stadium) as stadium
    from frame
    where location <> 'Neutral'
    group by all
),
placed as (
    select f.*, coalesce(f.location = 'Neutral' and game_type <> 'SB' and f.stadium = o.stadium, false)
        as is_misplaced
    from frame f
    left join own_stadium o using (season, home_team)
)
select
    cast(season as integer) as season,
    cast(week as integer) as week,
    game_id,
    game_type,
    timezone('America/New_York',
        cast(gameday as date) + cast(coalesce(nullif(cast(gametime as varchar), ''), '13:00') as time)
    ) as kickoff,
    {home} as home_team,
    {away} as away_team,
    cast(home_score as integer) as home_score,
    cast(away_score as integer) as away_score,
    cast(spread_line as double) as spread_line,
    cast(total_line as double) as total_line,
    cast(home_moneyline as integer) as home_moneyline,
    cast(away_moneyline as integer) as away_moneyline,
    cast(home_rest as integer) as home_rest,
    cast(away_rest as integer) as away_rest,
    cast(div_game as integer) = 1 as div_game,
    location = 'Neutral' as neutral_site,
    case when not is_misplaced then nullif(roof, '') end as roof,
    case when not is_misplaced then nullif(trim(surface), '') end as surface,
    cast(temp as integer) as temp,
    cast(wind as integer) as wind,
    case when not is_misplaced then stadium end as stadium
from placed
