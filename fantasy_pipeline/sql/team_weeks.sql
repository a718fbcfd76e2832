-- One row per team and wanted week in which the team plays or has a bye: a bye is a week without
-- a game before the team's last one. Teams already eliminated from the play-offs have no row.
create temp view team_games as
select season, week, home_team as team, away_team as opponent, true as is_home, kickoff from games
union all
select season, week, away_team, home_team, false, kickoff from games;

create temp table team_weeks as
select
    w.season, w.week, t.team,
    g.opponent, g.is_home, g.kickoff,
    g.opponent is null as on_bye
from wanted w
join (select season, team, max(week) as last_week from team_games group by all) t
    on t.season = w.season and t.last_week >= w.week
left join team_games g
    on g.season = w.season and g.week = w.week and g.team = t.team
where exists (from games x where x.season = w.season and x.week = w.week)
