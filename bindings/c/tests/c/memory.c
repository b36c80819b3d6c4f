/* Makes and drops as many detections as the first argument says, and looks whether memory grows. */
#include "tieline.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static long pages(void) {
    long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%ld %ld", &size, &resident) != 2) exit(2);
    fclose(file);
    return resident;
}

int main(int count, char **given) {
    long wanted = count > 1 ? atol(given[1]) : 1000000, made = 0, before = 0;
    tl_text text = {tl_str_of("r.yml"),
                    tl_str_of("title: a\nlogsource: {product: x}\ndetection: {s: {a: 1}, condition: s}\n")};
    tl_compile_config config = {.struct_size = sizeof config, .source = tl_str_of("none")};
    tl_rules *rules = NULL;
    if (tl_compile(&text, 1, &config, &rules) != TL_OK) return 3;
    static char lines[8 * 1000];
    for (int at = 0; at < 1000; at++) memcpy(lines + at * 8, "{\"a\":1}\n", 8);
    while (made < wanted) {
        tl_scan *scan = NULL;
        tl_buffer *record = NULL;
        const tl_hit *hits = NULL;
        size_t len = 0;
        if (tl_scan_lines(rules, (const uint8_t *)lines, sizeof lines, NULL, &scan) != TL_OK) return 4;
        if (tl_scan_hits(scan, &hits, &len) != TL_OK || len != 1000) return 5;
        for (size_t at = 0; at < len; at += 50) {
            if (tl_scan_detection_json(scan, at, &record) != TL_OK || tl_buffer_free(record) != TL_OK) return 6;
        }
        tl_scan_free(scan);
        made += (long)len;
        if (!before && made >= wanted / 5) before = pages();
    }
    tl_rules_release(rules);
    long grown = (pages() - before) * sysconf(_SC_PAGESIZE) / 1024;
    printf("%ld detections, grown by %ld KiB\n%d passed, %d failed\n", made, grown, grown < 1024, grown >= 1024);
    return grown >= 1024;
}
