/* Stream: an Arrow stream of the library as a Python object, read once by one reader.
 *
 * As a capsule (__arrow_c_stream__) it goes to pyarrow, polars, pandas, DuckDB or whoever knows the
 * interface; not a byte is copied on the way, since what is handed over is a struct of pointers.
 * The reader's get_next waits in pieces, so signal handlers run even while a reader in C waits for
 * the first batch. A Ctrl-C there cancels the run; the reader gets an error, and the
 * KeyboardInterrupt, which no C interface could carry, is raised in the main thread by a pending
 * call, or by check(), whoever is first.
 *
 * collect() reads all batches before anybody else does, for readers that cannot bear a stream that
 * fails (polars 1.34 panics).
 *
 * get_next may be called with the interpreter's lock or without it, by any thread: it is taken and
 * given up again while we wait, so that rows which come from Python code can come. */
#include "py/py.h"

enum { SAYS_EINTR = 4 }; /* of errno, on every system that Arrow runs on */

typedef struct stream {
    PyObject ob_base;
    tm_py_plan *owner;
    struct ArrowArrayStream inner;
    PyObject *progress, *raised; /* raised: while a reader waited */
    bool waits, taken, stopped;
    struct ArrowArray *held; /* by collect, from `first` on */
    size_t first, count, room;
    bool collected; /* to the end */
} stream;

static stream *of(PyObject *self)
{
    return (stream *)(void *)self;
}

/* ---- waiting --------------------------------------------------------------------------------- */

static tm_py_look wait_for_rows(stream *s)
{
    tamis_plan *plan = s->owner->plan;
    for (int ready = !s->waits; !ready;) {
        Py_BEGIN_ALLOW_THREADS ready = tamis_stream_wait(plan, TM_PY_TICK);
        Py_END_ALLOW_THREADS tm_py_look look = tm_py_watch(plan, s->progress);
        if (look == TM_PY_ON) continue;
        s->stopped = true;
        tamis_cancel(plan);
        return look;
    }
    return TM_PY_ON;
}

static int next_batch(stream *s, struct ArrowArray *out)
{
    int said;
    if (s->first < s->count) {
        *out = s->held[s->first++];
        return 0;
    }
    Py_BEGIN_ALLOW_THREADS said = s->inner.get_next(&s->inner, out);
    Py_END_ALLOW_THREADS return said;
}

static void raise_it(PyObject *exception)
{
    PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
    Py_DECREF(exception);
}

static int raise_later(void *arg)
{
    stream *s = arg;
    PyObject *exception = s->raised;
    s->raised = NULL;
    if (exception) raise_it(exception);
    Py_DECREF((PyObject *)(void *)s);
    return exception ? -1 : 0;
}

/* Puts the exception at hand aside, for whoever asks first. */
static void keep_exception(stream *s, tm_py_look look)
{
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    if (trace) PyException_SetTraceback(value, trace);
    Py_XDECREF(type);
    Py_XDECREF(trace);
    s->raised = value;
    if (look != TM_PY_SIGNAL) return;
    Py_INCREF((PyObject *)(void *)s);
    if (Py_AddPendingCall(raise_later, s) < 0) Py_DECREF((PyObject *)(void *)s);
}

/* ---- the stream that a reader gets ----------------------------------------------------------- */

static int reader_schema(struct ArrowArrayStream *self, struct ArrowSchema *out)
{
    stream *s = self->private_data;
    return s->inner.get_schema(&s->inner, out);
}

static int reader_next(struct ArrowArrayStream *self, struct ArrowArray *out)
{
    stream *s = self->private_data;
    int said = SAYS_EINTR;
    *out = (struct ArrowArray){0};
    PyGILState_STATE held = PyGILState_Ensure();
    tm_py_look look = s->stopped || s->collected ? TM_PY_ON : wait_for_rows(s);
    if (look != TM_PY_ON)
        keep_exception(s, look);
    else if (!s->stopped)
        said = next_batch(s, out);
    PyGILState_Release(held);
    return said;
}

static const char *reader_error(struct ArrowArrayStream *self)
{
    stream *s = self->private_data;
    return s->stopped ? "interrupted" : s->inner.get_last_error(&s->inner);
}

static void reader_release(struct ArrowArrayStream *self)
{
    stream *s = self->private_data;
    self->release = NULL;
    if (!Py_IsInitialized()) { /* a reader that outlives Python */
        s->inner.release(&s->inner);
        return;
    }
    PyGILState_STATE held = PyGILState_Ensure();
    Py_BEGIN_ALLOW_THREADS s->inner.release(&s->inner);
    Py_END_ALLOW_THREADS Py_DECREF((PyObject *)(void *)s);
    PyGILState_Release(held);
}

static void free_capsule(PyObject *capsule)
{
    struct ArrowArrayStream *at = PyCapsule_GetPointer(capsule, "arrow_array_stream");
    if (!at) {
        PyErr_Clear();
        return;
    }
    if (at->release) at->release(at);
    PyMem_Free(at);
}

static bool is_free(const stream *s)
{
    if (!s->taken) return true;
    PyErr_SetString(PyExc_RuntimeError, "a stream is read once, and this one is being read");
    return false;
}

/* A wish for another schema may be left open by the interface, and is. */
static PyObject *stream_capsule(PyObject *self, PyObject *args)
{
    PyObject *wish = Py_None;
    if (!PyArg_ParseTuple(args, "|O", &wish) || !is_free(of(self))) return NULL;
    struct ArrowArrayStream *given = PyMem_Calloc(1, sizeof *given);
    if (!given) return PyErr_NoMemory();
    PyObject *capsule = PyCapsule_New(given, "arrow_array_stream", free_capsule);
    if (!capsule) {
        PyMem_Free(given);
        return NULL;
    }
    *given =
        (struct ArrowArrayStream){reader_schema, reader_next, reader_error, reader_release, self};
    Py_INCREF(self);
    of(self)->taken = true;
    return capsule;
}

int tm_py_stream_take(PyObject *from, struct ArrowArrayStream *out)
{
    *out = (struct ArrowArrayStream){0};
    if (from == Py_None) return 0;
    PyObject *capsule = PyObject_CallMethod(from, "__arrow_c_stream__", NULL);
    struct ArrowArrayStream *at =
        capsule ? PyCapsule_GetPointer(capsule, "arrow_array_stream") : NULL;
    if (at) {
        *out = *at;
        at->release = NULL;
    }
    Py_XDECREF(capsule);
    return at ? 0 : -1;
}

/* ---- reading here ---------------------------------------------------------------------------- */

/* A value of a column of texts or bytes. */
static PyObject *value_of(const struct ArrowArray *column, bool large, int64_t row)
{
    const uint8_t *valid = column->buffers[0];
    const char *data = column->buffers[2];
    int64_t at = row + column->offset, from, to;
    if (valid && !(valid[at / 8] >> at % 8 & 1)) Py_RETURN_NONE;
    if (large) {
        const int64_t *offset = column->buffers[1];
        from = offset[at];
        to = offset[at + 1];
    } else {
        const int32_t *offset = column->buffers[1];
        from = offset[at];
        to = offset[at + 1];
    }
    return PyBytes_FromStringAndSize(data + from, (Py_ssize_t)(to - from));
}

static PyObject *list_of(const struct ArrowArray *batch, int64_t child, bool large)
{
    PyObject *list = PyList_New((Py_ssize_t)batch->length);
    for (int64_t row = 0; list && row < batch->length; row++) {
        PyObject *value = value_of(batch->children[child], large, row);
        if (value) {
            PyList_SetItem(list, (Py_ssize_t)row, value);
        } else {
            Py_DECREF(list);
            list = NULL;
        }
    }
    return list;
}

static int64_t find_column(stream *s, const char *name, bool *large)
{
    struct ArrowSchema schema;
    int64_t found = -1;
    if (s->inner.get_schema(&s->inner, &schema) != 0) {
        PyErr_NoMemory();
        return -1;
    }
    for (int64_t i = 0; i < schema.n_children; i++) {
        const struct ArrowSchema *child = schema.children[i];
        if (strcmp(child->name, name) != 0 || !strchr("uUzZ", child->format[0])) continue;
        found = i;
        *large = child->format[0] == 'U' || child->format[0] == 'Z';
    }
    schema.release(&schema);
    if (found < 0) PyErr_Format(PyExc_KeyError, "no column of texts is called %s", name);
    return found;
}

static PyObject *stream_check(PyObject *self, PyObject *none)
{
    (void)none;
    stream *s = of(self);
    PyObject *exception = s->raised;
    tamis_error error;
    s->raised = NULL;
    if (exception) {
        raise_it(exception);
        return NULL;
    }
    if (!s->waits || !s->owner->plan) Py_RETURN_NONE;
    tamis_status status = tamis_stream_verdict(s->owner->plan, &error);
    return tm_py_none_or_raise(status, &error);
}

/* What went wrong when get_next failed. */
static PyObject *raise_failure(stream *s)
{
    PyObject *well = stream_check((PyObject *)(void *)s, NULL);
    if (well) PyErr_SetString(PyExc_OSError, s->inner.get_last_error(&s->inner));
    Py_XDECREF(well);
    return NULL;
}

static PyObject *stream_collect(PyObject *self, PyObject *none)
{
    (void)none;
    stream *s = of(self);
    struct ArrowArray batch;
    if (!is_free(s)) return NULL;
    for (;;) {
        if (s->count == s->room) {
            size_t room = 2 * s->room + 16;
            struct ArrowArray *more = PyMem_Realloc(s->held, room * sizeof *more);
            if (!more) return PyErr_NoMemory();
            s->held = more;
            s->room = room;
        }
        if (wait_for_rows(s) != TM_PY_ON) return NULL;
        s->first = s->count; /* the held ones are not next */
        if (next_batch(s, &batch) != 0) return raise_failure(s);
        if (!batch.release) break;
        s->held[s->count++] = batch;
    }
    s->first = 0;
    s->collected = true;
    Py_INCREF(self);
    return self;
}

static PyObject *stream_read(PyObject *self, PyObject *args)
{
    const char *name;
    bool large = false;
    struct ArrowArray batch = {0};
    stream *s = of(self);
    if (!PyArg_ParseTuple(args, "s", &name) || !is_free(s)) return NULL;
    int64_t child = find_column(s, name, &large);
    if (child < 0 || wait_for_rows(s) != TM_PY_ON) return NULL;
    if (next_batch(s, &batch) != 0) return raise_failure(s);
    if (!batch.release) Py_RETURN_NONE;
    PyObject *list = list_of(&batch, child, large);
    batch.release(&batch);
    return list;
}

static PyObject *stream_result(PyObject *self, PyObject *none)
{
    (void)none;
    tamis_plan *plan = tm_py_plan_of((PyObject *)(void *)of(self)->owner);
    return plan ? tm_py_text(tamis_result_json(plan)) : NULL;
}

/* ---- the object ------------------------------------------------------------------------------ */

PyObject *tm_py_stream_new(tm_py_plan *plan, struct ArrowArrayStream *from, bool waits,
                           PyObject *progress)
{
    tm_py_state *state = PyModule_GetState(plan->module);
    PyObject *made = PyType_GenericAlloc(state->stream, 0);
    if (!made) {
        from->release(from);
        return NULL;
    }
    stream *s = of(made);
    s->owner = plan;
    s->inner = *from;
    s->progress = progress;
    s->waits = waits;
    plan->streams++;
    Py_INCREF((PyObject *)(void *)plan);
    Py_INCREF(progress);
    return made;
}

static void dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    stream *s = of(self);
    for (size_t i = s->first; i < s->count; i++) s->held[i].release(&s->held[i]);
    PyMem_Free(s->held);
    if (s->inner.release) {
        Py_BEGIN_ALLOW_THREADS s->inner.release(&s->inner);
        Py_END_ALLOW_THREADS
    }
    if (s->owner) {
        s->owner->streams--;
        tm_py_plan_settle(s->owner);
        Py_DECREF((PyObject *)(void *)s->owner);
    }
    Py_XDECREF(s->progress);
    Py_XDECREF(s->raised);
    PyObject_Free(self);
    Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"__arrow_c_stream__", stream_capsule, METH_VARARGS, "The stream as an Arrow capsule, once."},
    {"read", stream_read, METH_VARARGS, "(column): a batch of its texts as bytes; None: the end."},
    {"collect", stream_collect, METH_NOARGS, "Reads all batches and holds them; the stream."},
    {"check", stream_check, METH_NOARGS, "Raises what went wrong while the stream was read."},
    {"result", stream_result, METH_NOARGS, "What the run came to, as JSON; None: not at its end."},
    {0},
};

static PyType_Slot slots[] = {
    {Py_tp_dealloc, dealloc},
    {Py_tp_methods, methods},
    {0},
};

PyType_Spec tm_py_stream_spec = {"tamis._tamis.Stream", sizeof(stream), 0, Py_TPFLAGS_DEFAULT,
                                 slots};
