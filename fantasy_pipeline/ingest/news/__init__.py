"""News about players: headline and link, never the text of an article.

One module per site, `record.py` for what is kept, `fetch.py` for asking all sites. What a site
projects belongs in `ingest/sites`, and what news means for a player in `checks/news.py`.
"""
