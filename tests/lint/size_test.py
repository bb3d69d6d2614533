#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""No file over 600 lines and no function over 60. What is a data table says so: a comment `/* data table */`
in the first ten lines of the file, or in the three lines before the function."""
import re
import sys

import tree
from tap import Tap

FILE_MAX, FUNCTION_MAX = 600, 60
MARK = '/* data table */'
NAME = re.compile(r'\b(\w+)\(')


def long_functions(lines):
    """clang-format puts the braces of a function, and of nothing else that ends in `)`, at column 0."""
    start = None
    for i, line in enumerate(lines):
        if line == '{' and i and lines[i - 1].endswith(')'):
            start = i
        elif line == '}' and start is not None:
            length = i - start - 1
            head = lines[max(start - 4, 0):start]
            if length > FUNCTION_MAX and MARK not in '\n'.join(head):
                names = NAME.findall(' '.join(head))
                yield f"line {start}: {names[-1] if names else '?'} has {length} lines"
            start = None


def main():
    tap = Tap()
    for name in tree.files('.c', '.h', '.py', '.sh', '.build') + [n for n, _ in tree.scripts() if '.' not in n]:
        lines = tree.read(name).splitlines()
        wrong = []
        if len(lines) > FILE_MAX and MARK not in '\n'.join(lines[:10]):
            wrong.append(f'{len(lines)} lines')
        if name.endswith(('.c', '.h')):
            wrong += long_functions(lines)
        tap.ok(not wrong, name, '\n'.join(wrong))
    return tap.done()


sys.exit(main())
