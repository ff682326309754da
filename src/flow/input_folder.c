/* A folder named as an input: which of the files below it are its records.
 *
 *   what a run made        none: a folder with a manifest.json of ours or a .tamis/, and runs/last.
 *                          So the data's own folder can be worked in, and named again and again.
 *   JSONL and JSON         each is a source: what its name says to be one, and whatever begins as
 *                          JSON does
 *   texts (.txt, .md)      one source of them all, but only if the folder holds no data: beside
 *                          data they are its card and its licence, and no training records.
 *                          `container: folder` takes them, and them alone
 *   anything else          none: CSV, Parquet, pictures, scripts, cards of datasets. A name that
 *                          says JSON and is something else (a zip archive) is an error all the same
 *
 * What is left out is told, by reason, with the first names and how many there are; a folder of
 * which nothing is left is an error that says why. Names that begin with a dot are hidden, and not
 * told of. Pipes and devices are an error: nobody knows what they hold.
 *
 * A folder that a run made stands for the data of that run, when it is named itself. */
#include "flow/engine.h"
#include "flow/runfolder.h"

#include "io/stream.h"

enum { NAMED = 5 };
typedef enum why { BY_TAMIS, TEXT, UNREAD, OTHER, WHYS } why;

typedef struct left_out { /* for one reason */
    tm_str name[NAMED];   /* below the folder */
    uint32_t count;
} left_out;

typedef struct walk {
    tm_run *run;
    tm_source_wish wish;
    const char *root;
    left_out left[WHYS];
    uint32_t kept, texts, hidden;
    bool data;    /* there are files with data, whether they can be read or not */
    tm_err first; /* why one of the others is not read, if it is known what it is */
    bool first_is_data;
} walk;

static tm_str below(const walk *w, tm_str path)
{
    size_t n = strlen(w->root);
    tm_str name = tm_str_slice(path, n, path.n);
    while (name.n && name.p[0] == '/') name = tm_str_slice(name, 1, name.n);
    return name;
}

static void leave(walk *w, why reason, tm_str path)
{
    left_out *l = &w->left[reason];
    if (l->count < NAMED) l->name[l->count] = below(w, path);
    l->count++;
}

/* What the hub that most datasets are kept on lays beside their data. */
static bool is_card(tm_str name)
{
    static const char *const CARDS[] = {"dataset_infos.json", "dataset_info.json",
                                        "dataset_dict.json"};
    for (size_t i = 0; i < TM_COUNT(CARDS); i++)
        if (tm_str_is(name, CARDS[i])) return true;
    return false;
}

static bool is_stranger(const tm_err *err)
{
    tm_str code = tm_str_of(err->code);
    return tm_str_is(code, "T1120") || tm_str_is(code, "T1121");
}

/* In runs/, where `last` names a run. */
static bool names_last(tm_str path, const tm_source *source)
{
    enum { LONGEST = 4096 };
    tm_str tail = TM_STR("/" TM_LAST);
    bool there = tm_str_is(path, TM_LAST) || tm_str_ends(path, tail);
    return there && source->bytes <= LONGEST && !source->opens_json;
}

/* Data that cannot be read say best why nothing is. */
static void note_stranger(walk *w, bool data, const tm_err *said)
{
    if (w->first.code[0] && (w->first_is_data || !data)) return;
    w->first = *said;
    w->first_is_data = data;
}

static tm_status take_file(walk *w, tm_str path, tm_str name, tm_err *err)
{
    tm_source source;
    tm_codec_id codec;
    tm_err said = {0};
    int named = tm_container_named(name, &codec);
    bool says_json = named == TM_JSONL || named == TM_JSON;
    why reason = named >= 0 ? UNREAD : OTHER;
    if (w->wish.container == TM_FOLDER) return leave(w, OTHER, path), TM_OK;
    if (named >= 0) w->data = true;
    if (is_card(name)) return leave(w, OTHER, path), TM_OK;
    tm_status status = tm_source_probe(&w->run->mem, path, w->wish, &source, NULL, &said);
    if (status != TM_OK) {
        if (says_json || !is_stranger(&said)) {
            if (err) *err = said;
            return status;
        }
        note_stranger(w, named >= 0, &said);
        return leave(w, reason, path), TM_OK;
    }
    if (!says_json && !source.opens_json)
        return leave(w, names_last(path, &source) ? BY_TAMIS : reason, path), TM_OK;
    w->data = true;
    w->kept++;
    return tm_inputs_keep(w->run, source, err);
}

/* In a folder a pipe or a device is no data; reading it would wait for a writer without end. */
static tm_status refuse_special(const char *path, tm_err *err)
{
    tm_fail(err, TM_EINPUT,
            "this is a pipe or a device among the files of a folder: take it away, or name it as "
            "an input of its own");
    tm_err_at(err, tm_str_of(path), 0, 0, UINT64_MAX);
    return TM_EINPUT;
}

static tm_status take_folder(walk *w, const char *folder, const tm_folder_chain *up, tm_err *err);

static tm_status take_name(walk *w, const char *path, tm_str name, const tm_folder_chain *here,
                           tm_err *err)
{
    bool made = false;
    tm_file_info info;
    TM_TRY(tm_file_info_of(path, &info, err));
    if (info.is_folder) {
        TM_TRY(tm_folder_made(path, &made, err));
        if (!made) return take_folder(w, path, here, err);
        leave(w, BY_TAMIS, tm_str_of(path));
    } else if (!info.is_regular) {
        return refuse_special(path, err);
    } else if (tm_folder_takes(name)) {
        w->texts++;
        leave(w, TEXT, tm_str_of(path)); /* unless they are all there is */
    } else {
        return take_file(w, tm_str_of(path), name, err);
    }
    return TM_OK;
}

static tm_status take_folder(walk *w, const char *folder, const tm_folder_chain *up, tm_err *err)
{
    tm_str *names;
    uint32_t count;
    tm_file_info info;
    TM_TRY(tm_file_info_of(folder, &info, err));
    if (tm_folder_circles(up, &info)) return TM_OK;
    const tm_folder_chain here = {up, info.device, info.inode};
    TM_TRY(tm_folder_list(&w->run->mem, folder, &names, &count, err));
    for (uint32_t i = 0; i < count; i++) {
        if (names[i].n && names[i].p[0] == '.') {
            w->hidden++;
            continue;
        }
        const char *path = tm_path_join(&w->run->mem, folder, names[i].p);
        if (!path) return tm_fail_memory(err, "a path", names[i].n);
        TM_TRY(take_name(w, path, names[i], &here, err));
    }
    return TM_OK;
}

/* ---- what is said ---------------------------------------------------------------------------- */

static void put_names(const left_out *l, tm_buf *out)
{
    for (uint32_t i = 0; i < l->count && i < NAMED; i++)
        tm_buf_print(out, "%s%.*s", i ? ", " : "", TM_FMT(l->name[i]));
    if (l->count > NAMED) tm_buf_print(out, " and %u more", l->count - NAMED);
}

static tm_status note(walk *w, why reason, const char *before, const char *behind, tm_err *err)
{
    tm_buf text = {0};
    if (!w->left[reason].count) return TM_OK;
    tm_buf_print(&text, "%s: %s: ", w->root, before);
    put_names(&w->left[reason], &text);
    tm_buf_print(&text, " (%s)", behind);
    return tm_run_note(w->run, &text, err);
}

static tm_status note_all(walk *w, tm_err *err)
{
    TM_TRY(note(w, BY_TAMIS, "left out what earlier runs made",
                "a run that is named itself stands for what it kept", err));
    TM_TRY(note(w, TEXT, "left out texts beside data",
                "--container folder takes a folder's texts, and them alone", err));
    TM_TRY(note(w, UNREAD, "left out data that this version does not read",
                "name one to be told what to do", err));
    return note(w, OTHER,
                w->wish.container == TM_FOLDER ? "left out what is no text"
                                               : "left out files without JSON records",
                "a file that is named itself is read, or refused with the reason", err);
}

static void say_nothing_there(const walk *w, tm_err *out)
{
    const char *folder = w->root;
    if (w->first.code[0] && (w->first_is_data || !w->texts))
        *out = w->first;
    else if (w->left[OTHER].count + w->left[TEXT].count + w->left[UNREAD].count)
        tm_fail(out, TM_EINPUT, "no file in %s holds JSON records%s", folder,
                w->texts ? ": --container folder takes its texts" : "");
    else if (w->left[BY_TAMIS].count)
        tm_fail(out, TM_EINPUT,
                "%s holds nothing but what earlier runs made: name one of them to read what it "
                "kept",
                folder);
    else if (w->hidden)
        tm_fail(out, TM_EINPUT,
                "%s holds only hidden files, and a folder does not stand for those: name them "
                "themselves",
                folder);
    else
        tm_fail(out, TM_EINPUT, "%s is empty: there is nothing to read", folder);
}

/* An error if there is no other input. */
static tm_status nothing_there(const walk *w, tm_err *err)
{
    tm_err said = {0};
    tm_buf text = {0};
    say_nothing_there(w, &said);
    if (w->run->nothing.status == TM_OK) w->run->nothing = said;
    for (size_t i = 0; i < WHYS; i++)
        if (w->left[i].count) return TM_OK; /* a note tells of it */
    tm_buf_z(&text, said.msg);
    return tm_run_note(w->run, &text, err);
}

/* ---- all ------------------------------------------------------------------------------------- */

static tm_status take_run(tm_run *run, tm_source_wish wish, const char *folder, bool *is_run,
                          tm_err *err)
{
    tm_str *paths;
    uint32_t count;
    TM_TRY(tm_folder_data(&run->mem, tm_str_of(folder), is_run, &paths, &count, err));
    for (uint32_t i = 0; *is_run && i < count; i++) {
        tm_source source;
        TM_TRY(tm_source_probe(&run->mem, paths[i], wish, &source, NULL, err));
        TM_TRY(tm_inputs_keep(run, source, err));
    }
    return TM_OK;
}

static tm_status take_texts(walk *w, tm_err *err)
{
    tm_source source;
    w->left[TEXT].count = 0;
    w->kept++;
    TM_TRY(tm_source_probe(&w->run->mem, tm_str_of(w->root), w->wish, &source, NULL, err));
    return tm_inputs_keep(w->run, source, err);
}

/* From then on it would stand for what the run kept, and nothing else in it be read. */
static tm_status refuse_becoming_a_run(const tm_run *run, const char *folder, tm_err *err)
{
    tm_file_info in, out;
    bool there;
    if (!run->folder) return TM_OK;
    TM_TRY(tm_file_look(run->folder, &out, &there, err));
    if (!there) return TM_OK;
    TM_TRY(tm_file_info_of(folder, &in, err));
    if (in.inode != out.inode || in.device != out.device) return TM_OK;
    return tm_fail(err, TM_EUSAGE,
                   "%s is an input of this run, and would become a run folder: write into a folder "
                   "of its own, which may lie in it (-o %s/clean/)",
                   run->folder, run->folder);
}

tm_status tm_inputs_folder(tm_run *run, tm_source_wish wish, const char *folder, tm_err *err)
{
    bool is_run;
    walk w = {.run = run, .wish = wish, .root = folder};
    TM_TRY(take_run(run, wish, folder, &is_run, err));
    if (is_run) return TM_OK;
    TM_TRY(refuse_becoming_a_run(run, folder, err));
    TM_TRY(take_folder(&w, folder, NULL, err));
    if (w.texts && !w.data) TM_TRY(take_texts(&w, err));
    TM_TRY(note_all(&w, err));
    return w.kept ? TM_OK : nothing_there(&w, err);
}
