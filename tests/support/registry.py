"""A registry's Bulk Data export of any size, made of the clinical cases."""
import glob
import json
import os
import random

# What real exports are full of and no rule asks about.
OTHER = ('{"resourceType":"Encounter","id":"%s-x%d","status":"finished","class":{"code":"AMB"},'
         '"subject":{"reference":"Patient/%s"},"period":{"start":"2019-03-0%dT09:00:00+01:00"}}')


def cases(root):
    """Each case as a list of resources that refer to each other as Type/id."""
    for path in sorted(glob.glob(os.path.join(root, 'tests/cases/vignettes-fhir/*.json'))):
        with open(path) as f:
            entries = json.load(f)['entry']
        text = json.dumps(entries)
        for e in entries:
            r = e['resource']
            text = text.replace('"reference": "%s"' % e['fullUrl'],
                                '"reference": "%s/%s"' % (r['resourceType'], r['id']))
        yield [e['resource'] for e in json.loads(text)]


def write(root, folder, shuffle=None, parts=1):
    """One file a type (or several), each case once; shuffled if asked.  Returns the files."""
    lines = {}
    for resources in cases(root):
        for r in resources:
            lines.setdefault(r['resourceType'], []).append(json.dumps(r))
    files = []
    for kind, rows in lines.items():
        if shuffle is not None:
            random.Random(shuffle).shuffle(rows)
        for part in range(parts):
            files.append(os.path.join(folder, '%s.%03d.ndjson' % (kind, part)))
            with open(files[-1], 'w') as f:
                f.write(''.join(x + '\n' for x in rows[part::parts]))
    return files


def write_many(root, folder, patients, others=3):
    """``patients`` copies of the cases, one file a type, with ``others`` Encounters each."""
    made = []
    for resources in cases(root):
        me = next(r['id'] for r in resources if r['resourceType'] == 'Patient')
        made.append([(r['resourceType'], json.dumps(r, separators=(',', ':'))
                      .replace('"%s"' % me, '"@ME@"').replace('Patient/%s"' % me, 'Patient/@ME@"'))
                     for r in resources])
    out = {}
    for i in range(patients):
        me = 'p%07d' % i
        rows = [(kind, text.replace('@ME@', me)) for kind, text in made[i % len(made)]]
        rows += [('Encounter', OTHER % (me, k, me, k % 9 + 1)) for k in range(others)]
        for kind, text in rows:
            if kind not in out:
                out[kind] = open(os.path.join(folder, kind + '.ndjson'), 'w')
            out[kind].write(text + '\n')
    for f in out.values():
        f.close()
    return sum(os.path.getsize(f.name) for f in out.values())
