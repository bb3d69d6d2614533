#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""All C is as clang-format writes it."""
import shutil
import subprocess
import sys

import tree
from tap import Tap, skip_all


def main():
    tool = shutil.which('clang-format-14') or shutil.which('clang-format')
    if not tool:
        skip_all('no clang-format')
    version = subprocess.run([tool, '--version'], capture_output=True, text=True, check=True).stdout
    if ' 14.' not in version:
        skip_all(f'{version.strip()}: the files are formatted by version 14')
    tap = Tap()
    for name in tree.files('.c', '.h'):
        run = subprocess.run([tool, '--dry-run', '-Werror', '--ferror-limit=3', tree.SOURCE / name],
                             capture_output=True, text=True, check=False)
        tap.ok(run.returncode == 0, name, run.stderr)
    return tap.done()


sys.exit(main())
