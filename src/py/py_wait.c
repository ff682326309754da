/* Waiting without holding Python up.
 *
 * The work is done in a thread of its own, while the thread that asked for it sleeps with the
 * interpreter's lock given up and wakes 20 times a second to let signal handlers run: Python runs
 * them in its main thread and there only when it is asked to. A Ctrl-C cancels the plan, which
 * stops after the batches at hand; then the KeyboardInterrupt goes on its way with nothing of ours
 * running behind it. Progress is shown first before there is any, so that work that is over at once
 * is seen too. Where no thread is to be had the work is done in this one, deaf meanwhile. */
#include "base/thread.h"
#include "py/py.h"

typedef struct job {
    void (*work)(void *arg);
    void *arg;
    tm_lock lock; /* guards done */
    tm_signalled moved;
    bool done;
} job;

static void *do_job(void *arg)
{
    job *j = arg;
    j->work(j->arg);
    tm_lock_take(&j->lock);
    j->done = true;
    tm_wake_all(&j->moved);
    tm_lock_drop(&j->lock);
    return NULL;
}

static bool wait_a_little(job *j)
{
    tm_lock_take(&j->lock);
    if (!j->done) tm_wait_for(&j->moved, &j->lock, TM_PY_TICK);
    bool done = j->done;
    tm_lock_drop(&j->lock);
    return done;
}

static int show(tamis_plan *plan, PyObject *progress)
{
    tamis_progress now;
    tamis_watch(plan, &now);
    PyObject *said = PyObject_CallFunction(
        progress, "KKKKKKKIIds", (unsigned long long)now.bytes, (unsigned long long)now.bytes_total,
        (unsigned long long)now.records, (unsigned long long)now.kept,
        (unsigned long long)now.fallen, (unsigned long long)now.unreadable,
        (unsigned long long)now.memory, now.pass, now.passes, now.seconds, now.doing);
    Py_XDECREF(said);
    return said ? 0 : -1;
}

tm_py_look tm_py_watch(tamis_plan *plan, PyObject *progress)
{
    if (PyErr_CheckSignals() < 0) return TM_PY_SIGNAL;
    if (progress != Py_None && show(plan, progress) < 0) return TM_PY_PROGRESS;
    return TM_PY_ON;
}

/* A handler that raises again while the work winds up has said nothing new. */
static int watch(job *j, tamis_plan *plan, PyObject *progress)
{
    bool done = false;
    while (!done) {
        Py_BEGIN_ALLOW_THREADS done = wait_a_little(j);
        Py_END_ALLOW_THREADS if (PyErr_Occurred() ||
                                 tm_py_watch(plan, progress) == TM_PY_ON) continue;
        tamis_cancel(plan);
    }
    return PyErr_Occurred() ? -1 : 0;
}

int tm_py_await(void (*work)(void *arg), void *arg, tamis_plan *plan, PyObject *progress)
{
    job j = {work, arg, TM_LOCK_INIT, TM_SIGNALLED_INIT, false};
    tm_thread thread;
    if (tm_py_watch(plan, progress) != TM_PY_ON) { /* once before it begins, however short it is */
        tamis_cancel(plan);
        return -1;
    }
    if (!tm_thread_start(&thread, do_job, &j)) {
        Py_BEGIN_ALLOW_THREADS work(arg);
        Py_END_ALLOW_THREADS return tm_py_watch(plan, progress) == TM_PY_ON ? 0 : -1;
    }
    int well = watch(&j, plan, progress);
    Py_BEGIN_ALLOW_THREADS tm_thread_join(thread);
    Py_END_ALLOW_THREADS return well;
}
