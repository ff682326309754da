/* The splits and stages of a run, and what is told between stages.
 *
 * Both follow from the plan and the sources alone, so every process that opened the same ticket has
 * the same numbers. A file that can be read from any byte on is cut every split_bytes; any other
 * source is one split, however large: its bytes can only be decoded in order. */
#include "base/vec.h"
#include "flow/stage.h"

const char *tm_stage_how_name(tm_stage_how how)
{
    static const char *const NAMES[] = {"group", "sort",  "components", "fold",  "table",
                                        "head",  "write", "put",        "digest"};
    return NAMES[how];
}

static tm_status add_split(tm_stages *s, tm_split split, tm_err *err)
{
    if (!TM_ROOM_HEAP(s->split, s->splits, s->split_room, 1))
        return tm_fail_memory(err, "the splits", sizeof split);
    s->split[s->splits++] = split;
    return TM_OK;
}

static tm_status make_splits(tm_stages *s, tm_err *err)
{
    const tm_run *run = s->run;
    uint64_t split_bytes = s->split_bytes;
    for (uint32_t i = 0; i < run->every_source; i++) {
        const tm_source *source = &run->source[i];
        if (source->table)
            return tm_fail(err, TM_EUSAGE,
                           "%.*s is a table of this process, and stages run in others: write it to "
                           "a file they can see",
                           TM_FMT(source->path));
        if (!tm_source_is_file(source))
            return tm_fail(err, TM_EUSAGE,
                           "%.*s gives its bytes once, and stages read them more often: name files",
                           TM_FMT(source->path));
        if (i == run->sources) s->of_stream = s->splits;
        if (!tm_source_cuts(source) || source->bytes <= split_bytes) {
            TM_TRY(add_split(s, (tm_split){source->number, 0, 0}, err));
            continue;
        }
        for (uint64_t at = 0; at < source->bytes; at += split_bytes) {
            uint64_t to = TM_MIN(source->bytes, at + split_bytes);
            TM_TRY(add_split(s, (tm_split){source->number, at, to}, err));
        }
    }
    if (run->sources == run->every_source) s->of_stream = s->splits;
    return TM_OK;
}

static uint32_t rounds_of(const tm_plan_step *step)
{
    uint32_t n = 0;
    while (step->rounds[n].how != TM_NO_ROUND) n++;
    return step->op->shape == TM_HEAD ? 1 : step->op->shape == TM_SET ? n : 0;
}

static void add_rounds(tm_stages *s, const tm_plan_step *step)
{
    static const tm_stage_how HOW[] = {[TM_GROUP] = TM_STAGE_GROUP,
                                       [TM_FOLD] = TM_STAGE_FOLD,
                                       [TM_COMPONENTS] = TM_STAGE_COMPONENTS,
                                       [TM_SORT] = TM_STAGE_SORT,
                                       [TM_TABLE] = TM_STAGE_TABLE};
    uint32_t rounds = rounds_of(step), earlier = TM_NONE, before = TM_NONE;
    for (uint32_t i = 0; i < rounds; i++) {
        tm_stage *stage = &s->stage[s->count];
        if (step->op->shape == TM_HEAD) {
            *stage = (tm_stage){
                .how = TM_STAGE_HEAD, .observes = true, .earlier = TM_NONE, .before = TM_NONE};
        } else {
            const tm_round *round = &step->rounds[i];
            bool idle = tm_round_idle(round, step->shared);
            *stage = (tm_stage){.how = HOW[round->how],
                                .round = round,
                                .observes = round->observe || round->observe_state,
                                .references = step->op->flags & TM_REFERENCES && !idle,
                                .references_only = round->references_only || idle,
                                .decides = i + 1 == rounds,
                                .earlier = earlier,
                                .before = before};
            stage->leaves = !stage->decides && !round[1].observe && !round[1].observe_state;
            bool tells = stage->how == TM_STAGE_FOLD || stage->how == TM_STAGE_TABLE;
            if (!tells) before = round->adds ? earlier : TM_NONE, earlier = s->count;
        }
        stage->step = step->index;
        s->count++;
    }
}

static tm_status make_stages(tm_stages *s, tm_err *err)
{
    const tm_plan *plan = s->run->plan;
    uint32_t count = 3;
    for (uint32_t i = 0; i < plan->steps; i++) count += rounds_of(&plan->step[i]);
    s->stage = tm_alloc_zero(count, sizeof *s->stage);
    if (!s->stage) return tm_fail_memory(err, "the stages", count * sizeof *s->stage);
    for (uint32_t i = 0; i < plan->steps; i++) add_rounds(s, &plan->step[i]);
    static const tm_stage_how LAST[] = {TM_STAGE_WRITE, TM_STAGE_PUT, TM_STAGE_DIGEST};
    for (size_t i = 0; i < TM_COUNT(LAST); i++) {
        if (LAST[i] == TM_STAGE_PUT && !s->run->reorders) continue;
        s->stage[s->count++] = (tm_stage){.how = LAST[i],
                                          .step = TM_NONE,
                                          .observes = LAST[i] != TM_STAGE_PUT,
                                          .leaves = LAST[i] == TM_STAGE_WRITE && s->run->reorders,
                                          .earlier = TM_NONE,
                                          .before = TM_NONE};
    }
    return TM_OK;
}

tm_status tm_stages_open(tm_stages *s, tm_run *run, uint64_t split_bytes, tm_err *err)
{
    *s = (tm_stages){.run = run,
                     .split_bytes = TM_MAX(split_bytes ? split_bytes : TM_SPLIT_BYTES, 64)};
    tm_status status = make_splits(s, err);
    if (status == TM_OK) status = make_stages(s, err);
    if (status != TM_OK) tm_stages_close(s);
    return status;
}

void tm_stages_close(tm_stages *s)
{
    for (uint32_t i = 0; i < s->count; i++) tm_buf_release(&s->stage[i].told);
    tm_free(s->stage);
    tm_free(s->split);
    *s = (tm_stages){0};
}

uint32_t tm_stages_split_of(const tm_stages *s, uint64_t place)
{
    uint32_t low = 0, high = s->splits; /* the last split that begins at or before the place */
    while (low + 1 < high) {
        uint32_t middle = low + (high - low) / 2;
        if (TM_PLACE(s->split[middle].source, s->split[middle].from) <= place)
            low = middle;
        else
            high = middle;
    }
    return low;
}

tm_str tm_stages_told(const tm_stages *s, uint32_t step, uint32_t end)
{
    tm_str told = {0};
    for (uint32_t i = 0; i < end; i++) {
        tm_stage_how how = s->stage[i].how;
        if (s->stage[i].step == step && (how == TM_STAGE_FOLD || how == TM_STAGE_TABLE))
            told = tm_buf_view(&s->stage[i].told);
    }
    return told;
}

bool tm_stages_joins(const tm_stages *s, uint32_t at, uint32_t of)
{
    const tm_stage *stage = &s->stage[at], *other = &s->stage[of];
    if (!stage->observes || stage->how == TM_STAGE_DIGEST) return false;
    if (stage->earlier == of || stage->before == of) return true;
    return of < at && other->decides && other->step != stage->step && other->how != TM_STAGE_HEAD;
}

tm_status tm_stages_tell(tm_stages *s, uint32_t stage, tm_str told, tm_err *err)
{
    if (stage >= s->count) return tm_fail(err, TM_EUSAGE, "there is no stage %u", stage);
    tm_stage *to = &s->stage[stage];
    size_t bytes = to->how == TM_STAGE_FOLD    ? to->round->state_bytes
                   : to->how == TM_STAGE_TABLE ? told.n
                   : to->how == TM_STAGE_HEAD  ? sizeof(tm_head_told)
                                               : SIZE_MAX;
    if (told.n != bytes)
        return tm_fail(err, TM_EUSAGE, "this is not what is told of stage %u", stage);
    tm_buf_clear(&to->told);
    tm_buf_str(&to->told, told);
    TM_TRY(tm_buf_ok(&to->told, err));
    if (to->how != TM_STAGE_HEAD) return TM_OK;
    tm_head_told head;
    memcpy(&head, told.p, sizeof head);
    s->run->state[to->step].has_cut = head.known != 0;
    s->run->state[to->step].cut = head.cut;
    return TM_OK;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void stage_json(const tm_stages *s, uint32_t i, tm_buf *out)
{
    static const char *const SAYS[] = {"false", "true"};
    const tm_stage *stage = &s->stage[i];
    tm_str step = stage->step == TM_NONE ? (tm_str){0} : s->run->plan->step[stage->step].name;
    tm_buf_print(out, "%s\n {\"number\":%u,\"how\":\"%s\",\"step\":", i ? "," : "", i,
                 tm_stage_how_name(stage->how));
    step.n ? tm_buf_json(out, step) : tm_buf_z(out, "null");
    tm_buf_z(out, ",\"round\":");
    stage->round ? tm_buf_json(out, tm_str_of(stage->round->name)) : tm_buf_z(out, "null");
    tm_buf_print(out,
                 ",\"observes\":%s,\"references\":%s,\"references_only\":%s,\"decides\":%s,"
                 "\"leaves\":%s",
                 SAYS[stage->observes], SAYS[stage->references], SAYS[stage->references_only],
                 SAYS[stage->decides], SAYS[stage->leaves]);
    tm_buf_z(out, ",\"joins\":[");
    for (uint32_t k = 0, n = 0; k < i; k++)
        if (tm_stages_joins(s, i, k)) tm_buf_print(out, n++ ? ",%u" : "%u", k);
    if (stage->how == TM_STAGE_HEAD)
        tm_buf_print(out, "],\"head\":%llu}",
                     (unsigned long long)s->run->plan->step[stage->step].op->head(
                         s->run->plan->step[stage->step].shared));
    else
        tm_buf_z(out, "]}");
}

void tm_stages_json(const tm_stages *s, tm_buf *out)
{
    const tm_run *run = s->run;
    char hex[33];
    tm_hash_hex(run->plan->identity, hex);
    tm_buf_print(out, "{\"identity\":\"%s\",\"stages\":[", hex);
    for (uint32_t i = 0; i < s->count; i++) stage_json(s, i, out);
    tm_buf_print(out, "],\n\"of_stream\":%u,\"splits\":[", s->of_stream);
    for (uint32_t i = 0; i < s->splits; i++) {
        const tm_split *split = &s->split[i];
        tm_buf_print(out, "%s\n {\"source\":%u,\"path\":", i ? "," : "", split->source);
        tm_buf_json(out, run->source[split->source - 1].path);
        tm_buf_print(out, ",\"from\":%llu,\"to\":%llu}", (unsigned long long)split->from,
                     (unsigned long long)split->to);
    }
    tm_buf_z(out, "]}\n");
}
