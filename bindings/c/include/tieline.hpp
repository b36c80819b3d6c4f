/* Tieline for C++17: handles that free themselves, errors as exceptions, text as std::string_view.
 *
 *   Rules ─▶ Scanner::scan(event) ─▶ Hits, borrowed until the next event
 *     ├────▶ scan_lines, scan_events, scan_arrow ─▶ Scan: for (auto hit : scan)
 *     ├────▶ Stream::push, … ─▶ Pushed: hits, alerts
 *     └────▶ Files::next
 *
 * Two more come with it: tieline_options.hpp has errors and options, tieline_plant.hpp what is about plants: Normaliser,
 * Discovery, Trust, Learner, Incidents, Report.
 * Nothing is copied but options. It adds nothing to what tieline.h does. Objects move and are not copied;
 * Rules::share gives one more holder of the same rules. */
#ifndef TIELINE_HPP
#define TIELINE_HPP

#include "tieline_options.hpp"

namespace tieline {

/* What a rule says of itself; texts live as long as the rules. */
class Rule : public tl_rule {
  public:
    Rule() : tl_rule{} { struct_size = sizeof(tl_rule); }
    std::string_view id() const { return view(tl_rule::id); }
    std::string_view title() const { return view(tl_rule::title); }
    std::string_view name() const { return view(tl_rule::name); }
    int level() const { return tl_rule::level; }
    std::vector<std::string_view> tags() const {
        std::vector<std::string_view> all;
        for (auto tag : Range<tl_str>(tl_rule::tags, tags_len)) all.push_back(view(tag));
        return all;
    }
};

/* A correlation that holds for a group; it lives as long as what was pushed. */
class Alert : public tl_alert {
  public:
    Alert() : tl_alert{} { struct_size = sizeof(tl_alert); }
    std::string_view id() const { return view(rule_id); }
    std::string_view title() const { return view(rule_title); }
    Range<tl_group_value> group() const { return {tl_alert::group, group_len}; }
    Range<std::uint64_t> events() const { return {tl_alert::events, events_len}; }
};

/* A table for whoever reads Arrow, such as arrow::ImportRecordBatchReader(table.get()). What nobody took over is released. */
class ArrowTable {
  public:
    ArrowTable() = default;
    ArrowTable(ArrowTable &&other) noexcept : own_(std::exchange(other.own_, ArrowArrayStream{})) {}
    ArrowTable &operator=(ArrowTable &&other) noexcept {
        std::swap(own_, other.own_);
        return *this;
    }
    ~ArrowTable() {
        if (own_.release) own_.release(&own_);
    }
    ArrowArrayStream *get() noexcept { return &own_; }

  private:
    ArrowArrayStream own_{};
};

/* Many events' hits and faults. */
class Scan {
  public:
    explicit Scan(tl_scan *own) : own_(own) {}
    const tl_scan *get() const noexcept { return own_.get(); }
    std::uint64_t events() const {
        std::uint64_t len = 0;
        ensure(tl_scan_events_len(get(), &len));
        return len;
    }
    Range<tl_hit> hits() const {
        const tl_hit *first = nullptr;
        std::size_t len = 0;
        ensure(tl_scan_hits(get(), &first, &len));
        return {first, len};
    }
    Range<tl_fault> faults() const {
        const tl_fault *first = nullptr;
        std::size_t len = 0;
        ensure(tl_scan_faults(get(), &first, &len));
        return {first, len};
    }
    const tl_hit *begin() const { return hits().begin(); }
    const tl_hit *end() const { return hits().end(); }
    std::size_t size() const { return hits().size(); }
    Buffer detection_json(std::size_t index) const {
        return buffer([&](tl_buffer **out) { return tl_scan_detection_json(get(), index, out); });
    }
    Buffer json() const {
        return buffer([&](tl_buffer **out) { return tl_scan_to_json(get(), out); });
    }
    ArrowTable to_arrow() const {
        ArrowTable table;
        ensure(tl_scan_results_arrow(get(), table.get()));
        return table;
    }

  private:
    Handle<tl_scan, tl_scan_free> own_;
};

struct Text {
    std::string_view name, yaml;
};

inline std::vector<tl_text> texts_of(const std::vector<Text> &texts) {
    std::vector<tl_text> own;
    for (auto &text : texts) own.push_back({str(text.name), str(text.yaml)});
    return own;
}

inline std::vector<tl_str> strs_of(const std::vector<std::string> &texts) {
    std::vector<tl_str> own;
    for (auto &text : texts) own.push_back(str(text));
    return own;
}

inline std::vector<tl_bytes> events_of(const std::vector<std::string_view> &events) {
    std::vector<tl_bytes> own;
    for (auto event : events) own.push_back({bytes_of(event), event.size()});
    return own;
}

/* Compiled rules; all threads may use them at the same time. */
class Rules {
  public:
    explicit Rules(tl_rules *own) : own_(own) {}

    static Rules compile(const std::vector<Text> &texts, const CompileOptions &options = {}) {
        Configs configs;
        auto config = configs.of(options);
        auto own = texts_of(texts);
        return made([&](tl_rules **out) { return tl_compile(own.data(), own.size(), &config, out); });
    }
    static Rules load(const std::vector<std::string> &paths, const CompileOptions &options = {}) {
        Configs configs;
        auto config = configs.of(options);
        auto own = strs_of(paths);
        return made([&](tl_rules **out) { return tl_load(own.data(), own.size(), &config, out); });
    }
    static Buffer check(const std::vector<Text> &texts, const CompileOptions &options = {}) {
        Configs configs;
        auto config = configs.of(options);
        auto own = texts_of(texts);
        return buffer([&](tl_buffer **out) { return tl_check(own.data(), own.size(), &config, out); });
    }
    static Rules from_bytes(std::string_view bytes) {
        return made([&](tl_rules **out) { return tl_rules_from_bytes({bytes_of(bytes), bytes.size()}, out); });
    }
    /* The same rules with other indicators: paths of lists, or lists as text. Streams go on with them by reload(). */
    Rules with_indicators(const std::vector<std::string> &lists) const {
        auto own = strs_of(lists);
        return made([&](tl_rules **out) { return tl_rules_with_indicators(own_.get(), own.data(), own.size(), out); });
    }
    Rules share() const {
        ensure(tl_rules_retain(own_.get()));
        return Rules(own_.get());
    }
    const tl_rules *get() const noexcept { return own_.get(); }
    std::size_t size() const {
        std::size_t len = 0;
        ensure(tl_rules_len(get(), &len));
        return len;
    }
    std::size_t correlations() const {
        std::size_t len = 0;
        ensure(tl_rules_correlations_len(get(), &len));
        return len;
    }
    Rule rule(std::size_t index) const {
        Rule rule;
        ensure(tl_rules_rule(get(), index, &rule));
        return rule;
    }
    Rule correlation(std::size_t index) const {
        Rule rule;
        ensure(tl_rules_correlation(get(), index, &rule));
        return rule;
    }
    Rule rule(const tl_hit &hit) const {
        Rule rule;
        ensure(tl_hit_rule(get(), &hit, &rule));
        return rule;
    }
    Buffer diagnostics_json() const { return json(tl_rules_diagnostics_json); }
    Buffer report_json() const { return json(tl_rules_report_json); }
    Buffer fields_json() const { return json(tl_rules_fields_json); }
    Buffer test_json() const { return json(tl_rules_test_json); }
    /* The same rules over a plant: paths, or YAML texts of more than one line. */
    Rules in_context(const std::vector<std::string> &context) const {
        auto own = strs_of(context);
        return made([&](tl_rules **out) { return tl_rules_in_context(get(), own.data(), own.size(), out); });
    }
    Buffer to_bytes() const { return json(tl_rules_to_bytes); }
    Buffer explain_json(std::string_view rule, std::string_view event) const {
        return buffer([&](tl_buffer **out) {
            return tl_rules_explain_json(get(), str(rule), bytes_of(event), event.size(), out);
        });
    }
    Scan scan_lines(std::string_view text, const ScanOptions &options = {}) const {
        Configs configs;
        auto config = configs.of(options);
        tl_scan *scan = nullptr;
        ensure(tl_scan_lines(get(), bytes_of(text), text.size(), &config, &scan));
        return Scan(scan);
    }
    Scan scan_events(const std::vector<std::string_view> &events, const ScanOptions &options = {}) const {
        Configs configs;
        auto config = configs.of(options);
        auto own = events_of(events);
        tl_scan *scan = nullptr;
        ensure(tl_scan_events(get(), own.data(), own.size(), &config, &scan));
        return Scan(scan);
    }
    /* Takes the batches over: they are released in the end, also when this throws. */
    Scan scan_arrow(ArrowArrayStream *batches, const ScanOptions &options = {}) const {
        Configs configs;
        auto config = configs.of(options);
        tl_scan *scan = nullptr;
        ensure(tl_scan_arrow(get(), batches, &config, &scan));
        return Scan(scan);
    }
    Scan scan_arrow(ArrowArray *array, ArrowSchema *schema, const ScanOptions &options = {}) const {
        Configs configs;
        auto config = configs.of(options);
        tl_scan *scan = nullptr;
        ensure(tl_scan_arrow_batch(get(), array, schema, &config, &scan));
        return Scan(scan);
    }

  private:
    template <class F> static Rules made(F call) {
        tl_rules *own = nullptr;
        ensure(call(&own));
        return Rules(own);
    }
    Buffer json(tl_status (*call)(const tl_rules *, tl_buffer **)) const {
        return buffer([&](tl_buffer **out) { return call(get(), out); });
    }
    Handle<tl_rules, tl_rules_release> own_;
};

/* Scans one event after the other, for one thread. */
class Scanner {
  public:
    explicit Scanner(const Rules &rules, const ScanOptions &options = {}) {
        Configs configs;
        auto config = configs.of(options);
        tl_scanner *own = nullptr;
        ensure(tl_scanner_new(rules.get(), &config, &own));
        own_.reset(own);
    }
    /* The hits live until the next event. */
    Range<tl_hit> scan(std::string_view event) {
        const tl_hit *first = nullptr;
        std::size_t len = 0;
        ensure(tl_scan_json(own_.get(), bytes_of(event), event.size(), &first, &len));
        return {first, len};
    }
    Buffer detection_json(std::size_t index) {
        return buffer([&](tl_buffer **out) { return tl_scanner_detection_json(own_.get(), index, out); });
    }

  private:
    Handle<tl_scanner, tl_scanner_free> own_;
};

/* What came of events that were pushed. It must have a name while its hits and alerts are used. */
class Pushed {
  public:
    explicit Pushed(tl_pushed *own) : own_(own) {}
    const tl_pushed *get() const noexcept { return own_.get(); }
    Range<tl_hit> hits() const && = delete;
    Range<tl_hit> hits() const & {
        const tl_hit *first = nullptr;
        std::size_t len = 0;
        ensure(tl_pushed_hits(get(), &first, &len));
        return {first, len};
    }
    Range<tl_fault> faults() const && = delete;
    Range<tl_fault> faults() const & {
        const tl_fault *first = nullptr;
        std::size_t len = 0;
        ensure(tl_pushed_faults(get(), &first, &len));
        return {first, len};
    }
    Range<tl_not_counted> not_counted() const && = delete;
    Range<tl_not_counted> not_counted() const & {
        const tl_not_counted *first = nullptr;
        std::size_t len = 0;
        ensure(tl_pushed_not_counted(get(), &first, &len));
        return {first, len};
    }
    std::vector<Alert> alerts() const && = delete;
    std::vector<Alert> alerts() const & {
        std::size_t len = 0;
        ensure(tl_pushed_alerts_len(get(), &len));
        std::vector<Alert> all(len);
        for (std::size_t at = 0; at < len; at++) ensure(tl_pushed_alert(get(), at, &all[at]));
        return all;
    }
    tl_pushed_counts counts() const {
        tl_pushed_counts own{};
        own.struct_size = sizeof own;
        ensure(tl_pushed_summary(get(), &own));
        return own;
    }
    Buffer json() const {
        return buffer([&](tl_buffer **out) { return tl_pushed_to_json(get(), out); });
    }

  private:
    Handle<tl_pushed, tl_pushed_free> own_;
};

/* Correlates events over time; threads may share it. */
class Stream {
  public:
    explicit Stream(const Rules &rules, const StreamOptions &options = {}, const ScanOptions &asked = {}) {
        Configs configs;
        auto config = configs.of(options);
        auto scan = configs.of(asked);
        tl_stream *own = nullptr;
        ensure(tl_stream_new(rules.get(), &config, &scan, &own));
        own_.reset(own);
    }
    Pushed push(std::string_view event, std::optional<std::int64_t> time_ns = {}) const {
        return pushed([&](tl_pushed **out) {
            return tl_stream_push(get(), bytes_of(event), event.size(), time_ns ? &*time_ns : nullptr, out);
        });
    }
    Pushed push_lines(std::string_view text) const {
        return pushed([&](tl_pushed **out) { return tl_stream_push_lines(get(), bytes_of(text), text.size(), out); });
    }
    Pushed push_events(const std::vector<std::string_view> &events) const {
        auto own = events_of(events);
        return pushed([&](tl_pushed **out) { return tl_stream_push_events(get(), own.data(), own.size(), out); });
    }
    Pushed push_arrow(ArrowArrayStream *batches) const {
        return pushed([&](tl_pushed **out) { return tl_stream_push_arrow(get(), batches, out); });
    }
    Pushed push_arrow(ArrowArray *array, ArrowSchema *schema) const {
        return pushed([&](tl_pushed **out) { return tl_stream_push_arrow_batch(get(), array, schema, out); });
    }
    Pushed advance(std::int64_t time_ns) const {
        return pushed([&](tl_pushed **out) { return tl_stream_advance(get(), time_ns, out); });
    }
    Pushed flush() const {
        return pushed([&](tl_pushed **out) { return tl_stream_flush(get(), out); });
    }
    std::optional<std::int64_t> watermark() const {
        std::int64_t time_ns = 0;
        std::int32_t is_known = 0;
        ensure(tl_stream_watermark(get(), &time_ns, &is_known));
        return is_known ? std::optional(time_ns) : std::nullopt;
    }
    tl_stream_counts stats() const {
        tl_stream_counts own{};
        own.struct_size = sizeof own;
        ensure(tl_stream_stats(get(), &own));
        return own;
    }
    Buffer snapshot() const {
        return buffer([&](tl_buffer **out) { return tl_stream_snapshot(get(), out); });
    }
    Buffer restore(std::string_view bytes) const {
        return buffer([&](tl_buffer **out) { return tl_stream_restore(get(), {bytes_of(bytes), bytes.size()}, out); });
    }
    Buffer reload(const Rules &rules) const {
        return buffer([&](tl_buffer **out) { return tl_stream_reload(get(), rules.get(), out); });
    }
    Rules rules() const {
        tl_rules *own = nullptr;
        ensure(tl_stream_rules(get(), &own));
        return Rules(own);
    }
    void close() const { ensure(tl_stream_close(get())); }
    const tl_stream *get() const noexcept { return own_.get(); }

  private:
    template <class F> static Pushed pushed(F call) {
        tl_pushed *own = nullptr;
        ensure(call(&own));
        return Pushed(own);
    }
    Handle<tl_stream, tl_stream_free> own_;
};

/* A scan of files that goes on while its findings are taken. */
class Files {
  public:
    struct Told : tl_told {
        Told() : tl_told{} { struct_size = sizeof(tl_told); }
        std::string_view json() const { return view(tl_told::json); }
    };
    Files(const Rules &rules, const std::vector<std::string> &paths, const FileOptions &options = {},
          const ScanOptions &asked = {}, const StreamOptions &over_time = {}) {
        Configs configs;
        auto config = configs.of(options);
        auto scan = configs.of(asked);
        auto stream = configs.of(over_time);
        auto own_paths = strs_of(paths);
        tl_files *own = nullptr;
        ensure(tl_scan_files(rules.get(), own_paths.data(), own_paths.size(), &config, &scan, &stream, &own));
        own_.reset(own);
    }
    /* What comes next; its JSON lives until the next call. */
    Told next(std::chrono::milliseconds patience = std::chrono::milliseconds(-1)) const {
        Told told;
        ensure(tl_files_next(own_.get(), patience.count(), &told));
        return told;
    }
    void stop() const { ensure(tl_files_stop(own_.get())); }
    tl_totals totals() const {
        tl_totals own{};
        own.struct_size = sizeof own;
        ensure(tl_files_totals(own_.get(), &own));
        return own;
    }

  private:
    Handle<tl_files, tl_files_free> own_;
};

} // namespace tieline

#include "tieline_plant.hpp"

#endif
