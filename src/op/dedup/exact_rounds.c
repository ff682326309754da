/* The rounds of dedup.exact.
 *
 * In the first every record gives a 64-bit hash (XXH3) of its normalised texts; records that share
 * one are candidates. In the second only candidates give the texts themselves, and a record is
 * merged only if they equal its representative's byte for byte: a hash collision can never lose a
 * record, and texts of unique records never travel. The scope and the keep list decide who
 * represents. Where texts are normalised, the SHA-256 of the texts as they stand travels along; and
 * always the list of what stands beside the texts (exact_fields.h).
 *
 * With `prefix` a record gives a hash for each of its beginnings too, and is merged into one that
 * begins with all of it: the longest first. The texts of all beginnings of a long conversation are
 * far more than the conversation, so in their place their SHA-256 is compared, which goes on from
 * one beginning to the next; no two texts are known, or can be made, that share it. */
#include "op/dedup/cluster.h"
#include "op/dedup/exact.h"
#include "op/dedup/index_head.h"
#include "op/dedup/spellings.h"

typedef tm_exact_shared shared;
typedef tm_exact_scratch scratch;

/* One of all of the record, and of each of its beginnings when those are asked for. */
static tm_status observe_hashes(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    const tm_exact_key *key = &own->key;
    if (b->reference && tm_scope_sees(&s->scope, b))
        TM_TRY(tm_index_refuse(b,
                               "dedup.exact compares texts as they stand, which an index does not "
                               "hold: name the earlier files themselves, or use dedup.near",
                               err));
    if (!tm_scope_sees(&s->scope, b)) return TM_OK;
    tm_evalue *within;
    TM_TRY(tm_exprs_values(&s->rules.within, &own->within, b, &within, err));
    for (uint32_t r = 0; r < b->records; r++) {
        if (!tm_live(b, r)) continue;
        TM_TRY(tm_exact_key_of(&s->rules, b, r, within, &own->key, err));
        if (!key->any) continue;
        uint64_t hash = 0;
        for (uint32_t m = 0, from = 0; m < key->messages; m++) {
            if (!s->args->prefix && m + 1 < key->messages) continue;
            hash = tm_hash64(key->text.p + from, key->ends[m] - from, hash);
            if (s->args->prefix) from = key->ends[m];
            TM_TRY(tm_facts_add_lean(out, &hash, 1, b->rid[r], err));
        }
    }
    return TM_OK;
}

/* What is compared stands in the data behind a byte that says whether this is all of the record,
 * where that makes a difference the digest of how it is spelled, and the list of its fields. Order:
 * the scope's rank, then the longest record first (it is not the beginning of another), then the
 * keep key. */
static tm_status add_fact(const shared *s, scratch *own, const tm_batch *b, uint32_t r, tm_str keep,
                          tm_str same, tm_str spelling, bool whole, tm_facts *out, tm_err *err)
{
    char rank[TM_RANK_BYTES], shorter[8];
    const tm_buf *text = &own->key.text;
    tm_scope_rank_put(tm_scope_rank(&s->scope, b), rank);
    tm_be64_put(s->args->prefix ? UINT64_MAX - text->n : 0, shorter);
    tm_buf_clear(&own->order);
    tm_buf_add(&own->order, rank, sizeof rank);
    tm_buf_add(&own->order, shorter, sizeof shorter);
    tm_buf_str(&own->order, keep);
    tm_buf_clear(&own->data);
    tm_buf_char(&own->data, whole);
    tm_buf_str(&own->data, spelling);
    tm_buf_str(&own->data, tm_buf_view(&own->fields));
    tm_buf_str(&own->data, same);
    TM_TRY(tm_buf_ok(&own->order, err));
    TM_TRY(tm_buf_ok(&own->data, err));
    tm_hash hash = tm_hash128(same.p, same.n);
    tm_fact f = {.key = {(const char *)&hash, sizeof hash},
                 .order = tm_buf_view(&own->order),
                 .data = tm_buf_view(&own->data),
                 .rid = b->rid[r]};
    return tm_facts_add(out, &f, err);
}

static tm_status add_beginnings(const shared *s, scratch *own, const tm_batch *b, uint32_t r,
                                tm_str keep, tm_facts *out, tm_err *err)
{
    const tm_exact_key *key = &own->key;
    tm_status status = TM_OK;
    tm_sha256 *sha = tm_sha256_new();
    if (!sha) return tm_fail_memory(err, "dedup.exact", 0);
    for (uint32_t m = 0, from = 0; status == TM_OK && m < key->messages; from = key->ends[m++]) {
        char hex[65];
        tm_sha256_add(sha, key->text.p + from, key->ends[m] - from);
        tm_sha256_hex(sha, hex);
        tm_str same = {hex, sizeof hex - 1};
        status =
            add_fact(s, own, b, r, keep, same, (tm_str){"", 0}, m + 1 == key->messages, out, err);
    }
    tm_sha256_free(sha);
    return status;
}

/* In out[]: the beginning of the digest of the record's texts as they stand. */
static tm_status spell(const shared *s, scratch *own, tm_batch *b, uint32_t r,
                       const tm_evalue *within, char out[65], tm_err *err)
{
    TM_TRY(tm_exact_key_of(&s->plain, b, r, within, &own->plain, err));
    tm_sha256 *sha = tm_sha256_new();
    if (!sha) return tm_fail_memory(err, "dedup.exact", 0);
    tm_sha256_add(sha, own->plain.text.p, own->plain.text.n);
    tm_sha256_hex(sha, out);
    tm_sha256_free(sha);
    return TM_OK;
}

static tm_status add_whole(const shared *s, scratch *own, tm_batch *b, uint32_t r,
                           const tm_evalue *within, tm_str keep, tm_facts *out, tm_err *err)
{
    char hex[65];
    tm_str spelling = {hex, s->spelled ? TM_SPELLING_BYTES : 0};
    if (s->spelled) TM_TRY(spell(s, own, b, r, within, hex, err));
    return add_fact(s, own, b, r, keep, tm_buf_view(&own->key.text), spelling, true, out, err);
}

static tm_status observe_texts(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    const tm_exact_key *key = &own->key;
    tm_str *keep = TM_NEW(b->mem, tm_str, b->records + 1);
    if (!keep) return tm_fail_memory(err, "dedup.exact", b->records);
    if (!tm_scope_sees(&s->scope, b)) return TM_OK;
    if (!b->reference) TM_TRY(tm_keep_keys(s->keep, own->keep, step, b, keep, err));
    tm_evalue *within;
    TM_TRY(tm_exprs_values(&s->rules.within, &own->within, b, &within, err));
    for (uint32_t r = 0; r < b->records; r++) {
        if (!tm_live(b, r)) continue;
        TM_TRY(tm_exact_key_of(&s->rules, b, r, within, &own->key, err));
        if (!key->any) continue;
        tm_buf_clear(&own->fields);
        tm_exact_fields_of(b, r, s->args->by & TM_SEL_EVERYTHING, &own->fields);
        TM_TRY(tm_buf_ok(&own->fields, err));
        TM_TRY(s->args->prefix ? add_beginnings(s, own, b, r, keep[r], out, err)
                               : add_whole(s, own, b, r, within, keep[r], out, err));
    }
    return TM_OK;
}

/* cluster: its name, where `into` is not the first of it; or NULL. lost: fields of the record that
 * `into` does not have so. *made: the decision, without them. */
static tm_status merge(const tm_step_view *step, uint16_t rule, tm_rid rid, tm_rid into,
                       const tm_rid *cluster, uint64_t lost, tm_decision *made, tm_decisions *out,
                       tm_err *err)
{
    char data[TM_CLUSTER_DATA];
    const shared *s = step->shared;
    bool flags = rule == TM_SPELLED_OTHERWISE && s->args->alike == TM_ALIKE_FLAG;
    *made = (tm_decision){.rid = rid,
                          .step = step->step,
                          .rule = rule,
                          .verdict = flags ? (uint8_t)TM_V_FLAG : s->verdict,
                          .set = TM_D_OTHER,
                          .other = into,
                          .value = TM_NO_VALUE};
    tm_decision d = *made;
    tm_cluster_put(&d, cluster, flags ? 0 : lost, data);
    return tm_decide(out, &d, err);
}

/* Lists of fields that are remembered of a text's spellings. */
enum { FIELDS_MOST = 1 << 20 };

/* The records of one text while they pass: the first of all, and how the texts are spelled. */
typedef struct same_text {
    tm_buf text, fields; /* fields: of the first, and of who is the first of its spelling */
    tm_spelling first;   /* digest: none where spelling makes no difference */
    tm_spellings spelled;
    size_t digest; /* bytes of it in a fact's data */
} same_text;

static uint16_t rule_of(const tm_spelling *a, const tm_spelling *b)
{
    bool equal = memcmp(a->digest, b->digest, sizeof a->digest) == 0;
    return equal ? TM_EXACT_DUPLICATE : TM_SPELLED_OTHERWISE;
}

static tm_spelling spelling_of(const same_text *t, const tm_fact *f)
{
    tm_spelling own = {.rid = f->rid, .rank = tm_scope_rank_get(f->order), .fields = TM_NONE};
    memcpy(own.digest, f->data.p + 1, t->digest);
    return own;
}

static tm_str fields_of(const same_text *t, const tm_fact *f)
{
    tm_str from = tm_str_slice(f->data, 1 + t->digest, f->data.n);
    return tm_str_slice(from, 0, tm_exact_fields_bytes(from));
}

static tm_str text_of(const same_text *t, const tm_fact *f)
{
    return tm_str_slice(f->data, 1 + t->digest + fields_of(t, f).n, f->data.n);
}

/* The same record, with its fields remembered if there is room. */
static tm_spelling remembered(same_text *t, tm_spelling record, tm_str fields)
{
    if (t->fields.n + fields.n > FIELDS_MOST) return record;
    record.fields = (uint32_t)t->fields.n;
    tm_buf_str(&t->fields, fields);
    return record;
}

static uint64_t lost_fields(const same_text *t, const tm_fact *f, const tm_spelling *into)
{
    if (into->fields == TM_NONE) return 0;
    tm_str all = tm_buf_view(&t->fields);
    return tm_exact_fields_lost(fields_of(t, f), tm_str_slice(all, into->fields, all.n));
}

/* *into: the first that is spelled as `own` is, which it may be itself. */
static tm_status note_spelling(same_text *t, const tm_spelling *own, tm_str fields,
                               tm_spelling *into, tm_err *err)
{
    tm_spelling *at;
    TM_TRY(tm_spellings_of(&t->spelled, own, into, &at, err));
    if (at) *at = remembered(t, *own, fields);
    return tm_buf_ok(&t->fields, err);
}

/* What follows the first of its text: merged into it, or into the first that is spelled alike where
 * those that are not only are flagged; but records of references only share its cluster. */
static tm_status follow(const tm_step_view *step, same_text *t, const tm_fact *f, tm_decision *made,
                        tm_decisions *out, tm_err *err)
{
    const shared *s = step->shared;
    tm_spelling own = spelling_of(t, f), into = t->first;
    if (s->args->alike == TM_ALIKE_FLAG && t->digest)
        TM_TRY(note_spelling(t, &own, fields_of(t, f), &into, err));
    if (tm_rid_cmp(into.rid, own.rid) == 0) into = t->first; /* nobody is spelled so */
    if (!own.rank) return tm_cluster_join(step, f->rid, t->first.rid, out, err);
    if (!tm_scope_merges(&s->scope, into.rank, own.rank)) into = t->first;
    const tm_rid *cluster = tm_rid_cmp(into.rid, t->first.rid) == 0 ? NULL : &t->first.rid;
    return merge(step, rule_of(&into, &own), f->rid, into.rid, cluster, lost_fields(t, f, &into),
                 made, out, err);
}

static tm_status begin_text(const tm_step_view *step, const tm_fact *f, same_text *t, tm_err *err)
{
    const shared *s = step->shared;
    tm_spelling again;
    t->digest = s->spelled ? TM_SPELLING_BYTES : 0;
    t->first = remembered(t, spelling_of(t, f), fields_of(t, f));
    tm_buf_str(&t->text, text_of(t, f));
    TM_TRY(tm_buf_ok(&t->fields, err));
    if (s->args->alike != TM_ALIKE_FLAG || !t->digest) return tm_buf_ok(&t->text, err);
    TM_TRY(tm_spellings_of(&t->spelled, &t->first, &again, NULL, err));
    return tm_buf_ok(&t->text, err);
}

/* Texts of one hash: the first is the representative, and those that equal it are merged into it.
 * Different texts under one hash (never seen; 2^-64 odds for a billion records) are kept. */
static tm_status reduce_texts(const tm_step_view *step, tm_group *group, tm_facts *next,
                              tm_decisions *out, tm_err *err)
{
    const shared *s = step->shared;
    tm_fact f;
    same_text t = {.digest = 0};
    TM_UNUSED(next);
    if (!group->next(group, &f)) return TM_OK;
    tm_status status = begin_text(step, &f, &t, err);
    tm_decision made = {.set = 0}, second = made;
    bool stays = tm_cluster_stays(t.first.rank, tm_keep_is_none(s->keep)), alone = true;
    while (status == TM_OK && group->next(group, &f)) {
        bool whole = f.data.p[0];
        uint32_t own = tm_scope_rank_get(f.order);
        if (!whole || (own && !tm_scope_merges(&s->scope, t.first.rank, own))) continue;
        if (!tm_str_eq(text_of(&t, &f), tm_buf_view(&t.text))) continue;
        status = follow(step, &t, &f, &made, out, err);
        if (alone) second = made;
        alone = false;
    }
    if (status == TM_OK && !alone)
        status = stays ? tm_cluster_join(step, t.first.rid, t.first.rid, out, err)
                       : tm_cluster_fall(&second, out, err);
    tm_buf_release(&t.text);
    tm_buf_release(&t.fields);
    tm_spellings_release(&t.spelled);
    return status;
}

static bool hashes_texts(const void *of)
{
    const shared *s = of;
    return !s->rules.within.count && !(s->rules.choice.by & TM_SEL_EVERYTHING);
}

const tm_round tm_exact_rounds[] = {
    {
        .name = "hash",
        .how = TM_GROUP,
        .pairs_only = true,
        .texts_only = hashes_texts,
        .observe = observe_hashes,
        .reduce = tm_reduce_to_candidates,
    },
    {
        .name = "verify",
        .how = TM_GROUP,
        .decided_only = true,
        .pairs_only = true,
        .observe = observe_texts,
        .reduce = reduce_texts,
    },
    {0},
};
