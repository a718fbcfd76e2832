-- Team defences: what each team's stat lines add up to, beside the same sums of its opponent.
with totals as (
    select
        season, week, team,
        -- A week of an earlier import or of the old release lacks these columns.
        count(def_interceptions) > 0 and count(fumble_recovery_opp) > 0 as is_whole,
        sum(coalesce(passing_yards, 0) + coalesce(rushing_yards, 0) + coalesce(sack_yards_lost, 0))
            as net_yards,
        sum(coalesce(sacks_suffered, 0)) as sacks_suffered,
        -sum(coalesce(sack_yards_lost, 0)) as sack_yards,
        sum(coalesce(def_qb_hits, 0)) as qb_hits,
        sum(coalesce(def_tackles_solo, 0) + coalesce(def_tackles_with_assist, 0)) as tackles_solo,
        sum(coalesce(def_tackle_assists, 0)) as tackle_assists,
        sum(coalesce(def_tackles_for_loss, 0)) as tackles_for_loss,
        sum(coalesce(def_pass_defended, 0)) as passes_defended,
        sum(coalesce(def_interceptions, 0)) as interceptions,
        sum(coalesce(def_interception_yards, 0)) as interception_yards,
        sum(coalesce(def_fumbles_forced, 0)) as fumbles_forced,
        sum(if(position in $defenders, coalesce(def_fumbles_forced, 0), 0)) as by_defenders,
        sum(coalesce(fumble_recovery_opp, 0)) as fumbles_recovered,
        sum(coalesce(fumble_recovery_yards_opp, 0)) as fumble_return_yards,
        sum(
            coalesce(sack_fumbles_lost, 0)
            + coalesce(rushing_fumbles_lost, 0)
            + coalesce(receiving_fumbles_lost, 0)
        ) as lost_by_offence,
        sum(coalesce(def_safeties, 0)) as credited_safeties,
        sum(coalesce(def_tds, 0)) as interception_tds,
        sum(if(position in $defenders, coalesce(fumble_recovery_tds, 0), 0)) as fumble_tds,
        sum(coalesce(special_teams_tds, 0)) as special_teams_tds,
        sum(coalesce(pat_blocked, 0)) as pats_blocked,
        sum(coalesce(fg_blocked, 0) + coalesce(pat_blocked, 0) + coalesce(pt_blocked, 0))
            as kicks_blocked,
        sum(coalesce(kickoff_return_yards, 0)) as kickoff_return_yards,
        sum(coalesce(punt_return_yards, 0)) as punt_return_yards,
        -- Points that the stat lines explain.
        sum(
            6 * (
                coalesce(rushing_tds, 0) + coalesce(receiving_tds, 0) + coalesce(def_tds, 0)
                + coalesce(special_teams_tds, 0) + coalesce(fumble_recovery_tds, 0)
            )
            + 3 * coalesce(fg_made, 0)
            + coalesce(pat_made, 0)
            + 2 * (
                coalesce(rushing_2pt_conversions, 0) + coalesce(receiving_2pt_conversions, 0)
            )
        ) as explained
    from weekly_stats
    where team is not null
    group by all
),
-- One row per team of a finished game, with the score that no line explains, in pairs of points.
sides as (
    select t.*, g.opponent, g.is_home, g.score, g.opponent_score,
        greatest(0, floor((g.score - t.explained) / 2)) as pairs
    from team_games g
    join totals t using (season, week, team)
    where g.score is not null and g.opponent_score is not null and t.is_whole
),
pairs_of_sides as (
    select s.*,
        o.net_yards as yards_allowed, o.sacks_suffered as sacks, o.sack_yards as yards_lost,
        o.lost_by_offence as o_lost, o.kicks_blocked as blocked_kicks,
        o.pairs as o_pairs,
        o.interception_tds + o.fumble_tds as o_defensive_tds,
        -- A team with unexplained points, a blocked extra point of its opponent and no safety in
        -- its lines returned the extra point.
        if(s.pairs > 0 and o.pats_blocked > 0 and s.credited_safeties = 0, 1, 0) as returned
    from sides s
    join sides o on (o.season, o.week, o.team) = (s.season, s.week, s.opponent)
)
select
    season, week, team,
    'DST-' || team as player_id,
    opponent, is_home, score, opponent_score,
    greatest(0, opponent_score - 6 * o_defensive_tds - 2 * o_pairs) as points_allowed,
    yards_allowed, sacks, yards_lost as sack_yards, qb_hits, tackles_solo, tackle_assists,
    tackles_for_loss, passes_defended, interceptions, interception_yards,
    by_defenders as fumbles_forced,
    fumbles_forced - by_defenders as special_teams_fumbles_forced,
    least(fumbles_recovered, o_lost) as fumbles_recovered,
    greatest(0, fumbles_recovered - o_lost) as special_teams_fumbles_recovered,
    fumble_return_yards,
    pairs - returned as safeties,
    interception_tds, fumble_tds, special_teams_tds, blocked_kicks,
    returned as two_point_returns,
    kickoff_return_yards, punt_return_yards
from pairs_of_sides
order by season, week, team
