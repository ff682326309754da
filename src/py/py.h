/* Inside of tamis._tamis, the extension that puts libtamis before Python.
 *
 *   py_module.c   what the module holds: opening plans, descriptors, checks, stories of records
 *   py_plan.c     Plan: a tamis_plan, run, watched and cancelled
 *   py_seam.c     the methods of Plan for one run on many machines
 *   py_stream.c   Stream: an Arrow stream, handed on as a capsule or read here
 *   py_wait.c     waiting with the lock of the interpreter given up, and Ctrl-C seen
 *   py_convert.c  texts, lists and errors, from and to Python
 *
 * The stable ABI of Python 3.9 is used and nothing else, so one build serves every later version.
 * All logic is the library's: what is here converts, waits and keeps things alive. Nothing is
 * global; the types lie in the module's state and a Plan holds its module. */
#ifndef TM_PY_PY_H
#define TM_PY_PY_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "base/buf.h"
#include "base/err.h"
#include "tamis.h"

typedef struct tm_py_state { /* of the module */
    PyTypeObject *plan, *stream;
} tm_py_state;

typedef struct tm_py_plan {
    PyObject ob_base; /* as PyObject_HEAD has it */
    tamis_plan *plan; /* NULL: closed */
    PyObject *module;
    unsigned streams; /* that are there */
    bool busy;        /* a thread is in a call that has given the interpreter's lock up */
    bool closing;     /* close was called while streams were there */
} tm_py_plan;

extern PyType_Spec tm_py_plan_spec, tm_py_stream_spec;

/* py_convert.c. What fails has set an exception. */
int tm_py_path(PyObject *value, const char **out);   /* None: NULL; bytes without a zero byte */
int tm_py_paths(PyObject *value, const char ***out); /* None: NULL; else to PyMem_Free */
PyObject *tm_py_text(const char *text);              /* NULL: None */
/* What a buffer holds, which is released; an exception when it or `status` failed. */
PyObject *tm_py_text_of(tm_buf *text, tm_status status, tm_err *err);
void tm_py_raise(const tamis_error *error); /* an exception of tamis.errors */
void tm_py_raise_err(tm_status status, const tm_err *err);
PyObject *tm_py_none_or_raise(tamis_status status, const tamis_error *error);

/* py_plan.c. NULL with an exception when it is closed or, for `enter`, in use by another thread. */
tamis_plan *tm_py_plan_of(PyObject *self);
tamis_plan *tm_py_plan_enter(PyObject *self);
void tm_py_plan_leave(PyObject *self);
PyObject *tm_py_plan_new(PyObject *module, tamis_plan *plan); /* takes the plan over */
void tm_py_plan_settle(tm_py_plan *self);                     /* closes what waits to be closed */

/* py_seam.c: methods of Plan */
PyObject *tm_py_ticket(PyObject *self, PyObject *split_bytes);
PyObject *tm_py_stages(PyObject *self, PyObject *none);
PyObject *tm_py_tell(PyObject *self, PyObject *args);
PyObject *tm_py_fold(PyObject *self, PyObject *args);
PyObject *tm_py_map(PyObject *self, PyObject *args);
PyObject *tm_py_reduce(PyObject *self, PyObject *args);
PyObject *tm_py_begin(PyObject *self, PyObject *none);
PyObject *tm_py_join(PyObject *self, PyObject *progress);
PyObject *tm_py_end(PyObject *self, PyObject *none);

/* py_stream.c. Takes the stream over. `waits`: it is of tamis_stream, so that waiting for it can be
 * cut into pieces. */
PyObject *tm_py_stream_new(tm_py_plan *plan, struct ArrowArrayStream *stream, bool waits,
                           PyObject *progress);
/* What an object gives as __arrow_c_stream__, moved to *out; None: released. */
int tm_py_stream_take(PyObject *from, struct ArrowArrayStream *out);

/* py_wait.c */
#define TM_PY_TICK 0.05 /* seconds between two looks */
typedef enum tm_py_look { TM_PY_ON, TM_PY_SIGNAL, TM_PY_PROGRESS } tm_py_look;
/* Lets signal handlers run and shows progress (None: to nobody). Not TM_PY_ON: an exception is
 * set, by a signal handler or by what progress is shown to. */
tm_py_look tm_py_watch(tamis_plan *plan, PyObject *progress);
/* Does work(arg) without the interpreter's lock, looking around meanwhile. When that raises, the
 * plan is cancelled, the work waited for, and -1 comes back with the exception set. */
int tm_py_await(void (*work)(void *arg), void *arg, tamis_plan *plan, PyObject *progress);

#endif
