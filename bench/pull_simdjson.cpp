// The rival of the pull bench: simdjson On-Demand over the same file, two fields a line, 1 thread.
//
//   pull_simdjson FILE FIELD FIELD [ROUNDS] [text]
//
// iterate_many without its second thread. Fields are taken raw (as they stand, still escaped), as
// the other side does; "text" unescapes them. What is skipped is not validated: that is its way.
#include <simdjson.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>
#include <vector>

using namespace simdjson;

static double seconds()
{
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return double(t.tv_sec) + double(t.tv_nsec) * 1e-9;
}

int main(int argc, char **argv)
{
    if (argc < 4) return std::fputs("usage: pull_simdjson FILE FIELD FIELD [ROUNDS] [text]\n", stderr), 2;
    const int rounds = argc > 4 ? std::atoi(argv[4]) : 5;
    const bool text = argc > 5 && !std::strcmp(argv[5], "text");
    const std::string_view names[2] = {argv[2], argv[3]};
    padded_string data;
    if (padded_string::load(argv[1]).get(data)) return std::fputs("cannot read\n", stderr), 1;
    std::vector<double> times;
    uint64_t sum = 0, count = 0;
    for (int round = 0; round < rounds; round++) {
        const double begin = seconds();
        ondemand::parser parser;
#ifdef SIMDJSON_THREADS_ENABLED
        parser.threaded = false;
#endif
        ondemand::document_stream stream;
        if (parser.iterate_many(data, 1 << 20).get(stream)) return 1;
        sum = count = 0;
        for (auto one : stream) {
            if (one.error()) return std::fputs("bad document\n", stderr), 1;
            ondemand::document_reference doc = one.value_unsafe();
            for (std::string_view name : names) {
                if (text) {
                    std::string_view value;
                    if (doc[name].get_string().get(value)) return std::fputs("no field\n", stderr), 1;
                    sum += value.size();
                } else {
                    ondemand::value value;
                    if (doc[name].get(value)) return std::fputs("no field\n", stderr), 1;
                    std::string_view raw = value.raw_json_token();
                    while (!raw.empty() && raw.back() != '"') raw.remove_suffix(1);
                    sum += raw.size() - 2;
                }
            }
            count++;
        }
        times.push_back(seconds() - begin);
    }
    std::sort(times.begin(), times.end());
    const double bytes = double(data.size());
    std::printf("simdjson-%s %llu records sum %llu best %.2f GB/s median %.2f GB/s\n",
                get_active_implementation()->name().c_str(), (unsigned long long)count,
                (unsigned long long)sum, bytes / times[0] / 1e9, bytes / times[times.size() / 2] / 1e9);
}
