"""Bytes from upstream: requests, the cache of downloads, the limit on downloads at a time.

What the files mean does not belong here: `sources` and `sites` read them.
"""
