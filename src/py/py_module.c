/* The module tamis._tamis: opening plans, and what the library says without one.
 *
 * Nothing here is for users: python/tamis wraps it, checks types and knows defaults. */
#include <string.h>

#include "base/alloc.h"
#include "flow/runfolder.h"
#include "plan/plan.h"
#include "py/py.h"

/* ---- plans ----------------------------------------------------------------------------------- */

typedef struct opening {
    const char **params, **settings, **inputs;
    tamis_input_table *tables; /* ended by one without a name; with a stream each, behind them */
    tamis_options options;
} opening;

/* Streams that the library took over are released already. */
static void free_opening(opening *o)
{
    for (tamis_input_table *t = o->tables; t && t->name; t++)
        if (t->stream->release) t->stream->release(t->stream);
    PyMem_Free(o->tables);
    PyMem_Free(o->params);
    PyMem_Free(o->settings);
    PyMem_Free(o->inputs);
}

/* A list of (name, object with __arrow_c_stream__). */
static int read_tables(opening *o, PyObject *list)
{
    if (list == Py_None) return 0;
    Py_ssize_t count = PyList_Size(list);
    if (count < 0) return -1;
    size_t each = sizeof *o->tables + sizeof(struct ArrowArrayStream);
    o->tables = PyMem_Calloc((size_t)count + 1, each);
    if (!o->tables) {
        PyErr_NoMemory();
        return -1;
    }
    struct ArrowArrayStream *stream = (void *)(o->tables + count + 1);
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *from;
        const char *name;
        if (!PyArg_ParseTuple(PyList_GetItem(list, i), "yO", &name, &from)) return -1;
        if (tm_py_stream_take(from, &stream[i]) < 0) return -1;
        o->tables[i] = (tamis_input_table){name, &stream[i]};
    }
    o->options.tables = o->tables;
    return 0;
}

static int read_opening(opening *o, PyObject *args)
{
    PyObject *recipe, *name, *file, *op, *params, *settings, *inputs, *folder, *data, *tables;
    tamis_options *to = &o->options;
    int resume;
    if (!PyArg_ParseTuple(args, "OOOOOOOOOIppO", &recipe, &name, &file, &op, &params, &settings,
                          &inputs, &folder, &data, &to->threads, &to->overwrite, &resume, &tables))
        return -1;
    to->no_resume = !resume;
    if (tm_py_path(recipe, &to->recipe) < 0 || tm_py_path(name, &to->recipe_name) < 0 ||
        tm_py_path(file, &to->recipe_file) < 0 || tm_py_path(op, &to->op) < 0 ||
        tm_py_path(folder, &to->folder) < 0 || tm_py_path(data, &to->file) < 0 ||
        tm_py_paths(params, &o->params) < 0 || tm_py_paths(settings, &o->settings) < 0 ||
        tm_py_paths(inputs, &o->inputs) < 0 || read_tables(o, tables) < 0)
        return -1;
    to->params = o->params;
    to->settings = o->settings;
    to->inputs = o->inputs;
    return 0;
}

static PyObject *module_open(PyObject *module, PyObject *args)
{
    opening o = {.options = TAMIS_OPTIONS};
    tamis_plan *plan = NULL;
    tamis_error error;
    tamis_status status;
    if (read_opening(&o, args) < 0) {
        free_opening(&o);
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS status = tamis_open(&plan, &o.options, &error);
    Py_END_ALLOW_THREADS free_opening(&o);
    return status == TAMIS_OK ? tm_py_plan_new(module, plan) : tm_py_none_or_raise(status, &error);
}

static PyObject *module_open_ticket(PyObject *module, PyObject *args)
{
    const char *ticket;
    Py_ssize_t bytes;
    tamis_plan *plan = NULL;
    tamis_error error;
    tamis_status status;
    if (!PyArg_ParseTuple(args, "y#", &ticket, &bytes)) return NULL;
    Py_BEGIN_ALLOW_THREADS status = tamis_open_ticket(&plan, ticket, (size_t)bytes, &error);
    Py_END_ALLOW_THREADS return status == TAMIS_OK ? tm_py_plan_new(module, plan)
                                                   : tm_py_none_or_raise(status, &error);
}

/* ---- without a plan -------------------------------------------------------------------------- */

/* A plan without inputs: whatever is wrong with the steps and not with the data comes to light. */
static tm_status check_recipe(tm_arena *mem, const char *name, tm_str text, tm_recipe *recipe,
                              tm_err *err)
{
    tm_plan *plan = NULL;
    TM_TRY(tm_recipe_read(recipe, mem, tm_str_of(name), text, err));
    TM_TRY(tm_plan_make(&plan, mem, recipe, NULL, 0, (tm_hash){0}, err));
    tm_plan_release(plan);
    return TM_OK;
}

/* (name, bytes); false: an exception is set. */
static bool take_recipe(PyObject *args, const char **name, tm_str *text)
{
    Py_ssize_t bytes;
    if (!PyArg_ParseTuple(args, "sy#", name, &text->p, &bytes)) return false;
    text->n = (size_t)bytes;
    return true;
}

static PyObject *module_check(PyObject *module, PyObject *args)
{
    const char *name;
    tm_str text;
    tm_recipe recipe;
    tm_arena mem = {0};
    tm_err err = {0};
    (void)module;
    if (!take_recipe(args, &name, &text)) return NULL;
    tm_status status = check_recipe(&mem, name, text, &recipe, &err);
    tm_arena_release(&mem);
    if (status == TM_OK) Py_RETURN_NONE;
    tm_py_raise_err(status, &err);
    return NULL;
}

static PyObject *module_output(PyObject *module, PyObject *args)
{
    const char *name;
    tm_str text;
    tm_recipe recipe;
    tm_arena mem = {0};
    tm_err err = {0};
    (void)module;
    if (!take_recipe(args, &name, &text)) return NULL;
    tm_status status = tm_recipe_read(&recipe, &mem, tm_str_of(name), text, &err);
    tm_str path = status == TM_OK ? recipe.output.path : (tm_str){0};
    PyObject *made = status == TM_OK ? PyUnicode_DecodeUTF8(path.n ? path.p : "",
                                                            (Py_ssize_t)path.n, "surrogateescape")
                                     : NULL;
    tm_arena_release(&mem);
    if (status != TM_OK) tm_py_raise_err(status, &err);
    return made;
}

static PyObject *module_explain(PyObject *module, PyObject *args)
{
    const char *folder, *place;
    tm_arena mem = {0};
    tm_buf out = {0};
    tm_err err = {0};
    tm_status status;
    (void)module;
    if (!PyArg_ParseTuple(args, "yy", &folder, &place)) return NULL;
    Py_BEGIN_ALLOW_THREADS status =
        tm_explain(&mem, tm_str_of(folder), tm_str_of(place), true, &out, &err);
    tm_arena_release(&mem);
    Py_END_ALLOW_THREADS return tm_py_text_of(&out, status, &err);
}

static PyObject *module_ops(PyObject *module, PyObject *none)
{
    tm_buf out = {0};
    tm_err err = {0};
    (void)module;
    (void)none;
    tm_ops_json(&out);
    return tm_py_text_of(&out, TM_OK, &err);
}

/* Bytes the library holds now: tests look for what was not given back. */
static PyObject *module_allocated(PyObject *module, PyObject *none)
{
    (void)module;
    (void)none;
    return PyLong_FromUnsignedLongLong(tm_alloc_live());
}

static PyObject *module_version(PyObject *module, PyObject *none)
{
    (void)module;
    (void)none;
    return tm_py_text(tamis_version());
}

/* ---- the module ------------------------------------------------------------------------------ */

static int add_type(PyObject *module, const char *name, PyType_Spec *spec, PyTypeObject **out)
{
    PyObject *type = PyType_FromSpec(spec);
    if (!type) return -1;
    *out = (PyTypeObject *)(void *)type;
    Py_INCREF(type); /* one for the state, one for the module */
    if (PyModule_AddObject(module, name, type) == 0) return 0;
    Py_DECREF(type);
    return -1;
}

static int fill(PyObject *module)
{
    tm_py_state *state = PyModule_GetState(module);
    if (add_type(module, "Plan", &tm_py_plan_spec, &state->plan) < 0) return -1;
    return add_type(module, "Stream", &tm_py_stream_spec, &state->stream);
}

static int traverse(PyObject *module, visitproc visit, void *arg)
{
    tm_py_state *state = PyModule_GetState(module);
    Py_VISIT(state->plan);
    Py_VISIT(state->stream);
    return 0;
}

static int clear(PyObject *module)
{
    tm_py_state *state = PyModule_GetState(module);
    Py_CLEAR(state->plan);
    Py_CLEAR(state->stream);
    return 0;
}

static PyMethodDef methods[] = {
    {"open", module_open, METH_VARARGS,
     "(recipe, recipe_name, recipe_file, op, params, settings, inputs, folder, file, threads, "
     "overwrite, resume, tables): a Plan. Texts are bytes; tables are pairs of name and table."},
    {"open_ticket", module_open_ticket, METH_VARARGS, "(ticket): the Plan it was written for."},
    {"check", module_check, METH_VARARGS, "(name, recipe): raises what is wrong with a recipe."},
    {"output", module_output, METH_VARARGS, "(name, recipe): its output path, or an empty one."},
    {"explain", module_explain, METH_VARARGS, "(folder, place): a record's story, as JSON."},
    {"ops", module_ops, METH_NOARGS, "The descriptors of all operators, as JSON."},
    {"allocated", module_allocated, METH_NOARGS, "Bytes of memory that the library holds now."},
    {"version", module_version, METH_NOARGS, "The version of the library."},
    {0},
};

static PyModuleDef_Slot slots[] = {{Py_mod_exec, fill}, {0}};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "tamis._tamis",
    .m_doc = "libtamis, as python/tamis uses it.",
    .m_size = sizeof(tm_py_state),
    .m_methods = methods,
    .m_slots = slots,
    .m_traverse = traverse,
    .m_clear = clear,
};

PyMODINIT_FUNC PyInit__tamis(void); /* the one name that Python looks for */
PyMODINIT_FUNC PyInit__tamis(void)
{
    return PyModuleDef_Init(&definition);
}
