"""Turn upstream's files into the imported tables: raw_players, weekly_stats, source_projections.

Downloads, readers of upstream's formats, the sample league and every repair of upstream's data
belong here. How tables are stored (`lake`), rules that reject rows (`checks`) and Dagster's assets
(`orchestration`) do not.
"""
