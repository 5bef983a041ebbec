#!/usr/bin/python3
"""The samples as C, since C17 cannot embed files.

usage: embed.py OUT FILE...

NAME.dict is a dictionary of Zstandard; so is any other file together with the NAME.head beside it.
"""
import os
import sys


def read(path):
    with open(path, 'rb') as f:
        return f.read()


def embed(out, what, name, data, skip=0):
    """${data} as ad_store_${what}_${name}; without its first bytes as the sample, if they are to be skipped."""
    own = '%s_%s' % (what, name)
    out.write('\nstatic const unsigned char %s[] = {\n' % own)
    for i in range(0, len(data), 20):
        out.write('\t%s,\n' % ', '.join('%d' % b for b in data[i:i + 20]))
    out.write('};\nconst struct sv_str ad_store_%s = { (const char *)%s, sizeof(%s) };\n' % (own, own, own))
    if skip:
        out.write('const struct sv_str ad_store_sample_%s = { (const char *)%s + %d, sizeof(%s) - %d };\n' % (
            name, own, skip, own, skip))


with open(sys.argv[1], 'w') as c:
    c.write('#include "ad_store_sample.h"\n')
    for path in sys.argv[2:]:
        stem, kind = os.path.splitext(path)
        head = read(stem + '.head') if os.path.exists(stem + '.head') else b''
        embed(c, 'dictionary' if head or kind == '.dict' else 'sample', os.path.basename(stem), head + read(path),
              len(head))
