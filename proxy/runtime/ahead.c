/* One entry into the mapped file of the ahead log: what `ahead_segment.py` does in Python, without a copy on the way.

   The body goes first and its CRC-32 is reckoned where it stands; the head goes last, so an entry whose writer was killed
   is none. Where the processor multiplies polynomials, 16 bytes are folded at once (Gopal and others, "Fast CRC
   Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009), else tables take 8. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#define HEADER 10 /* length and CRC of 4 bytes each, kind, length of the key */
#define LONGEST_KEY 255

static uint32_t tables[8][256];

static void make_tables(void)
{
    for (uint32_t n = 0; n < 256; n++) {
        uint32_t c = n;
        for (int bit = 0; bit < 8; bit++)
            c = c & 1 ? 0xEDB88320u ^ c >> 1 : c >> 1;
        tables[0][n] = c;
    }
    for (int row = 1; row < 8; row++)
        for (int n = 0; n < 256; n++)
            tables[row][n] = tables[0][tables[row - 1][n] & 0xFF] ^ tables[row - 1][n] >> 8;
}

static uint32_t by_tables(uint32_t crc, const unsigned char *data, size_t size)
{
    for (; size >= 8; size -= 8, data += 8) {
        uint32_t low = crc ^ (data[0] | data[1] << 8 | data[2] << 16 | (uint32_t)data[3] << 24);
        crc = tables[7][low & 0xFF] ^ tables[6][low >> 8 & 0xFF] ^ tables[5][low >> 16 & 0xFF] ^ tables[4][low >> 24]
            ^ tables[3][data[4]] ^ tables[2][data[5]] ^ tables[1][data[6]] ^ tables[0][data[7]];
    }
    for (; size > 0; size--, data++)
        crc = tables[0][(crc ^ *data) & 0xFF] ^ crc >> 8;
    return crc;
}

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

static int folds;

/* The same for at least 16 bytes, of which those behind the last whole 16 are left to the tables. */
__attribute__((target("pclmul,sse4.1"))) static uint32_t by_folding(uint32_t crc, const unsigned char *data, size_t size)
{
    const __m128i by_16 = _mm_set_epi64x(0x00CCAA009E, 0x01751997D0), low_words = _mm_setr_epi32(-1, 0, -1, 0);
    const __m128i by_4 = _mm_set_epi64x(0, 0x0163CD6124), reduced_by = _mm_set_epi64x(0x01F7011641, 0x01DB710641);
    __m128i sum = _mm_xor_si128(_mm_loadu_si128((const __m128i *)data), _mm_cvtsi32_si128((int)crc));
    for (data += 16, size -= 16; size >= 16; data += 16, size -= 16) {
        __m128i more = _mm_xor_si128(_mm_clmulepi64_si128(sum, by_16, 0x00), _mm_clmulepi64_si128(sum, by_16, 0x11));
        sum = _mm_xor_si128(more, _mm_loadu_si128((const __m128i *)data));
    }
    sum = _mm_xor_si128(_mm_srli_si128(sum, 8), _mm_clmulepi64_si128(sum, by_16, 0x10)); /* 128 bits to 96 to 64 */
    sum = _mm_xor_si128(_mm_srli_si128(sum, 4), _mm_clmulepi64_si128(_mm_and_si128(sum, low_words), by_4, 0x00));
    __m128i rest = _mm_clmulepi64_si128(_mm_and_si128(sum, low_words), reduced_by, 0x10); /* to 32 (Barrett) */
    rest = _mm_clmulepi64_si128(_mm_and_si128(rest, low_words), reduced_by, 0x00);
    return by_tables((uint32_t)_mm_extract_epi32(_mm_xor_si128(sum, rest), 1), data, size);
}
#endif

static uint32_t crc32_of(uint32_t begun, const unsigned char *data, size_t size)
{
#if defined(__x86_64__) && defined(__GNUC__)
    if (folds && size >= 16)
        return ~by_folding(~begun, data, size);
#endif
    return ~by_tables(~begun, data, size);
}

static void put_word(unsigned char *place, uint32_t word)
{
    for (int byte = 0; byte < 4; byte++)
        place[byte] = (unsigned char)(word >> 8 * byte);
}

static PyObject *put(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    if (count != 6 || !PyBytes_Check(args[4]) || !PyBytes_Check(args[5]))
        return PyErr_Format(PyExc_TypeError, "put takes pages, offset, position, kind, key and payload");
    Py_ssize_t at = PyLong_AsSsize_t(args[1]), key = PyBytes_GET_SIZE(args[4]), payload = PyBytes_GET_SIZE(args[5]);
    uint64_t position = PyLong_AsUnsignedLongLongMask(args[2]);
    long kind = PyLong_AsLong(args[3]);
    if (PyErr_Occurred())
        return NULL;
    if (at < 0 || kind < 0 || kind > 255 || key > LONGEST_KEY)
        return PyErr_Format(PyExc_ValueError, "no such offset, kind or key");
    Py_buffer pages;
    if (PyObject_GetBuffer(args[0], &pages, PyBUF_WRITABLE) < 0)
        return NULL;
    Py_ssize_t end = -1;
    if (at <= pages.len && HEADER + key + payload <= pages.len - at) {
        unsigned char *entry = (unsigned char *)pages.buf + at;
        uint32_t seed = (uint32_t)(position * 31 + (uint64_t)kind * 257 + (uint64_t)key);
        memcpy(entry + HEADER, PyBytes_AS_STRING(args[4]), (size_t)key);
        memcpy(entry + HEADER + key, PyBytes_AS_STRING(args[5]), (size_t)payload);
        entry[8] = (unsigned char)kind;
        entry[9] = (unsigned char)key;
        put_word(entry + 4, crc32_of(seed, entry + HEADER, (size_t)(key + payload)));
        put_word(entry, (uint32_t)(HEADER + key + payload));
        end = at + HEADER + key + payload;
    }
    PyBuffer_Release(&pages);
    return PyLong_FromSsize_t(end);
}

static PyObject *checksum(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    if (count != 3 || !PyBytes_Check(args[0]))
        return PyErr_Format(PyExc_TypeError, "checksum takes bytes, what it begins with, and whether tables do it");
    uint32_t begun = (uint32_t)PyLong_AsUnsignedLongMask(args[1]);
    const unsigned char *data = (const unsigned char *)PyBytes_AS_STRING(args[0]);
    size_t size = (size_t)PyBytes_GET_SIZE(args[0]);
    int plain = PyObject_IsTrue(args[2]);
    if (plain < 0 || PyErr_Occurred())
        return NULL;
    return PyLong_FromUnsignedLong(plain ? ~by_tables(~begun, data, size) : crc32_of(begun, data, size));
}

static PyMethodDef methods[] = {
    {"put", (PyCFunction)(void (*)(void))put, METH_FASTCALL, "An entry at this offset; its end, -1 if it has no room."},
    {"checksum", (PyCFunction)(void (*)(void))checksum, METH_FASTCALL, "The CRC-32 of bytes, as zlib.crc32 reckons it."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_ahead", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__ahead(void)
{
    make_tables();
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_cpu_init();
    folds = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
#endif
    return PyModule_Create(&definition);
}
