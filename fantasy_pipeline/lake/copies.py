"""Copies of the lake's files in temporary folders, and the error of a file that is gone."""

import os

from fantasy_pipeline.errors import PipelineError

TEMPORARY = "fantasy-lake-"
"""Prefix of the names of the folders."""


def target(folder: str, name: str) -> str:
    """Return the path of a file in a folder, and make the folders above the file."""
    path = f"{folder}/{name}"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


class RemovedFileError(PipelineError):
    """A file that should be read does not exist."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} was removed while it was read. Run again.")
