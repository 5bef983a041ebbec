#!/usr/bin/python3
"""The samples as C, since C17 cannot embed files.

usage: embed.py OUT FILE...

Of a file with a .head beside it there is a dictionary, which is both.
"""
import os
import sys

VARIABLE = 'const struct sv_str ad_store_%s_%s = { (const char *)%s + %d, sizeof(%s) - %d };\n'


def read(path):
    if not os.path.exists(path):
        return b''
    with open(path, 'rb') as f:
        return f.read()


with open(sys.argv[1], 'w') as out:
    out.write('#include "ad_store_sample.h"\n')
    for path in sys.argv[2:]:
        stem = os.path.splitext(path)[0]
        name, head = os.path.basename(stem), read(stem + '.head')
        data = head + read(path)
        out.write('\nstatic const unsigned char %s[] = {\n' % name)
        for i in range(0, len(data), 20):
            out.write('\t%s,\n' % ', '.join('%d' % b for b in data[i:i + 20]))
        out.write('};\n' + VARIABLE % ('sample', name, name, len(head), name, len(head)))
        if head:
            out.write(VARIABLE % ('dictionary', name, name, 0, name, 0))
