/* The C interface as C11 sees it: what it answers, and what misuse gives. Prints `N passed, 0 failed`. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void rules_tell(void) {
    tl_rules *rules = compile(RULE);
    size_t len = 0;
    tl_rule rule = {.struct_size = sizeof rule};
    tl_buffer *buffer = NULL;
    CHECK(tl_rules_len(rules, &len) == TL_OK && len == 1);
    CHECK(tl_rules_correlations_len(rules, &len) == TL_OK && len == 1);
    CHECK(tl_rules_rule(rules, 0, &rule) == TL_OK && is(rule.title, "Whoami") && rule.level == TL_LEVEL_LOW);
    CHECK(rule.kind == TL_DETECTION && rule.tags_len == 2 && is(rule.tags[1], "a.b") && is(rule.product, "windows"));
    CHECK(rule.description.ptr == NULL && is(rule.path, "r.yml"));
    CHECK(tl_rules_correlation(rules, 0, &rule) == TL_OK && is(rule.correlation_type, "event_count"));
    CHECK(tl_rules_rule(rules, 1, &rule) == TL_ARGUMENT && tl_rules_correlation(rules, 1, &rule) == TL_ARGUMENT);
    CHECK(tl_rules_rule_json(rules, 0, &buffer) == TL_OK && buffer_holds(buffer, "\"title\":\"Whoami\""));
    CHECK(tl_rules_correlation_json(rules, 0, &buffer) == TL_OK && buffer_holds(buffer, "\"kind\":\"correlation\""));
    CHECK(tl_rules_diagnostics_json(rules, &buffer) == TL_OK && buffer_holds(buffer, "["));
    CHECK(tl_rules_report_json(rules, &buffer) == TL_OK && buffer_holds(buffer, "\"rules\":1"));
    CHECK(tl_rules_fields_json(rules, &buffer) == TL_OK && buffer_holds(buffer, "Image"));
    CHECK(tl_rules_test_json(rules, &buffer) == TL_OK && buffer_holds(buffer, "\"tested\":0"));
    CHECK(tl_rules_explain_json(rules, tl_str_of("whoami"), B(EVENT), strlen(EVENT), &buffer) == TL_OK &&
          buffer_holds(buffer, "tool"));
    CHECK(tl_rules_to_bytes(rules, &buffer) == TL_OK);
    tl_rules *again = NULL;
    CHECK(tl_rules_from_bytes(tl_buffer_bytes(buffer), &again) == TL_OK && tl_rules_len(again, &len) == TL_OK);
    tl_buffer_free(buffer);
    CHECK(tl_rules_release(again) == TL_OK);
    tl_bytes junk = {B("junk"), 4};
    CHECK(tl_rules_from_bytes(junk, &again) == TL_SAVED && again == NULL);
    CHECK(tl_rules_retain(rules) == TL_OK && tl_rules_release(rules) == TL_OK);
    CHECK(tl_rules_len(rules, &len) == TL_OK && tl_rules_release(rules) == TL_OK);
    CHECK(tl_rules_len(rules, &len) == TL_CLOSED && tl_rules_release(rules) == TL_CLOSED);
    CHECK(tl_rules_release(NULL) == TL_OK);
}

static void broken_rules_are_told(void) {
    tl_text text = {tl_str_of("b.yml"), tl_str_of("title: b\nlogsource: {product: x}\ndetection:\n  s: {A|startwith: b}\n  condition: s\n")};
    tl_compile_config config = {.struct_size = sizeof config};
    tl_rules *rules = NULL;
    tl_buffer *buffer = NULL;
    char small[8];
    size_t len = 0;
    CHECK(tl_compile(&text, 1, NULL, &rules) == TL_RULES && rules == NULL && tl_last_error_code() == TL_RULES);
    CHECK(holds(tl_last_error(), "startwith") && holds(tl_last_error_diagnostics_json(), "\"line\":4"));
    CHECK(tl_last_error_copy(small, sizeof small, &len) == TL_OK && strlen(small) == 7 && len > 7);
    CHECK(tl_check(&text, 1, NULL, &buffer) == TL_OK && buffer_holds(buffer, "startwith"));
    config.strict = TL_NO;
    CHECK(tl_compile(&text, 1, &config, &rules) == TL_OK && tl_rules_len(rules, &len) == TL_OK && len == 0);
    tl_rules_release(rules);
    config.strict = 7;
    CHECK(tl_compile(&text, 1, &config, &rules) == TL_ARGUMENT);
    tl_compile_config odd = {.struct_size = sizeof odd, .source = tl_str_of("nowhere")};
    CHECK(tl_compile(&text, 1, &odd, &rules) == TL_ARGUMENT);
    tl_compile_config json = {.struct_size = sizeof json, .options_json = tl_str_of("{\"stric\":false}")};
    CHECK(tl_compile(&text, 1, &json, &rules) == TL_ARGUMENT && holds(tl_last_error(), "stric"));
    tl_str path = tl_str_of("/no/such/path");
    CHECK(tl_load(&path, 1, NULL, &rules) == TL_LOAD);
    CHECK(is(tl_status_name(TL_LOAD), "load") && is(tl_status_name(99), "") && is(tl_status_name(0), "ok"));
}

static void scanners_tell(void) {
    tl_rules *rules = compile(RULE);
    tl_scan_config config = {.struct_size = sizeof config, .evidence = TL_YES};
    tl_scanner *scanner = NULL;
    const tl_hit *hits = NULL;
    size_t len = 0;
    tl_buffer *buffer = NULL;
    CHECK(tl_scanner_new(rules, &config, &scanner) == TL_OK);
    CHECK(tl_scan_json(scanner, B("{}"), 2, &hits, &len) == TL_OK && len == 0);
    CHECK(tl_scan_json(scanner, B(EVENT), strlen(EVENT), &hits, &len) == TL_OK && len == 1 && hits[0].event_index == 1);
    tl_rule rule = {.struct_size = sizeof rule};
    CHECK(tl_hit_rule(rules, hits, &rule) == TL_OK && is(rule.id, "11111111-1111-4111-8111-111111111111"));
    tl_hit other = {0, 77, 3};
    CHECK(tl_hit_rule(rules, &other, &rule) == TL_ARGUMENT && tl_hit_rule(rules, NULL, &rule) == TL_ARGUMENT);
    CHECK(tl_scanner_detection_json(scanner, 0, &buffer) == TL_OK && buffer_holds(buffer, "\"selections\""));
    CHECK(tl_scanner_detection_json(scanner, 1, &buffer) == TL_ARGUMENT && buffer == NULL);
    CHECK(tl_scan_json(scanner, B("{\"a\":"), 5, &hits, &len) == TL_EVENT && len == 0 && tl_last_error_byte() >= 0);
    CHECK(tl_scan_json(scanner, B("{\"a\":NaN}"), 9, &hits, &len) == TL_EVENT);
    CHECK(tl_scan_json(scanner, B("\xff\xfe"), 2, &hits, &len) == TL_EVENT);
    CHECK(tl_scan_json(scanner, NULL, 0, &hits, &len) == TL_EVENT);
    CHECK(tl_scan_json(scanner, NULL, 5, &hits, &len) == TL_ARGUMENT && holds(tl_last_error(), "null"));
    CHECK(tl_scan_json(scanner, B("{}"), SIZE_MAX, &hits, &len) == TL_ARGUMENT);
    CHECK(tl_scan_json(scanner, B("{}"), 2, NULL, &len) == TL_ARGUMENT);
    CHECK(tl_scan_json(scanner, B("{}"), 2, &hits, NULL) == TL_ARGUMENT);
    CHECK(tl_scan_json(NULL, B("{}"), 2, &hits, &len) == TL_ARGUMENT);
    CHECK(tl_scan_json((tl_scanner *)rules, B("{}"), 2, &hits, &len) == TL_ARGUMENT);
    CHECK(tl_scan_json((tl_scanner *)&len, B("{}"), 2, &hits, &len) == TL_ARGUMENT);
    CHECK(tl_scan_json((tl_scanner *)(uintptr_t)12345, B("{}"), 2, &hits, &len) == TL_ARGUMENT);
    CHECK(tl_scanner_free((tl_scanner *)rules) == TL_ARGUMENT);
    config.level = tl_str_of("highest");
    tl_scanner *none = NULL;
    CHECK(tl_scanner_new(rules, &config, &none) == TL_ARGUMENT && none == NULL && holds(tl_last_error(), "highest"));
    tl_str bad = {"\xff", 1};
    config.level = bad;
    CHECK(tl_scanner_new(rules, &config, &none) == TL_ARGUMENT && holds(tl_last_error(), "UTF-8"));
    CHECK(tl_scanner_new(rules, NULL, NULL) == TL_ARGUMENT);
    /* A scanner outlives the handle of its rules. */
    CHECK(tl_rules_release(rules) == TL_OK);
    CHECK(tl_scan_json(scanner, B(EVENT), strlen(EVENT), &hits, &len) == TL_OK && len == 1);
    CHECK(tl_scanner_free(scanner) == TL_OK && tl_scanner_free(scanner) == TL_CLOSED && tl_scanner_free(NULL) == TL_OK);
    CHECK(tl_scan_json(scanner, B("{}"), 2, &hits, &len) == TL_CLOSED && holds(tl_last_error(), "freed"));
}

static void sizes_of_structs_are_heeded(void) {
    tl_rules *rules = compile(RULE);
    tl_scanner *scanner = NULL;
    struct {
        tl_scan_config known;
        uint64_t later;
    } config;
    memset(&config, 0, sizeof config);
    const size_t wrong[] = {0, 1, 7, sizeof(tl_scan_config) + 1, (size_t)1 << 20, SIZE_MAX};
    for (size_t at = 0; at < sizeof wrong / sizeof *wrong; at++) {
        config.known.struct_size = wrong[at];
        CHECK(tl_scanner_new(rules, &config.known, &scanner) == TL_ARGUMENT && holds(tl_last_error(), "struct_size"));
    }
    /* An older program does not have `category` yet; what lies behind is not read. */
    config.known.struct_size = offsetof(tl_scan_config, category);
    config.known.category = tl_str_of("no_such_category");
    CHECK(tl_scanner_new(rules, &config.known, &scanner) == TL_OK);
    const tl_hit *hits = NULL;
    size_t len = 0;
    CHECK(tl_scan_json(scanner, B(EVENT), strlen(EVENT), &hits, &len) == TL_OK && len == 1);
    tl_scanner_free(scanner);
    /* A later program may have more, as long as it does not ask for it. */
    config.known.category = tl_str_of(NULL);
    config.known.struct_size = sizeof config;
    CHECK(tl_scanner_new(rules, &config.known, &scanner) == TL_OK && tl_scanner_free(scanner) == TL_OK);
    config.later = 1;
    CHECK(tl_scanner_new(rules, &config.known, &scanner) == TL_ARGUMENT);
    struct {
        tl_rule known;
        uint64_t later;
    } rule;
    memset(&rule, 0xff, sizeof rule);
    rule.known.struct_size = sizeof rule;
    CHECK(tl_rules_rule(rules, 0, &rule.known) == TL_OK && rule.later == 0 && rule.known.struct_size == sizeof rule);
    memset(&rule, 0xff, sizeof rule);
    rule.known.struct_size = offsetof(tl_rule, title);
    CHECK(tl_rules_rule(rules, 0, &rule.known) == TL_OK && is(rule.known.name, "whoami"));
    CHECK(rule.known.title.len == SIZE_MAX);
    rule.known.struct_size = 3;
    CHECK(tl_rules_rule(rules, 0, &rule.known) == TL_ARGUMENT && tl_rules_rule(rules, 0, NULL) == TL_ARGUMENT);
    tl_rules_release(rules);
}

static void scans_tell(void) {
    tl_rules *rules = compile(RULE);
    char text[512];
    int text_len = snprintf(text, sizeof text, "%s\n\n{oops\n%s\n", EVENT, EVENT);
    tl_scan *scan = NULL;
    const tl_hit *hits = NULL;
    const tl_fault *faults = NULL;
    size_t len = 0;
    uint64_t events = 0;
    tl_buffer *buffer = NULL;
    for (uint32_t threads = 0; threads < 3; threads++) {
        tl_scan_config config = {.struct_size = sizeof config, .threads = threads == 2 ? TL_ALL_CORES : threads};
        CHECK(tl_scan_lines(rules, B(text), (size_t)text_len, &config, &scan) == TL_OK);
        CHECK(tl_scan_events_len(scan, &events) == TL_OK && events == 3);
        CHECK(tl_scan_hits(scan, &hits, &len) == TL_OK && len == 2 && hits[1].event_index == 3);
        CHECK(tl_scan_faults(scan, &faults, &len) == TL_OK && len == 1 && faults[0].event_index == 2);
        CHECK(faults[0].message.len > 0 && faults[0].byte >= 0);
        CHECK(tl_scan_detection_json(scan, 1, &buffer) == TL_OK && buffer_holds(buffer, "\"event_index\":3"));
        CHECK(tl_scan_detection_json(scan, 2, &buffer) == TL_ARGUMENT);
        CHECK(tl_scan_to_json(scan, &buffer) == TL_OK && buffer_holds(buffer, "\"events\":3"));
        CHECK(tl_scan_free(scan) == TL_OK && tl_scan_free(scan) == TL_CLOSED);
        CHECK(tl_scan_hits(scan, &hits, &len) == TL_CLOSED);
    }
    tl_bytes two[] = {{B(EVENT), strlen(EVENT)}, {NULL, 0}};
    CHECK(tl_scan_events(rules, two, 2, NULL, &scan) == TL_OK && tl_scan_hits(scan, &hits, &len) == TL_OK && len == 1);
    tl_scan_free(scan);
    two[1].len = 9;
    CHECK(tl_scan_events(rules, two, 2, NULL, &scan) == TL_ARGUMENT && scan == NULL);
    CHECK(tl_scan_events(rules, NULL, 2, NULL, &scan) == TL_ARGUMENT);
    CHECK(tl_scan_events(rules, two, SIZE_MAX / 2, NULL, &scan) == TL_ARGUMENT);
    CHECK(tl_scan_lines(rules, B("[{}]"), 4, NULL, &scan) == TL_EVENT);
    CHECK(tl_scan_lines(rules, NULL, 0, NULL, &scan) == TL_OK && tl_scan_hits(scan, &hits, &len) == TL_OK && !hits);
    tl_scan_free(scan);
    tl_rules_release(rules);
}

static void streams_tell(void) {
    tl_rules *rules = compile(RULE);
    tl_stream_config config = {.struct_size = sizeof config, .lateness = tl_str_of("5s")};
    tl_stream *stream = NULL;
    tl_pushed *pushed = NULL;
    tl_alert alert = {.struct_size = sizeof alert};
    tl_stream_counts stats = {.struct_size = sizeof stats};
    tl_pushed_counts counts = {.struct_size = sizeof counts};
    const tl_hit *hits = NULL;
    size_t len = 0;
    int64_t time_ns = 0;
    int32_t is_known = 1;
    tl_buffer *buffer = NULL;
    CHECK(tl_stream_new(rules, &config, NULL, &stream) == TL_OK);
    CHECK(tl_stream_watermark(stream, &time_ns, &is_known) == TL_OK && is_known == 0);
    CHECK(tl_stream_push(stream, B(EVENT), strlen(EVENT), NULL, &pushed) == TL_OK);
    CHECK(tl_pushed_hits(pushed, &hits, &len) == TL_OK && len == 1 && tl_pushed_free(pushed) == TL_OK);
    CHECK(tl_stream_snapshot(stream, &buffer) == TL_OK);
    CHECK(tl_stream_push(stream, B(EVENT), strlen(EVENT), NULL, &pushed) == TL_OK && tl_pushed_free(pushed) == TL_OK);
    CHECK(tl_stream_flush(stream, &pushed) == TL_OK && tl_pushed_alerts_len(pushed, &len) == TL_OK && len == 1);
    CHECK(tl_pushed_alert(pushed, 0, &alert) == TL_OK && alert.count == 2 && alert.value == 2.0 && alert.group_len == 1);
    CHECK(is(alert.group[0].name, "User") && is(alert.group[0].value, "anna") && alert.events_len == 2);
    CHECK(is(alert.rule_title, "Often") && alert.level == TL_LEVEL_HIGH && alert.time_ns == 1795665601000000000);
    CHECK(tl_pushed_alert(pushed, 1, &alert) == TL_ARGUMENT);
    CHECK(tl_pushed_free(pushed) == TL_OK && tl_pushed_alert(pushed, 0, &alert) == TL_CLOSED);
    CHECK(tl_stream_stats(stream, &stats) == TL_OK && stats.events == 2 && stats.alerts == 1);
    CHECK(tl_stream_restore(stream, tl_buffer_bytes(buffer), NULL) == TL_OK && tl_buffer_free(buffer) == TL_OK);
    tl_bytes junk = {B("junk"), 4};
    CHECK(tl_stream_restore(stream, junk, &buffer) == TL_STATE);
    CHECK(tl_stream_reload(stream, rules, &buffer) == TL_OK && buffer_holds(buffer, "\"kept\":1"));
    char text[512];
    int text_len = snprintf(text, sizeof text, "%s\n{oops\n", EVENT);
    CHECK(tl_stream_push_lines(stream, B(text), (size_t)text_len, &pushed) == TL_OK);
    CHECK(tl_pushed_summary(pushed, &counts) == TL_OK && counts.events == 2);
    const tl_fault *faults = NULL;
    CHECK(tl_pushed_faults(pushed, &faults, &len) == TL_OK && len == 1);
    CHECK(tl_pushed_to_json(pushed, &buffer) == TL_OK && buffer_holds(buffer, "\"faults\":[{"));
    tl_pushed_free(pushed);
    CHECK(tl_stream_advance(stream, 1795665701000000000, &pushed) == TL_OK && tl_pushed_free(pushed) == TL_OK);
    const tl_not_counted *late = NULL;
    tl_bytes one = {B(EVENT), strlen(EVENT)};
    CHECK(tl_stream_push_events(stream, &one, 1, &pushed) == TL_OK);
    CHECK(tl_pushed_not_counted(pushed, &late, &len) == TL_OK && len == 1 && late[0].why == TL_LATE);
    tl_pushed_free(pushed);
    time_ns = 1795665801000000000;
    CHECK(tl_stream_push(stream, B("{}"), 2, &time_ns, &pushed) == TL_OK && tl_pushed_free(pushed) == TL_OK);
    CHECK(tl_stream_push(stream, B("{"), 1, NULL, &pushed) == TL_EVENT && pushed == NULL);
    tl_rules *same = NULL;
    CHECK(tl_stream_rules(stream, &same) == TL_OK && tl_rules_release(same) == TL_OK);
    pid_t child = fork();
    if (child == 0) {
        int wrong = tl_stream_push(stream, B("{}"), 2, NULL, &pushed) != TL_FORKED;
        tl_scan *scan = NULL;
        tl_scan_config all = {.struct_size = sizeof all, .threads = 2};
        wrong += tl_scan_lines(rules, B(text), (size_t)text_len, &all, &scan) != TL_OK;
        tl_scan_free(scan);
        wrong += tl_stream_free(stream) != TL_OK;
        /* What the threads of the parent held is lost here, so a checker of leaks is not to look. */
        execl("/bin/sh", "sh", "-c", wrong ? "exit 1" : "exit 0", (char *)NULL);
        _exit(wrong + 1);
    }
    int ended = 1;
    CHECK(waitpid(child, &ended, 0) == child && ended == 0);
    CHECK(tl_stream_close(stream) == TL_OK && tl_stream_close(stream) == TL_OK);
    CHECK(tl_stream_push(stream, B("{}"), 2, NULL, &pushed) == TL_CLOSED && tl_stream_stats(stream, &stats) == TL_CLOSED);
    CHECK(tl_stream_free(stream) == TL_OK && tl_stream_free(stream) == TL_CLOSED && tl_stream_close(stream) == TL_CLOSED);
    config.lateness = tl_str_of("soon");
    CHECK(tl_stream_new(rules, &config, NULL, &stream) == TL_ARGUMENT && holds(tl_last_error(), "lateness"));
    tl_rules_release(rules);
}

static void files_tell(void) {
    tl_rules *rules = compile(RULE);
    char path[] = "/tmp/tieline-XXXXXX";
    int file = mkstemp(path);
    CHECK(file >= 0 && write(file, EVENT, strlen(EVENT)) > 0 && write(file, "\n", 1) == 1 && close(file) == 0);
    tl_str paths[] = {tl_str_of(path), tl_str_of("/no/such/file.ndjson")};
    tl_file_config config = {.struct_size = sizeof config, .format = tl_str_of("ndjson")};
    tl_files *files = NULL;
    tl_told told = {.struct_size = sizeof told};
    int found = 0, bad = 0;
    CHECK(tl_scan_files(rules, paths, 2, &config, NULL, NULL, &files) == TL_OK);
    while (tl_files_next(files, -1, &told) == TL_OK && told.kind != TL_TOLD_END) {
        found += told.kind == TL_TOLD_FOUND && holds(told.json, "Whoami");
        bad += told.kind == TL_TOLD_BAD_FILE;
    }
    CHECK(found == 1 && bad == 1);
    tl_totals totals = {.struct_size = sizeof totals};
    CHECK(tl_files_totals(files, &totals) == TL_OK && totals.detections == 1);
    CHECK(tl_files_next(files, 0, &told) == TL_OK && told.kind == TL_TOLD_END);
    CHECK(tl_files_free(files) == TL_OK && tl_files_next(files, 0, &told) == TL_CLOSED);
    config.follow = TL_YES;
    CHECK(tl_scan_files(rules, paths, 1, &config, NULL, NULL, &files) == TL_OK);
    int quiet = 0;
    for (int at = 0; at < 100 && !quiet; at++) {
        CHECK(tl_files_next(files, 20, &told) == TL_OK);
        quiet = told.kind == TL_TOLD_QUIET;
    }
    CHECK(quiet && tl_files_stop(files) == TL_OK);
    while (tl_files_next(files, -1, &told) == TL_OK && told.kind != TL_TOLD_END) continue;
    CHECK(told.kind == TL_TOLD_END && tl_files_free(files) == TL_OK);
    config.format = tl_str_of("pdf");
    CHECK(tl_scan_files(rules, paths, 1, &config, NULL, NULL, &files) == TL_ARGUMENT);
    unlink(path);
    tl_rules_release(rules);
}

struct work {
    tl_rules *rules;
    tl_scanner *shared;
    int wrong, refused;
};

static void *scan_for(void *given) {
    struct work *work = given;
    tl_scanner *scanner = NULL;
    const tl_hit *hits = NULL;
    size_t len = 0;
    work->wrong += tl_scanner_new(work->rules, NULL, &scanner) != TL_OK;
    for (int at = 0; at < 2000; at++) {
        work->wrong += tl_scan_json(scanner, B(EVENT), strlen(EVENT), &hits, &len) != TL_OK || len != 1;
        /* A scanner that two threads use at once says so. */
        tl_status status = tl_scan_json(work->shared, B(EVENT), strlen(EVENT), &hits, &len);
        work->wrong += status != TL_OK && status != TL_ARGUMENT;
        work->refused += status != TL_OK;
    }
    tl_scanner_free(scanner);
    /* The latest error belongs to the thread. */
    work->wrong += work->refused == 0 && tl_last_error_code() != TL_OK;
    return NULL;
}

static void threads_share_rules(void) {
    tl_rules *rules = compile(RULE);
    tl_scanner *shared = NULL;
    CHECK(tl_scanner_new(rules, NULL, &shared) == TL_OK);
    pthread_t threads[4];
    struct work work[4];
    for (int at = 0; at < 4; at++) {
        work[at] = (struct work){rules, shared, 0, 0};
        CHECK(pthread_create(&threads[at], NULL, scan_for, &work[at]) == 0);
    }
    for (int at = 0; at < 4; at++) CHECK(pthread_join(threads[at], NULL) == 0 && work[at].wrong == 0);
    tl_scanner_free(shared);
    tl_rules_release(rules);
}

int main(void) {
    CHECK(tl_abi_version() == TL_ABI_VERSION && tl_version().len > 0);
    CHECK(tl_last_error_code() == TL_OK && tl_last_error().len == 0 && tl_last_error_byte() == -1);
    rules_tell();
    broken_rules_are_told();
    scanners_tell();
    sizes_of_structs_are_heeded();
    scans_tell();
    streams_tell();
    files_tell();
    threads_share_rules();
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
