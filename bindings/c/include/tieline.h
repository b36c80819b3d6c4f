/* Tieline: detection with Sigma rules, for C and C++. See README.md beside it.
 *
 * Every function that can fail returns 0 or why it failed; tl_last_error() is the message for this thread.
 * Every text has a length and no 0 at its end. Structs that begin with struct_size start as all 0 with that set.
 * This file is written from the sources by cbindgen. */


#ifndef TIELINE_H
#define TIELINE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The C data interface and the C stream interface of Apache Arrow, under the guards that its specification names. */
#ifdef __cplusplus
extern "C" {
#endif

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
  int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
  const char *(*get_last_error)(struct ArrowArrayStream *);
  void (*release)(struct ArrowArrayStream *);
  void *private_data;
};

#endif

#ifdef __cplusplus
}
#endif

// The version of the interface: the number behind `libtieline.so.`. It grows when programs must be built anew.
#define TL_ABI_VERSION 0

// The scan is over.
#define TL_TOLD_END 0

// Nothing came in the time that was waited.
#define TL_TOLD_QUIET 1

// A detection, or the alert of a correlation.
#define TL_TOLD_FOUND 2

// An event that cannot be read.
#define TL_TOLD_BAD_EVENT 3

// A file that cannot be read, or not further.
#define TL_TOLD_BAD_FILE 4

// An event that correlations do not count.
#define TL_TOLD_NOT_COUNTED 5

// So much was read of all files: see `bytes` and `events`.
#define TL_TOLD_PROGRESS 6

// For yes-or-no fields: what is usual.
#define TL_DEFAULT 0

// For yes-or-no fields: yes.
#define TL_YES 1

// For yes-or-no fields: no.
#define TL_NO 2

// For `threads`: one for each core.
#define TL_ALL_CORES UINT32_MAX

// An event that is older than the lateness allows.
#define TL_LATE 1

// An event that is further ahead of all before it than a clock may jump.
#define TL_AHEAD 2

// A rule that asks each event by itself.
#define TL_DETECTION 1

// A rule that correlates events.
#define TL_CORRELATION 2

// The rule has no level.
#define TL_LEVEL_NONE 0

// `informational`.
#define TL_LEVEL_INFORMATIONAL 1

// `low`.
#define TL_LEVEL_LOW 2

// `medium`.
#define TL_LEVEL_MEDIUM 3

// `high`.
#define TL_LEVEL_HIGH 4

// `critical`.
#define TL_LEVEL_CRITICAL 5

// Bytes that belong to the caller, who frees them with `tl_buffer_free`.
typedef struct tl_buffer tl_buffer;

// Learns assets. All functions on it may be called from any thread; who pushes waits for who pushes already. It
// belongs to the process that made it.
typedef struct tl_discovery tl_discovery;

// A scan of files. One thread takes what comes; any other may stop it.
typedef struct tl_files tl_files;

// Joins findings to incidents. All functions on it may be called from any thread; who pushes waits for who pushes already.
// It belongs to the process that made it.
typedef struct tl_incidents tl_incidents;

// Learns conduits. All functions on it may be called from any thread; who pushes waits for who pushes already. It
// belongs to the process that made it.
typedef struct tl_learner tl_learner;

// Reads OT operations. All functions on it may be called from any thread at the same time.
typedef struct tl_normaliser tl_normaliser;

// What came of events that were pushed. It never changes; all functions on it may be called from any thread.
typedef struct tl_pushed tl_pushed;

// Makes a report of events. All functions on it may be called from any thread; who pushes waits for who pushes already.
// It belongs to the process that made it.
typedef struct tl_report tl_report;

// Compiled rules. All functions on them may be called from any thread at the same time.
typedef struct tl_rules tl_rules;

// What a scan of many events found. It never changes; all functions on it may be called from any thread.
typedef struct tl_scan tl_scan;

// Scans one event after the other. For one thread at a time; a call while another thread is in one is an error.
typedef struct tl_scanner tl_scanner;

// Correlates events over time. It belongs to the process that made it; a fork gets `TL_FORKED`.
typedef struct tl_stream tl_stream;

// Judges operations. All functions on it may be called from any thread; who pushes waits for who pushes already. It
// belongs to the process that made it.
typedef struct tl_trust tl_trust;

// UTF-8 text, without a 0 at its end. A null pointer with a length of 0 is text that is not given.
typedef struct tl_str {
  // The first byte.
  const char *ptr;
  // The number of bytes.
  size_t len;
} tl_str;

// Whether a call succeeded: `TL_OK`, or why not. The numbers never change; new ones come at the end.
typedef int32_t tl_status;

// A field or alias of `group-by`, and its value. This struct never changes.
typedef struct tl_group_value {
  // The name.
  struct tl_str name;
  // The value; null where the lack of one makes a group.
  struct tl_str value;
} tl_group_value;

// A correlation that holds for a group. Set `struct_size` before the call; all pointers live as long as what was pushed.
typedef struct tl_alert {
  // `sizeof(tl_alert)`.
  size_t struct_size;
  // The correlation's id, else its name.
  struct tl_str rule_id;
  // Its title.
  struct tl_str rule_title;
  // Its type, such as `event_count`.
  struct tl_str correlation_type;
  // Its tags.
  const struct tl_str *tags;
  // How many there are.
  size_t tags_len;
  // One of `TL_LEVEL_…`.
  int32_t level;
  // 1 when this only tells the latest state of an alert whose window is not over.
  int32_t is_update;
  // When it holds, in nanoseconds since 1970.
  int64_t time_ns;
  // The time of the first event that contributes.
  int64_t first_ns;
  // The time of the last one.
  int64_t last_ns;
  // How many events contribute.
  uint64_t count;
  // What the condition was about: the count, the computed value, or the number of rules.
  double value;
  // The fields of `group-by` and their values.
  const struct tl_group_value *group;
  // How many there are.
  size_t group_len;
  // The numbers of the latest events that contribute, the oldest first.
  const uint64_t *events;
  // How many there are.
  size_t events_len;
} tl_alert;

// Which rules are asked, and what is told. Begin with all 0 and set `struct_size`.
typedef struct tl_scan_config {
  // `sizeof(tl_scan_config)`.
  size_t struct_size;
  // All options as a JSON object, with the names that the fields have here, and `logsource` as an object.
  struct tl_str options_json;
  // Threads. 0 is the calling one alone, and one for each core where files are scanned; `TL_ALL_CORES` is one for each.
  uint32_t threads;
  // Whether the selections and fields that held are told: `TL_YES`, or what is usual.
  int32_t evidence;
  // Only rules of this level or above: `informational`, `low`, `medium`, `high` or `critical`.
  struct tl_str level;
  // Only rules with one of these tags, or one below it.
  const struct tl_str *tags;
  // How many there are.
  size_t tags_len;
  // Only the rules of these ids, names or titles; it is an error when no rule has any of them.
  const struct tl_str *rules;
  // How many there are.
  size_t rules_len;
  // The log source of all events; rules of another one are not asked.
  struct tl_str category;
  // See `category`.
  struct tl_str product;
  // See `category`.
  struct tl_str service;
} tl_scan_config;

// How OT operations are read. Begin with all 0 and set `struct_size`.
typedef struct tl_normaliser_config {
  // `sizeof(tl_normaliser_config)`.
  size_t struct_size;
  // All options as a JSON object, with the names that the fields have here.
  struct tl_str options_json;
  // Tables of OT protocols in place of the shipped ones: paths, or YAML texts (of more than one line).
  const struct tl_str *taxonomy;
  // How many there are.
  size_t taxonomy_len;
  // The plant that events are seen in: inventories, zones and conduits as paths, or YAML texts (of more than one line).
  const struct tl_str *context;
  // How many there are.
  size_t context_len;
} tl_normaliser_config;

// Bytes. A null pointer with a length of 0 is none.
typedef struct tl_bytes {
  // The first byte.
  const uint8_t *ptr;
  // The number of bytes.
  size_t len;
} tl_bytes;

// How files are scanned. Begin with all 0 and set `struct_size`.
typedef struct tl_file_config {
  // `sizeof(tl_file_config)`.
  size_t struct_size;
  // All options as a JSON object, with the names that the fields have here.
  struct tl_str options_json;
  // The format of all files: `ndjson`, `json`, `evtx`, `zeek` or `csv`. Without it, found out.
  struct tl_str format;
  // Whether records carry their event: `TL_YES`, or what is usual.
  int32_t event;
  // Whether files are read on as they grow: `TL_YES`, or what is usual.
  int32_t follow;
  // With `follow`: the scan ends when nothing came for so long, such as `10s`.
  struct tl_str follow_idle;
  // The file in which the state of correlations is kept.
  struct tl_str state;
} tl_file_config;

// How a stream behaves. Begin with all 0 and set `struct_size`.
typedef struct tl_stream_config {
  // `sizeof(tl_stream_config)`.
  size_t struct_size;
  // All options as a JSON object, with the names that the fields have here.
  struct tl_str options_json;
  // How much older than the newest event one may be and still count, such as `5m`.
  struct tl_str lateness;
  // How far an event may be ahead of all before it; `off` is any length.
  struct tl_str clock_jump;
  // What becomes of an event without a time: `skip`, `arrival` or `error`.
  struct tl_str missing_time;
  // What becomes of an event that lacks a field of `group-by`: `skip` or `group`.
  struct tl_str missing_group;
  // How often a correlation tells that it holds for a group: `once`, `repeat` or `update`.
  struct tl_str alerts;
  // Memory for all state, in MiB; 0 is what is usual.
  uint64_t state_memory;
  // Groups of one correlation; 0 is any number.
  uint64_t groups_max;
} tl_stream_config;

// What a scan of files tells. Set `struct_size` before the call.
typedef struct tl_told {
  // `sizeof(tl_told)`.
  size_t struct_size;
  // One of `TL_TOLD_…`.
  int32_t kind;
  // 0.
  uint32_t reserved;
  // The record; it lives until the next call of `tl_files_next`. Null for what has none.
  struct tl_str json;
  // Bytes that were read, as stored.
  uint64_t bytes;
  // Events that were read.
  uint64_t events;
} tl_told;

// What was scanned. Set `struct_size` before the call.
typedef struct tl_totals {
  // `sizeof(tl_totals)`.
  size_t struct_size;
  // Files that were opened.
  uint64_t files;
  // Files that could not be read, or not to their end.
  uint64_t bad_files;
  // Events, unreadable ones included.
  uint64_t events;
  // Events that cannot be read.
  uint64_t bad_events;
  // Detections that were told.
  uint64_t detections;
  // Alerts of correlations that were told.
  uint64_t alerts;
  // Bytes of the files as stored.
  uint64_t bytes;
} tl_totals;

// How incidents are made of findings. Begin with all 0 and set `struct_size`; what is 0 or not given is what is usual.
typedef struct tl_incidents_config {
  // `sizeof(tl_incidents_config)`.
  size_t struct_size;
  // All options as a JSON object, with the names that the fields have here, and `clock_offsets_s`: seconds that are added to the
  // times of a source, by its name. Of a report also `packs` (a list of paths), `from_time`, `to_time`, `incidents_max`,
  // `assets_max` and `privileged_max`.
  struct tl_str options_json;
  // Tables of OT protocols in place of the shipped ones: paths, or YAML texts (of more than one line).
  const struct tl_str *taxonomy;
  // How many there are.
  size_t taxonomy_len;
  // The plant, in place of that of the rules: inventories, zones and conduits as paths, or YAML texts (of more than one
  // line).
  const struct tl_str *context;
  // How many there are.
  size_t context_len;
  // How much later than others an event may come, such as `5m`; without it, not at all.
  struct tl_str lateness;
  // After this time without a finding an incident is over; without it 24 hours, and `off` is never.
  struct tl_str quiet;
  // A group is an incident when a finding of it has at least this level; without it `medium`.
  struct tl_str level;
  // Findings that are kept; when there are more, what has been quiet for longest is forgotten.
  uint64_t findings_max;
  // Spans of contacts that are kept; when there are more, the oldest are forgotten.
  uint64_t contacts_max;
  // A host that deals with more others than this joins little.
  uint32_t hub_peers;
  // 0.
  uint32_t reserved;
} tl_incidents_config;

// A YAML text with rules.
typedef struct tl_text {
  // The name that messages show, such as a file name.
  struct tl_str name;
  // The rules.
  struct tl_str yaml;
} tl_text;

// The values that `%name%` stands for under `expand`.
typedef struct tl_placeholder {
  // The name, without percent signs.
  struct tl_str name;
  // Its values.
  const struct tl_str *values;
  // How many there are.
  size_t values_len;
} tl_placeholder;

// How rules are compiled. Begin with all 0 and set `struct_size`; text that is not given is what is usual.
typedef struct tl_compile_config {
  // `sizeof(tl_compile_config)`.
  size_t struct_size;
  // All options as a JSON object, with the names that the fields have here.
  struct tl_str options_json;
  // Processing pipelines in order: names of shipped ones, paths, or YAML texts (of more than one line).
  const struct tl_str *pipelines;
  // How many there are.
  size_t pipelines_len;
  // Where events come from: `auto` finds out by their fields, `none` leaves rules as they are, else a shipped source.
  struct tl_str source;
  // Values for `expand`.
  const struct tl_placeholder *placeholders;
  // How many there are.
  size_t placeholders_len;
  // The zone for `hour`, `day` and the like: an IANA name or an offset.
  struct tl_str timezone;
  // The unit of times that are bare numbers: `s`, `ms`, `us` or `ns`.
  struct tl_str time_unit;
  // Fields that hold the time of an event.
  const struct tl_str *time_fields;
  // How many there are.
  size_t time_fields_len;
  // Warnings that are switched off, by code or name.
  const struct tl_str *allow;
  // How many there are.
  size_t allow_len;
  // Whether a broken rule is an error: `TL_YES`, `TL_NO`, or `TL_DEFAULT`, which is yes for texts and no for files.
  int32_t strict;
  // 0.
  uint32_t reserved;
  // Tables of OT protocols in place of the shipped ones: paths, or YAML texts (of more than one line).
  const struct tl_str *taxonomy;
  // How many there are.
  size_t taxonomy_len;
  // The plant that events are seen in: inventories, zones and conduits as paths, or YAML texts (of more than one line).
  const struct tl_str *context;
  // How many there are.
  size_t context_len;
} tl_compile_config;

// What a rule says of itself. Set `struct_size` before the call. Texts that a rule does not have are null; all live as
// long as the rules.
typedef struct tl_rule {
  // `sizeof(tl_rule)`.
  size_t struct_size;
  // `TL_DETECTION` or `TL_CORRELATION`.
  int32_t kind;
  // One of `TL_LEVEL_…`.
  int32_t level;
  // The id, else the name: what identifies the rule in records.
  struct tl_str id;
  // The name.
  struct tl_str name;
  // The title; empty when it has none.
  struct tl_str title;
  // What it detects.
  struct tl_str description;
  // Its authors.
  struct tl_str author;
  // The file it came from, or the name of its text.
  struct tl_str path;
  // The category of its log source.
  struct tl_str category;
  // The product of its log source.
  struct tl_str product;
  // The service of its log source.
  struct tl_str service;
  // The type of a correlation, such as `event_count`.
  struct tl_str correlation_type;
  // For the rule of a hit: the source by which it was mapped, when one was found out or chosen.
  struct tl_str source;
  // Its tags.
  const struct tl_str *tags;
  // How many there are.
  size_t tags_len;
} tl_rule;

// One rule that matched one event. This struct never changes.
typedef struct tl_hit {
  // The number of the event, from 0; of lines, unreadable and empty ones are counted too.
  uint64_t event_index;
  // The rule's position in its form.
  uint32_t rule;
  // The form of the rules: they are compiled for each source of events.
  uint32_t form;
} tl_hit;

// An event that cannot be read. This struct never changes.
typedef struct tl_fault {
  // The number of the event, from 0.
  uint64_t event_index;
  // The byte of the event where reading stopped, from 0; -1 when none is known.
  int64_t byte;
  // What is wrong with it.
  struct tl_str message;
} tl_fault;

// What a stream counted so far, and what it holds. Set `struct_size` before the call.
typedef struct tl_stream_counts {
  // `sizeof(tl_stream_counts)`.
  size_t struct_size;
  // Events that were numbered, unreadable ones among them.
  uint64_t events;
  // Events without a time.
  uint64_t untimed;
  // Signals that were taken in, alerts that others build on among them.
  uint64_t signals;
  // Alerts that were told.
  uint64_t alerts;
  // Events older than the watermark.
  uint64_t late;
  // Events further ahead than a clock may jump.
  uint64_t ahead;
  // Times that all began anew because the events before had a wrong clock.
  uint64_t set_back;
  // Signals without a value to group by.
  uint64_t ungrouped;
  // Signals without a value to count or to compute with.
  uint64_t unvalued;
  // Groups whose state was given up because memory was short.
  uint64_t evicted;
  // Groups whose state was given up because their correlation had too many.
  uint64_t crowded;
  // Events that a group forgot early because its state took too much.
  uint64_t trimmed;
  // Signals that were not held back as long as they should have been because memory was short.
  uint64_t hurried;
  // Groups of saved state that no correlation asks for any more.
  uint64_t dropped;
  // Groups that there are now.
  uint64_t groups;
  // Signals that are held back now.
  uint64_t waiting;
  // Bytes of both, and of what is to be done at a time.
  uint64_t bytes;
} tl_stream_counts;

// An event that correlations do not count. This struct never changes.
typedef struct tl_not_counted {
  // The number of the event, from 0.
  uint64_t event_index;
  // `TL_LATE` or `TL_AHEAD`.
  int32_t why;
  // 0.
  uint32_t reserved;
} tl_not_counted;

// What came of events in numbers. Set `struct_size` before the call.
typedef struct tl_pushed_counts {
  // `sizeof(tl_pushed_counts)`.
  size_t struct_size;
  // Events that were pushed.
  uint64_t events;
  // The number of the first of them; events are counted from the beginning of the stream.
  uint64_t first;
  // Events that correlations do not count because they have no time.
  uint64_t untimed;
} tl_pushed_counts;

// How operations on controllers are judged. Begin with all 0 and set `struct_size`.
typedef struct tl_trust_config {
  // `sizeof(tl_trust_config)`.
  size_t struct_size;
  // All options as a JSON object, with the names that the fields have here.
  struct tl_str options_json;
  // Tables of OT protocols in place of the shipped ones: paths, or YAML texts (of more than one line).
  const struct tl_str *taxonomy;
  // How many there are.
  size_t taxonomy_len;
  // The plant, with its policy: inventories, zones and conduits as paths, or YAML texts (of more than one line).
  const struct tl_str *context;
  // How many there are.
  size_t context_len;
  // How much older than the newest event one may be and still be judged in its order, such as `5m`; without it all
  // waits for `tl_trust_finish`.
  struct tl_str lateness;
} tl_trust_config;

// The call succeeded.
#define TL_OK 0

// An argument has a value that is not allowed: null, of another kind, too small, not known.
#define TL_ARGUMENT 1

// Rules are broken, and were to be whole. See `tl_last_error_diagnostics_json`.
#define TL_RULES 2

// A pipeline is broken, or not known.
#define TL_PIPELINE 3

// An event cannot be read. See `tl_last_error_byte`.
#define TL_EVENT 4

// State of a stream cannot be restored.
#define TL_STATE 5

// Saved rules are damaged, or come from another version.
#define TL_SAVED 6

// A file or directory cannot be read.
#define TL_LOAD 7

// The object was closed or freed.
#define TL_CLOSED 8

// The object belongs to the process that made it, and this is a fork of it.
#define TL_FORKED 9

// The call was broken off by the caller.
#define TL_CANCELLED 10

// A limit was reached.
#define TL_LIMIT 11

// A fault of Tieline itself.
#define TL_INTERNAL 12

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The version of the interface of the library that runs; compare it with `TL_ABI_VERSION`.
uint32_t tl_abi_version(void);

// The version of the library, such as `0.1.0`. The text lives for ever.
struct tl_str tl_version(void);

// How many alerts there are.
//
// # Safety
// `len` must be a place for a number.
tl_status tl_pushed_alerts_len(const struct tl_pushed *pushed, size_t *len);

// An alert by its index below `tl_pushed_alerts_len`, in the order of their times.
//
// # Safety
// `alert` must be a struct as large as its `struct_size` says.
tl_status tl_pushed_alert(const struct tl_pushed *pushed, size_t index, struct tl_alert *alert);

// Scans tables of Arrow, by its C stream interface. Rows are events, numbered from 0 over all batches; columns are
// fields, a column `id` within a struct `Event` is the field `Event.id`, and null is a missing field. `config` may be
// null.
//
// The stream is taken over: when the call returns, whatever it returns, `batches->release` is null, and the stream
// and all that came of it were released by this thread, which alone calls its callbacks. Structs that do not fit
// together, and memory that does not hold what its type says, are `TL_EVENT`; that buffers are as long as they should
// be cannot be seen.
//
// # Safety
// `batches` must be null, or a stream as the interface describes it, released or not, that no other thread uses;
// `config` must be null or valid, and `scan` a place for a pointer.
tl_status tl_scan_arrow(const struct tl_rules *rules,
                        struct ArrowArrayStream *batches,
                        const struct tl_scan_config *config,
                        struct tl_scan **scan);

// Scans one batch of Arrow, by its C data interface: an array of structs, none of which is null. Both structs are
// taken over as the stream of `tl_scan_arrow` is: when the call returns, they were released.
//
// # Safety
// `array` and `schema` must be null, or structs as the interface describes them, released or not, that no other
// thread uses; `config` must be null or valid, and `scan` a place for a pointer.
tl_status tl_scan_arrow_batch(const struct tl_rules *rules,
                              struct ArrowArray *array,
                              struct ArrowSchema *schema,
                              const struct tl_scan_config *config,
                              struct tl_scan **scan);

// What a scan found as a table, one row for each detection: `event_index`, `rule_id`, `rule_title`, `level`, `tags`,
// `source`. Whoever reads `batches` releases it; what it held before is not. It lives longer than the scan. When the
// call fails, `batches->release` is null.
//
// # Safety
// `batches` must be a place for a struct.
tl_status tl_scan_results_arrow(const struct tl_scan *scan, struct ArrowArrayStream *batches);

// Pushes the rows of tables of Arrow. `batches` is taken over as by `tl_scan_arrow`; its callbacks must not use
// `stream`. When a batch cannot be read, those before it were pushed.
//
// # Safety
// `batches` must be null, or a stream as the interface describes it, released or not, that no other thread uses;
// `pushed` must be a place for a pointer.
tl_status tl_stream_push_arrow(const struct tl_stream *stream,
                               struct ArrowArrayStream *batches,
                               struct tl_pushed **pushed);

// Pushes the rows of one batch of Arrow; both structs are taken over as by `tl_scan_arrow_batch`.
//
// # Safety
// `array` and `schema` must be null, or structs as the interface describes them, released or not, that no other
// thread uses; `pushed` must be a place for a pointer.
tl_status tl_stream_push_arrow_batch(const struct tl_stream *stream,
                                     struct ArrowArray *array,
                                     struct ArrowSchema *schema,
                                     struct tl_pushed **pushed);

// A discovery that knows nothing yet; no device is ever asked. Sites of the plant in `config`, which may be null,
// say where sensors stand, its zones where addresses belong. What is broken in it is `TL_ARGUMENT`;
// `tl_last_error_diagnostics_json` says where. Free it with `tl_discovery_free`.
//
// # Safety
// `config` must be null or valid, and `discovery` a place for a pointer.
tl_status tl_discovery_new(const struct tl_normaliser_config *config, struct tl_discovery **discovery);

// Takes in one event, a JSON object.
//
// # Safety
// `event` must point to `len` bytes.
tl_status tl_discovery_push(const struct tl_discovery *discovery, const uint8_t *event, size_t len);

// Takes in a text with one JSON object a line. `taken` may be null, or becomes JSON: `events`, and `faults` for
// those that cannot be read, with `event_index`, `byte` and `message`.
//
// # Safety
// `text` must point to `len` bytes, and `taken` be null or a place for a pointer.
tl_status tl_discovery_push_lines(const struct tl_discovery *discovery,
                                  const uint8_t *text,
                                  size_t len,
                                  struct tl_buffer **taken);

// Takes in events that are JSON objects of their own. `taken` is as for `tl_discovery_push_lines`.
//
// # Safety
// `events` must point to `len` events, and `taken` be null or a place for a pointer.
tl_status tl_discovery_push_events(const struct tl_discovery *discovery,
                                   const struct tl_bytes *events,
                                   size_t len,
                                   struct tl_buffer **taken);

// The assets known so far as a JSON array, by site and address: `id`, `ip`, `role`, `vendor`, `serves`,
// `confidence`, `evidence` and so on.
//
// # Safety
// `assets` must be a place for a pointer.
tl_status tl_discovery_assets_json(const struct tl_discovery *discovery, struct tl_buffer **assets);

// How what was seen differs from an inventory (paths, or texts of more than one line), or from the plant of the
// config when `len` is 0, as a JSON array: `kind` (`unknown`, `silent`, `moved`, `changed`), `declared`, `seen`,
// `what`, `was`, `is`.
//
// # Safety
// `context` must point to `len` texts, and `differences` be a place for a pointer.
tl_status tl_discovery_compare_json(const struct tl_discovery *discovery,
                                    const struct tl_str *context,
                                    size_t len,
                                    struct tl_buffer **differences);

// The assets as an inventory in the form `yaml`, `csv`, `netbox` or `cyclonedx`.
//
// # Safety
// The text must be there, and `inventory` be a place for a pointer.
tl_status tl_discovery_inventory(const struct tl_discovery *discovery,
                                 struct tl_str form,
                                 struct tl_buffer **inventory);

// How much was taken in and what found no room, as a JSON object: `events`, `given_up`.
//
// # Safety
// `stats` must be a place for a pointer.
tl_status tl_discovery_stats_json(const struct tl_discovery *discovery, struct tl_buffer **stats);

// All that is known as bytes.
//
// # Safety
// `bytes` must be a place for a pointer.
tl_status tl_discovery_snapshot(const struct tl_discovery *discovery, struct tl_buffer **bytes);

// Goes on with what a snapshot holds. `TL_STATE` when the bytes are none, are damaged, or come from another version;
// then nothing changes.
//
// # Safety
// `bytes` must point to bytes that are there.
tl_status tl_discovery_restore(const struct tl_discovery *discovery, struct tl_bytes bytes);

// Goes on over another plant: paths, or texts of more than one line, or none when `len` is 0. What was learned stays, with the
// sites that it was learned at. `TL_ARGUMENT` when it is broken; then nothing changes.
//
// # Safety
// `context` must point to `len` texts.
tl_status tl_discovery_reload(const struct tl_discovery *discovery,
                              const struct tl_str *context,
                              size_t len);

// Frees a discovery; null is allowed.
//
// # Safety
// Nobody may use it any more.
tl_status tl_discovery_free(struct tl_discovery *discovery);

// The message of the latest error of this thread; empty when there was none. The text lives until the next call of this
// thread that fails.
struct tl_str tl_last_error(void);

// The status of the latest error of this thread; `TL_OK` when there was none.
tl_status tl_last_error_code(void);

// The diagnostics behind the latest error of this thread, as a JSON array with `code`, `message`, `path`, `line`,
// `column` and more; `[]` for most errors. The text lives as long as that of `tl_last_error`.
struct tl_str tl_last_error_diagnostics_json(void);

// The byte of the event where reading stopped, from 0; -1 when none is known.
int64_t tl_last_error_byte(void);

// Copies the message of the latest error of this thread, with a 0 behind it, and cut where a character begins when the
// memory is too small. `len`, when not null, is the length of the whole message, without the 0.
//
// # Safety
// `text` must be memory for `capacity` bytes, or null with a capacity of 0; `len` must be null or a place for a number.
tl_status tl_last_error_copy(char *text, size_t capacity, size_t *len);

// The name of a status, such as `rules`; `ok` for `TL_OK`, empty for a number that is none. The text lives for ever.
struct tl_str tl_status_name(tl_status status);

// Begins to scan files, in the order given. Directories stand for the event files in them; `-` is standard input. A file
// that does not exist is told, and is no error of the call. All configs may be null.
//
// # Safety
// `paths` must point to `len` texts, the configs must be null or valid, and `files` a place for a pointer.
tl_status tl_scan_files(const struct tl_rules *rules,
                        const struct tl_str *paths,
                        size_t len,
                        const struct tl_file_config *config,
                        const struct tl_scan_config *asked,
                        const struct tl_stream_config *over_time,
                        struct tl_files **files);

// What comes next, waited for no longer than `timeout_ms`; -1 waits for ever.
//
// # Safety
// `told` must be a struct as large as its `struct_size` says.
tl_status tl_files_next(const struct tl_files *files, int64_t timeout_ms, struct tl_told *told);

// Ends the scan early, from any thread; what it has told already can still be taken.
//
// # Safety
// The scan must not be freed meanwhile.
tl_status tl_files_stop(const struct tl_files *files);

// What was scanned; complete after `TL_TOLD_END`.
//
// # Safety
// `totals` must be a struct as large as its `struct_size` says.
tl_status tl_files_totals(const struct tl_files *files, struct tl_totals *totals);

// Ends the scan and frees it; null is allowed.
//
// # Safety
// Nobody may use it any more.
tl_status tl_files_free(struct tl_files *files);

// Incidents of which nothing has been seen yet. `config` may be null; the plant is that of it, else that of the rules.
// What is broken is `TL_ARGUMENT`; `tl_last_error_diagnostics_json` says where. Free it with `tl_incidents_free`; the
// rules may be released before.
//
// # Safety
// `config` must be null or valid, and `incidents` a place for a pointer.
tl_status tl_incidents_new(const struct tl_rules *rules,
                           const struct tl_incidents_config *config,
                           struct tl_incidents **incidents);

// Takes in one event, a JSON object. Incidents name it by `at`; when that is not given, by its number, from 0.
//
// # Safety
// `event` must point to `len` bytes, and the text be there.
tl_status tl_incidents_push(const struct tl_incidents *incidents, const uint8_t *event, size_t len, struct tl_str at);

// Takes in a text with one JSON object a line. Incidents name events as `name:line`, or by their numbers when no name is
// given. `taken` may be null, or becomes JSON: `events`, and `faults` for those that cannot be read, with `event_index`,
// `byte` and `message`.
//
// # Safety
// `text` must point to `len` bytes, the name be there, and `taken` be null or a place for a pointer.
tl_status tl_incidents_push_lines(const struct tl_incidents *incidents,
                                  const uint8_t *text,
                                  size_t len,
                                  struct tl_str name,
                                  struct tl_buffer **taken);

// Takes in events that are JSON objects of their own. `taken` is as for `tl_incidents_push_lines`.
//
// # Safety
// `events` must point to `len` events, and `taken` be null or a place for a pointer.
tl_status tl_incidents_push_events(const struct tl_incidents *incidents,
                                   const struct tl_bytes *events,
                                   size_t len,
                                   struct tl_buffer **taken);

// Takes in a finding that was made elsewhere, such as an alert of another product: a JSON object with `time` (RFC 3339)
// and `rule`, and maybe `title`, `level`, `tags`, `source` and `target` (hosts), `entities` (names by kind, such as
// `account` or `hash`), and `at`, where it stands. `TL_EVENT` when it is no such object.
//
// # Safety
// `finding` must point to `len` bytes.
tl_status tl_incidents_add(const struct tl_incidents *incidents, const uint8_t *finding, size_t len);

// Says that no event older than this will come any more, in nanoseconds since 1970.
//
// # Safety
// The handle must be one of this library.
tl_status tl_incidents_advance(const struct tl_incidents *incidents, int64_t time_ns);

// Takes all that still waits for events that may come late.
//
// # Safety
// The handle must be one of this library.
tl_status tl_incidents_finish(const struct tl_incidents *incidents);

// All incidents so far, the highest score first, as a JSON array: `id`, `title`, `level`, `score`, `path`, `spread`,
// `findings`, `hosts`, `hints` and so on. Ways, scores and spread are worked out now.
//
// # Safety
// `told` must be a place for a pointer.
tl_status tl_incidents_to_json(const struct tl_incidents *incidents, struct tl_buffer **told);

// Incidents in a form for other programs: `ndjson`, `ocsf`, `ocsf-detections`, `ecs`, `stix`, `graphml`, `dot` or
// `json-graph`; all, or the one of `id` when that is given.
//
// # Safety
// The texts must be there, and `text` be a place for a pointer.
tl_status tl_incidents_export(const struct tl_incidents *incidents,
                              struct tl_str form,
                              struct tl_str id,
                              struct tl_buffer **text);

// What became of incidents since this was asked last, as a JSON array: `change` (`opened`, `grew`, `merged`, `split` or
// `closed`) and `id`; of what was merged `into`, the id that counts now, and of what was split `part`, the id of what is by itself
// now, both with `because`.
//
// # Safety
// `changes` must be a place for a pointer.
tl_status tl_incidents_take_changes_json(const struct tl_incidents *incidents,
                                         struct tl_buffer **changes);

// What was seen so far and what had to be given up, as a JSON object: `findings`, `contacts`, `late`, `early`, `given_up`.
//
// # Safety
// `stats` must be a place for a pointer.
tl_status tl_incidents_stats_json(const struct tl_incidents *incidents,
                                  struct tl_buffer **stats);

// How far clocks of sources seem to be apart, beyond `clock_offsets_s` of the options, as a JSON array: `source`, `against`,
// `offset_s` (seconds that are to be added to its times), `pairs`, `spread_s`. It is only told; nothing is corrected by it.
//
// # Safety
// `skews` must be a place for a pointer.
tl_status tl_incidents_skews_json(const struct tl_incidents *incidents,
                                  struct tl_buffer **skews);

// All state as bytes.
//
// # Safety
// `bytes` must be a place for a pointer.
tl_status tl_incidents_snapshot(const struct tl_incidents *incidents, struct tl_buffer **bytes);

// Goes on with the state that a snapshot holds. `TL_STATE` when the bytes are none, are damaged, or come from another
// version; then nothing changes. `restored`, when not null, is what was kept and dropped of correlations, as JSON.
//
// # Safety
// `bytes` must point to bytes that are there, and `restored` be null or a place for a pointer.
tl_status tl_incidents_restore(const struct tl_incidents *incidents,
                               struct tl_bytes bytes,
                               struct tl_buffer **restored);

// Goes on with other rules, and over another plant: paths, or texts of more than one line; that of the rules when there are
// none. `restored` is as for `tl_incidents_restore`.
//
// # Safety
// `context` must point to `len` texts, and `restored` be null or a place for a pointer.
tl_status tl_incidents_reload(const struct tl_incidents *incidents,
                              const struct tl_rules *rules,
                              const struct tl_str *context,
                              size_t len,
                              struct tl_buffer **restored);

// Frees incidents; null is allowed.
//
// # Safety
// Nobody may use it any more.
tl_status tl_incidents_free(struct tl_incidents *incidents);

// A learner over the plant of `config` so far, which may be null. What is broken is `TL_ARGUMENT`. Free it with
// `tl_learner_free`.
//
// # Safety
// `config` must be null or valid, and `learner` a place for a pointer.
tl_status tl_learner_new(const struct tl_normaliser_config *config, struct tl_learner **learner);

// Takes note of one event, a JSON object.
//
// # Safety
// `event` must point to `len` bytes.
tl_status tl_learner_push(const struct tl_learner *learner, const uint8_t *event, size_t len);

// Takes note of a text with one JSON object a line. `taken` may be null, or becomes JSON: `events`, and `faults` for
// those that cannot be read, with `event_index`, `byte` and `message`.
//
// # Safety
// `text` must point to `len` bytes, and `taken` be null or a place for a pointer.
tl_status tl_learner_push_lines(const struct tl_learner *learner,
                                const uint8_t *text,
                                size_t len,
                                struct tl_buffer **taken);

// Takes note of events that are JSON objects of their own. `taken` is as for `tl_learner_push_lines`.
//
// # Safety
// `events` must point to `len` events, and `taken` be null or a place for a pointer.
tl_status tl_learner_push_events(const struct tl_learner *learner,
                                 const struct tl_bytes *events,
                                 size_t len,
                                 struct tl_buffer **taken);

// Zones and conduits as YAML, to be read beside the plant and reviewed by a person.
//
// # Safety
// `proposal` must be a place for a pointer.
tl_status tl_learner_proposal(const struct tl_learner *learner, struct tl_buffer **proposal);

// Flows for which there was no room.
//
// # Safety
// `flows` must be a place for a number.
tl_status tl_learner_given_up(const struct tl_learner *learner, uint64_t *flows);

// Frees a learner; null is allowed.
//
// # Safety
// Nobody may use it any more.
tl_status tl_learner_free(struct tl_learner *learner);

// The bytes of a buffer; JSON is UTF-8 without a 0 at its end. They live until the buffer is freed. None for what is no
// buffer.
//
// # Safety
// `buffer` must not be freed by another thread meanwhile.
struct tl_bytes tl_buffer_bytes(const struct tl_buffer *buffer);

// Frees a buffer; null is allowed.
//
// # Safety
// Nobody may use its bytes any more.
tl_status tl_buffer_free(struct tl_buffer *buffer);

// Makes a normaliser, which reads the OT operations that events tell of, as rules see them in the fields `ot.*`. What is
// broken in tables or a plant is `TL_ARGUMENT`; `tl_last_error_diagnostics_json` says where. `config` may be null. Free it with
// `tl_normaliser_free`.
//
// # Safety
// `config` must be null or valid, and `normaliser` a place for a pointer.
tl_status tl_normaliser_new(const struct tl_normaliser_config *config,
                            struct tl_normaliser **normaliser);

// The records of an event, which is one JSON object, as a JSON array: one object for each operation, with the fields that
// are known. It is empty when the event tells of no operation, or has fields `ot.*` already.
//
// # Safety
// `event` must point to `len` bytes, and `records` be a place for a pointer.
tl_status tl_normaliser_records_json(const struct tl_normaliser *normaliser,
                                     const uint8_t *event,
                                     size_t len,
                                     struct tl_buffer **records);

// Frees a normaliser; null is allowed.
//
// # Safety
// Nobody may use it any more.
tl_status tl_normaliser_free(struct tl_normaliser *normaliser);

// A report of which nothing has been seen yet. `config` may be null; the plant is that of it, else that of the rules.
// What is broken is `TL_ARGUMENT`; `tl_last_error_diagnostics_json` says where. Free it with `tl_report_free`; the rules
// may be released before.
//
// # Safety
// `config` must be null or valid, and `report` a place for a pointer.
tl_status tl_report_new(const struct tl_rules *rules,
                        const struct tl_incidents_config *config,
                        struct tl_report **report);

// Takes in one event, a JSON object. The report names it by `at`; when that is not given, by its number, from 0.
// `TL_CLOSED` when the report is finished.
//
// # Safety
// `event` must point to `len` bytes, and the text be there.
tl_status tl_report_push(const struct tl_report *report, const uint8_t *event, size_t len, struct tl_str at);

// Takes in a text with one JSON object a line. The report names events as `name:line`, or by their numbers when no name is
// given. `taken` may be null, or becomes JSON: `events`, and `faults` for those that cannot be read, with `event_index`,
// `byte` and `message`.
//
// # Safety
// `text` must point to `len` bytes, the name be there, and `taken` be null or a place for a pointer.
tl_status tl_report_push_lines(const struct tl_report *report,
                               const uint8_t *text,
                               size_t len,
                               struct tl_str name,
                               struct tl_buffer **taken);

// Takes in events that are JSON objects of their own. `taken` is as for `tl_report_push_lines`.
//
// # Safety
// `events` must point to `len` events, and `taken` be null or a place for a pointer.
tl_status tl_report_push_events(const struct tl_report *report,
                                const struct tl_bytes *events,
                                size_t len,
                                struct tl_buffer **taken);

// Makes the document. `since` is the document of the last report, as `tl_report_to_json` gives it, or nothing: then what
// changed is told. `TL_ARGUMENT` when it is no such document; then events may still come.
//
// # Safety
// `since` must point to bytes that are there.
tl_status tl_report_finish(const struct tl_report *report,
                           struct tl_bytes since);

// The document as a JSON object. `TL_CLOSED` before the report is finished.
//
// # Safety
// `text` must be a place for a pointer.
tl_status tl_report_to_json(const struct tl_report *report, struct tl_buffer **text);

// The document as Markdown, for mails and tickets. `TL_CLOSED` before the report is finished.
//
// # Safety
// `text` must be a place for a pointer.
tl_status tl_report_to_markdown(const struct tl_report *report, struct tl_buffer **text);

// The document as a page: one HTML file with everything in it, which needs no server and no network. `TL_CLOSED` before the
// report is finished.
//
// # Safety
// `text` must be a place for a pointer.
tl_status tl_report_to_html(const struct tl_report *report,
                            struct tl_buffer **text);

// Frees a report; null is allowed.
//
// # Safety
// Nobody may use it any more.
tl_status tl_report_free(struct tl_report *report);

// Compiles rules from YAML texts. A broken rule is an error unless `strict` is `TL_NO`; then it is left out and told by
// `tl_rules_diagnostics_json`. `config` may be null. Release the rules with `tl_rules_release`.
//
// # Safety
// `texts` must point to `len` texts, `config` must be null or valid, and `rules` a place for a pointer.
tl_status tl_compile(const struct tl_text *texts,
                     size_t len,
                     const struct tl_compile_config *config,
                     struct tl_rules **rules);

// Compiles the rules of files and directories, or loads saved ones. Broken rules are left out and told by
// `tl_rules_diagnostics_json`, unless `strict` is `TL_YES`. `config` may be null.
//
// # Safety
// `paths` must point to `len` texts, `config` must be null or valid, and `rules` a place for a pointer.
tl_status tl_load(const struct tl_str *paths,
                  size_t len,
                  const struct tl_compile_config *config,
                  struct tl_rules **rules);

// What is wrong in YAML texts, as a JSON array of diagnostics; broken rules are no error of the call.
//
// # Safety
// As for `tl_compile`; `diagnostics` must be a place for a pointer.
tl_status tl_check(const struct tl_text *texts,
                   size_t len,
                   const struct tl_compile_config *config,
                   struct tl_buffer **diagnostics);

// Holds rules once more; each holder releases them.
//
// # Safety
// The rules must not be released for the last time meanwhile.
tl_status tl_rules_retain(struct tl_rules *rules);

// Releases rules; who does so last frees them. Null is allowed.
//
// # Safety
// Whoever releases must not use the handle, views or hits' rules any more.
tl_status tl_rules_release(struct tl_rules *rules);

// How many rules can match.
//
// # Safety
// `len` must be a place for a number.
tl_status tl_rules_len(const struct tl_rules *rules, size_t *len);

// How many correlations there are.
//
// # Safety
// `len` must be a place for a number.
tl_status tl_rules_correlations_len(const struct tl_rules *rules, size_t *len);

// What a rule says of itself, by its index below `tl_rules_len`. Set `rule->struct_size` before the call; texts live as
// long as the rules.
//
// # Safety
// `rule` must be a struct as large as its `struct_size` says.
tl_status tl_rules_rule(const struct tl_rules *rules, size_t index, struct tl_rule *rule);

// What a correlation says of itself, by its index below `tl_rules_correlations_len`.
//
// # Safety
// As for `tl_rules_rule`.
tl_status tl_rules_correlation(const struct tl_rules *rules, size_t index, struct tl_rule *rule);

// What the rule of a hit says of itself. The hit must be of these rules; the index of a rule may differ between the
// forms for several sources, so `tl_rules_rule` is not for hits.
//
// # Safety
// `hit` must be null or a hit, and `rule` a struct as large as its `struct_size` says.
tl_status tl_hit_rule(const struct tl_rules *rules, const struct tl_hit *hit, struct tl_rule *rule);

// All that a rule says of itself, as JSON.
//
// # Safety
// `record` must be a place for a pointer.
tl_status tl_rules_rule_json(const struct tl_rules *rules, size_t index, struct tl_buffer **record);

// All that a correlation says of itself, as JSON.
//
// # Safety
// `record` must be a place for a pointer.
tl_status tl_rules_correlation_json(const struct tl_rules *rules, size_t index, struct tl_buffer **record);

// What was found wrong in files and rules, and warnings, as a JSON array.
//
// # Safety
// `diagnostics` must be a place for a pointer.
tl_status tl_rules_diagnostics_json(const struct tl_rules *rules, struct tl_buffer **diagnostics);

// What was loaded, and what was left out and why, as JSON.
//
// # Safety
// `report` must be a place for a pointer.
tl_status tl_rules_report_json(const struct tl_rules *rules, struct tl_buffer **report);

// The fields that rules read, how many do, and for which log sources, as a JSON array.
//
// # Safety
// `uses` must be a place for a pointer.
tl_status tl_rules_fields_json(const struct tl_rules *rules, struct tl_buffer **uses);

// Why a rule, by its id, name or title, matches an event or does not, as JSON.
//
// # Safety
// `rule` must be a text, `event` must point to `event_len` bytes, and `explanation` be a place for a pointer.
tl_status tl_rules_explain_json(const struct tl_rules *rules,
                                struct tl_str rule,
                                const uint8_t *event,
                                size_t event_len,
                                struct tl_buffer **explanation);

// Runs the events that lie beside rule files, and tells what went wrong, as JSON: `tested`, `untested`, `events`,
// `failures`.
//
// # Safety
// `report` must be a place for a pointer.
tl_status tl_rules_test_json(const struct tl_rules *rules, struct tl_buffer **report);

// The same rules with other indicators in place of those before: paths of lists, or lists as text (STIX 2.1 or MISP as JSON,
// CSV of more than one line). Nothing is compiled when the rules are about indicators already; streams go on with them by
// `tl_stream_reload`. Release them with `tl_rules_release`, as well as the rules that were given.
//
// # Safety
// `lists` must point to `len` texts, and `with` be a place for a pointer.
tl_status tl_rules_with_indicators(const struct tl_rules *rules,
                                   const struct tl_str *lists,
                                   size_t len,
                                   struct tl_rules **with);

// The rules as bytes, for `tl_rules_from_bytes` and the command line.
//
// # Safety
// `bytes` must be a place for a pointer.
tl_status tl_rules_to_bytes(const struct tl_rules *rules, struct tl_buffer **bytes);

// The same rules over a plant, by whose inventory, zones and conduits fields such as `source.asset.role`, `destination.zone` and
// `flow.allowed` are filled: paths, or YAML texts (of more than one line). Nothing is compiled again.
//
// # Safety
// `context` must point to `len` texts, and `in_context` be a place for a pointer.
tl_status tl_rules_in_context(const struct tl_rules *rules,
                              const struct tl_str *context,
                              size_t len,
                              struct tl_rules **in_context);

// Rules that `tl_rules_to_bytes` or the command line saved.
//
// # Safety
// `bytes` must point to bytes that are there, and `rules` be a place for a pointer.
tl_status tl_rules_from_bytes(struct tl_bytes bytes, struct tl_rules **rules);

// A scanner for rules. It keeps what it needs of them. `config` may be null; `threads` does not matter.
//
// # Safety
// `config` must be null or valid, and `scanner` a place for a pointer.
tl_status tl_scanner_new(const struct tl_rules *rules,
                         const struct tl_scan_config *config,
                         struct tl_scanner **scanner);

// Frees a scanner; null is allowed.
//
// # Safety
// Nobody may use its hits any more.
tl_status tl_scanner_free(struct tl_scanner *scanner);

// Scans one event, a JSON object. The hits live until the next call with this scanner; there are none when it fails.
// Events are numbered from 0, unreadable ones too.
//
// # Safety
// `event` must point to `event_len` bytes; `hits` and `hits_len` must be places for a pointer and a number.
tl_status tl_scan_json(struct tl_scanner *scanner,
                       const uint8_t *event,
                       size_t event_len,
                       const struct tl_hit **hits,
                       size_t *hits_len);

// The record of a hit of the latest event, as JSON, with evidence when that was asked for.
//
// # Safety
// `record` must be a place for a pointer.
tl_status tl_scanner_detection_json(struct tl_scanner *scanner, size_t index, struct tl_buffer **record);

// Scans a text with one JSON object a line. Events are numbered by their lines, from 0. An event that cannot be read is
// told by `tl_scan_faults` and ends nothing. `config` may be null. Free the scan with `tl_scan_free`.
//
// # Safety
// `text` must point to `text_len` bytes that nobody changes meanwhile, `config` must be null or valid, and `scan` a place
// for a pointer.
tl_status tl_scan_lines(const struct tl_rules *rules,
                        const uint8_t *text,
                        size_t text_len,
                        const struct tl_scan_config *config,
                        struct tl_scan **scan);

// Scans events that are JSON objects of their own. See `tl_scan_lines`.
//
// # Safety
// `events` must point to `events_len` events whose bytes nobody changes meanwhile, `config` must be null or valid, and
// `scan` a place for a pointer.
tl_status tl_scan_events(const struct tl_rules *rules,
                         const struct tl_bytes *events,
                         size_t events_len,
                         const struct tl_scan_config *config,
                         struct tl_scan **scan);

// How many events were looked at, unreadable ones among them.
//
// # Safety
// `len` must be a place for a number.
tl_status tl_scan_events_len(const struct tl_scan *scan, uint64_t *len);

// Rules that matched, in the order of the events. The hits live as long as the scan.
//
// # Safety
// `hits` and `hits_len` must be places for a pointer and a number.
tl_status tl_scan_hits(const struct tl_scan *scan, const struct tl_hit **hits, size_t *hits_len);

// Events that cannot be read. The faults live as long as the scan.
//
// # Safety
// `faults` and `faults_len` must be places for a pointer and a number.
tl_status tl_scan_faults(const struct tl_scan *scan, const struct tl_fault **faults, size_t *faults_len);

// The record of one hit, as JSON, with evidence when that was asked for.
//
// # Safety
// `record` must be a place for a pointer.
tl_status tl_scan_detection_json(const struct tl_scan *scan, size_t index, struct tl_buffer **record);

// All that a scan found, as JSON: `events`, `detections`, `faults`.
//
// # Safety
// `record` must be a place for a pointer.
tl_status tl_scan_to_json(const struct tl_scan *scan, struct tl_buffer **record);

// Frees a scan; null is allowed.
//
// # Safety
// Nobody may use its hits and faults any more.
tl_status tl_scan_free(struct tl_scan *scan);

// A stream without any state. It keeps what it needs of the rules. Both configs may be null; `threads` does not matter.
//
// # Safety
// The configs must be null or valid, and `stream` a place for a pointer.
tl_status tl_stream_new(const struct tl_rules *rules,
                        const struct tl_stream_config *config,
                        const struct tl_scan_config *asked,
                        struct tl_stream **stream);

// Pushes one event. `time_ns`, nanoseconds since 1970, is used in place of the time that it holds; null leaves that.
// Free what came of it with `tl_pushed_free`.
//
// # Safety
// `event` must point to `event_len` bytes, `time_ns` be null or a number, and `pushed` a place for a pointer.
tl_status tl_stream_push(const struct tl_stream *stream,
                         const uint8_t *event,
                         size_t event_len,
                         const int64_t *time_ns,
                         struct tl_pushed **pushed);

// Pushes a text with one JSON object a line. An event that cannot be read is told by `tl_pushed_faults`.
//
// # Safety
// `text` must point to `text_len` bytes, and `pushed` be a place for a pointer.
tl_status tl_stream_push_lines(const struct tl_stream *stream,
                               const uint8_t *text,
                               size_t text_len,
                               struct tl_pushed **pushed);

// Pushes events that are JSON objects of their own.
//
// # Safety
// `events` must point to `events_len` events, and `pushed` be a place for a pointer.
tl_status tl_stream_push_events(const struct tl_stream *stream,
                                const struct tl_bytes *events,
                                size_t events_len,
                                struct tl_pushed **pushed);

// Says that no event older than this, in nanoseconds since 1970, will come any more.
//
// # Safety
// `pushed` must be a place for a pointer.
tl_status tl_stream_advance(const struct tl_stream *stream, int64_t time_ns, struct tl_pushed **pushed);

// Says that no event will come any more: all windows close.
//
// # Safety
// `pushed` must be a place for a pointer.
tl_status tl_stream_flush(const struct tl_stream *stream, struct tl_pushed **pushed);

// What is older than `time_ns` is too late; `is_known` is 0 before the first event.
//
// # Safety
// Both must be places for numbers.
tl_status tl_stream_watermark(const struct tl_stream *stream, int64_t *time_ns, int32_t *is_known);

// What was counted so far, and what is held.
//
// # Safety
// `counts` must be a struct as large as its `struct_size` says.
tl_status tl_stream_stats(const struct tl_stream *stream, struct tl_stream_counts *counts);

// All state as bytes.
//
// # Safety
// `bytes` must be a place for a pointer.
tl_status tl_stream_snapshot(const struct tl_stream *stream, struct tl_buffer **bytes);

// Goes on with the state that a snapshot holds. Nothing changes when it is refused. `restored`, when not null, is what
// was kept and dropped, as JSON.
//
// # Safety
// `bytes` must point to bytes that are there, and `restored` be null or a place for a pointer.
tl_status tl_stream_restore(const struct tl_stream *stream, struct tl_bytes bytes, struct tl_buffer **restored);

// Goes on with other rules; correlations that are the same keep their windows.
//
// # Safety
// `restored` must be null or a place for a pointer.
tl_status tl_stream_reload(const struct tl_stream *stream, const struct tl_rules *rules, struct tl_buffer **restored);

// The rules of a stream, for the rules of its hits. Release them with `tl_rules_release`.
//
// # Safety
// `rules` must be a place for a pointer.
tl_status tl_stream_rules(const struct tl_stream *stream, struct tl_rules **rules);

// Gives up all state; every call on the stream after it but this one and `tl_stream_free` is `TL_CLOSED`.
//
// # Safety
// The stream must not be freed meanwhile.
tl_status tl_stream_close(const struct tl_stream *stream);

// Frees a stream; null is allowed.
//
// # Safety
// Nobody may use it any more.
tl_status tl_stream_free(struct tl_stream *stream);

// Rules that matched and alert by themselves. The hits live as long as what was pushed.
//
// # Safety
// `hits` and `hits_len` must be places for a pointer and a number.
tl_status tl_pushed_hits(const struct tl_pushed *pushed, const struct tl_hit **hits, size_t *hits_len);

// Events that cannot be read, or have no time where that is an error.
//
// # Safety
// `faults` and `faults_len` must be places for a pointer and a number.
tl_status tl_pushed_faults(const struct tl_pushed *pushed, const struct tl_fault **faults, size_t *faults_len);

// Events that correlations do not count because they are too late, or too far ahead.
//
// # Safety
// `events` and `events_len` must be places for a pointer and a number.
tl_status tl_pushed_not_counted(const struct tl_pushed *pushed,
                                const struct tl_not_counted **events,
                                size_t *events_len);

// How many events were pushed, and what correlations do not count.
//
// # Safety
// `counts` must be a struct as large as its `struct_size` says.
tl_status tl_pushed_summary(const struct tl_pushed *pushed, struct tl_pushed_counts *counts);

// All that came of events, as JSON: `events`, `detections`, `alerts`, `faults`, `not_counted`, `untimed`.
//
// # Safety
// `record` must be a place for a pointer.
tl_status tl_pushed_to_json(const struct tl_pushed *pushed, struct tl_buffer **record);

// Frees what came of events; null is allowed.
//
// # Safety
// Nobody may use its hits, alerts and faults any more.
tl_status tl_pushed_free(struct tl_pushed *pushed);

// A trust that has seen nothing yet. `config` names the plant. Without a lateness all waits until `tl_trust_finish`.
// What is broken is `TL_ARGUMENT`; `tl_last_error_diagnostics_json` says where. Free it with `tl_trust_free`.
//
// # Safety
// `config` must be null or valid, and `trust` a place for a pointer.
tl_status tl_trust_new(const struct tl_trust_config *config, struct tl_trust **trust);

// Takes in one event, a JSON object. Judgements name it by `at`; when that is not given, by its number, from 0.
//
// # Safety
// `event` must point to `len` bytes, and the text be there.
tl_status tl_trust_push(const struct tl_trust *trust, const uint8_t *event, size_t len, struct tl_str at);

// Takes in a text with one JSON object a line. Judgements name events as `name:line`, or by their numbers when no
// name is given. `taken` may be null, or becomes JSON: `events`, and `faults` for those that cannot be read, with
// `event_index`, `byte` and `message`.
//
// # Safety
// `text` must point to `len` bytes, the name be there, and `taken` be null or a place for a pointer.
tl_status tl_trust_push_lines(const struct tl_trust *trust,
                              const uint8_t *text,
                              size_t len,
                              struct tl_str name,
                              struct tl_buffer **taken);

// Takes in events that are JSON objects of their own. `taken` is as for `tl_trust_push_lines`.
//
// # Safety
// `events` must point to `len` events, and `taken` be null or a place for a pointer.
tl_status tl_trust_push_events(const struct tl_trust *trust,
                               const struct tl_bytes *events,
                               size_t len,
                               struct tl_buffer **taken);

// Judges all that has happened before a time, in nanoseconds since 1970.
//
// # Safety
// The handle must be one of this library.
tl_status tl_trust_advance(const struct tl_trust *trust, int64_t time_ns);

// Judges all that still waits.
//
// # Safety
// The handle must be one of this library.
tl_status tl_trust_finish(const struct tl_trust *trust);

// What was judged since this was asked last, in the order of time, as a JSON array: `time`, `at`, `operation`,
// `source`, `destination`, `missing`, `sessions` and so on. Nothing is missing of what is allowed and explained.
//
// # Safety
// `judgements` must be a place for a pointer.
tl_status tl_trust_take_json(const struct tl_trust *trust, struct tl_buffer **judgements);

// What was seen so far and what had to be given up, as a JSON object: `logons`, `operations`, `unexplained`, `late`,
// `early`, `sessions_given_up`.
//
// # Safety
// `stats` must be a place for a pointer.
tl_status tl_trust_stats_json(const struct tl_trust *trust, struct tl_buffer **stats);

// All state as bytes. Judgements that were not taken are not in it.
//
// # Safety
// `bytes` must be a place for a pointer.
tl_status tl_trust_snapshot(const struct tl_trust *trust, struct tl_buffer **bytes);

// Goes on with what a snapshot holds. `TL_STATE` when the bytes are none, are damaged, or come from another version;
// then nothing changes.
//
// # Safety
// `bytes` must point to bytes that are there.
tl_status tl_trust_restore(const struct tl_trust *trust, struct tl_bytes bytes);

// Goes on over another plant: paths, or texts of more than one line. Sessions and what waits stay.
//
// # Safety
// `context` must point to `len` texts.
tl_status tl_trust_reload(const struct tl_trust *trust, const struct tl_str *context, size_t len);

// Frees a trust; null is allowed.
//
// # Safety
// Nobody may use it any more.
tl_status tl_trust_free(struct tl_trust *trust);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* TIELINE_H */

/* Text that ends with a 0, as a tl_str. It must live as long as the tl_str is used. */
static inline tl_str tl_str_of(const char *text) {
    tl_str own;
    own.ptr = text;
    own.len = text ? strlen(text) : 0;
    return own;
}
