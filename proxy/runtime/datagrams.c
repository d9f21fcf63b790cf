/* Datagrams in batches: one system call reads many, and no tuple is built for an address that is known.

   `receive` and `send` do what `udp.py` does with a socket object, which stays for where this cannot be compiled; a test
   holds both to the same. Nothing is kept between two calls but the buffers that the kernel writes into. */

#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define SLOTS 16              /* datagrams in one system call */
#define LARGEST 65535         /* bytes of one */
#define STRIDE (65536 + 4352) /* so that the heads of two slots do not share a place in the caches */

static unsigned char *slots;
static PyObject *name_data, *name_hop, *name_host, *name_port;

/* A new reference to what answers to a source; `met(host, port)` makes it the first time. */
static PyObject *hop_of(const struct sockaddr_storage *from, socklen_t size, PyObject *hops, PyObject *met)
{
    PyObject *key = PyBytes_FromStringAndSize((const char *)from, size);
    if (key == NULL)
        return NULL;
    PyObject *hop = PyDict_GetItemWithError(hops, key);
    if (hop != NULL) {
        Py_INCREF(hop);
    } else if (!PyErr_Occurred()) {
        char host[NI_MAXHOST], port[NI_MAXSERV];
        int wrong = getnameinfo((const struct sockaddr *)from, size, host, sizeof host, port, sizeof port,
                                NI_NUMERICHOST | NI_NUMERICSERV);
        if (wrong)
            PyErr_SetString(PyExc_OSError, gai_strerror(wrong));
        else
            hop = PyObject_CallFunction(met, "si", host, atoi(port));
        if (hop != NULL && PyDict_SetItem(hops, key, hop) < 0)
            Py_CLEAR(hop);
    }
    Py_DECREF(key);
    return hop;
}

/* Append (data, hop) for one datagram; -1 with an exception set when that fails. */
static int append(PyObject *found, const struct mmsghdr *one, const unsigned char *slot, PyObject *hops, PyObject *met)
{
    const struct msghdr *head = &one->msg_hdr;
    PyObject *hop = hop_of(head->msg_name, head->msg_namelen, hops, met);
    if (hop == NULL)
        return -1;
    PyObject *pair = NULL, *data = PyBytes_FromStringAndSize((const char *)slot, one->msg_len);
    if (data != NULL) {
        pair = PyTuple_Pack(2, data, hop);
        Py_DECREF(data);
    }
    Py_DECREF(hop);
    if (pair == NULL)
        return -1;
    int done = PyList_Append(found, pair);
    Py_DECREF(pair);
    return done;
}

static PyObject *receive(PyObject *module, PyObject *args)
{
    int descriptor, remembered, most;
    PyObject *hops, *met;
    if (!PyArg_ParseTuple(args, "iO!Oii", &descriptor, &PyDict_Type, &hops, &met, &remembered, &most))
        return NULL;
    if (PyDict_Size(hops) >= remembered)
        PyDict_Clear(hops);
    PyObject *found = PyList_New(0);
    while (found != NULL && PyList_GET_SIZE(found) < most) {
        struct mmsghdr heads[SLOTS];
        struct iovec places[SLOTS];
        struct sockaddr_storage names[SLOTS];
        Py_ssize_t left = most - PyList_GET_SIZE(found);
        unsigned int asked = left < SLOTS ? (unsigned int)left : SLOTS;
        memset(heads, 0, sizeof heads);
        for (unsigned int at = 0; at < asked; at++) {
            places[at].iov_base = slots + (size_t)at * STRIDE;
            places[at].iov_len = LARGEST;
            heads[at].msg_hdr.msg_iov = &places[at];
            heads[at].msg_hdr.msg_iovlen = 1;
            heads[at].msg_hdr.msg_name = &names[at];
            heads[at].msg_hdr.msg_namelen = sizeof names[at];
        }
        int got = recvmmsg(descriptor, heads, asked, MSG_DONTWAIT, NULL);
        if (got < 0) {
            if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || PyList_GET_SIZE(found) > 0)
                break; /* an error behind datagrams is dropped: it tells of a datagram that we sent, as ICMP may */
            Py_DECREF(found);
            return PyErr_SetFromErrno(PyExc_OSError);
        }
        for (int at = 0; at < got && found != NULL; at++)
            if (append(found, &heads[at], places[at].iov_base, hops, met) < 0)
                Py_CLEAR(found);
        if ((unsigned int)got < asked)
            break;
    }
    return found;
}

/* The address as the kernel wants it, 0 when it is not written as plain digits. */
static socklen_t address_of(const char *host, long port, struct sockaddr_storage *to)
{
    if (port < 0 || port > 65535)
        return 0;
    struct sockaddr_in *four = (struct sockaddr_in *)to;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)to;
    memset(to, 0, sizeof *to);
    if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)port);
        return sizeof *four;
    }
    if (inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons((uint16_t)port);
        return sizeof *six;
    }
    return 0;
}

static PyObject *send_order(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    if (count != 3)
        return PyErr_Format(PyExc_TypeError, "send takes a descriptor, what sends otherwise, and an order");
    long descriptor = PyLong_AsLong(args[0]);
    if (descriptor == -1 && PyErr_Occurred())
        return NULL;
    PyObject *data = PyObject_GetAttr(args[2], name_data), *hop = PyObject_GetAttr(args[2], name_hop);
    PyObject *host = hop ? PyObject_GetAttr(hop, name_host) : NULL, *port = hop ? PyObject_GetAttr(hop, name_port) : NULL;
    PyObject *result = NULL;
    if (data != NULL && host != NULL && port != NULL) {
        struct sockaddr_storage to;
        Py_ssize_t length = 0;
        const char *text = PyUnicode_Check(host) ? PyUnicode_AsUTF8AndSize(host, &length) : NULL;
        long number = PyLong_Check(port) ? PyLong_AsLong(port) : -1;
        PyErr_Clear();
        socklen_t size = text != NULL && strlen(text) == (size_t)length ? address_of(text, number, &to) : 0;
        if (!PyBytes_Check(data)) {
            PyErr_SetString(PyExc_TypeError, "data is not bytes");
        } else if (size == 0) {
            result = PyObject_CallOneArg(args[1], args[2]);
        } else if (sendto((int)descriptor, PyBytes_AS_STRING(data), (size_t)PyBytes_GET_SIZE(data), MSG_DONTWAIT,
                          (struct sockaddr *)&to, size) >= 0) {
            result = Py_NewRef(Py_None);
        } else {
            PyErr_SetFromErrno(PyExc_OSError);
        }
    }
    Py_XDECREF(data);
    Py_XDECREF(hop);
    Py_XDECREF(host);
    Py_XDECREF(port);
    return result;
}

static PyMethodDef methods[] = {
    {"receive", receive, METH_VARARGS, "Datagrams that wait on a socket, each with what answers to its source."},
    {"send", (PyCFunction)(void (*)(void))send_order, METH_FASTCALL, "Send one, by the other way when its address is no plain one."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_datagrams", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__datagrams(void)
{
    name_data = PyUnicode_InternFromString("data");
    name_hop = PyUnicode_InternFromString("hop");
    name_host = PyUnicode_InternFromString("host");
    name_port = PyUnicode_InternFromString("port");
    if (slots == NULL)
        slots = PyMem_RawMalloc((size_t)SLOTS * STRIDE);
    if (name_data == NULL || name_hop == NULL || name_host == NULL || name_port == NULL || slots == NULL)
        return PyErr_NoMemory();
    return PyModule_Create(&definition);
}
