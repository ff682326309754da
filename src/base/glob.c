/* Patterns over paths: * and ? within a name, [a-z] and [!a-z], ** for any number of folders; what
 * they count are characters of UTF-8, not bytes. Names that begin with a dot are matched only by a
 * pattern that does. Matches come sorted by bytes, so sources are numbered the same everywhere. A
 * file whose very name holds these signs is found when it exists as written. */
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/vec.h"

typedef struct search {
    tm_arena *mem;
    tm_str *found;
    uint32_t count, room;
    tm_err *err;
} search;

static bool is_pattern(tm_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '*' || s.p[i] == '?' || s.p[i] == '[') return true;
    return false;
}

/* The character at `at` and its length in bytes. A byte that begins no UTF-8 sequence is one of its
 * own, above all characters: names are bytes to the system and may be anything. */
static uint32_t sign_at(tm_str s, size_t at, size_t *length)
{
    uint8_t lead = (uint8_t)s.p[at];
    size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    uint32_t sign = lead & (0x7Fu >> need);
    *length = 1;
    if (lead < 0x80) return lead;
    if (lead < 0xC2 || lead > 0xF4 || s.n - at < need) return 0x200000u + lead;
    for (size_t i = 1; i < need; i++) {
        uint8_t next = (uint8_t)s.p[at + i];
        if ((next & 0xC0) != 0x80) return 0x200000u + lead;
        sign = sign << 6 | (next & 0x3Fu);
    }
    *length = need;
    return sign;
}

/* Matches one character against the class at p (behind '['); *used = its length with ']', or 0. */
static bool in_class(tm_str p, uint32_t c, size_t *used)
{
    size_t i = 0, length;
    bool negate = p.n && (p.p[0] == '!' || p.p[0] == '^'), hit = false;
    if (negate) i++;
    size_t first = i;
    while (i < p.n && (p.p[i] != ']' || i == first)) {
        uint32_t low = sign_at(p, i, &length), high = low;
        i += length;
        if (i + 1 < p.n && p.p[i] == '-' && p.p[i + 1] != ']') {
            high = sign_at(p, i + 1, &length);
            i += 1 + length;
        }
        hit |= low <= c && c <= high;
    }
    *used = i < p.n ? i + 1 : 0;
    return hit != negate;
}

/* Whether the pattern at p takes the character at n of the name, and how much of each that is. */
static bool takes_one(tm_str pattern, size_t p, tm_str name, size_t n, size_t *of_pattern,
                      size_t *of_name)
{
    uint32_t c = sign_at(name, n, of_name);
    if (p >= pattern.n) return false;
    *of_pattern = 1;
    if (pattern.p[p] == '?') return true;
    if (pattern.p[p] != '[') return sign_at(pattern, p, of_pattern) == c;
    size_t used;
    bool hit = in_class(tm_str_slice(pattern, p + 1, pattern.n), c, &used);
    *of_pattern += used;
    return hit && used;
}

/* One name against one pattern without slashes; backtracks only to the last star, so time is
 * bounded by the product of the lengths. */
static bool matches(tm_str pattern, tm_str name)
{
    size_t p = 0, n = 0, star = SIZE_MAX, mark = 0, of_pattern = 0, of_name = 0;
    if (name.n && name.p[0] == '.' && (!pattern.n || pattern.p[0] != '.')) return false;
    while (n < name.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            mark = n;
        } else if (takes_one(pattern, p, name, n, &of_pattern, &of_name)) {
            p += of_pattern;
            n += of_name;
        } else if (star != SIZE_MAX) {
            (void)sign_at(name, mark, &of_name);
            p = star + 1;
            n = mark += of_name;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*') p++;
    return p == pattern.n;
}

static tm_status walk(search *s, const char *base, tm_str pattern);

static tm_status found(search *s, const char *path)
{
    if (!TM_ROOM(s->mem, s->found, s->count, s->room, 1))
        return tm_fail_memory(s->err, "a list of files", 0);
    s->found[s->count++] = tm_str_of(path);
    return TM_OK;
}

static tm_status step_into(search *s, const char *base, tm_str name, tm_str rest, bool last)
{
    tm_file_info info;
    const char *path = base[0] ? tm_path_join(s->mem, base, name.p) : name.p;
    if (!path) return tm_fail_memory(s->err, "a path", 0);
    bool there;
    TM_TRY(tm_file_look(path, &info, &there, s->err));
    if (!there) return TM_OK;
    if (last) return found(s, path);
    return info.is_folder ? walk(s, path, rest) : TM_OK;
}

static tm_status walk_star_star(search *s, const char *base, tm_str rest, const tm_folder_chain *up)
{
    tm_str *names;
    uint32_t count;
    tm_file_info in;
    TM_TRY(tm_file_info_of(base[0] ? base : ".", &in, s->err));
    if (tm_folder_circles(up, &in)) return TM_OK;
    const tm_folder_chain here = {up, in.device, in.inode};
    TM_TRY(walk(s, base, rest));
    TM_TRY(tm_folder_list(s->mem, base[0] ? base : ".", &names, &count, s->err));
    for (uint32_t i = 0; i < count; i++) {
        tm_file_info info;
        const char *path = base[0] ? tm_path_join(s->mem, base, names[i].p) : names[i].p;
        if (!path) return tm_fail_memory(s->err, "a path", 0);
        bool there = false;
        if (names[i].p[0] != '.') TM_TRY(tm_file_look(path, &info, &there, s->err));
        if (there && info.is_folder) TM_TRY(walk_star_star(s, path, rest, &here));
    }
    return TM_OK;
}

static tm_status walk(search *s, const char *base, tm_str pattern)
{
    tm_str head, rest, *names;
    uint32_t count;
    bool more = tm_str_cut(pattern, '/', &head, &rest);
    if (!head.n && more && !base[0]) return walk(s, "/", rest);
    if (!head.n) return more ? walk(s, base, rest) : TM_OK;
    if (tm_str_is(head, "**") && more) return walk_star_star(s, base, rest, NULL);
    if (!is_pattern(head)) {
        const char *name = tm_path_z(s->mem, head);
        if (!name) return tm_fail_memory(s->err, "a path", 0);
        return step_into(s, base, tm_str_of(name), rest, !more);
    }
    TM_TRY(tm_folder_list(s->mem, base[0] ? base : ".", &names, &count, s->err));
    for (uint32_t i = 0; i < count; i++)
        if (matches(head, names[i])) TM_TRY(step_into(s, base, names[i], rest, !more));
    return TM_OK;
}

static int by_bytes(const void *a, const void *b)
{
    return tm_str_cmp(*(const tm_str *)a, *(const tm_str *)b);
}

tm_status tm_glob(tm_arena *mem, const char *pattern, tm_str **paths, uint32_t *count, tm_err *err)
{
    search s = {.mem = mem, .err = err};
    tm_str text = tm_str_of(pattern);
    if (!is_pattern(text) || tm_file_exists(pattern))
        TM_TRY(found(&s, pattern));
    else
        TM_TRY(walk(&s, "", text));
    if (!s.count) return tm_fail(err, TM_EUSAGE, "no file matches %s", pattern);
    qsort(s.found, s.count, sizeof *s.found, by_bytes);
    uint32_t kept = 0; /* ** can reach a file on more than one way */
    for (uint32_t i = 0; i < s.count; i++)
        if (!kept || !tm_str_eq(s.found[kept - 1], s.found[i])) s.found[kept++] = s.found[i];
    *paths = s.found;
    *count = kept;
    return TM_OK;
}
