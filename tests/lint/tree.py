# SPDX-License-Identifier: BSD-2-Clause
"""The files of the source tree that are ours: what git knows, or, in an unpacked tarball, all but builds."""
import pathlib
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(sys.argv[1])
BUILD = pathlib.Path(sys.argv[2])


def _all_files():
    if (SOURCE / '.git').exists() and shutil.which('git'):
        git = subprocess.run(['git', '-c', 'safe.directory=*', '-C', SOURCE, 'ls-files', '-z', '--cached', '--others',
                              '--exclude-standard'], capture_output=True, check=True)
        names = git.stdout.decode().split('\0')[:-1]
    else:
        names = [p.relative_to(SOURCE).as_posix() for p in SOURCE.rglob('*')]
    return sorted(n for n in names if not n.startswith(('build', '.git/')) and (SOURCE / n).is_file())


FILES = _all_files()


def files(*suffixes, under=''):
    """Names relative to the source root that end in one of the suffixes."""
    return [n for n in FILES if n.endswith(suffixes) and n.startswith(under)]


def read(name):
    return (SOURCE / name).read_text(encoding='utf-8')


def scripts():
    """(name, interpreter line) of every file that starts with #!."""
    for name in FILES:
        with open(SOURCE / name, 'rb') as f:
            first = f.readline(80)
        if first.startswith(b'#!'):
            yield name, first.decode('utf-8', 'replace').strip()
