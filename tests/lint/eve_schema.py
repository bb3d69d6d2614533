#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""eve_schema.py [FILE...]: checks lines of events against tests/eve.schema.json, and what a schema cannot say.

Reads standard input without a FILE. Prints each problem as FILE:LINE: WHAT; exits 1 when there was one, 77
without python3-jsonschema. Other tests import `problems`.
"""
import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:
    jsonschema = None

SCHEMA = pathlib.Path(__file__).resolve().parent.parent / 'eve.schema.json'
_validator = None


def validator():
    global _validator
    if _validator is None:
        schema = json.loads(SCHEMA.read_text(encoding='utf-8'))
        jsonschema.Draft202012Validator.check_schema(schema)
        _validator = jsonschema.Draft202012Validator(schema)
    return _validator


def no_twins(pairs):
    """An object with a key twice is read differently by different readers."""
    keys = [k for k, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError(f'a key stands twice: {sorted(k for k in set(keys) if keys.count(k) > 1)}')
    return dict(pairs)


def no_constants(word):
    raise ValueError(f'{word} is no JSON')


def line_problems(line):
    """Problems of one line of bytes without its newline."""
    try:
        text = line.decode('utf-8')
    except UnicodeDecodeError as e:
        return [f'not UTF-8: {e}']
    raw = [c for c in text if ord(c) < 0x20 or 0x7f <= ord(c) < 0xa0]
    if raw:
        return [f'control characters: {raw[:5]!r}']
    try:
        event = json.loads(text, object_pairs_hook=no_twins, parse_constant=no_constants)
    except ValueError as e:
        return [f'not JSON: {e}: {text[:200]}']
    return [f'{"/".join(map(str, e.absolute_path)) or "event"}: {e.message[:300]}'
            for e in validator().iter_errors(event)]


def problems(data):
    """(line number, problem) of a file's bytes."""
    lines = data.split(b'\n')
    if lines[-1]:
        yield len(lines), 'the last line has no end'
    for number, line in enumerate(lines[:-1], 1):
        for problem in line_problems(line):
            yield number, problem


def main(paths):
    if jsonschema is None:
        print('no python3-jsonschema', file=sys.stderr)
        return 77
    bad = False
    for path in paths or ['-']:
        data = sys.stdin.buffer.read() if path == '-' else pathlib.Path(path).read_bytes()
        for number, problem in problems(data):
            print(f'{path}:{number}: {problem}')
            bad = True
    return int(bad)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
