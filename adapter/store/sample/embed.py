#!/usr/bin/python3
"""The samples as C, since C17 cannot embed files.

usage: embed.py OUT FILE...
"""
import os
import sys

with open(sys.argv[1], 'w') as out:
    out.write('#include "ad_store_sample.h"\n')
    for path in sys.argv[2:]:
        name = os.path.splitext(os.path.basename(path))[0]
        with open(path, 'rb') as f:
            data = f.read()
        out.write('\nstatic const unsigned char %s[] = {\n' % name)
        for i in range(0, len(data), 20):
            out.write('\t%s,\n' % ', '.join('%d' % b for b in data[i:i + 20]))
        out.write('};\nconst struct sv_str ad_store_sample_%s = { (const char *)%s, sizeof(%s) };\n' % ((name,) * 3))
