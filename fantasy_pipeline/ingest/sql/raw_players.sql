-- One row per player and wanted week. The first of these sources gives a player's team:
--   weekly_roster    the team's roster of that week
--   carried_forward  the team's latest full roster of the two weeks before (byes, the coming week),
--                    or, in a season without rosters, the player's latest earlier stat line
--   stats            in a season without rosters, the week's own stat line
with roster_sizes as (
    select
        t.season, t.week, t.team, t.on_bye, r.week as roster_week, r.players,
        max(r.players) over (partition by t.season, t.week, t.team) as most
    from team_weeks t
    join (select season, week, team, count(*) as players from rosters group by all) r
        on r.season = t.season and r.team = t.team and r.week between t.week - 2 and t.week
),
roster_week as (
    select season, week, team, max(roster_week) as roster_week
    from roster_sizes
    -- A single row of a team on its bye must not replace its roster. In a week with a game, the
    -- team's own roster counts, and a check refuses one that is not full.
    where players >= 0.6 * most or (roster_week = week and not on_bye)
    group by all
),
rostered as (
    select
        r.* exclude (season, week), w.season, w.week, w.roster_week,
        case when w.week = w.roster_week then 'weekly_roster' else 'carried_forward' end
            as roster_source
    from roster_week w
    join rosters r
        on r.season = w.season and r.team = w.team and r.week = w.roster_week
),
-- Stat lines are used only in seasons without any roster row.
in_stats as (
    select
        s.player_id, s.player_name, s.position, s.team, w.season, w.week,
        max(s.week) as roster_week,
        case when s.week < w.week then 'carried_forward' else 'stats' end as roster_source
    from wanted w
    join stats s on s.season = w.season and s.week <= w.week
    join (select season, max(week) as last_week from stats group by season) l
        on l.season = w.season and l.last_week >= w.week - 2
    where s.player_id <> 'NO_PLAYER'
        and not exists (from rosters r where r.season = w.season)
    group by s.player_id, s.player_name, s.position, s.team, w.season, w.week, s.week < w.week
),
candidates as (
    select
        season, week, player_id, player_name, position, team, status, status_detail,
        depth_chart_position, birth_date, height, weight, rookie_season, draft_pick,
        pfr_id, sleeper_id, espn_id, yahoo_id, roster_source, roster_week
    from rostered
    union all by name
    select * from in_stats
),
-- A traded player is on two teams if one of the rosters is carried forward: one team is chosen. In
-- seasons without rosters the latest line before the week comes before the week's own line, which
-- is unknown when the week is projected.
one_team as (
    select *
    from candidates
    -- Filtered before the choice, so that an eliminated team is never chosen.
    semi join team_weeks using (season, week, team)
    qualify row_number() over (
        partition by season, week, player_id
        order by
            case roster_source when 'weekly_roster' then 0 when 'carried_forward' then 1 else 2 end,
            roster_week desc, team
    ) = 1
),
-- The position of each name in NFL.com's lists of the week; a name at two positions has none.
nflcom_positions as (
    select season, week, plain_name(name) as name, min(position) as position
    from nflcom
    group by all
    having count(distinct position) = 1
),
reports as (
    select i.* replace (coalesce(x.team, i.team) as team)
    from injuries i
    left join exchanged_reports x
        on x.season = i.season and x.week = i.week and x.stated = i.team
    qualify row_number() over (
        partition by i.season, i.week, coalesce(x.team, i.team), i.player_id
        order by x.team is null, i.team
    ) = 1
),
-- The two id tables give a few players different pfr_ids.
snaps_played as (
    select s.season, s.week, coalesce(x.team, s.team) as team, m.player_id,
        max(s.offense_snaps) as offense_snaps, max(s.snap_share) as snap_share,
        max(s.st_snaps) as st_snaps, max(s.defense_snaps) as defense_snaps
    from snaps s
    join snap_ids m using (pfr_id)
    left join exchanged x on x.season = s.season and x.week = s.week and x.stated = s.team
    group by all
)
select
    o.season,
    o.week,
    o.player_id,
    coalesce(o.player_name, p.player_name) as player_name,
    -- Data sets disagree on positions (Hill is a tight end in stats, Hunter a cornerback): the
    -- roster of the week decides, unless NFL.com's list of the week and the id map agree on another
    -- fantasy position. Full-backs count as running backs.
    case
        when f.position is not null then f.position
        when o.position in ('FB', 'HB') then 'RB'
        -- Rosters of 2022 and 2023 have the kicker Dicker as a punter.
        when o.position = 'P' and p.position = 'K' then 'K'
        else o.position
    end as position,
    o.team,
    t.opponent,
    t.is_home,
    t.on_bye,
    o.position as roster_position,
    o.status as roster_status,
    o.status_detail as roster_status_detail,
    o.roster_source,
    o.roster_week,
    i.injury_status,
    coalesce(i.injury, i.practice_injury) as injury,
    i.practice_status,
    i.modified_at as injury_modified_at,
    s.offense_snaps,
    s.snap_share,
    s.st_snaps,
    s.defense_snaps,
    -- See ingest/defender_results.py.
    null::double as nflcom_tackles_for_loss,
    null::double as nflcom_kicks_blocked,
    fantasy_positions(
        -- The first of these is the column `position` above.
        case when o.position = 'P' and p.position = 'K' then 'K' else o.position end,
        o.depth_chart_position,
        d.position
    ) as fantasy_positions,
    -- Upstream has 0 for unknown values, and typing errors such as 1,794 pounds.
    case
        when o.season - year(coalesce(p.birth_date, o.birth_date)) between 17 and 60
            then coalesce(p.birth_date, o.birth_date)
    end as birth_date,
    case when coalesce(p.height, o.height) between 60 and 85 then coalesce(p.height, o.height) end
        as height,
    case when coalesce(p.weight, o.weight) between 140 and 450 then coalesce(p.weight, o.weight) end
        as weight,
    case
        when coalesce(p.rookie_season, o.rookie_season) between 1960 and 2100
            then coalesce(p.rookie_season, o.rookie_season)
    end as rookie_season,
    coalesce(p.draft_pick, o.draft_pick) as draft_pick,
    coalesce(d.sleeper_id, o.sleeper_id) as sleeper_id,
    coalesce(d.espn_id, o.espn_id, p.espn_id) as espn_id,
    coalesce(d.yahoo_id, o.yahoo_id) as yahoo_id,
    d.fantasypros_id,
    coalesce(p.pfr_id, d.pfr_id, o.pfr_id) as pfr_id,
    d.mfl_id
from one_team o
join team_weeks t using (season, week, team)
left join players p using (player_id)
left join ids d using (player_id)
-- A traded player may be on two teams' injury reports: his own team's counts.
left join nflcom_positions f
    on f.season = o.season and f.week = o.week
    and f.name = plain_name(coalesce(d.player_name, o.player_name))
    and f.position = d.position and o.position in ('QB', 'RB', 'WR', 'TE', 'FB', 'HB')
left join reports i using (season, week, team, player_id)
left join snaps_played s using (season, week, team, player_id)
order by season, week, player_id
