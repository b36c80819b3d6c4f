/* Bad values and missing memory: an error that says so, never a crash. Prints `N passed, 0 failed`. */
#include "check.h"

/* Values that other languages cannot even write down: as JSON they have an answer, and it is never a crash. */
static void odd_values_have_an_answer(void) {
    static const struct {
        const char *event;
        tl_status status;
        size_t hits;
    } cases[] = {
        {"{\"n\":123456789012345678901234567890123456789012345678901234567890,\"Image\":\"whoami.exe\"}", TL_OK, 1},
        {"{\"n\":-9223372036854775809,\"Image\":\"whoami.exe\"}", TL_OK, 1},
        {"{\"n\":1e999,\"Image\":\"whoami.exe\"}", TL_OK, 1},
        {"{\"n\":1e-999,\"Image\":\"whoami.exe\"}", TL_OK, 1},
        /* Half of a pair is read as the replacement character; of a key that comes twice, both values count. */
        {"{\"n\":\"\\ud800\",\"Image\":\"whoami.exe\"}", TL_OK, 1},
        {"{\"n\":\"\\udc00\\ud800\",\"Image\":\"whoami.exe\"}", TL_OK, 1},
        {"{\"\\ud800\":1,\"Image\":\"whoami.exe\"}", TL_OK, 1},
        {"{\"n\":\"\\ud83d\\udca7\",\"Image\":\"whoami.exe\"}", TL_OK, 1},
        {"{\"Image\":\"a\\u0000whoami.exe\"}", TL_OK, 1},
        {"{\"Image\":\"whoami.exe\",\"Image\":\"x\"}", TL_OK, 1},
        {"{\"Image\":[\"x\",[\"whoami.exe\"]]}", TL_OK, 1},
        {"{\"Image\":Infinity}", TL_EVENT, 0},
        {"{\"Image\":0x10}", TL_EVENT, 0},
        {"{\"Image\":'whoami.exe'}", TL_EVENT, 0},
        {"{\"Image\":\"whoami.exe\"} {}", TL_EVENT, 0},
        {"[{\"Image\":\"whoami.exe\"}]", TL_EVENT, 0},
        {"\"whoami.exe\"", TL_EVENT, 0},
        {"null", TL_EVENT, 0},
        {"", TL_EVENT, 0},
    };
    tl_rules *rules = compile(RULE);
    tl_scanner *scanner = NULL;
    tl_stream *stream = NULL;
    const tl_hit *hits = NULL;
    size_t len = 0;
    CHECK(tl_scanner_new(rules, NULL, &scanner) == TL_OK && tl_stream_new(rules, NULL, NULL, &stream) == TL_OK);
    for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
        const char *event = cases[at].event;
        tl_pushed *pushed = NULL;
        tl_status status = tl_scan_json(scanner, B(event), strlen(event), &hits, &len);
        int is_right = status == cases[at].status && len == cases[at].hits;
        is_right &= tl_stream_push(stream, B(event), strlen(event), NULL, &pushed) == status;
        tl_pushed_free(pushed);
        if (!is_right) fprintf(stderr, "%s gives %d and %zu hits\n", event, status, len);
        CHECK(is_right);
    }
    /* What holds itself would be endless in JSON; depth has a bound. */
    static char deep[200000];
    for (size_t depth = 100; depth < sizeof deep / 2; depth *= 10) {
        memcpy(deep, "{\"a\":", 5);
        memset(deep + 5, '[', depth);
        memset(deep + 5 + depth, ']', depth);
        deep[5 + 2 * depth] = '}';
        CHECK(tl_scan_json(scanner, B(deep), 2 * depth + 6, &hits, &len) == (depth == 100 ? TL_OK : TL_EVENT));
    }
    tl_stream_free(stream);
    tl_scanner_free(scanner);
    tl_rules_release(rules);
}

/* Every text, list and place that a call takes may be null with a length, or not there. */
static void null_with_a_length_is_refused(void) {
    const tl_str none = {NULL, 3};
    const tl_bytes no_bytes = {NULL, 3};
    tl_text text = {tl_str_of("r.yml"), none};
    tl_rules *rules = NULL;
    tl_scanner *scanner = NULL;
    tl_stream *stream = NULL;
    tl_files *files = NULL;
    tl_scan *scan = NULL;
    tl_pushed *pushed = NULL;
    tl_buffer *buffer = NULL;
    CHECK(tl_compile(&text, 1, NULL, &rules) == TL_ARGUMENT && holds(tl_last_error(), "null"));
    text = (tl_text){none, tl_str_of(RULE)};
    CHECK(tl_compile(&text, 1, NULL, &rules) == TL_ARGUMENT && tl_check(&text, 1, NULL, &buffer) == TL_ARGUMENT);
    CHECK(tl_compile(NULL, 1, NULL, &rules) == TL_ARGUMENT && tl_check(NULL, 1, NULL, &buffer) == TL_ARGUMENT);
    text.name = tl_str_of("r.yml");
    CHECK(tl_compile(&text, 1, NULL, NULL) == TL_ARGUMENT && tl_check(&text, 1, NULL, NULL) == TL_ARGUMENT);
    CHECK(tl_load(&none, 1, NULL, &rules) == TL_ARGUMENT && tl_load(NULL, 1, NULL, &rules) == TL_ARGUMENT);
    CHECK(tl_rules_from_bytes(no_bytes, &rules) == TL_ARGUMENT);
    tl_compile_config compiled = {.struct_size = sizeof compiled, .pipelines_len = 1};
    CHECK(tl_compile(&text, 1, &compiled, &rules) == TL_ARGUMENT);
    compiled = (tl_compile_config){.struct_size = sizeof compiled, .placeholders_len = 1};
    CHECK(tl_compile(&text, 1, &compiled, &rules) == TL_ARGUMENT);
    tl_placeholder placeholder = {.name = tl_str_of("p"), .values_len = 2};
    compiled.placeholders = &placeholder;
    CHECK(tl_compile(&text, 1, &compiled, &rules) == TL_ARGUMENT);
    compiled = (tl_compile_config){.struct_size = sizeof compiled, .options_json = none};
    CHECK(tl_compile(&text, 1, &compiled, &rules) == TL_ARGUMENT && rules == NULL);
    rules = compile(RULE);
    tl_scan_config asked = {.struct_size = sizeof asked, .tags_len = 1};
    CHECK(tl_scanner_new(rules, &asked, &scanner) == TL_ARGUMENT);
    asked = (tl_scan_config){.struct_size = sizeof asked, .rules = &none, .rules_len = 1};
    CHECK(tl_scan_lines(rules, B(EVENT), strlen(EVENT), &asked, &scan) == TL_ARGUMENT);
    CHECK(tl_scan_lines(rules, NULL, 3, NULL, &scan) == TL_ARGUMENT && tl_scan_events(rules, &no_bytes, 1, NULL, &scan) == TL_ARGUMENT);
    CHECK(tl_rules_explain_json(rules, none, B(EVENT), strlen(EVENT), &buffer) == TL_ARGUMENT);
    CHECK(tl_rules_explain_json(rules, tl_str_of("whoami"), NULL, 3, &buffer) == TL_ARGUMENT);
    tl_stream_config flow = {.struct_size = sizeof flow, .lateness = none};
    CHECK(tl_stream_new(rules, &flow, NULL, &stream) == TL_ARGUMENT && stream == NULL);
    CHECK(tl_stream_new(rules, NULL, NULL, &stream) == TL_OK);
    CHECK(tl_stream_push(stream, NULL, 3, NULL, &pushed) == TL_ARGUMENT && tl_stream_push_lines(stream, NULL, 3, &pushed) == TL_ARGUMENT);
    CHECK(tl_stream_push_events(stream, NULL, 3, &pushed) == TL_ARGUMENT && tl_stream_push_events(stream, &no_bytes, 1, &pushed) == TL_ARGUMENT);
    CHECK(tl_stream_restore(stream, no_bytes, NULL) == TL_ARGUMENT && tl_stream_reload(stream, NULL, NULL) == TL_ARGUMENT);
    CHECK(tl_scan_files(rules, NULL, 1, NULL, NULL, NULL, &files) == TL_ARGUMENT);
    CHECK(tl_scan_files(rules, &none, 1, NULL, NULL, NULL, &files) == TL_ARGUMENT && files == NULL);
    tl_stream_free(stream);
    tl_rules_release(rules);
    tl_normaliser *normaliser = NULL;
    tl_normaliser_config tables = {.struct_size = sizeof tables, .taxonomy_len = 1};
    CHECK(tl_normaliser_new(&tables, &normaliser) == TL_ARGUMENT && tl_normaliser_new(NULL, NULL) == TL_ARGUMENT);
    tables.taxonomy = &none;
    CHECK(tl_normaliser_new(&tables, &normaliser) == TL_ARGUMENT && normaliser == NULL);
    CHECK(tl_normaliser_records_json(NULL, B(EVENT), strlen(EVENT), &buffer) == TL_ARGUMENT);
    CHECK(tl_normaliser_new(NULL, &normaliser) == TL_OK);
    CHECK(tl_normaliser_records_json(normaliser, NULL, 3, &buffer) == TL_ARGUMENT && buffer == NULL);
    CHECK(tl_normaliser_records_json(normaliser, B(EVENT), strlen(EVENT), NULL) == TL_ARGUMENT);
    CHECK(tl_normaliser_records_json(normaliser, B(EVENT), 3, &buffer) == TL_EVENT && tl_last_error_byte() >= 0);
    CHECK(tl_normaliser_free((tl_normaliser *)buffer) == TL_OK && tl_rules_release((tl_rules *)normaliser) == TL_ARGUMENT);
    CHECK(tl_normaliser_free(normaliser) == TL_OK && tl_normaliser_free(normaliser) == TL_CLOSED);
    CHECK(tl_normaliser_records_json(normaliser, B(EVENT), strlen(EVENT), &buffer) == TL_CLOSED);
}

int main(void) {
    odd_values_have_an_answer();
    null_with_a_length_is_refused();
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
