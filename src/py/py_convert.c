/* From Python to C and back: texts, lists of texts, errors.
 *
 * Texts come as bytes, since paths need not be UTF-8 (the Python side encodes them with
 * os.fsencode); what goes back is UTF-8 and, where a path was not, escaped as os.fsdecode does.
 * Exceptions are made by tamis.errors, which knows the classes. */
#include "api/api.h"
#include "py/py.h"

int tm_py_path(PyObject *value, const char **out)
{
    char *text = NULL;
    *out = NULL;
    if (value == Py_None) return 0;
    if (!PyBytes_Check(value)) {
        PyErr_SetString(PyExc_TypeError, "a text is handed over as bytes, or None");
        return -1;
    }
    if (PyBytes_AsStringAndSize(value, &text, NULL) < 0) return -1;
    *out = text;
    return 0;
}

int tm_py_paths(PyObject *value, const char ***out)
{
    *out = NULL;
    if (value == Py_None) return 0;
    if (!PyList_Check(value)) {
        PyErr_SetString(PyExc_TypeError, "texts are handed over as a list, or None");
        return -1;
    }
    Py_ssize_t count = PyList_Size(value);
    const char **list = PyMem_Calloc((size_t)count + 1, sizeof *list);
    if (!list) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        if (tm_py_path(PyList_GetItem(value, i), &list[i]) == 0 && list[i]) continue;
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "a list of texts holds None");
        PyMem_Free(list);
        return -1;
    }
    *out = list;
    return 0;
}

PyObject *tm_py_text(const char *text)
{
    if (!text) Py_RETURN_NONE;
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "surrogateescape");
}

void tm_py_raise(const tamis_error *error)
{
    PyObject *errors = PyImport_ImportModule("tamis.errors");
    PyObject *source = tm_py_text(error->source), *message = tm_py_text(error->message);
    PyObject *made = NULL;
    if (errors && source && message)
        made = PyObject_CallMethod(errors, "of_status", "iOsOKK", (int)error->status, message,
                                   error->code, source, (unsigned long long)error->line,
                                   (unsigned long long)error->column);
    if (made) PyErr_SetObject((PyObject *)Py_TYPE(made), made);
    Py_XDECREF(made);
    Py_XDECREF(source);
    Py_XDECREF(message);
    Py_XDECREF(errors);
}

void tm_py_raise_err(tm_status status, const tm_err *err)
{
    tamis_error error;
    tm_api_status(status, err, &error);
    tm_py_raise(&error);
}

PyObject *tm_py_text_of(tm_buf *text, tm_status status, tm_err *err)
{
    PyObject *made = NULL;
    if (status == TM_OK) status = tm_buf_ok(text, err);
    if (status == TM_OK)
        made = PyUnicode_DecodeUTF8(text->p ? text->p : "", (Py_ssize_t)text->n, "surrogateescape");
    else
        tm_py_raise_err(status, err);
    tm_buf_release(text);
    return made;
}

PyObject *tm_py_none_or_raise(tamis_status status, const tamis_error *error)
{
    if (status == TAMIS_OK) Py_RETURN_NONE;
    tm_py_raise(error);
    return NULL;
}
