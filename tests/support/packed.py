"""What the store keeps of a resource, as text: adapter/store/ad_store_pack.h."""
import ctypes
import ctypes.util
import os

ROOT = os.environ.get('SALVOR_SOURCE_ROOT', os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..'))
zstd = ctypes.CDLL(ctypes.util.find_library('zstd') or 'libzstd.so.1')
zstd.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong
zstd.ZSTD_createDCtx.restype = ctypes.c_void_p
zstd.ZSTD_decompress_usingDict.restype = ctypes.c_size_t
context = ctypes.c_void_p(zstd.ZSTD_createDCtx())
with open(os.path.join(ROOT, 'adapter/store/sample/resources.ndjson'), 'rb') as sample_file:
    SAMPLE = sample_file.read()


def resource(kept):
    """The text of the column resource.text."""
    if kept is None or kept[:1] != b'\x02':
        return kept
    frame = kept[1:]
    size = zstd.ZSTD_getFrameContentSize(frame, ctypes.c_size_t(len(frame)))
    out = ctypes.create_string_buffer(size + 1)
    n = zstd.ZSTD_decompress_usingDict(context, out, ctypes.c_size_t(size), frame, ctypes.c_size_t(len(frame)), SAMPLE,
                                       ctypes.c_size_t(len(SAMPLE)))
    assert n == size, 'damaged'
    return out.raw[:size]
