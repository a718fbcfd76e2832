-- Player-weeks of a season in time order: what was known before the week, beside what happened in it (the
-- columns that start with x_). Players with a stat line but no roster row come from the stat line. Team defences
-- are rows of raw_players, too; what they did is in team_defense_stats.
-- teams_played, by team: while a week is in progress, some games are still to be played.
with teams_played as (
    select season, week, team, sum(carries) as team_carries
    from weekly_stats
    where season = $season
    group by all
),
lines as (
    select s.*,
        carries / nullif(team_carries, 0) as carry_share,
        coalesce(sack_fumbles_lost, 0) + coalesce(rushing_fumbles_lost, 0)
            + coalesce(receiving_fumbles_lost, 0) as fumbles_lost,
        coalesce(passing_2pt_conversions, 0) + coalesce(rushing_2pt_conversions, 0)
            + coalesce(receiving_2pt_conversions, 0) as two_point_conversions
    from weekly_stats s
    left join teams_played using (season, week, team)
    where season = $season and position in $positions and player_id <> 'NO_PLAYER'
    union all by name
    select season, week, player_id, team || ' D/ST' as player_name, 'DST' as position, team,
        opponent, points_espn as fantasy_points, points_espn as fantasy_points_half,
        points_espn as fantasy_points_ppr, {defences}
    from team_defense_stats
    where season = $season
),
listed as (
    select * from raw_players where season = $season and position in $positions
),
-- The market's opinion of a team in its earlier games of the season.
lines_before as (
    select season, week, team,
        avg(total_line / 2 + spread_line / 2) over (
            partition by season, team order by week
            rows between unbounded preceding and 1 preceding
        ) as usual_total
    from team_games
    where season = $season
)
select
    coalesce(l.season, s.season) as season,
    coalesce(l.week, s.week) as week,
    coalesce(l.player_id, s.player_id) as player_id,
    coalesce(l.player_name, s.player_name) as player_name,
    coalesce(l.position, s.position) as position,
    coalesce(l.team, s.team) as team,
    g.opponent,
    g.is_home,
    g.opponent is null as on_bye,
    case when l.roster_status = 'INA' then 'ACT' else l.roster_status end as roster_status,
    l.roster_source,
    -- The report as it stood at kick-off.
    case when l.injury_modified_at > g.kickoff then null else l.injury_status end as injury_status,
    case when l.injury_modified_at > g.kickoff then null else l.practice_status end
        as practice_status,
    g.spread_line,
    g.total_line / 2 + g.spread_line / 2 as implied_team_total,
    g.total_line / 2 + g.spread_line / 2 - b.usual_total as implied_change,
    t.clinched,
    t.eliminated,
    t.last_week,
    g.rest,
    -- Whether a roof that can open is closed is settled on game day.
    case g.roof when 'dome' then true when 'outdoors' then false end as indoors,
    date_diff('day', l.birth_date, cast(g.kickoff as date)) / 365.25 as age,
    coalesce(l.season, s.season) - l.rookie_season as years_in_league,
    l.draft_pick,
    -- The stat lines of a game may have no defence.
    case when coalesce(l.position, s.position) = 'DST' then s.player_id is not null
        else p.season is not null end as x_week_played,
    -- Snaps alone do not count: upstream may have those of a game before its stat lines.
    s.player_id is not null or (p.season is not null and coalesce(l.offense_snaps, 0) > 0)
        as x_played,
    coalesce(s.team, l.team) as x_team,
    coalesce(s.opponent, g.opponent) as x_opponent,
    l.snap_share as x_snap_share,
    {stats}
from listed l
full join lines s using (season, week, player_id)
left join teams_played p
    on p.season = coalesce(l.season, s.season) and p.week = coalesce(l.week, s.week)
    and p.team = coalesce(l.team, s.team)
left join team_games g
    on g.season = coalesce(l.season, s.season) and g.week = coalesce(l.week, s.week)
    and g.team = coalesce(l.team, s.team)
left join lines_before b
    on b.season = g.season and b.week = g.week and b.team = g.team
left join standings t
    on t.season = g.season and t.week = g.week and t.team = g.team
order by season, week, player_id
