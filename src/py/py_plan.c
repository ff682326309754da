/* Plan: a tamis_plan as a Python object.
 *
 * A plan is used by one thread at a time. Calls that give the interpreter's lock up mark it busy,
 * and a second thread that comes meanwhile gets an exception instead of a race; watch and cancel
 * are for everybody. A plan with streams is closed when the last of them is gone. */
#include "api/api.h"
#include "py/py.h"
#include "report/report.h"

static tm_py_plan *of(PyObject *self)
{
    return (tm_py_plan *)(void *)self;
}

tamis_plan *tm_py_plan_of(PyObject *self)
{
    if (!of(self)->plan) PyErr_SetString(PyExc_ValueError, "this plan is closed");
    return of(self)->plan;
}

tamis_plan *tm_py_plan_enter(PyObject *self)
{
    tamis_plan *plan = tm_py_plan_of(self);
    if (plan && of(self)->busy) {
        PyErr_SetString(PyExc_RuntimeError, "this plan is in use by another thread");
        return NULL;
    }
    of(self)->busy = true;
    return plan;
}

void tm_py_plan_leave(PyObject *self)
{
    of(self)->busy = false;
}

PyObject *tm_py_plan_new(PyObject *module, tamis_plan *plan)
{
    tm_py_state *state = PyModule_GetState(module);
    PyObject *made = PyType_GenericAlloc(state->plan, 0);
    if (!made) {
        tamis_close(plan);
        return NULL;
    }
    of(made)->plan = plan;
    of(made)->module = module;
    Py_INCREF(module);
    return made;
}

void tm_py_plan_settle(tm_py_plan *self)
{
    tamis_plan *plan = self->plan;
    if (!self->closing || self->streams || !plan) return;
    self->plan = NULL;
    Py_BEGIN_ALLOW_THREADS tamis_close(plan);
    Py_END_ALLOW_THREADS
}

static void dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    of(self)->closing = true;
    tm_py_plan_settle(of(self));
    Py_XDECREF(of(self)->module);
    PyObject_Free(self);
    Py_DECREF(type);
}

static PyObject *plan_close(PyObject *self, PyObject *none)
{
    (void)none;
    if (of(self)->busy) {
        PyErr_SetString(PyExc_RuntimeError, "this plan is in use by another thread");
        return NULL;
    }
    of(self)->closing = true;
    tm_py_plan_settle(of(self));
    Py_RETURN_NONE;
}

static PyObject *plan_cancel(PyObject *self, PyObject *none)
{
    (void)none;
    if (of(self)->plan) tamis_cancel(of(self)->plan);
    Py_RETURN_NONE;
}

static PyObject *plan_json(PyObject *self, PyObject *none)
{
    (void)none;
    tamis_plan *plan = tm_py_plan_enter(self);
    if (!plan) return NULL;
    const char *text;
    Py_BEGIN_ALLOW_THREADS text = tamis_plan_json(plan);
    Py_END_ALLOW_THREADS tm_py_plan_leave(self);
    return text ? tm_py_text(text) : PyErr_NoMemory();
}

/* With what the operators have to say beforehand. */
static PyObject *plan_preview(PyObject *self, PyObject *none)
{
    (void)none;
    tm_buf out = {0};
    tm_err err = {0};
    tm_status status;
    tamis_plan *plan = tm_py_plan_enter(self);
    if (!plan) return NULL;
    Py_BEGIN_ALLOW_THREADS status = tm_report_plan_json(plan->run, &out, &err);
    Py_END_ALLOW_THREADS tm_py_plan_leave(self);
    return tm_py_text_of(&out, status, &err);
}

static PyObject *plan_result(PyObject *self, PyObject *none)
{
    (void)none;
    tamis_plan *plan = tm_py_plan_enter(self);
    if (!plan) return NULL;
    PyObject *text = tm_py_text(tamis_result_json(plan));
    tm_py_plan_leave(self);
    return text;
}

/* ---- running --------------------------------------------------------------------------------- */

typedef struct running {
    tamis_plan *plan;
    tamis_status status;
    tamis_error error;
} running;

static void run(void *arg)
{
    running *r = arg;
    r->status = tamis_run(r->plan, &r->error);
}

static PyObject *plan_run(PyObject *self, PyObject *progress)
{
    running r = {.plan = tm_py_plan_enter(self)};
    if (!r.plan) return NULL;
    int well = tm_py_await(run, &r, r.plan, progress);
    tm_py_plan_leave(self);
    return well < 0 ? NULL : tm_py_none_or_raise(r.status, &r.error);
}

static PyObject *plan_stream(PyObject *self, PyObject *args)
{
    int table;
    PyObject *progress;
    struct ArrowArrayStream stream;
    tamis_error error;
    tamis_status status;
    if (!PyArg_ParseTuple(args, "iO", &table, &progress)) return NULL;
    tamis_plan *plan = tm_py_plan_enter(self);
    if (!plan) return NULL;
    Py_BEGIN_ALLOW_THREADS status = tamis_stream(plan, (tamis_table)table, &stream, &error);
    Py_END_ALLOW_THREADS tm_py_plan_leave(self);
    if (status != TAMIS_OK) return tm_py_none_or_raise(status, &error);
    return tm_py_stream_new(of(self), &stream, true, progress);
}

static PyMethodDef methods[] = {
    {"json", plan_json, METH_NOARGS, "The plan, as JSON."},
    {"preview", plan_preview, METH_NOARGS, "The same, with what its operators have to say."},
    {"run", plan_run, METH_O, "Carries the plan out; progress is shown to the argument, or None."},
    {"stream", plan_stream, METH_VARARGS, "(table, progress): what the plan keeps, as a Stream."},
    {"result", plan_result, METH_NOARGS, "What a complete run came to, as JSON, or None."},
    {"cancel", plan_cancel, METH_NOARGS, "Stops a run after the batches at hand."},
    {"close", plan_close, METH_NOARGS, "Frees the plan, once its streams are gone."},
    {"ticket", tm_py_ticket, METH_O, "(split_bytes): what others open the same plan from."},
    {"stages", tm_py_stages, METH_NOARGS, "Splits and stages, as JSON."},
    {"tell", tm_py_tell, METH_VARARGS, "(stage, told): what is known of it from now on."},
    {"fold", tm_py_fold, METH_VARARGS, "(stage, into, state): both merged."},
    {"map", tm_py_map, METH_VARARGS, "(stage, split, decisions): rows, as a Stream."},
    {"reduce", tm_py_reduce, METH_VARARGS, "(stage, first, facts): rows, as a Stream."},
    {"begin", tm_py_begin, METH_NOARGS, "Takes the folder."},
    {"join", tm_py_join, METH_O, "(progress): puts the run folder together."},
    {"end", tm_py_end, METH_NOARGS, "The last call."},
    {0},
};

static PyType_Slot slots[] = {
    {Py_tp_dealloc, dealloc},
    {Py_tp_methods, methods},
    {0},
};

PyType_Spec tm_py_plan_spec = {"tamis._tamis.Plan", sizeof(tm_py_plan), 0, Py_TPFLAGS_DEFAULT,
                               slots};
