"""Columns of upstream's files that are ignored, by data set.

A column that is neither here nor in the contract is new, and the import warns of it. Then add the
column here, or to the contract in `schema.py`. The lists come from the files of 2015-2025, old
and new layout.
"""

from __future__ import annotations

IGNORED_COLUMNS: dict[str, frozenset[str]] = {
    name: frozenset(columns.split())
    for name, columns in {
        "weekly_stats": """
            dakota def_fumbles def_tackles_for_loss_yards fg_blocked_distance fg_made_distance
            fg_missed_distance fg_pct fumbles_forced_by_opp fumbles_not_forced
            fumbles_out_of_bounds game_id gwfg_att gwfg_blocked gwfg_distance gwfg_made gwfg_missed
            headshot_url misc_yards pacr passing_10 passing_16 passing_20 passing_cpoe pat_pct
            penalties penalty_yards position_group pt_att pt_downed pt_fair_caught
            pt_inside_20 pt_long pt_net_yards pt_out_of_bounds pt_return_tds pt_return_yards
            pt_returned pt_touchback pt_yards racr receiving_10 receiving_16 receiving_20
            rushing_10 rushing_12 rushing_20
        """,
        "weekly_rosters": """
            age college draft_club entry_year fantasy_data_id first_name
            football_name game_type gsis_it_id headshot_url jersey_number last_name ngs_position
            pff_id rotowire_id smart_id sportradar_id years_exp
        """,
        "injuries": """
            first_name full_name game_type last_name position practice_secondary_injury
            report_secondary_injury season_type
        """,
        "snap_counts": """
            defense_pct game_id game_type opponent pfr_game_id player position
            st_pct
        """,
        "player_ids": """
            age birthdate cbs_id cfbref_id college db_season draft_ovr draft_pick draft_round
            draft_year fantasy_data_id fleaflicker_id height ktc_id merge_name nfl_id pff_id
            rotowire_id rotoworld_id sportradar_id stats_global_id stats_id swish_id team
            twitter_username weight
        """,
        "market_values": """
            age draft_year ecr_1qb ecr_2qb ecr_pos pos team
        """,
        "players": """
            college_conference college_name common_first_name draft_round draft_team draft_year
            first_name football_name headshot jersey_number last_name last_season latest_team
            nfl_id ngs_position ngs_position_group ngs_status ngs_status_short_description otc_id
            pff_id pff_position pff_status position_group short_name smart_id status suffix
            years_of_experience
        """,
        "nflcom_projections": """
            2PT FgMade_0-19 FgMade_20-29 FgMade_30-39 FgMade_40-49 FgMade_50 FgMiss_0-19
            FgMiss_20-29 FgMiss_30-39 Fum FumTD PassingInt PassingTD PassingYDS PatMade PatMissed
            PlayerId PlayerOpponent Pos ProjectedRank ProjectionDiff Rank ReceivingRec ReceivingTD
            ReceivingYDS RetTD RushingPassingYDS RushingTD RushingYDS TotalPoints y
        """,
        "schedule": """
            away_coach away_qb_id away_qb_name away_spread_odds espn ftn gsis
            home_coach home_qb_id home_qb_name home_spread_odds nfl_detail_id
            old_game_id over_odds overtime pff pfr referee result stadium_id total under_odds
            weekday
        """,
    }.items()
}
