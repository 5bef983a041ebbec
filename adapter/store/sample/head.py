#!/usr/bin/python3
"""What stands in front of resources.ndjson in the dictionary of resources: resources.head.

usage: head.py OUT

Statistics of how resources are packed by that sample (RFC 8878, section 5: "Entropy_Tables"), so that they need not
be found out for each resource anew, which took a third of the time.  They were taken from the example resources in
tests/data/fhir-examples.tar.xz (see ORIGIN.md there), with libzstd 1.5.4.  Another version may come to other ones;
what stores hold was packed with these, so this is not run again.
"""
import ctypes
import json
import os
import sys
import tarfile

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = os.path.join(HERE, '../../../tests/data/fhir-examples.tar.xz')
LEVEL, NUMBER, MOST = -5, 2, 8000


class Parameters(ctypes.Structure):
    _fields_ = [('level', ctypes.c_int), ('verbose', ctypes.c_uint), ('number', ctypes.c_uint)]


def resources():
    """Each resource of the examples that is not long, as a server writes it."""
    with tarfile.open(EXAMPLES) as tar:
        for name in sorted(m.name for m in tar.getmembers() if m.name.endswith('.json')):
            read = json.load(tar.extractfile(name))
            if not isinstance(read, dict):
                continue
            inner = [e.get('resource') for e in read.get('entry', [])] if read.get('resourceType') == 'Bundle' else [read]
            for text in (json.dumps(r, separators=(',', ':'), ensure_ascii=False).encode() for r in inner if r):
                if len(text) < MOST:
                    yield text


def head(content, samples):
    zstd = ctypes.CDLL('libzstd.so.1')
    finalize = zstd.ZDICT_finalizeDictionary
    finalize.restype = ctypes.c_size_t
    finalize.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p,
                         ctypes.c_void_p, ctypes.c_uint, Parameters]
    room = ctypes.create_string_buffer(len(content) + 4096)
    sizes = (ctypes.c_size_t * len(samples))(*map(len, samples))
    n = finalize(room, len(room), content, len(content), b''.join(samples), sizes, len(samples),
                 Parameters(LEVEL, 0, NUMBER))
    if zstd.ZDICT_isError(ctypes.c_size_t(n)) or not room.raw[:n].endswith(content):
        sys.exit('head.py: libzstd made no dictionary')
    return room.raw[:n - len(content)]


if __name__ == '__main__':
    with open(os.path.join(HERE, 'resources.ndjson'), 'rb') as f:
        sample = f.read()
    with open(sys.argv[1], 'wb') as f:
        f.write(head(sample, list(resources())))
