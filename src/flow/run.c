/* A run from end to end: open and plan, decide the set steps, write, commit, close. */
#include "flow/run.h"

#include <stdio.h>

#include "base/system.h"
#include "base/vec.h"
#include "flow/cache.h"
#include "flow/quiet.h"
#include "flow/sound.h"
#include "io/codec.h"

enum { TABLE_SCRATCH = 8 };

bool tm_counts_close(const tm_counts *c)
{
    return c->read + c->made ==
           c->kept + c->dropped + c->merged + c->parked + c->replaced + c->unreadable;
}

tm_status tm_run_note(tm_run *run, tm_buf *text, tm_err *err)
{
    tm_run_result *result = &run->result;
    tm_str copy = text->failed ? (tm_str){0} : tm_arena_str(&run->mem, tm_buf_view(text));
    tm_buf_release(text);
    if (!copy.p || !TM_ROOM(&run->mem, result->note, result->notes, run->note_room, 1))
        return tm_fail_memory(err, "a note", 0);
    result->note[result->notes++] = copy;
    return TM_OK;
}

bool tm_run_cut(const tm_run *run, tm_rid *cut)
{
    bool found = false;
    for (uint32_t s = 0; s < run->plan->steps; s++) {
        const tm_step_state *state = &run->state[s];
        if (!state->has_cut || (found && tm_rid_cmp(state->cut, *cut) >= 0)) continue;
        *cut = state->cut;
        found = true;
    }
    return found;
}

/* What is taken in any case: a fixed part, a part a worker, and the least of the exchange. */
static uint64_t least_memory(const tm_run *run, unsigned threads)
{
    uint64_t worker = TM_WORKER_BYTES + run->plan->cost.memory + run->over_worker;
    uint64_t fixed = TM_BASE_BYTES + run->plan->cost.shared + run->over_shared + TM_EXCHANGE_BYTES;
    return fixed + threads * worker;
}

/* Less than a mebibyte is said in bytes: "0MiB" was never given. */
static tm_status refuse_memory(uint64_t least, uint64_t memory, tm_err *err)
{
    unsigned long long need = (least + TM_MIB - 1) / TM_MIB, has = memory / TM_MIB;
    return has ? tm_fail(err, TM_ELIMIT,
                         "this plan needs --memory %lluMiB at least, and has %lluMiB", need, has)
               : tm_fail(err, TM_ELIMIT,
                         "this plan needs --memory %lluMiB at least, and has %llu byte%s", need,
                         (unsigned long long)memory, memory == 1 ? "" : "s");
}

/* The rest is for long records and for the exchange. The room of the former does not depend on the
 * workers: it is half of what one of them alone would leave. */
static tm_status share_memory(tm_run *run, tm_err *err)
{
    uint64_t memory = run->recipe->limits.memory, line = run->recipe->limits.max_line;
    uint64_t least = least_memory(run, 1);
    const tm_room *room = &run->plan->room;
    /* A limit on records that was raised must fit. */
    if (line > TM_MAX_LINE_DEFAULT && least <= memory)
        least = TM_MAX(least, tm_room_memory(room, room->copies * line));
    if (least > memory) return refuse_memory(least, memory, err);
    uint64_t longs = (memory - least_memory(run, 1)) / 2;
    while (run->threads > 1 && least_memory(run, run->threads) + longs > memory) run->threads--;
    run->least_memory = least_memory(run, run->threads);
    uint64_t left = memory - run->least_memory;
    run->exchange_budget = TM_MIN(left / 2, left - longs) + TM_EXCHANGE_BYTES;
    run->spill.merge_most = room->bytes / 2;
    return TM_OK;
}

uint64_t tm_run_table_room(const tm_run *run, const tm_plan_step *step)
{
    uint64_t taken = least_memory(run, 1) - step->cost.shared, memory = run->recipe->limits.memory;
    return memory > taken ? memory - taken : 0;
}

tm_status tm_run_charge_table(tm_run *run, const tm_plan_step *step, uint64_t bytes, tm_err *err)
{
    uint64_t worker = bytes / TABLE_SCRATCH;
    if (bytes > step->cost.shared) run->over_shared += bytes - step->cost.shared;
    if (worker > step->cost.memory) run->over_worker += worker - step->cost.memory;
    tm_plan_charge(run->plan, run->over_shared + run->over_worker);
    return share_memory(run, err);
}

/* A place for spill and decisions: .tamis/ in the run folder, else under --spill-dir,
 * TMPDIR or /tmp. What one of
 * many processes spills is nobody else's business and lies on its own machine. A process number
 * comes again, in a container soon; so the moment is part of the name, and the run, which may be
 * one of many in this process. */
static tm_status choose_work(tm_run *run, tm_err *err)
{
    unsigned long long process = tm_process_id(), moment = (unsigned long long)(run->began * 1e6);
    tm_str spill = run->recipe->limits.spill_dir;
    const char *here = tm_environment("TMPDIR");
    if (run->folder && !spill.n && !run->options.ticket.n) {
        run->work = tm_arena_printf(&run->mem, "%s/" TM_WORK_NAME, run->folder);
        run->spill.folder = tm_arena_printf(&run->mem, "%s/" TM_WORK_NAME "/spill-%llu-%llx",
                                            run->folder, process, moment);
    } else {
        if (!spill.n) spill = here && *here ? tm_str_of(here) : TM_STR("/tmp");
        char *own = tm_arena_printf(&run->mem, "%.*s/" TM_SPILL_NAME "%llu-%llx-%p", TM_FMT(spill),
                                    process, moment, (void *)run);
        run->spill.folder = own;
        run->spill.apart = true;
        run->work = run->folder ? tm_arena_printf(&run->mem, "%s/" TM_WORK_NAME, run->folder) : own;
    }
    run->spill.max_disk = run->recipe->limits.max_disk;
    if (!run->work || !run->spill.folder) return tm_fail_memory(err, "a path", 0);
    return TM_OK;
}

/* The routes of the one step that has some. */
static tm_status take_routes(tm_run *run, uint32_t s, tm_err *err)
{
    const tm_plan_step *step = &run->plan->step[s];
    uint32_t count = 0;
    const tm_route *route = step->op->routes ? step->op->routes(step->shared, &count) : NULL;
    if (!count) return TM_OK;
    if (run->routes)
        return tm_fail(err, TM_ERECIPE,
                       "two steps name the files that records go to, %.*s and %.*s: only one of "
                       "them can. Run the second over the files of the first",
                       TM_FMT(run->plan->step[run->router].name), TM_FMT(step->name));
    run->route = route;
    run->routes = count;
    run->router = s;
    return TM_OK;
}

/* Binding costs time, so it is done where it is for something; in every pass of a run alike, since
 * it may find a long record to take more memory than there is. */
static tm_binding binding_of(const tm_run *run)
{
    const tm_run_options *o = &run->options;
    if (o->scan_only) return TM_BIND_NEVER;
    if (run->plan->binds || o->on_batch || o->shown.binds) return TM_BIND_ALWAYS;
    bool names = run->plan->by_id || (run->folder && run->recipe->output.ledger);
    return names ? TM_BIND_FOUND : TM_BIND_NEVER;
}

static tm_status number_codes(tm_run *run, tm_err *err)
{
    uint32_t steps = run->plan->steps, at = 0;
    run->code_at = TM_NEW(&run->mem, uint32_t, steps + 1);
    run->state = TM_NEW(&run->mem, tm_step_state, steps + 1);
    run->result.step = TM_NEW(&run->mem, tm_step_result, steps + 1);
    run->result.source_result = TM_NEW(&run->mem, tm_source_result, run->sources);
    if (!run->code_at || !run->state || !run->result.step || !run->result.source_result)
        return tm_fail_memory(err, "the run", steps);
    run->passes = 1;
    unsigned levels = 0;
    for (uint32_t s = 0; s < steps; s++) {
        const tm_plan_step *step = &run->plan->step[s];
        const tm_op *op = step->op;
        levels += op->shape == TM_FANOUT;
        run->code_at[s] = at;
        for (uint32_t c = 0; op->codes && op->codes[c].code; c++) at++;
        for (const tm_round *round = step->rounds; round->how != TM_NO_ROUND; round++)
            run->passes +=
                (round->observe || round->observe_state) && !tm_round_idle(round, step->shared);
        run->passes += op->shape == TM_HEAD;
        run->reorders |= (op->flags & TM_REORDERS) != 0;
        run->wants_repeats |= op->finds && (run->folder || run->options.clusters);
        TM_TRY(take_routes(run, s, err));
    }
    if (levels > TM_PATH_LEVELS)
        return tm_fail(err, TM_ELIMIT, "a recipe may fan out %d times, and this one does %u times",
                       TM_PATH_LEVELS, levels);
    if (run->routes && run->options.file.n)
        return tm_fail(err, TM_EUSAGE,
                       "this recipe routes records into several files: give a folder, as -o DIR/");
    run->code_at[steps] = at;
    TM_TRY(tm_rows_choose(&run->rows, &run->mem, run->source, run->sources, err));
    TM_TRY(tm_matches_plan(run, err));
    run->binding = binding_of(run);
    return TM_OK;
}

static uint32_t kinds_of(const tm_run *run)
{
    uint32_t kinds = 0;
    for (uint32_t i = 0; i < run->inputs; i++) {
        const tm_plan_input *in = &run->input[i];
        kinds |= 1u << in->kind;
        for (uint32_t l = 0; !in->layouts.mapping && l < in->layouts.count; l++)
            kinds |= 1u << in->layouts.layout[l]->kind;
    }
    return kinds;
}

/* refine: the built-in recipe for the example kinds that were found takes the place of no steps. */
static tm_status choose_recipe(tm_run *run, tm_err *err)
{
    tm_recipe builtin, *recipe = run->recipe;
    const tm_builtin *of = tm_builtin_for(kinds_of(run));
    TM_TRY(tm_recipe_read(&builtin, &run->mem, TM_STR("refine"), tm_str_of(of->text), err));
    run->result.builtin = of->name;
    recipe->step = builtin.step;
    recipe->steps = builtin.steps;
    recipe->builtin = true;
    return TM_OK;
}

static tm_status add_step(tm_run *run, tm_err *err)
{
    const tm_op *op = run->options.also;
    if (!op || !(kinds_of(run) & run->options.also_kinds)) return TM_OK;
    tm_recipe_step *step = tm_recipe_new_step(run->recipe, op);
    if (!step) return tm_fail_memory(err, "the recipe", op->args_bytes);
    return op->params ? tm_params_default(op->params, step->args, &run->mem, err) : TM_OK;
}

/* The recipe as it is carried out, with what the command line added: so that the manifest's can be
 * run again. */
static tm_status say_recipe(tm_run *run, tm_err *err)
{
    tm_buf text = {0};
    tm_recipe_print(run->recipe, &text);
    tm_status status = tm_buf_ok(&text, err);
    if (status == TM_OK) run->recipe->text = tm_arena_str(&run->mem, tm_buf_view(&text));
    tm_buf_release(&text);
    if (status == TM_OK && !run->recipe->text.p) return tm_fail_memory(err, "the recipe", 0);
    return status;
}

static tm_status open_run(tm_run *run, tm_err *err)
{
    const tm_run_options *options = &run->options;
    run->threads = options->threads ? options->threads : tm_cores();
    if (options->folder.n) {
        tm_str folder = tm_arena_str(&run->mem, options->folder);
        if (!folder.p) return tm_fail_memory(err, "a path", 0);
        while (folder.n > 1 && folder.p[folder.n - 1] == '/') folder.n--;
        run->folder = tm_arena_printf(&run->mem, "%.*s", TM_FMT(folder));
    }
    TM_TRY(choose_work(run, err));
    TM_TRY(options->ticket.n ? tm_inputs_restore(run, err) : tm_inputs_open(run, err));
    if (options->refine) TM_TRY(choose_recipe(run, err));
    TM_TRY(add_step(run, err));
    TM_TRY(say_recipe(run, err));
    TM_TRY(tm_plan_make(&run->plan, &run->mem, run->recipe, run->input, run->inputs,
                        tm_inputs_identity(run), err));
    TM_TRY(number_codes(run, err));
    run->sound = tm_sound_new();
    run->quiet = tm_quiet_new();
    if (!run->sound || !run->quiet) return tm_fail_memory(err, "what is known of blocks", 0);
    run->result.source = run->source;
    run->result.sources = run->sources;
    if (run->folder) run->result.folder = tm_str_of(run->folder);
    return share_memory(run, err);
}

tm_status tm_run_open(tm_run **out, tm_recipe *recipe, const tm_run_options *options, tm_err *err)
{
    tm_run *run = tm_alloc_zero(1, sizeof *run);
    if (!run) return tm_fail_memory(err, "the run", sizeof *run);
    run->recipe = recipe;
    run->options = *options;
    run->lock_file = -1;
    run->began = tm_now();
    pthread_mutex_init(&run->batch_lock, NULL);
    pthread_mutex_init(&run->spill.making, NULL);
    atomic_store(&run->doing, "opening");
    tm_status status = open_run(run, err);
    if (status != TM_OK)
        tm_run_close(run);
    else
        *out = run;
    return status;
}

const tm_plan *tm_run_plan(const tm_run *run)
{
    return run->plan;
}

void tm_run_show(tm_run *run, const tm_shown *shown)
{
    run->options.shown = *shown;
    run->binding = binding_of(run);
}

/* Everything was read from the same bytes only if no source changed under the run. */
tm_status tm_sources_unchanged(const tm_run *run, tm_err *err)
{
    for (uint32_t i = 0; i < run->every_source; i++) {
        uint64_t bytes, modified;
        const tm_source *s = &run->source[i];
        if (!tm_source_is_file(s)) continue;
        TM_TRY(tm_source_stamp(s, &bytes, &modified, err));
        if (bytes != s->bytes || modified != s->modified_ns)
            return tm_fail(err, TM_EINPUT, "%.*s changed while it was read: run again",
                           TM_FMT(s->path));
    }
    return TM_OK;
}

static tm_status write_pass(tm_run *run, tm_err *err)
{
    tm_pass pass = {.run = run,
                    .kind = TM_PASS_WRITE,
                    .steps = run->plan->steps,
                    .step = TM_NONE,
                    .lock = TM_LOCK_INIT};
    pass.doing = "writing";
    atomic_store(&run->records, 0);
    if (run->folder) TM_TRY(tm_run_folder_clear(run, err));
    TM_TRY(tm_emitter_open(&pass.emitter, run, err));
    tm_status status = tm_pass_run(&pass, err);
    tm_cache_end(run);
    if (status == TM_OK) status = tm_sources_unchanged(run, err);
    if (status == TM_OK) return tm_emitter_commit(pass.emitter, err);
    tm_emitter_abandon(pass.emitter);
    return status;
}

static bool decides(const tm_run *run)
{
    for (uint32_t s = 0; s < run->plan->steps; s++)
        if (run->plan->step[s].op->shape == TM_SET) return true;
    return false;
}

static tm_status look_at_references(tm_run *run, tm_err *err)
{
    tm_str *told = TM_NEW(&run->mem, tm_str, run->plan->steps + 1);
    if (!told) return tm_fail_memory(err, "the references", 0);
    for (uint32_t s = 0; s < run->plan->steps; s++)
        if (run->state[s].verdicts) told[s] = tm_verdicts_told(run->state[s].verdicts);
    return tm_references_look(run, told, err);
}

static tm_status go(tm_run *run, tm_err *err)
{
    TM_TRY(tm_run_refuse_originals(run, err));
    if (run->folder) TM_TRY(tm_run_folder_take(run, err));
    if (run->passes > 1) TM_TRY(tm_inputs_spool(run, err));
    if (run->passes > 1) run->cache = tm_cache_new(run->every_source);
    if (decides(run) && !run->folder) TM_TRY(tm_spill_open(&run->spill, err));
    TM_TRY(tm_rounds_run(run, err));
    TM_TRY(write_pass(run, err));
    TM_TRY(look_at_references(run, err));
    run->result.seconds = tm_now() - run->began;
    run->result.peak_memory = tm_peak_rss();
    run->result.spilled_bytes = atomic_load(&run->spill.ever);
    return run->folder ? tm_manifest_write(run, err) : TM_OK;
}

tm_status tm_run_go(tm_run *run, tm_err *err)
{
    tm_status status = go(run, err);
    tm_err ignored = {0};
    /* Nobody can go on from what is left of it; what went wrong is told already. */
    if (status == TM_ECANCELLED && run->lock_file >= 0 && !tm_run_resumes(run))
        (void)tm_run_folder_done(run, &ignored);
    run->failed = status != TM_OK && status != TM_ECANCELLED;
    return status;
}

tm_status tm_run_end(tm_run *run, tm_err *err)
{
    return run->folder ? tm_run_folder_done(run, err) : TM_OK;
}

void tm_run_progress(const tm_run *run, tm_progress *out)
{
    *out = (tm_progress){.bytes = atomic_load(&run->bytes_read),
                         .records = atomic_load(&run->records),
                         .kept = atomic_load(&run->kept),
                         .fallen = atomic_load(&run->fallen),
                         .unreadable = atomic_load(&run->unreadable),
                         .memory = tm_alloc_live(),
                         .pass = atomic_load(&run->pass),
                         .passes = run->passes,
                         .doing = atomic_load(&run->doing),
                         .seconds = tm_now() - run->began};
    for (uint32_t i = 0; i < run->inputs; i++) out->bytes_total += run->input[i].facts.bytes;
}

void tm_run_cancel(tm_run *run)
{
    atomic_store(&run->cancel, true);
}
const tm_run_result *tm_run_result_of(const tm_run *run)
{
    return &run->result;
}

tm_status tm_run_verdict(const tm_run *run, tm_err *err)
{
    const tm_counts *c = &run->result.counts;
    const tm_limits *limits = &run->recipe->limits;
    unsigned long long lost = c->unreadable, all = c->read;
    if (!tm_counts_close(c))
        return tm_fail(err, TM_EDIFFERS, "the sums do not close: this is a bug in Tamis");
    if (all && lost == all)
        return all == 1 ? tm_fail(err, TM_EINPUT, "the only record could not be read")
                        : tm_fail(err, TM_EINPUT, "none of the %llu records could be read", all);
    if (run->result.damaged)
        return tm_fail(err, TM_EFINDINGS,
                       "an input could not be decoded to its end: what came "
                       "before was used, the rest is missing");
    bool over = limits->unreadable_count >= 0
                    ? lost > (uint64_t)limits->unreadable_count
                    : (double)lost > limits->unreadable_share * (double)all;
    if (over)
        return tm_fail(err, TM_EFINDINGS,
                       "%llu of %llu records are unreadable: more than --limit-unreadable allows",
                       lost, all);
    return TM_OK;
}

void tm_run_close(tm_run *run)
{
    if (!run) return;
    for (uint32_t s = 0; run->state && s < run->plan->steps; s++)
        tm_verdicts_free(run->state[s].verdicts);
    tm_spill_close(&run->spill);
    if (run->failed) tm_run_folder_undo(run);
    tm_run_folder_drop(run);
    if (run->plan) tm_plan_release(run->plan);
    tm_buf_release(&run->head);
    tm_free(run->refused);
    tm_sound_free(run->sound);
    tm_quiet_free(run->quiet);
    tm_cache_free(run->cache);
    pthread_mutex_destroy(&run->batch_lock);
    pthread_mutex_destroy(&run->spill.making);
    tm_buf_release(&run->result.lost_fields);
    tm_arena_release(&run->mem);
    tm_free(run);
}
