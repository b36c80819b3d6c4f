/* What the tests in C share: checks that are counted, and one detection with a correlation over it. */
#include "tieline.h"

#include <stdio.h>

static int passed, failed;

#define CHECK(what) \
    do { \
        if (what) { \
            passed++; \
        } else { \
            failed++; \
            tl_str said = tl_last_error(); \
            fprintf(stderr, "%s:%d: %s; latest error: %.*s\n", __FILE__, __LINE__, #what, (int)said.len, said.ptr); \
        } \
    } while (0)

#define RULE \
    "title: Whoami\nid: 11111111-1111-4111-8111-111111111111\nname: whoami\nlevel: low\ntags: [attack.t1033, a.b]\n" \
    "logsource: {category: process_creation, product: windows}\n" \
    "detection:\n  tool: {Image|endswith: whoami.exe}\n  condition: tool\n---\n" \
    "title: Often\nid: 22222222-2222-4222-8222-222222222222\nlevel: high\n" \
    "correlation:\n  type: event_count\n  rules: [whoami]\n  group-by: [User]\n  timespan: 1m\n  condition: {gte: 2}\n" \
    "  generate: true\n"
#define EVENT "{\"Image\":\"c:/whoami.exe\",\"User\":\"anna\",\"UtcTime\":\"2026-11-26 04:00:01\"}"

static inline const uint8_t *B(const char *text) { return (const uint8_t *)text; }

static inline int is(tl_str text, const char *expected) {
    return text.len == strlen(expected) && (text.len == 0 || memcmp(text.ptr, expected, text.len) == 0);
}

static inline int holds(tl_str text, const char *part) {
    size_t len = strlen(part);
    for (size_t at = 0; text.ptr && at + len <= text.len; at++) {
        if (memcmp(text.ptr + at, part, len) == 0) return 1;
    }
    return 0;
}

static inline int buffer_holds(tl_buffer *buffer, const char *part) {
    tl_bytes bytes = tl_buffer_bytes(buffer);
    tl_str text = {(const char *)bytes.ptr, bytes.len};
    int answer = holds(text, part);
    tl_buffer_free(buffer);
    return answer;
}

static inline tl_rules *compile(const char *yaml) {
    tl_text text = {tl_str_of("r.yml"), tl_str_of(yaml)};
    tl_compile_config config = {.struct_size = sizeof config, .source = tl_str_of("none")};
    tl_rules *rules = NULL;
    tl_compile(&text, 1, &config, &rules);
    return rules;
}
