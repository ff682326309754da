/* The methods of Plan for one run on many machines: include/tamis.h says what each of them does.
 *
 * Rows come as anything with __arrow_c_stream__ and go back as a Stream; neither is copied. The
 * interpreter's lock is given up, since rows may come from Python code that wants it. */
#include "py/py.h"

PyObject *tm_py_ticket(PyObject *self, PyObject *split_bytes)
{
    const void *at;
    size_t bytes;
    tamis_error error;
    tamis_status status;
    unsigned long long split = PyLong_AsUnsignedLongLong(split_bytes);
    if (PyErr_Occurred()) return NULL;
    tamis_plan *plan = tm_py_plan_enter(self);
    if (!plan) return NULL;
    Py_BEGIN_ALLOW_THREADS status = tamis_ticket(plan, split, &at, &bytes, &error);
    Py_END_ALLOW_THREADS tm_py_plan_leave(self);
    if (status != TAMIS_OK) return tm_py_none_or_raise(status, &error);
    return PyBytes_FromStringAndSize(at, (Py_ssize_t)bytes);
}

PyObject *tm_py_stages(PyObject *self, PyObject *none)
{
    (void)none;
    tamis_plan *plan = tm_py_plan_enter(self);
    if (!plan) return NULL;
    const char *text = tamis_stages_json(plan);
    tm_py_plan_leave(self);
    return text ? tm_py_text(text) : PyErr_NoMemory();
}

PyObject *tm_py_tell(PyObject *self, PyObject *args)
{
    unsigned stage;
    const char *told;
    Py_ssize_t bytes;
    tamis_error error;
    if (!PyArg_ParseTuple(args, "Iy#", &stage, &told, &bytes)) return NULL;
    tamis_plan *plan = tm_py_plan_enter(self);
    if (!plan) return NULL;
    tamis_status status = tamis_stage_tell(plan, stage, told, (size_t)bytes, &error);
    tm_py_plan_leave(self);
    return tm_py_none_or_raise(status, &error);
}

PyObject *tm_py_fold(PyObject *self, PyObject *args)
{
    unsigned stage;
    const char *into, *state;
    Py_ssize_t bytes, more;
    tamis_error error;
    if (!PyArg_ParseTuple(args, "Iy#y#", &stage, &into, &bytes, &state, &more)) return NULL;
    if (bytes != more) {
        PyErr_SetString(PyExc_ValueError, "states of one stage have the same number of bytes");
        return NULL;
    }
    tamis_plan *plan = tm_py_plan_enter(self);
    if (!plan) return NULL;
    PyObject *made = PyBytes_FromStringAndSize(into, bytes);
    tamis_status status =
        made ? tamis_stage_fold(plan, stage, PyBytes_AsString(made), state, (size_t)bytes, &error)
             : TAMIS_OK;
    tm_py_plan_leave(self);
    if (status == TAMIS_OK) return made;
    Py_XDECREF(made);
    return tm_py_none_or_raise(status, &error);
}

typedef struct stage { /* a map or a reduce */
    unsigned number, split;
    unsigned long long first;
    bool reduce;
} stage;

static tamis_status begin(tamis_plan *plan, const stage *s, struct ArrowArrayStream *given,
                          struct ArrowArrayStream *rows, tamis_error *error)
{
    return s->reduce ? tamis_stage_reduce(plan, s->number, s->first, given, rows, error)
                     : tamis_stage_map(plan, s->number, s->split, given, rows, error);
}

static PyObject *rows_of(PyObject *self, const stage *s, PyObject *from)
{
    struct ArrowArrayStream given, rows;
    tamis_error error;
    tamis_status status = TAMIS_OK;
    tamis_plan *plan = tm_py_plan_enter(self);
    if (!plan) return NULL;
    int well = tm_py_stream_take(from, &given);
    if (well == 0) {
        Py_BEGIN_ALLOW_THREADS status = begin(plan, s, &given, &rows, &error);
        Py_END_ALLOW_THREADS
    }
    tm_py_plan_leave(self);
    if (well < 0) return NULL;
    if (status != TAMIS_OK) return tm_py_none_or_raise(status, &error);
    return tm_py_stream_new((tm_py_plan *)(void *)self, &rows, false, Py_None);
}

PyObject *tm_py_map(PyObject *self, PyObject *args)
{
    stage s = {.reduce = false};
    PyObject *decisions;
    if (!PyArg_ParseTuple(args, "IIO", &s.number, &s.split, &decisions)) return NULL;
    return rows_of(self, &s, decisions);
}

PyObject *tm_py_reduce(PyObject *self, PyObject *args)
{
    stage s = {.reduce = true};
    PyObject *facts;
    if (!PyArg_ParseTuple(args, "IKO", &s.number, &s.first, &facts)) return NULL;
    return rows_of(self, &s, facts);
}

/* ---- the two ends ---------------------------------------------------------------------------- */

typedef struct ending {
    tamis_plan *plan;
    tamis_status (*call)(tamis_plan *plan, tamis_error *error);
    tamis_status status;
    tamis_error error;
} ending;

static void call(void *arg)
{
    ending *e = arg;
    e->status = e->call(e->plan, &e->error);
}

static PyObject *end(PyObject *self, PyObject *progress,
                     tamis_status (*what)(tamis_plan *plan, tamis_error *error))
{
    ending e = {.plan = tm_py_plan_enter(self), .call = what};
    if (!e.plan) return NULL;
    int well = tm_py_await(call, &e, e.plan, progress);
    tm_py_plan_leave(self);
    return well < 0 ? NULL : tm_py_none_or_raise(e.status, &e.error);
}

PyObject *tm_py_begin(PyObject *self, PyObject *none)
{
    (void)none;
    return end(self, Py_None, tamis_stages_begin);
}

PyObject *tm_py_join(PyObject *self, PyObject *progress)
{
    return end(self, progress, tamis_stages_join);
}

PyObject *tm_py_end(PyObject *self, PyObject *none)
{
    (void)none;
    return end(self, Py_None, tamis_stages_end);
}
