#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What runs for each packet neither allocates nor prints nor logs nor exits nor opens anything.

Read from the relocations of the object files, by function, so that one file may hold both `x_new` and what is
called for each packet. Functions that run only at the start or the end are told by their names.
"""
import re
import subprocess
import sys

import tree
from tap import Tap, skip_all

# Objects that hold the packet path: layer -> source names without .c; None is all of them.
PACKET_PATH = {'packet': None, 'flow': None, 'proto': None, 'intel': ['match', 'image'], 'worker': None}

FORBIDDEN = re.compile(
    r'^(__)?(malloc|calloc|realloc|reallocarray|free|aligned_alloc|posix_memalign|v?asprintf|strn?dup'
    r'|\w*printf(_chk)?|puts|putchar|fputs|fputc|fwrite|perror'
    r'|exit|_exit|_Exit|quick_exit|syslog|v?syslog(_chk)?|log_\w+|f?open(64)?|openat(64)?|socket|connect|exec\w*|system)$')
# In the packet path, but not run for each packet.
COLD_NAME = re.compile(r'(_new|_free|_open|_close|_init|_done|_start|_stop|_map|_unmap|_check)$')
TEST_RIG = 'rig'  # drives the packet path in tests
COLD = {'capture_filter_words': 'reads the filter that the user wrote',
        'fail': 'ends the worker', 'worker_run': 'where the compiler puts fail()'}

FUNCTION = re.compile(r'^[0-9a-f]+ <([\w.]+)>:$')
RELOCATION = re.compile(r'\bR_\w+\s+([A-Za-z_]\w*)')


def calls(objects):
    """(function, symbol that it refers to) of the object's code."""
    out = subprocess.run(['objdump', '-dr', '--no-show-raw-insn', objects], capture_output=True, text=True,
                         check=True).stdout
    function = None
    for line in out.splitlines():
        start = FUNCTION.match(line)
        if start:
            function = start.group(1)
        elif function and 'R_' in line:
            for symbol in RELOCATION.findall(line):
                yield function, symbol


def main():
    options = (tree.BUILD / 'meson-info' / 'intro-buildoptions.json').read_text()
    for option in ('"b_lto", "value": true', '"b_sanitize", "value": "a', '"b_coverage", "value": true'):
        if option in options:
            skip_all('the objects of this build say other things')
    tap = Tap()
    for layer, names in PACKET_PATH.items():
        objects = sorted((tree.BUILD / 'daemon' / layer).glob('lib*.a.p/*.c.o'))
        for path in objects:
            name = path.name[:-len('.c.o')]
            if name == TEST_RIG or (names is not None and name not in names):
                continue
            wrong = set()
            for function, symbol in calls(path):
                plain = function.split('.')[0]
                if FORBIDDEN.match(symbol) and not COLD_NAME.search(plain) and plain not in COLD:
                    wrong.add(f'{plain} uses {symbol}')
            tap.ok(not wrong, f'{layer}/{name}.c', '\n'.join(sorted(wrong)))
        if not objects:
            tap.skip(f'{layer}/', 'it has no objects')
    return tap.done()


sys.exit(main())
