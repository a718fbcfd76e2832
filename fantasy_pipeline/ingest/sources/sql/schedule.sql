-- Schedule, one row per game. Upstream's kick-offs are US/Eastern; 13:00 where the time is missing.
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
    cast(home_rest as integer) as home_rest,
    cast(away_rest as integer) as away_rest,
    cast(div_game as integer) = 1 as div_game,
    location = 'Neutral' as neutral_site,
    nullif(roof, '') as roof,
    nullif(trim(surface), '') as surface,
    cast(temp as integer) as temp,
    cast(wind as integer) as wind,
    stadium
from frame
