"""Copies of the lake's files in temporary folders."""

import os

TEMPORARY = "fantasy-lake-"
"""Prefix of the names of the folders."""


def target(folder: str, name: str) -> str:
    """Return the path of a file in a folder, and make the folders above the file."""
    path = f"{folder}/{name}"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path
