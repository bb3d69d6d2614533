# SPDX-License-Identifier: BSD-2-Clause
"""Where the material lies that tests use but that is no part of the project: feeds, facts, captures."""
import os
import pathlib


def shared(source, *parts):
    """The path, or None where it is absent: then the test skips and says so. BRIDLE_SHARED says where it is,
    else it lies in `shared` beside the source."""
    root = os.environ.get("BRIDLE_SHARED") or pathlib.Path(source).resolve().parent / "shared"
    path = pathlib.Path(root).joinpath(*parts)
    return path if path.exists() else None
