/* doctor: what this build and this machine can do, and what each missing part would enable. */
#include "base/thread.h"
#include "cli/command.h"
#include "text/kernel.h"

#ifdef HAVE_LIBDEFLATE
#define DEFLATE true
#else
#define DEFLATE false
#endif

typedef struct optional {
    const char *name, *enables;
    bool there;
} optional;

static const optional OPTIONALS[] = {
    {"libdeflate", "reads and writes .gz about twice as fast", DEFLATE},
};

static void as_json(tm_buf *out)
{
    tm_buf_print(out, "{\"version\":\"%s\",\"kernel\":\"%s\",\"cores\":%u,\"optional\":{",
                 TM_VERSION, tm_kernel_now()->name, tm_cores());
    for (size_t i = 0; i < TM_COUNT(OPTIONALS); i++)
        tm_buf_print(out, "%s\"%s\":%s", i ? "," : "", OPTIONALS[i].name,
                     OPTIONALS[i].there ? "true" : "false");
    tm_buf_z(out, "},\"containers\":{");
    for (size_t i = 0; i < TM_CONTAINER_COUNT; i++)
        tm_buf_print(out, "%s\"%s\":%s", i ? "," : "", tm_containers[i].name,
                     tm_containers[i].reads ? "true" : "false");
    tm_buf_z(out, "},\"codecs\":{");
    for (size_t i = 0; i < TM_CODEC_COUNT; i++)
        tm_buf_print(out, "%s\"%s\":%s", i ? "," : "", tm_codecs[i].name,
                     tm_codecs[i].reads ? "true" : "false");
    tm_buf_z(out, "}}\n");
}

static void as_text(tm_buf *out)
{
    tm_buf_print(out, "tamis %s\nkernel      %s (TAMIS_SIMD=scalar, avx2 or avx512 forces one)\n",
                 TM_VERSION, tm_kernel_now()->name);
    if (tm_kernel_missed())
        tm_buf_z(out, "            what TAMIS_SIMD names now is none that this processor has\n");
    tm_buf_print(out, "processors  %u\n", tm_cores());
    for (size_t i = 0; i < TM_CONTAINER_COUNT; i++)
        tm_buf_print(out, "%-11s %s%s%s\n", i ? "" : "containers", tm_containers[i].name,
                     tm_containers[i].reads ? "" : " (not in this version)",
                     tm_containers[i].writes ? ", written too" : "");
    for (size_t i = 0; i < TM_CODEC_COUNT; i++)
        tm_buf_print(out, "%-11s %s%s\n", i ? "" : "codecs", tm_codecs[i].name,
                     tm_codecs[i].reads ? "" : " (not in this version)");
    for (size_t i = 0; i < TM_COUNT(OPTIONALS); i++)
        tm_buf_print(out, "%-11s %s: %s; it %s\n", i ? "" : "optional", OPTIONALS[i].name,
                     OPTIONALS[i].there ? "there" : "not in this build", OPTIONALS[i].enables);
}

static tm_status run(tm_cli *cli, tm_err *err)
{
    tm_buf out = {0};
    if (cli->common.json)
        as_json(&out);
    else
        as_text(&out);
    tm_status status = tm_buf_ok(&out, err);
    if (status == TM_OK) status = tm_cli_print(tm_buf_view(&out), err);
    tm_buf_release(&out);
    return status;
}

static const tm_param PARAMS[] = {{0}};

const tm_command tm_command_doctor = {
    .name = "doctor",
    .words = "",
    .summary = "version, processor kernel, and what missing optional parts would enable",
    .why = "The first thing to send with a question.",
    .example = "tamis doctor",
    .params = PARAMS,
    .json = true,
    .run = run,
};
