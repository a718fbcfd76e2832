"""Fantasy leagues of platforms: one adapter per platform, and the registry of the user's leagues.

A league's points and line-ups are computed in `leagues/`, not here.
"""
