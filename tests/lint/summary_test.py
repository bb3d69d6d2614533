#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The closing line of the test run counts what a reader of the logs would count."""
import sys

import summary
from tap import Tap

# name, what meson logged, (passed, failed, skipped)
CASES = [
    ('all pass', ('1..2\nok 1 - a\nok 2 - b\n', 'OK', 0), (2, 0, 0)),
    ('a failure', ('1..2\nok 1 - a\nnot ok 2 - b\n', 'FAIL', 0), (1, 1, 0)),
    ('a skip', ('1..2\nok 1 - a\nok 2 - b # SKIP no root\n', 'OK', 0), (1, 0, 1)),
    ('a skip as cmocka writes it', ('1..2\nok 1 - a\nnot ok 2 # SKIP b\n', 'FAIL', 0), (1, 0, 1)),
    ('that and a crash', ('1..2\nok 1 - a\nnot ok 2 # SKIP b\n', 'ERROR', -6), (1, 1, 1)),
    ('all skipped', ('1..0 # SKIP no root\n', 'SKIP', 0), (0, 0, 1)),
    ('plan at the end', ('ok 1 - a\n1..1\n', 'OK', 0), (1, 0, 0)),
    ('crash after two', ('1..3\nok 1\nok 2\n', 'ERROR', -11), (2, 1, 0)),
    ('bad exit although all ok', ('1..1\nok 1\n', 'ERROR', 1), (1, 1, 0)),
    ('failure and bad exit', ('1..1\nnot ok 1 - a\n', 'ERROR', 1), (0, 1, 0)),
    ('fewer than planned', ('1..3\nok 1\n', 'OK', 0), (1, 1, 0)),
    ('no plan', ('ok 1\n', 'OK', 0), (1, 1, 0)),
    ('nothing was run', ('', 'SKIP', 0), (0, 0, 0)),
    ('timeout', ('', 'TIMEOUT', -9), (0, 1, 0)),
    ('no TAP, good', ('hello\n', 'OK', 0), (1, 0, 0)),
    ('no TAP, bad', ('hello\n', 'FAIL', 1), (0, 1, 0)),
    ('no TAP, skipped', ('', 'SKIP', 77), (0, 0, 1)),
    ('words that only look like it', ('1..1\nokay then\nok 1 - a\n', 'OK', 0), (1, 0, 0)),
]

# name, stdout, stderr, what is repeated behind the sum
REASONS = [
    ('the failed check and its comment', 'ok 1 - a\n# of a\nnot ok 2 - b\n# of b\nok 3\n# of c\n', 'err',
     ['not ok 2 - b', '# of b']),
    ('a skip is none', 'not ok 1 # SKIP b\nok 2 - a\n', 'Aborted', ['not ok 1 # SKIP b', 'ok 2 - a', 'Aborted']),
    ('of a crash the ends of both', ''.join(f'ok {i}\n' for i in range(20)), '', [f'ok {i}' for i in range(12, 20)]),
    ('a long comment is cut', 'not ok 1\n' + '# x\n' * 20, '', ['not ok 1'] + ['# x'] * 7),
    ('and a long line', 'not ok 1' + 'x' * 1000, '', ['not ok 1' + 'x' * 392]),
]


def main():
    tap = Tap()
    for name, stdout, stderr, wanted in REASONS:
        tap.same(summary.reasons({'stdout': stdout, 'stderr': stderr}), wanted, name)
    for name, (stdout, result, code), wanted in CASES:
        got = summary.count({'stdout': stdout, 'result': result, 'returncode': code})
        tap.same(tuple(map(int, got)), wanted, name)
    return tap.done()


sys.exit(main())
