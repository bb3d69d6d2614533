# SPDX-License-Identifier: BSD-2-Clause
"""Instructions a packet, by function and by stage, counted by callgrind over two lengths of one capture.

What starting costs cancels out in the difference. The build must have line numbers, and no system call filter:
contrib/presets/profile.ini.
"""
import collections
import pathlib
import re
import tempfile

from runs import Failed, output, progress

COST = re.compile(r'^(?:\*|[+-]?\d+) (\d+)$')  # a line number, perhaps relative, and instructions
NAMED = re.compile(r'^(\w+)=\((\d+)\)(?: (.*))?$')
PREFIX = 'daemon/'
# Where a source file belongs: the first row whose folder or file begins its path. The rest of worker/ is the
# path itself.
STAGES = [('packet/capture', 'capture'), ('worker/run.c', 'capture'), ('packet/', 'decode'),
          ('proto/', 'parse'), ('intel/', 'match'), ('worker/observe', 'match'), ('worker/resolve', 'match'),
          ('worker/named', 'match'), ('worker/addresses', 'match'), ('worker/record', 'report'),
          ('worker/shm', 'report'), ('report/', 'report'), ('serve/', 'report'), ('worker/', 'flows'),
          ('flow/', 'flows')]
STAGE_NAMES = ('capture', 'decode', 'flows', 'parse', 'match', 'report', 'other')
SHARES = {'cfn': 'fn', 'cob': 'ob', 'cfi': 'fl', 'cfl': 'fl', 'fi': 'fl', 'fe': 'fl'}  # tables of names


def stage_of(path):
    """The stage of a source file; None: it serves whoever calls it (base/, libraries)."""
    at = path.rfind(PREFIX)
    if at < 0:
        return None
    inside = path[at + len(PREFIX):]
    return next((stage for start, stage in STAGES if inside.startswith(start)), None)


class Profile:
    """Costs of one process: by function, and by stage."""

    def __init__(self):
        self.function = collections.Counter()  # (name, place) -> instructions of its own
        self.stage = collections.Counter()
        self.total = 0


class _Reader:
    """Reads a file of callgrind (its manual, "Callgrind Format Specification")."""

    def __init__(self):
        self.names = collections.defaultdict(dict)
        self.now = {}
        self.called = False  # the next line of cost is that of a call
        # A function is (name, file, library); what was inlined into it has a stage of its own, or None.
        self.own = collections.Counter()  # (function, stage) -> instructions
        self.calls = collections.Counter()  # (function, stage, called function) -> those of the called one

    def name(self, line):
        kind, number, text = NAMED.match(line).groups()
        table = self.names[SHARES.get(kind, kind)]
        if text is not None:
            table[number] = text
        self.now[kind] = table[number]
        if kind in ('fl', 'fi', 'fe'):
            self.now['file'] = table[number]

    def function(self):
        return self.now['fn'], self.now.get('fl', ''), self.now.get('ob', '')

    def call(self, cost):
        """What says nothing else of the called function is as for the calling one."""
        file = self.now.pop('cfi', None) or self.now.pop('cfl', None) or self.now.get('file', '')
        called = self.now['cfn'], file, self.now.pop('cob', None) or self.now.get('ob', '')
        self.calls[self.function(), stage_of(self.now.get('file', '')), called] += cost

    def line(self, line):
        cost = COST.match(line)
        if cost and self.called:
            self.call(int(cost[1]))
            self.called = False
        elif cost:
            self.own[self.function(), stage_of(self.now.get('file', ''))] += int(cost[1])
        elif line.startswith('calls='):
            self.called = True
        elif NAMED.match(line):
            self.name(line)

    def homes(self):
        """{function: stage}: that of its file, else that of most of what was inlined into it. What has none
        serves everybody."""
        inlined = collections.defaultdict(collections.Counter)
        for (function, stage), cost in self.own.items():
            if stage:
                inlined[function][stage] += cost
        return {f: stage_of(f[1]) or (inlined[f].most_common(1)[0][0] if f in inlined else None)
                for f, _ in self.own}

    def profile(self):
        """What serves everybody counts for the stage that called it."""
        result, homes = Profile(), self.homes()
        for (function, stage), cost in self.own.items():
            name, file, library = function
            at = file.rfind(PREFIX)
            place = file[at + len(PREFIX):] if at >= 0 else pathlib.PurePath(library).name
            result.function[name, place] += cost
            result.total += cost
            result.stage[stage or homes[function] or 'other'] += cost
        for (function, stage, called), cost in self.calls.items():
            of = stage or homes.get(function)
            if of and not homes.get(called):
                result.stage[of] += cost
                result.stage['other'] -= cost
        return result


def read(path):
    """(program, Profile) of one process."""
    reader, command = _Reader(), ''
    with open(path, encoding='utf-8', errors='replace') as lines:
        for line in lines:
            line = line.rstrip('\n')
            if line.startswith('cmd:'):
                command = pathlib.PurePath(line.split()[1]).name
            else:
                reader.line(line)
    return command, reader.profile()


def _count(command):
    """{program: Profile} of all processes of a run."""
    with tempfile.TemporaryDirectory() as folder:
        output(['valgrind', '-q', '--tool=callgrind', '--trace-children=yes',
                f'--callgrind-out-file={folder}/%p', *command])
        return dict(read(p) for p in pathlib.Path(folder).iterdir())


def check_build(programs):
    config = (programs.build / 'config.h').read_text(encoding='utf-8')
    if '#define HAVE_SECCOMP 1' in config:
        raise Failed(f'{programs.build}: its system call filter ends programs under callgrind: use a build with '
                     '--native-file contrib/presets/profile.ini')


def _difference(long, short, packets):
    gained = long.copy()
    gained.subtract(short)
    return {key: n / packets for key, n in gained.items() if n}


def measure(programs, capture, heads, rules):
    """Instructions a packet between the ends of two heads of a capture, [(path, packets), ...]:
    {'functions': {(function, place): n}, 'instructions': {stage: n}, 'packets': n}."""
    check_build(programs)
    runs = []
    for path, packets in heads:
        progress(f'callgrind: {capture.path.stem}, {packets} packets')
        runs.append(_count(programs.replay(path, rules)))
    progress('')
    packets = heads[1][1] - heads[0][1]
    functions, stages, total = collections.Counter(), collections.Counter(), 0
    for program, long in runs[1].items():
        short = runs[0].get(program, Profile())
        total += (long.total - short.total) / packets
        for (name, place), n in _difference(long.function, short.function, packets).items():
            functions[name, place] += n
        if program == 'bridle-worker':
            stages.update(_difference(long.stage, short.stage, packets))
        else:
            stages['report'] += (long.total - short.total) / packets
    ordered = {s: stages[s] for s in STAGE_NAMES if stages[s]}
    return {'functions': functions, 'instructions': ordered, 'total': total, 'packets': packets}
