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

static void what_learns_refuses_odd_values(void) {
    const char *plant = "assets:\n  - {id: plc-7, ip: 10.0.1.2, role: controller}\n";
    tl_str none = {NULL, 0}, context = tl_str_of(plant), odd = {NULL, 3};
    tl_bytes bytes = {NULL, 3}, event = {B(EVENT), strlen(EVENT)};
    tl_buffer *buffer = NULL;
    uint64_t flows = 0;
    tl_discovery *discovery = NULL;
    CHECK(tl_discovery_new(NULL, NULL) == TL_ARGUMENT && tl_discovery_new(NULL, &discovery) == TL_OK);
    CHECK(tl_discovery_push(NULL, B(EVENT), strlen(EVENT)) == TL_ARGUMENT);
    CHECK(tl_discovery_push(discovery, NULL, 3) == TL_ARGUMENT && tl_discovery_push(discovery, B(EVENT), 3) == TL_EVENT);
    CHECK(tl_discovery_push_lines(discovery, B(EVENT), strlen(EVENT), NULL) == TL_OK);
    CHECK(tl_discovery_push_events(discovery, &event, 1, NULL) == TL_OK);
    CHECK(tl_discovery_push_events(discovery, NULL, 1, &buffer) == TL_ARGUMENT && buffer == NULL);
    CHECK(tl_discovery_push_events(discovery, &bytes, 1, &buffer) == TL_ARGUMENT && buffer == NULL);
    CHECK(tl_discovery_assets_json(discovery, NULL) == TL_ARGUMENT);
    CHECK(tl_discovery_compare_json(discovery, NULL, 1, &buffer) == TL_ARGUMENT);
    CHECK(tl_discovery_compare_json(discovery, &none, 1, &buffer) == TL_ARGUMENT);
    CHECK(tl_discovery_compare_json(discovery, &context, 1, &buffer) == TL_OK && tl_buffer_free(buffer) == TL_OK);
    CHECK(tl_discovery_inventory(discovery, none, &buffer) == TL_ARGUMENT);
    CHECK(tl_discovery_inventory(discovery, odd, &buffer) == TL_ARGUMENT);
    CHECK(tl_discovery_restore(discovery, bytes) == TL_ARGUMENT);
    CHECK(tl_discovery_restore(discovery, (tl_bytes){NULL, 0}) == TL_STATE);

    tl_trust *trust = NULL;
    tl_trust_config config = {.struct_size = sizeof config, .context = &context, .context_len = 1};
    CHECK(tl_trust_new(NULL, &trust) == TL_ARGUMENT && tl_trust_new(&config, NULL) == TL_ARGUMENT);
    config.lateness = tl_str_of("soon");
    CHECK(tl_trust_new(&config, &trust) == TL_ARGUMENT && trust == NULL);
    config.lateness = tl_str_of("5m");
    CHECK(tl_trust_new(&config, &trust) == TL_OK);
    CHECK(tl_trust_push(trust, B(EVENT), strlen(EVENT), odd) == TL_ARGUMENT);
    CHECK(tl_trust_push(trust, B(EVENT), strlen(EVENT), none) == TL_OK);
    CHECK(tl_trust_push_lines(trust, B(EVENT), strlen(EVENT), none, NULL) == TL_OK);
    CHECK(tl_trust_push_events(trust, &event, 1, NULL) == TL_OK);
    CHECK(tl_trust_advance(trust, INT64_MIN) == TL_OK && tl_trust_advance(trust, INT64_MAX) == TL_OK);
    CHECK(tl_trust_take_json(trust, NULL) == TL_ARGUMENT && tl_trust_finish(trust) == TL_OK);
    CHECK(tl_trust_reload(trust, NULL, 0) == TL_ARGUMENT && tl_trust_reload(trust, &none, 1) == TL_ARGUMENT);
    CHECK(tl_trust_restore((tl_trust *)discovery, bytes) == TL_ARGUMENT && tl_trust_restore(trust, bytes) == TL_ARGUMENT);

    CHECK(tl_discovery_reload(NULL, NULL, 0) == TL_ARGUMENT && tl_discovery_reload(discovery, NULL, 1) == TL_ARGUMENT);
    CHECK(tl_discovery_reload(discovery, &none, 1) == TL_ARGUMENT && tl_discovery_reload(discovery, NULL, 0) == TL_OK);

    tl_learner *learner = NULL;
    CHECK(tl_learner_new(NULL, &learner) == TL_OK && tl_learner_push(learner, NULL, 1) == TL_ARGUMENT);
    CHECK(tl_learner_push_lines(learner, B(EVENT), strlen(EVENT), NULL) == TL_OK);
    CHECK(tl_learner_push_events(learner, &event, 1, NULL) == TL_OK);
    CHECK(tl_learner_given_up(learner, NULL) == TL_ARGUMENT && tl_learner_given_up(learner, &flows) == TL_OK);
    CHECK(tl_learner_proposal(learner, NULL) == TL_ARGUMENT);
    CHECK(tl_learner_free((tl_learner *)trust) == TL_ARGUMENT && tl_learner_free(NULL) == TL_OK);
    CHECK(tl_learner_free(learner) == TL_OK && tl_learner_free(learner) == TL_CLOSED);
    CHECK(tl_trust_free(trust) == TL_OK && tl_trust_finish(trust) == TL_CLOSED);
    CHECK(tl_discovery_free(discovery) == TL_OK && tl_discovery_assets_json(discovery, &buffer) == TL_CLOSED);
}

static void incidents_refuse_odd_values(void) {
    tl_str none = {NULL, 0}, odd = {NULL, 3};
    tl_bytes bytes = {NULL, 3}, event = {B(EVENT), strlen(EVENT)};
    const char *finding = "{\"time\":\"2026-11-26T09:00:00Z\",\"rule\":\"edr\",\"entities\":{}}";
    tl_buffer *buffer = NULL;
    tl_rules *rules = compile(RULE);
    tl_incidents *incidents = NULL;
    tl_incidents_config config = {.struct_size = sizeof config, .level = tl_str_of("loud")};
    CHECK(tl_incidents_new(NULL, NULL, &incidents) == TL_ARGUMENT && tl_incidents_new(rules, NULL, NULL) == TL_ARGUMENT);
    CHECK(tl_incidents_new((tl_rules *)&config, NULL, &incidents) == TL_ARGUMENT);
    CHECK(tl_incidents_new(rules, &config, &incidents) == TL_ARGUMENT && incidents == NULL);
    config.level = odd;
    CHECK(tl_incidents_new(rules, &config, &incidents) == TL_ARGUMENT && incidents == NULL);
    config.level = none, config.context = &none, config.context_len = 1;
    CHECK(tl_incidents_new(rules, &config, &incidents) == TL_ARGUMENT && incidents == NULL);
    CHECK(tl_incidents_new(rules, NULL, &incidents) == TL_OK);
    CHECK(tl_incidents_push(NULL, B(EVENT), strlen(EVENT), none) == TL_ARGUMENT);
    CHECK(tl_incidents_push(incidents, NULL, 3, none) == TL_ARGUMENT && tl_incidents_push(incidents, B(EVENT), 3, none) == TL_EVENT);
    CHECK(tl_incidents_push(incidents, B(EVENT), strlen(EVENT), odd) == TL_ARGUMENT);
    CHECK(tl_incidents_push(incidents, B(EVENT), strlen(EVENT), none) == TL_OK);
    CHECK(tl_incidents_push_lines(incidents, B(EVENT), strlen(EVENT), none, NULL) == TL_OK);
    CHECK(tl_incidents_push_lines(incidents, B(EVENT), strlen(EVENT), odd, &buffer) == TL_ARGUMENT && buffer == NULL);
    CHECK(tl_incidents_push_events(incidents, &event, 1, NULL) == TL_OK);
    CHECK(tl_incidents_push_events(incidents, &bytes, 1, &buffer) == TL_ARGUMENT && buffer == NULL);
    CHECK(tl_incidents_add(incidents, NULL, 3) == TL_ARGUMENT && tl_incidents_add(incidents, B(EVENT), strlen(EVENT)) == TL_EVENT);
    CHECK(tl_incidents_add(incidents, B(finding), strlen(finding)) == TL_OK);
    CHECK(tl_incidents_advance(incidents, INT64_MIN) == TL_OK && tl_incidents_advance(incidents, INT64_MAX) == TL_OK);
    CHECK(tl_incidents_finish(NULL) == TL_ARGUMENT && tl_incidents_finish(incidents) == TL_OK);
    CHECK(tl_incidents_to_json(incidents, NULL) == TL_ARGUMENT && tl_incidents_take_changes_json(incidents, NULL) == TL_ARGUMENT);
    CHECK(tl_incidents_stats_json(incidents, NULL) == TL_ARGUMENT && tl_incidents_snapshot(incidents, NULL) == TL_ARGUMENT);
    CHECK(tl_incidents_to_json(incidents, &buffer) == TL_OK && tl_buffer_free(buffer) == TL_OK);
    CHECK(tl_incidents_export(incidents, none, none, &buffer) == TL_ARGUMENT && buffer == NULL);
    CHECK(tl_incidents_export(incidents, tl_str_of("dot"), odd, &buffer) == TL_ARGUMENT && buffer == NULL);
    CHECK(tl_incidents_export(incidents, tl_str_of("dot"), none, NULL) == TL_ARGUMENT);
    CHECK(tl_incidents_export(incidents, tl_str_of("dot"), none, &buffer) == TL_OK && tl_buffer_free(buffer) == TL_OK);
    CHECK(tl_incidents_restore(incidents, bytes, NULL) == TL_ARGUMENT);
    CHECK(tl_incidents_restore(incidents, (tl_bytes){NULL, 0}, NULL) == TL_STATE);
    CHECK(tl_incidents_reload(incidents, NULL, NULL, 0, NULL) == TL_ARGUMENT);
    CHECK(tl_incidents_reload(incidents, rules, NULL, 1, NULL) == TL_ARGUMENT);
    CHECK(tl_incidents_reload(incidents, rules, NULL, 0, NULL) == TL_OK && tl_rules_release(rules) == TL_OK);
    CHECK(tl_incidents_push(incidents, B(EVENT), strlen(EVENT), none) == TL_OK);
    CHECK(tl_trust_free((tl_trust *)incidents) == TL_ARGUMENT && tl_incidents_free(NULL) == TL_OK);
    CHECK(tl_incidents_free(incidents) == TL_OK && tl_incidents_free(incidents) == TL_CLOSED);
    CHECK(tl_incidents_to_json(incidents, &buffer) == TL_CLOSED);
}

static void reports_refuse_odd_values(void) {
    tl_str none = {NULL, 0}, odd = {NULL, 3};
    tl_bytes bytes = {NULL, 3}, event = {B(EVENT), strlen(EVENT)}, nothing = {NULL, 0};
    tl_buffer *buffer = NULL;
    tl_rules *rules = compile(RULE);
    tl_report *report = NULL;
    tl_incidents_config config = {.struct_size = sizeof config, .level = tl_str_of("loud")};
    CHECK(tl_report_new(NULL, NULL, &report) == TL_ARGUMENT && tl_report_new(rules, NULL, NULL) == TL_ARGUMENT);
    CHECK(tl_report_new(rules, &config, &report) == TL_ARGUMENT && report == NULL);
    CHECK(tl_report_new(rules, NULL, &report) == TL_OK && tl_rules_release(rules) == TL_OK);
    CHECK(tl_report_push(NULL, B(EVENT), strlen(EVENT), none) == TL_ARGUMENT);
    CHECK(tl_report_push(report, NULL, 3, none) == TL_ARGUMENT && tl_report_push(report, B(EVENT), 3, none) == TL_EVENT);
    CHECK(tl_report_push(report, B(EVENT), strlen(EVENT), odd) == TL_ARGUMENT);
    CHECK(tl_report_push_lines(report, B(EVENT), strlen(EVENT), none, NULL) == TL_OK);
    CHECK(tl_report_push_lines(report, B(EVENT), strlen(EVENT), odd, &buffer) == TL_ARGUMENT && buffer == NULL);
    CHECK(tl_report_push_events(report, &event, 1, NULL) == TL_OK);
    CHECK(tl_report_push_events(report, &bytes, 1, &buffer) == TL_ARGUMENT && buffer == NULL);
    CHECK(tl_report_to_html(report, &buffer) == TL_CLOSED && buffer == NULL);
    CHECK(tl_report_finish(report, bytes) == TL_ARGUMENT && tl_report_finish(report, event) == TL_ARGUMENT);
    CHECK(tl_report_finish(NULL, nothing) == TL_ARGUMENT && tl_report_finish(report, nothing) == TL_OK);
    CHECK(tl_report_finish(report, nothing) == TL_CLOSED && tl_report_push(report, B(EVENT), strlen(EVENT), none) == TL_CLOSED);
    CHECK(tl_report_to_json(report, NULL) == TL_ARGUMENT && tl_report_to_markdown(report, NULL) == TL_ARGUMENT);
    CHECK(tl_report_to_json(report, &buffer) == TL_OK && tl_buffer_free(buffer) == TL_OK);
    CHECK(tl_report_to_markdown(report, &buffer) == TL_OK && tl_buffer_free(buffer) == TL_OK);
    CHECK(tl_report_to_html(report, &buffer) == TL_OK && tl_buffer_free(buffer) == TL_OK);
    CHECK(tl_trust_free((tl_trust *)report) == TL_ARGUMENT && tl_report_free(NULL) == TL_OK);
    CHECK(tl_report_free(report) == TL_OK && tl_report_free(report) == TL_CLOSED);
}

int main(void) {
    odd_values_have_an_answer();
    null_with_a_length_is_refused();
    what_learns_refuses_odd_values();
    incidents_refuse_odd_values();
    reports_refuse_odd_values();
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
