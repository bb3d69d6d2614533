#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Bytes from the wire are read through the cursor and escaped before they are printed.

Two things give away code that does neither: `%.*s`, which prints a span as it is, outside base/; and a cast to
a struct pointer where packets are handled.
"""
import re
import sys

import tree
from tap import Tap

PRINTED = re.compile(r'%[-0-9]*\.\*s')
# Not the context pointer of a callback.
CAST = re.compile(r'\(\s*(?:const\s+)?struct\s+(?!sockaddr\b)\w+\s*\*\s*\)\s*(?!\(void \*\)ctx\b)[\w(&]')
NETWORK = re.compile(r'\b(ntoh[sl]|be(16|32|64)toh)\s*\(')
PACKETS = ('daemon/packet/', 'daemon/flow/', 'daemon/proto/')
# Where `%.*s` copies text that is not from the wire.
TRUSTED = {'daemon/os/netif.c': 'names of interfaces, from the kernel',
           'daemon/packet/capture_filter.c': 'the filter that the user wrote'}


def problems(name):
    for i, line in enumerate(tree.read(name).splitlines(), 1):
        if PRINTED.search(line) and not name.startswith('daemon/base/') and name not in TRUSTED:
            yield f'line {i}: prints a span unescaped: {line.strip()}'
        if name.startswith(PACKETS) and CAST.search(line):
            yield f'line {i}: casts bytes to a struct: {line.strip()}'
        if name.startswith(PACKETS) and NETWORK.search(line):
            yield f'line {i}: reads a number past the cursor: {line.strip()}'


def main():
    tap = Tap()
    for name in tree.files('.c', '.h', under='daemon/'):
        if name.endswith(('_test.c', '_test.h')):
            continue
        wrong = list(problems(name))
        tap.ok(not wrong, name, '\n'.join(wrong))
    return tap.done()


sys.exit(main())
