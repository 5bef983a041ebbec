"""What the store keeps of a resource, as text: adapter/store/ad_store_pack.h."""
import ctypes
import ctypes.util
import os

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
    if kept is None or kept[0] not in DICTIONARY:
        return kept
    frame, dictionary = kept[1:], DICTIONARY[kept[0]]
    size = zstd.ZSTD_getFrameContentSize(frame, ctypes.c_size_t(len(frame)))
    out = ctypes.create_string_buffer(size + 1)
    n = zstd.ZSTD_decompress_usingDict(unpacker, out, ctypes.c_size_t(size), frame, ctypes.c_size_t(len(frame)),
                                       dictionary, ctypes.c_size_t(len(dictionary)))
    assert n == size, 'damaged'
    return out.raw[:size]


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
