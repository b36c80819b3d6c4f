/* Tables of Arrow as C11 gives and gets them: what is answered, what misuse gives, and that everything is released once.
 * Prints `N passed, 0 failed`. */
#include "check.h"

#include <stdlib.h>

/* The rules that all tests share, and one about a number. */
#define RULES \
    RULE "---\n" \
    "title: Many\nlogsource: {category: process_creation, product: windows}\n" \
    "detection: {s: {Count|gte: 3}, condition: s}\n"

/* The rows of `table` as lines. */
static const char *LINES =
    "{\"Image\":\"c:/whoami.exe\",\"User\":\"anna\",\"Count\":1,\"UtcTime\":\"2026-11-26 04:00:01\"}\n"
    "{\"User\":\"bert\",\"Count\":2,\"UtcTime\":\"2026-11-26 04:00:02\"}\n"
    "{\"Image\":\"c:/cmd.exe\",\"User\":\"anna\",\"Count\":3,\"UtcTime\":\"2026-11-26 04:00:03\"}\n"
    "{\"Image\":\"c:/whoami.exe\",\"User\":\"anna\",\"Count\":4,\"UtcTime\":\"2026-11-26 04:00:04\"}\n";
enum { ROWS = 4, COLUMNS = 4 };

/* How many structs were made and not released yet. */
static int arrays, schemas, streams;

static void release_array(struct ArrowArray *own) {
    for (int64_t at = 0; at < own->n_children; at++) {
        struct ArrowArray *child = own->children ? own->children[at] : NULL;
        if (child && child->release) child->release(child);
        free(child);
    }
    free(own->children);
    if (own->dictionary) {
        if (own->dictionary->release) own->dictionary->release(own->dictionary);
        free(own->dictionary);
    }
    /* The number that was made is kept beside, because tests break `n_buffers`. */
    void **kept = own->private_data;
    for (int at = 0; at < 3; at++) free(kept[at]);
    free(kept);
    free(own->buffers);
    own->release = NULL;
    arrays--;
}

static void release_schema(struct ArrowSchema *own) {
    for (int64_t at = 0; at < own->n_children; at++) {
        struct ArrowSchema *child = own->children ? own->children[at] : NULL;
        if (child && child->release) child->release(child);
        free(child);
    }
    free(own->children);
    if (own->dictionary) {
        if (own->dictionary->release) own->dictionary->release(own->dictionary);
        free(own->dictionary);
    }
    own->release = NULL;
    schemas--;
}

static void *copy(const void *from, size_t len) {
    void *to = malloc(len ? len : 1);
    memcpy(to, from, len);
    return to;
}

static void make_schema(struct ArrowSchema *own, const char *format, const char *name, int64_t n_children) {
    memset(own, 0, sizeof *own);
    own->format = format;
    own->name = name;
    own->flags = ARROW_FLAG_NULLABLE;
    own->n_children = n_children;
    own->children = n_children ? calloc((size_t)n_children, sizeof *own->children) : NULL;
    for (int64_t at = 0; at < n_children; at++) own->children[at] = calloc(1, sizeof **own->children);
    own->release = release_schema;
    schemas++;
}

/* Takes the buffers over. */
static void make_array(struct ArrowArray *own, int64_t length, int64_t n_children, int n_buffers, void *const *buffers) {
    memset(own, 0, sizeof *own);
    own->length = length;
    own->null_count = -1;
    own->n_buffers = n_buffers;
    own->buffers = calloc(3, sizeof *own->buffers);
    void **kept = calloc(3, sizeof *kept);
    for (int at = 0; at < n_buffers; at++) own->buffers[at] = kept[at] = buffers[at];
    own->private_data = kept;
    own->n_children = n_children;
    own->children = n_children ? calloc((size_t)n_children, sizeof *own->children) : NULL;
    for (int64_t at = 0; at < n_children; at++) own->children[at] = calloc(1, sizeof **own->children);
    own->release = release_array;
    arrays++;
}

static void make_texts(struct ArrowArray *own, const char *const *texts, int count) {
    char all[512];
    int32_t offsets[16] = {0};
    uint8_t valid = 0;
    for (int at = 0; at < count; at++) {
        size_t len = texts[at] ? strlen(texts[at]) : 0;
        if (len) memcpy(all + offsets[at], texts[at], len);
        offsets[at + 1] = offsets[at] + (int32_t)len;
        valid |= (uint8_t)((texts[at] != NULL) << at);
    }
    void *buffers[] = {copy(&valid, 1), copy(offsets, sizeof offsets), copy(all, (size_t)offsets[count])};
    make_array(own, count, 0, 3, buffers);
}

/* A table of texts, texts by a dictionary, and numbers. */
static void table(struct ArrowArray *array, struct ArrowSchema *schema) {
    static const char *images[] = {"c:/whoami.exe", NULL, "c:/cmd.exe", "c:/whoami.exe"};
    static const char *users[] = {"anna", "bert"};
    static const char *times[] = {"2026-11-26 04:00:01", "2026-11-26 04:00:02", "2026-11-26 04:00:03",
                                  "2026-11-26 04:00:04"};
    static const int8_t keys[] = {0, 1, 0, 0};
    static const int32_t counts[] = {1, 2, 3, 4};
    make_schema(schema, "+s", "", COLUMNS);
    make_schema(schema->children[0], "u", "Image", 0);
    make_schema(schema->children[1], "c", "User", 0);
    schema->children[1]->dictionary = calloc(1, sizeof *schema);
    make_schema(schema->children[1]->dictionary, "u", NULL, 0);
    make_schema(schema->children[2], "i", "Count", 0);
    make_schema(schema->children[3], "u", "UtcTime", 0);
    void *nothing[] = {NULL};
    make_array(array, ROWS, COLUMNS, 1, nothing);
    make_texts(array->children[0], images, ROWS);
    void *of_keys[] = {NULL, copy(keys, sizeof keys)};
    make_array(array->children[1], ROWS, 0, 2, of_keys);
    array->children[1]->dictionary = calloc(1, sizeof *array);
    make_texts(array->children[1]->dictionary, users, 2);
    void *of_counts[] = {NULL, copy(counts, sizeof counts)};
    make_array(array->children[2], ROWS, 0, 2, of_counts);
    make_texts(array->children[3], times, ROWS);
}

/* A stream that gives `left` tables, and then ends or fails. */
struct source {
    int left;
    int fails;
    int breaks_schema;
};

static int give_schema(struct ArrowArrayStream *own, struct ArrowSchema *out) {
    struct source *source = own->private_data;
    if (source->breaks_schema) return 5;
    struct ArrowArray array;
    table(&array, out);
    array.release(&array);
    return 0;
}

static int give_next(struct ArrowArrayStream *own, struct ArrowArray *out) {
    struct source *source = own->private_data;
    out->release = NULL;
    if (source->left == 0) return source->fails ? 5 : 0;
    source->left--;
    struct ArrowSchema schema;
    table(out, &schema);
    schema.release(&schema);
    return 0;
}

static const char *say(struct ArrowArrayStream *own) {
    return ((struct source *)own->private_data)->fails == 2 ? NULL : "the disk is gone";
}

static void release_stream(struct ArrowArrayStream *own) {
    free(own->private_data);
    own->release = NULL;
    streams--;
}

static struct ArrowArrayStream stream_of(int tables, int fails) {
    struct source *source = calloc(1, sizeof *source);
    source->left = tables;
    source->fails = fails;
    streams++;
    struct ArrowArrayStream own = {give_schema, give_next, say, release_stream, source};
    return own;
}

static int all_released(void) { return arrays == 0 && schemas == 0 && streams == 0; }

static int same_hits(tl_scan *scan, tl_scan *expected, size_t times) {
    const tl_hit *hits = NULL, *wanted = NULL;
    size_t len = 0, wanted_len = 0;
    if (tl_scan_hits(scan, &hits, &len) || tl_scan_hits(expected, &wanted, &wanted_len)) return 0;
    if (len != wanted_len * times || wanted_len == 0) return 0;
    for (size_t at = 0; at < len; at++) {
        tl_hit hit = hits[at], want = wanted[at % wanted_len];
        want.event_index += at / wanted_len * ROWS;
        if (hit.event_index != want.event_index || hit.rule != want.rule || hit.form != want.form) return 0;
    }
    return 1;
}

static void tables_are_scanned_as_lines_are(tl_rules *rules) {
    tl_scan *lines = NULL, *scan = NULL;
    uint64_t events = 0;
    CHECK(tl_scan_lines(rules, (const uint8_t *)LINES, strlen(LINES), NULL, &lines) == TL_OK);
    for (uint32_t threads = 0; threads < 3; threads++) {
        tl_scan_config config = {.struct_size = sizeof config, .threads = threads, .evidence = TL_YES};
        struct ArrowArrayStream stream = stream_of(3, 0);
        CHECK(tl_scan_arrow(rules, &stream, &config, &scan) == TL_OK && stream.release == NULL && all_released());
        CHECK(same_hits(scan, lines, 3) && tl_scan_events_len(scan, &events) == TL_OK && events == 3 * ROWS);
        tl_buffer *record = NULL;
        CHECK(tl_scan_detection_json(scan, 0, &record) == TL_OK);
        tl_bytes bytes = tl_buffer_bytes(record);
        tl_str text = {(const char *)bytes.ptr, bytes.len};
        CHECK(holds(text, "\"selections\"") && holds(text, "whoami.exe"));
        tl_buffer_free(record);
        tl_scan_free(scan);
    }
    struct ArrowArray array;
    struct ArrowSchema schema;
    table(&array, &schema);
    CHECK(tl_scan_arrow_batch(rules, &array, &schema, NULL, &scan) == TL_OK && same_hits(scan, lines, 1));
    CHECK(array.release == NULL && schema.release == NULL && all_released());
    tl_scan_free(scan);
    /* A slice: the last two rows. */
    table(&array, &schema);
    array.offset = 2;
    array.length = 2;
    const tl_hit *hits = NULL;
    size_t len = 0;
    CHECK(tl_scan_arrow_batch(rules, &array, &schema, NULL, &scan) == TL_OK && all_released());
    CHECK(tl_scan_hits(scan, &hits, &len) == TL_OK && len == 3 && hits[0].event_index == 0 && hits[1].event_index == 1);
    tl_scan_free(scan);
    struct ArrowArrayStream none = stream_of(0, 0);
    CHECK(tl_scan_arrow(rules, &none, NULL, &scan) == TL_OK && tl_scan_hits(scan, &hits, &len) == TL_OK && len == 0);
    tl_scan_free(scan);
    tl_scan_free(lines);
}

static void detections_are_a_table(tl_rules *rules) {
    tl_scan *scan = NULL;
    struct ArrowArrayStream out;
    struct ArrowSchema schema;
    struct ArrowArray array;
    CHECK(tl_scan_lines(rules, (const uint8_t *)LINES, strlen(LINES), NULL, &scan) == TL_OK);
    CHECK(tl_scan_results_arrow(scan, &out) == TL_OK && tl_scan_free(scan) == TL_OK);
    CHECK(out.get_schema(&out, &schema) == 0 && strcmp(schema.format, "+s") == 0 && schema.n_children == 6);
    static const char *names[] = {"event_index", "rule_id", "rule_title", "level", "tags", "source"};
    for (int at = 0; at < 6; at++) CHECK(strcmp(schema.children[at]->name, names[at]) == 0);
    CHECK(out.get_next(&out, &array) == 0 && array.release && array.length == 4 && array.n_children == 6);
    const uint64_t *events = array.children[0]->buffers[1];
    CHECK(events[0] == 0 && events[1] == 2 && events[2] == 3 && events[3] == 3);
    const struct ArrowArray *titles = array.children[2];
    const int32_t *keys = titles->buffers[1], *offsets = titles->dictionary->buffers[1];
    const char *texts = titles->dictionary->buffers[2];
    CHECK(memcmp(texts + offsets[keys[0]], "Whoami", 6) == 0 && memcmp(texts + offsets[keys[1]], "Many", 4) == 0);
    array.release(&array);
    CHECK(out.get_next(&out, &array) == 0 && array.release == NULL);
    schema.release(&schema);
    out.release(&out);
    CHECK(tl_scan_results_arrow(scan, &out) == TL_CLOSED && out.release == NULL);
    CHECK(tl_scan_results_arrow(NULL, &out) == TL_ARGUMENT && tl_scan_results_arrow(scan, NULL) == TL_ARGUMENT);
    /* What comes out goes in. */
    CHECK(tl_scan_lines(rules, (const uint8_t *)LINES, strlen(LINES), NULL, &scan) == TL_OK);
    tl_scan *again = NULL;
    uint64_t rows = 0;
    CHECK(tl_scan_results_arrow(scan, &out) == TL_OK && tl_scan_arrow(rules, &out, NULL, &again) == TL_OK);
    CHECK(out.release == NULL && tl_scan_events_len(again, &rows) == TL_OK && rows == 4);
    tl_scan_free(again);
    tl_scan_free(scan);
}

static void tables_are_pushed(tl_rules *rules) {
    tl_stream *stream = NULL;
    tl_pushed *pushed = NULL;
    tl_alert alert = {.struct_size = sizeof alert};
    const tl_hit *hits = NULL;
    size_t len = 0;
    struct ArrowArray array;
    struct ArrowSchema schema;
    CHECK(tl_stream_new(rules, NULL, NULL, &stream) == TL_OK);
    table(&array, &schema);
    CHECK(tl_stream_push_arrow_batch(stream, &array, &schema, &pushed) == TL_OK && all_released());
    CHECK(tl_pushed_hits(pushed, &hits, &len) == TL_OK && len == 4 && tl_pushed_free(pushed) == TL_OK);
    struct ArrowArrayStream batches = stream_of(2, 0);
    CHECK(tl_stream_push_arrow(stream, &batches, &pushed) == TL_OK && all_released());
    CHECK(tl_pushed_hits(pushed, &hits, &len) == TL_OK && len == 8 && hits[0].event_index == ROWS);
    CHECK(tl_pushed_free(pushed) == TL_OK && tl_stream_flush(stream, &pushed) == TL_OK);
    CHECK(tl_pushed_alerts_len(pushed, &len) == TL_OK && len == 1 && tl_pushed_alert(pushed, 0, &alert) == TL_OK);
    /* Of the second and third table, the first row is late. */
    CHECK(alert.count == 4 && tl_pushed_free(pushed) == TL_OK);
    batches = stream_of(1, 1);
    CHECK(tl_stream_push_arrow(stream, &batches, &pushed) == TL_EVENT && holds(tl_last_error(), "the disk is gone"));
    tl_stream_counts stats = {.struct_size = sizeof stats};
    CHECK(pushed == NULL && all_released() && tl_stream_stats(stream, &stats) == TL_OK && stats.events == 4 * ROWS);
    CHECK(tl_stream_close(stream) == TL_OK);
    batches = stream_of(1, 0);
    CHECK(tl_stream_push_arrow(stream, &batches, &pushed) == TL_CLOSED && all_released());
    tl_stream_free(stream);
    table(&array, &schema);
    CHECK(tl_stream_push_arrow_batch(stream, &array, &schema, &pushed) == TL_CLOSED && all_released());
    CHECK(tl_stream_push_arrow(NULL, NULL, &pushed) == TL_ARGUMENT);
}

static void misuse_releases_too(tl_rules *rules) {
    tl_scan *scan = NULL;
    tl_scan_config bad = {.struct_size = 3};
    struct ArrowArrayStream stream = stream_of(1, 0);
    CHECK(tl_scan_arrow(NULL, &stream, NULL, &scan) == TL_ARGUMENT && stream.release == NULL && all_released());
    CHECK(tl_scan_arrow(rules, &stream, NULL, &scan) == TL_EVENT && holds(tl_last_error(), "released") && !scan);
    CHECK(tl_scan_arrow(rules, NULL, NULL, &scan) == TL_ARGUMENT);
    CHECK(tl_scan_arrow(rules, (struct ArrowArrayStream *)((char *)&stream + 1), NULL, &scan) == TL_ARGUMENT);
    stream = stream_of(1, 0);
    CHECK(tl_scan_arrow(rules, &stream, &bad, &scan) == TL_ARGUMENT && all_released());
    stream = stream_of(1, 0);
    CHECK(tl_scan_arrow(rules, &stream, NULL, NULL) == TL_ARGUMENT && all_released());
    stream = stream_of(2, 1);
    CHECK(tl_scan_arrow(rules, &stream, NULL, &scan) == TL_EVENT && holds(tl_last_error(), "the disk is gone"));
    CHECK(scan == NULL && all_released());
    stream = stream_of(2, 2);
    CHECK(tl_scan_arrow(rules, &stream, NULL, &scan) == TL_EVENT && holds(tl_last_error(), "get_next") && all_released());
    stream = stream_of(2, 0);
    ((struct source *)stream.private_data)->breaks_schema = 1;
    CHECK(tl_scan_arrow(rules, &stream, NULL, &scan) == TL_EVENT && holds(tl_last_error(), "get_schema") && all_released());
    stream = stream_of(2, 0);
    stream.get_next = NULL;
    CHECK(tl_scan_arrow(rules, &stream, NULL, &scan) == TL_EVENT && all_released());
    struct ArrowArray array;
    struct ArrowSchema schema;
    table(&array, &schema);
    CHECK(tl_scan_arrow_batch(rules, &array, NULL, NULL, &scan) == TL_ARGUMENT && array.release == NULL);
    CHECK(tl_scan_arrow_batch(rules, NULL, &schema, NULL, &scan) == TL_ARGUMENT && all_released());
    table(&array, &schema);
    CHECK(tl_scan_arrow_batch((tl_rules *)&array, &array, &schema, NULL, &scan) == TL_ARGUMENT && all_released());
    CHECK(tl_scan_arrow_batch(rules, &array, &schema, NULL, &scan) == TL_EVENT && holds(tl_last_error(), "released"));
}

/* Each breaks a table, and gives a word of what is said. */
typedef const char *breaker(struct ArrowArray *array, struct ArrowSchema *schema);

static int32_t *offsets_of(struct ArrowArray *array) { return (int32_t *)array->children[0]->buffers[1]; }

static const char *unknown_format(struct ArrowArray *a, struct ArrowSchema *s) { (void)a; s->children[0]->format = "?"; return "?"; }
static const char *null_format(struct ArrowArray *a, struct ArrowSchema *s) { (void)a; s->children[0]->format = NULL; return "`format` is null"; }
static const char *odd_format(struct ArrowArray *a, struct ArrowSchema *s) { (void)a; s->children[0]->format = "\xff"; return "UTF-8"; }
static const char *odd_name(struct ArrowArray *a, struct ArrowSchema *s) { (void)a; s->children[0]->name = "\xff"; return "`name`"; }
static const char *no_struct(struct ArrowArray *a, struct ArrowSchema *s) { (void)a; s->format = "i"; return "write `+s`"; }
static const char *list_of_nothing(struct ArrowArray *a, struct ArrowSchema *s) { (void)a; s->children[0]->format = "+l"; return "0 children"; }
static const char *wrong_width(struct ArrowArray *a, struct ArrowSchema *s) { (void)a; s->children[2]->format = "u"; return "Count"; }
static const char *fewer_types(struct ArrowArray *a, struct ArrowSchema *s) {
    (void)a;
    struct ArrowSchema *last = s->children[3];
    last->release(last);
    free(last);
    s->n_children = 3;
    return "its array 4";
}
static const char *released_type(struct ArrowArray *a, struct ArrowSchema *s) { (void)a; s->children[2]->release(s->children[2]); return "`ArrowSchema` is released"; }
static const char *released_child(struct ArrowArray *a, struct ArrowSchema *s) { (void)s; a->children[2]->release(a->children[2]); return "`ArrowArray` is released"; }
static const char *null_child(struct ArrowArray *a, struct ArrowSchema *s) {
    (void)s;
    a->children[2]->release(a->children[2]);
    free(a->children[2]);
    a->children[2] = NULL;
    return "child is null";
}
static const char *negative_length(struct ArrowArray *a, struct ArrowSchema *s) { (void)s; a->children[0]->length = -1; return "`length` is -1"; }
static const char *negative_offset(struct ArrowArray *a, struct ArrowSchema *s) { (void)s; a->children[0]->offset = -4; return "`offset` -4"; }
static const char *huge_offset(struct ArrowArray *a, struct ArrowSchema *s) { (void)s; a->children[0]->offset = INT64_MAX; return "`offset`"; }
static const char *too_many_nulls(struct ArrowArray *a, struct ArrowSchema *s) { (void)s; a->children[0]->null_count = 9; return "`null_count` is 9"; }
static const char *wrong_nulls(struct ArrowArray *a, struct ArrowSchema *s) { (void)s; a->children[0]->null_count = 3; return "Image"; }
static const char *short_child(struct ArrowArray *a, struct ArrowSchema *s) { (void)s; a->children[0]->length = 3; return "3"; }
static const char *no_buffers(struct ArrowArray *a, struct ArrowSchema *s) { (void)s; a->children[0]->n_buffers = 1; return "Image"; }
static const char *negative_buffers(struct ArrowArray *a, struct ArrowSchema *s) { (void)s; a->children[0]->n_buffers = -1; return "`n_buffers` is -1"; }
static const char *null_buffer(struct ArrowArray *a, struct ArrowSchema *s) { (void)s; a->children[2]->buffers[1] = NULL; return "null"; }
static const char *null_offsets(struct ArrowArray *a, struct ArrowSchema *s) { (void)s; a->children[0]->buffers[1] = NULL; return "null"; }
static const char *offset_beyond(struct ArrowArray *a, struct ArrowSchema *s) { (void)s; offsets_of(a)[1] = 1000; return "Image"; }
static const char *offset_back(struct ArrowArray *a, struct ArrowSchema *s) { (void)s; offsets_of(a)[2] = 3; return "Image"; }
static const char *offset_below(struct ArrowArray *a, struct ArrowSchema *s) { (void)s; offsets_of(a)[0] = -5; return "Image"; }
static const char *offset_below_at_the_end(struct ArrowArray *a, struct ArrowSchema *s) { (void)s; offsets_of(a)[4] = -5; return "Image"; }
static const char *no_utf8(struct ArrowArray *a, struct ArrowSchema *s) { (void)s; *(char *)a->children[0]->buffers[2] = (char)0xff; return "Image"; }
static const char *key_beyond(struct ArrowArray *a, struct ArrowSchema *s) { (void)s; ((int8_t *)a->children[1]->buffers[1])[1] = 2; return "User"; }
static const char *key_below(struct ArrowArray *a, struct ArrowSchema *s) { (void)s; ((int8_t *)a->children[1]->buffers[1])[1] = -1; return "User"; }
static const char *no_dictionary(struct ArrowArray *a, struct ArrowSchema *s) {
    (void)s;
    struct ArrowArray *own = a->children[1]->dictionary;
    own->release(own);
    free(own);
    a->children[1]->dictionary = NULL;
    return "dictionary";
}
static const char *few_views(struct ArrowArray *a, struct ArrowSchema *s) { (void)a; s->children[2]->format = "vu"; return "2 buffers"; }
static const char *null_rows(struct ArrowArray *a, struct ArrowSchema *s) {
    static const uint8_t valid = 5;
    (void)s;
    a->buffers[0] = &valid;
    return "null as a whole";
}

static void broken_tables_are_told(tl_rules *rules) {
    static breaker *const breakers[] = {
        unknown_format, null_format,     odd_format,      odd_name,     no_struct,    list_of_nothing, wrong_width,
        fewer_types,    released_type,   released_child,  null_child,   negative_length, negative_offset, huge_offset,
        too_many_nulls, wrong_nulls,     short_child,     no_buffers,   negative_buffers, null_buffer, null_offsets,
        offset_beyond,  offset_back,     offset_below,    offset_below_at_the_end, no_utf8, key_beyond, key_below,
        no_dictionary,  few_views,       null_rows,
    };
    for (size_t at = 0; at < sizeof breakers / sizeof *breakers; at++) {
        struct ArrowArray array;
        struct ArrowSchema schema;
        tl_scan *scan = NULL;
        table(&array, &schema);
        const char *expected = breakers[at](&array, &schema);
        tl_status status = tl_scan_arrow_batch(rules, &array, &schema, NULL, &scan);
        if (status != TL_EVENT || !holds(tl_last_error(), expected)) fprintf(stderr, "breaker %d, status %d\n", (int)at, status);
        CHECK(status == TL_EVENT && holds(tl_last_error(), expected) && scan == NULL && all_released());
        tl_scan_free(scan);
    }
}

int main(void) {
    tl_rules *rules = compile(RULES);
    CHECK(rules != NULL);
    tables_are_scanned_as_lines_are(rules);
    detections_are_a_table(rules);
    tables_are_pushed(rules);
    misuse_releases_too(rules);
    broken_tables_are_told(rules);
    CHECK(all_released());
    tl_rules_release(rules);
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
