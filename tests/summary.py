#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Sums the tests that meson ran in the given build folders into one last line: N passed, N failed, N skipped.

Each TAP subtest counts as one; a test without TAP as one. A test that crashed, timed out, said nothing or ran
fewer subtests than it planned counts as a failure even where every line it printed was `ok`. cmocka says
`not ok N # SKIP` of a skipped test, which meson takes for a failure and this for what it is.
"""
import json
import pathlib
import re
import sys

TAP_LINE = re.compile(r'^(not )?ok\b[^#\n]*(?:#\s*(skip|todo)\b.*)?', re.IGNORECASE | re.MULTILINE)
TAP_PLAN = re.compile(r'^1\.\.(\d+)(\s*#\s*skip.*)?', re.IGNORECASE | re.MULTILINE)

REASONS, REASON_LINES, REASON_CHARACTERS = 10, 8, 400


def count(test):
    """One meson test -> (passed, failed, skipped)."""
    output, result = test.get('stdout') or '', test['result']
    lines, plan = TAP_LINE.findall(output), TAP_PLAN.search(output)
    if not lines and not plan:
        return (result == 'OK', result not in ('OK', 'SKIP'), result == 'SKIP' and test['returncode'] == 77)
    if not lines and plan.group(1) == '0' and result in ('OK', 'SKIP'):
        return 0, 0, 1
    skipped = sum(1 for bad, word in lines if word.lower() == 'skip')
    failed = sum(1 for bad, word in lines if bad and not word)
    passed = len(lines) - skipped - failed
    whole = plan and int(plan.group(1)) == len(lines)
    good = result in ('OK', 'SKIP') or (result == 'FAIL' and skipped and test['returncode'] == 0)
    if not failed and not (good and whole):
        failed = 1
    return passed, failed, skipped


def reasons(test):
    """What a test that failed said of it, for a log that may be all that is left: the checks that failed, each with
    the comment behind it; of one that names none, the ends of what it wrote."""
    lines, said, of_failure = (test.get('stdout') or '').splitlines(), [], 0
    for line in lines:
        if line.startswith('not ok') and '# skip' not in line.lower():
            of_failure = REASON_LINES
        elif not line.startswith('#'):
            of_failure = 0
        if of_failure:
            said.append(line)
            of_failure -= 1
    if not said:
        said = lines[-REASON_LINES:] + (test.get('stderr') or '').splitlines()[-REASON_LINES:]
    return [line[:REASON_CHARACTERS] for line in said[:REASONS * REASON_LINES]]


def main(folders):
    passed = failed = skipped = 0
    for folder in folders:
        logs = sorted(pathlib.Path(folder, 'meson-logs').glob('testlog*.json'))
        tests = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
        if not tests:
            print(f'{folder}: no test ran')
            failed += 1
        for test in tests:
            p, f, s = count(test)
            if f or p + f + s == 0:
                print(f"{folder}: {test['name']}: {test['result']}, {p} passed, {max(f, 1)} failed")
                print(''.join(f'    {line}\n' for line in reasons(test)), end='')
            passed, failed, skipped = passed + p, failed + (f if p + f + s else 1), skipped + s
    print(f'{passed} passed, {failed} failed, {skipped} skipped')
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
