-- Positions at which a fantasy platform may start a player, from three statements of his position.
-- concat_ws leaves out the nulls. A map, because DuckDB makes a join of whole rows of each longer
-- list after `in`: a season of players then takes three times as long.
create or replace temp macro fantasy_position(stated) as map_extract(
    map {
        'QB': 'QB',
        'RB': 'RB', 'FB': 'RB', 'HB': 'RB',
        'WR': 'WR',
        'TE': 'TE',
        'K': 'K', 'PK': 'K',
        'P': 'P', 'PN': 'P',
        'DL': 'DL', 'DE': 'DL', 'DT': 'DL', 'NT': 'DL', 'EDGE': 'DL',
        'LB': 'LB', 'ILB': 'LB', 'OLB': 'LB', 'MLB': 'LB',
        'DB': 'DB', 'CB': 'DB', 'S': 'DB', 'FS': 'DB', 'SS': 'DB', 'SAF': 'DB'
    },
    stated
)[1];
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
