"""What the store keeps of a resource, as text: adapter/store/ad_store_pack.h."""
import ctypes
import ctypes.util
import json
import os
import re
import sqlite3

ROOT = os.environ.get('SALVOR_SOURCE_ROOT', os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..'))
zstd = ctypes.CDLL(ctypes.util.find_library('zstd') or 'libzstd.so.1')
zstd.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong
zstd.ZSTD_createDCtx.restype = zstd.ZSTD_createCCtx.restype = ctypes.c_void_p
zstd.ZSTD_decompress_usingDict.restype = zstd.ZSTD_compress_usingDict.restype = ctypes.c_size_t
unpacker, packer = ctypes.c_void_p(zstd.ZSTD_createDCtx()), ctypes.c_void_p(zstd.ZSTD_createCCtx())


def read(name):
    with open(os.path.join(ROOT, 'adapter/store/sample', name), 'rb') as f:
        return f.read()


# By what stands in front: layouts 9 and 10 had the sample alone.
DICTIONARY = {2: read('resources.ndjson'), 3: read('resources.head') + read('resources.ndjson')}


def resource(kept):
    """The text of the column resource.text."""
    if not kept or kept[0] not in DICTIONARY:
        return kept
    frame, dictionary = kept[1:], DICTIONARY[kept[0]]
    size = zstd.ZSTD_getFrameContentSize(frame, ctypes.c_size_t(len(frame)))
    out = ctypes.create_string_buffer(size + 1)
    n = zstd.ZSTD_decompress_usingDict(unpacker, out, ctypes.c_size_t(size), frame, ctypes.c_size_t(len(frame)),
                                       dictionary, ctypes.c_size_t(len(dictionary)))
    assert n == size, 'damaged'
    return out.raw[:size]


def sheaf(kept):
    """(name, line) of each resource that a row of the table sheaf holds: adapter/store/ad_store_sheaf.h."""
    lines = resource(kept).split(b'\n')
    return [(name.decode(), line) for name, line in zip(lines[0:-1:2], lines[1::2])]


def untie(db):
    """Give the table resource a row for every resource, with its text, as if no sheaf were bound."""
    db.create_function('unpacked', 1, resource)
    db.execute('CREATE TEMP TABLE resource AS SELECT * FROM main.resource')
    db.execute('UPDATE temp.resource SET text = unpacked(text)')
    held = 0
    for source, patient, kept, message in db.execute('SELECT source, patient, text, message FROM sheaf').fetchall():
        for name, line in sheaf(kept):
            meta = json.loads(line).get('meta', {})
            held += 1
            db.execute('INSERT INTO temp.resource(source, name, patient, version, updated, deleted, text, message)'
                       ' VALUES(?,?,?,?,?,0,?,?)', (source, name, patient, meta.get('versionId', ''),
                                                    meta.get('lastUpdated', ''), line, message))
    found, = db.execute('SELECT count(*) FROM sheaf_key k JOIN sheaf s ON s.id = k.sheaf').fetchone()
    if (found, found) != (held, *db.execute('SELECT count(*) FROM sheaf_key').fetchone()):
        raise AssertionError('%d resources in sheaves, the index leads to %d' % (held, found))


def rows(path, query, values=()):
    """Rows of a query of the store, read only, also while it is used."""
    db = sqlite3.connect('file:%s?mode=ro' % path, uri=True, timeout=20, isolation_level=None)
    try:
        db.execute('BEGIN')     # all of one moment
        if re.search(r'\bresource\b', query) and db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sheaf'").fetchall():
            untie(db)
        return db.execute(query, values).fetchall()
    finally:
        db.close()


def as_layout_10(kept):
    """What a store of layout 10 would keep of the same text."""
    if kept is None:
        return None
    text, dictionary = resource(kept), DICTIONARY[2]
    out = ctypes.create_string_buffer(len(text) + 512)
    n = zstd.ZSTD_compress_usingDict(packer, out, ctypes.c_size_t(len(out)), text, ctypes.c_size_t(len(text)),
                                     dictionary, ctypes.c_size_t(len(dictionary)), -5)
    assert n < len(out), 'not packed'
    return b'\x02' + out.raw[:n]
