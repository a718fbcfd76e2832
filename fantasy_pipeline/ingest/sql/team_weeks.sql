-- One row per team and wanted week in which the team plays or has a bye. A bye is a week without a
-- game before the team's last game, so a team eliminated from the play-offs has no row.
--   games, team_games   the schedule, one row per game and one per team and game
--   wanted              season, week: the weeks to return
--   afc                 team: the teams of that conference

-- While only the first round of the play-offs is paired, the two teams that skip it have no later
-- game yet. They are, in each conference, the unpaired team that won most; every team that won as
-- often is in the play-offs. (Until 2019 two teams of each conference skipped the first round.)
create temp view waiting as
with first_round as (
    select season, max(week) as week from games
    group by season having arg_max(game_type, week) = 'WC'
), results as (
    select season, team, 1 + sign(score - opponent_score) as won from team_games
    where game_type = 'REG' and score is not null
)
select season, team, week
from results join first_round f using (season)
anti join team_games using (season, week, team)
group by season, team, week
qualify row_number() over (
    partition by season, team in (from afc) order by avg(won) desc, team
) = 1;

create temp table team_weeks as
select
    w.season, w.week, t.team,
    g.opponent, g.is_home, g.kickoff,
    g.opponent is null as on_bye
from wanted w
join (
    select season, team, max(week) as last_week
    from (select season, team, week from team_games union all select * from waiting)
    group by all
) t
    on t.season = w.season and t.last_week >= w.week
left join team_games g
    on g.season = w.season and g.week = w.week and g.team = t.team
where exists (from games x where x.season = w.season and x.week = w.week)
