-- Positions at which a fantasy platform may start a player, from three statements of his position.
-- concat_ws leaves out the nulls.
create or replace temp macro fantasy_position(stated) as case
    when stated = 'QB' then 'QB'
    when stated in ('RB', 'FB', 'HB') then 'RB'
    when stated = 'WR' then 'WR'
    when stated = 'TE' then 'TE'
    when stated in ('K', 'PK') then 'K'
    when stated in ('P', 'PN') then 'P'
    when stated in ('DL', 'DE', 'DT', 'NT', 'EDGE') then 'DL'
    when stated in ('LB', 'ILB', 'OLB', 'MLB') then 'LB'
    when stated in ('DB', 'CB', 'S', 'FS', 'SS', 'SAF') then 'DB'
end;
create or replace temp macro three_positions(first, second, third) as nullif(
    concat_ws(
        '/',
        first,
        case when second is distinct from first then second end,
        case when third is distinct from first and third is distinct from second then third end
    ),
    ''
);
create or replace temp macro fantasy_positions(roster, depth_chart, id_map) as
    three_positions(
        fantasy_position(roster), fantasy_position(depth_chart), fantasy_position(id_map)
    )
