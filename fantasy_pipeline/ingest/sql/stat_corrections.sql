-- One row per player, week and stat that differs between provisional_stats and current_stats.
-- Both have one row per player and week, and the stats from the seventh column on.
with
old as (
    unpivot provisional_stats
    on columns(* exclude (season, week, player_id, player_name, position, team))
    into name stat value old
),
new as (
    unpivot current_stats
    on columns(* exclude (season, week, player_id, player_name, position, team))
    into name stat value new
),
-- A team without a row had not played when the provisional stats were imported.
played as (select distinct season, week, team from provisional_stats),
joined as (
    select
        season, week, player_id, stat,
        coalesce(new.player_name, old.player_name) as player_name,
        coalesce(new.position, old.position) as position,
        coalesce(new.team, old.team) as team,
        old.player_id is not null as had_line,
        old.old, new.new
    from old full join new using (season, week, player_id, stat)
)
select
    season, week, player_id, player_name, position, team, stat, old, new,
    round((coalesce(new, 0) - coalesce(old, 0)) * points, 4) + 0.0 as points_difference
from joined
join scoring using (stat)
where
    coalesce(old, 0) <> coalesce(new, 0)
    -- A stat that no provisional row of the week has was not imported then.
    and exists (
        from old
        where old.season = joined.season and old.week = joined.week and old.stat = joined.stat
    )
    and (had_line or exists (
        from played
        where played.season = joined.season and played.week = joined.week
            and played.team = joined.team
    ))
