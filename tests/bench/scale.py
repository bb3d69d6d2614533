# SPDX-License-Identifier: BSD-2-Clause
"""What many indicators cost: a packet, a load, memory."""
import os
import statistics
import subprocess
import time

import targets
from mixes import found, net, start_and_run, truth
from runs import Failed, median_ratio, progress, rounds, summary

SAMPLE_SECONDS = 0.02


def _row(scale, bridled, few, capture, told):
    ratio = median_ratio(bridled, few)
    row = {'mix': scale.mix, 'names': scale.names, 'ranges': scale.ranges,
           'bridled': summary([ns / capture.packets for ns in bridled]), 'ratio': ratio,
           'truth': truth(capture, told)}
    if scale.at_most is not None:
        row |= {'at_most': scale.at_most, 'met': ratio <= scale.at_most}
    return row


def costs(programs, material, scales, packets, count):
    """A row for each of `scales`: those of one mix share their rounds with RULES names. Images, not lists, are
    used, so that what is subtracted for the start is small."""
    rows = []
    for mix in dict.fromkeys(s.mix for s in scales):
        mine = [targets.Scale(mix, targets.RULES)] + [s for s in scales if s.mix == mix]
        capture = material.capture(mix, packets[mix])
        few = material.head(capture)
        contenders, told = {}, []
        for s in mine:
            image = material.image(material.rules(s.names, s.ranges), programs.loader, s.names + s.ranges)
            told.append(found(programs, capture, image.path))
            contenders |= start_and_run(programs, few, capture, image.path, f'{s.names}+{s.ranges} ')
        got = rounds(contenders, count, f'{mix}, many indicators')
        bridled = [net(got, f'{s.names}+{s.ranges} ') for s in mine]
        rows += [_row(s, b, bridled[0], capture, t) for s, b, t in zip(mine, bridled, told)]
    return rows


def _kilobytes(path, *keys):
    """The sum of some lines of a file under /proc that is written like `Key:  123 kB`."""
    try:
        with open(path, encoding='ascii') as f:
            lines = [line.split() for line in f]
    except OSError:
        return 0  # ended
    return sum(int(words[1]) for words in lines if words and words[0].rstrip(':') in keys)


def _tree(pid):
    """A process and all below it."""
    found, later = [], [pid]
    while later:
        found.append(later.pop())
        try:
            with open(f'/proc/{found[-1]}/task/{found[-1]}/children', encoding='ascii') as f:
                later += map(int, f.read().split())
        except OSError:
            pass
    return found


def load(command):
    """Wall and CPU time of a program, and the most memory that it and its children had at once: anonymous
    pages, and those in shared memory, mapped or not; of the latter, what the machine has more than before."""
    before = _kilobytes('/proc/meminfo', 'Shmem')
    most, start = 0, time.monotonic()
    with subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, close_fds=False) as process:
        while True:
            pid, status, used = os.wait4(process.pid, os.WNOHANG)
            if pid != 0:
                break
            anonymous = sum(_kilobytes(f'/proc/{p}/status', 'RssAnon') for p in _tree(process.pid))
            most = max(most, anonymous + _kilobytes('/proc/meminfo', 'Shmem') - before)
            time.sleep(SAMPLE_SECONDS)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        said = process.stderr.read().decode(errors='replace')
    if process.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))}: exit {process.returncode}: {said.strip()[-300:]}")
    return {'seconds': seconds, 'cpu_seconds': used.ru_utime + used.ru_stime, 'peak_bytes': most * 1024}


def loads(programs, material, names, count):
    """Loading the largest list from text, and its image: from the start to the end of a replay of a few
    packets, which is longer than up to the first packet."""
    rules = material.rules(names)
    image = material.image(rules, programs.loader, names)
    few = material.head(material.capture('dns', 1000))
    text = []
    for i in range(min(count, 3)):
        progress(f'loading {names} names: {i + 1}')
        text.append(load(programs.replay(few, rules)))
    progress('')
    mapped = [load(programs.replay(few, image.path)) for _ in range(count)]
    seconds = statistics.median(t['seconds'] for t in text)
    start = statistics.median(m['seconds'] for m in mapped)
    peak = max(t['peak_bytes'] for t in text)
    row = {'names': names, 'image_bytes': image.bytes, 'bytes_a_name': image.bytes / names,
           'text_seconds': seconds, 'text_cpu_seconds': statistics.median(t['cpu_seconds'] for t in text),
           'text_peak_bytes': peak, 'peak_of_image': peak / image.bytes, 'image_seconds': start}
    row['targets'] = [
        {'what': 'bytes a name', 'got': row['bytes_a_name'], 'at_most': targets.BYTES_A_NAME},
        {'what': 'peak while loading / image', 'got': row['peak_of_image'], 'at_most': targets.PEAK_OF_IMAGE},
        {'what': 'seconds to load text', 'got': seconds, 'at_most': targets.LOAD_SECONDS},
        {'what': 'seconds to start with an image', 'got': start, 'at_most': targets.IMAGE_START_SECONDS}]
    for t in row['targets']:
        t['met'] = t['got'] <= t['at_most']
    return row
