/* What all of the wrapper for C++17 needs: errors as exceptions, text, handles that free themselves, and options. tieline.hpp comes with it. */
#ifndef TIELINE_OPTIONS_HPP
#define TIELINE_OPTIONS_HPP

#include "tieline.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tieline {

inline std::string_view view(tl_str text) { return {text.ptr ? text.ptr : "", text.len}; }

/* Text as C takes it; it is never null, because "" is given and not left out. */
inline tl_str str(std::string_view text) { return {text.data() ? text.data() : "", text.size()}; }

inline const std::uint8_t *bytes_of(std::string_view text) {
    return reinterpret_cast<const std::uint8_t *>(text.data() ? text.data() : "");
}

inline std::string_view version() { return view(tl_version()); }

/* What every failed call throws. */
class Error : public std::runtime_error {
  public:
    Error(tl_status code, std::string_view message, std::string_view diagnostics, std::int64_t byte)
        : std::runtime_error(std::string(message)), code_(code), diagnostics_(diagnostics), byte_(byte) {}
    tl_status code() const noexcept { return code_; }
    std::string_view name() const noexcept { return view(tl_status_name(code_)); }
    /* A JSON array; "[]" for most errors. */
    const std::string &diagnostics_json() const noexcept { return diagnostics_; }
    /* The byte of the event where reading stopped; -1 when none is known. */
    std::int64_t byte() const noexcept { return byte_; }

  private:
    tl_status code_;
    std::string diagnostics_;
    std::int64_t byte_;
};

struct ArgumentError : Error { using Error::Error; };
struct RuleError : Error { using Error::Error; };
struct PipelineError : Error { using Error::Error; };
struct EventError : Error { using Error::Error; };
struct StateError : Error { using Error::Error; };
struct SavedError : Error { using Error::Error; };
struct LoadError : Error { using Error::Error; };
struct ClosedError : Error { using Error::Error; };
struct ForkedError : Error { using Error::Error; };
struct CancelledError : Error { using Error::Error; };
struct LimitError : Error { using Error::Error; };
struct InternalError : Error { using Error::Error; };

[[noreturn]] inline void raise(tl_status status) {
    auto message = view(tl_last_error());
    auto told = view(tl_last_error_diagnostics_json());
    auto byte = tl_last_error_byte();
    switch (status) {
    case TL_ARGUMENT: throw ArgumentError(status, message, told, byte);
    case TL_RULES: throw RuleError(status, message, told, byte);
    case TL_PIPELINE: throw PipelineError(status, message, told, byte);
    case TL_EVENT: throw EventError(status, message, told, byte);
    case TL_STATE: throw StateError(status, message, told, byte);
    case TL_SAVED: throw SavedError(status, message, told, byte);
    case TL_LOAD: throw LoadError(status, message, told, byte);
    case TL_CLOSED: throw ClosedError(status, message, told, byte);
    case TL_FORKED: throw ForkedError(status, message, told, byte);
    case TL_CANCELLED: throw CancelledError(status, message, told, byte);
    case TL_LIMIT: throw LimitError(status, message, told, byte);
    case TL_INTERNAL: throw InternalError(status, message, told, byte);
    default: throw Error(status, message, told, byte);
    }
}

inline void ensure(tl_status status) {
    if (status != TL_OK) raise(status);
}

/* Values that lie one behind the other and belong to something else. */
template <class T> class Range {
  public:
    Range(const T *first, std::size_t len) : first_(first), len_(len) {}
    const T *begin() const noexcept { return first_; }
    const T *end() const noexcept { return first_ + len_; }
    std::size_t size() const noexcept { return len_; }
    bool empty() const noexcept { return len_ == 0; }
    const T &operator[](std::size_t index) const { return first_[index]; }

  private:
    const T *first_;
    std::size_t len_;
};

/* A handle that is freed by its own function. */
template <class T, tl_status (*Free)(T *)> struct Deleter {
    void operator()(T *handle) const noexcept { Free(handle); }
};
template <class T, tl_status (*Free)(T *)> using Handle = std::unique_ptr<T, Deleter<T, Free>>;

/* Text that may be left out. */
inline tl_str text_of(std::optional<std::string_view> text) { return text ? str(*text) : tl_str{}; }

/* Bytes that the library made. */
class Buffer {
  public:
    explicit Buffer(tl_buffer *own) : own_(own) {}
    tl_bytes bytes() const { return tl_buffer_bytes(own_.get()); }
    std::string_view view() const {
        auto own = bytes();
        return {reinterpret_cast<const char *>(own.ptr), own.len};
    }
    std::string str() const { return std::string(view()); }

  private:
    Handle<tl_buffer, tl_buffer_free> own_;
};

/* Calls a function whose last argument is a buffer. */
template <class F> Buffer buffer(F call) {
    tl_buffer *own = nullptr;
    ensure(call(&own));
    return Buffer(own);
}

struct CompileOptions {
    std::string options_json;
    std::vector<std::string> pipelines;
    std::optional<std::string> source, timezone, time_unit;
    std::map<std::string, std::vector<std::string>> placeholders;
    std::vector<std::string> time_fields, context, allow;
    std::optional<bool> strict;
    std::vector<std::string> taxonomy;
};

struct NormaliserOptions {
    std::string options_json;
    std::vector<std::string> taxonomy, context;
};

struct TrustOptions {
    std::string options_json;
    std::vector<std::string> taxonomy, context;
    std::optional<std::string> lateness;
};

struct IncidentOptions {
    std::string options_json;
    std::vector<std::string> taxonomy, context;
    std::optional<std::string> lateness, quiet, level;
    std::uint64_t findings_max = 0, contacts_max = 0;
    std::uint32_t hub_peers = 0;
};

struct ScanOptions {
    std::string options_json;
    std::optional<unsigned> threads; /* 0 is one for each core */
    std::optional<std::string> level, category, product, service;
    std::vector<std::string> tags, rules;
    bool evidence = false;
};

struct StreamOptions {
    std::string options_json;
    std::optional<std::string> lateness, clock_jump, missing_time, missing_group, alerts;
    std::uint64_t state_memory = 0, groups_max = 0;
};

struct FileOptions {
    std::string options_json;
    std::optional<std::string> format, follow_idle, state;
    bool event = false, follow = false;
};

/* Options as C takes them; they live as long as this. */
class Configs {
  public:
    tl_compile_config of(const CompileOptions &own) {
        auto config = begin<tl_compile_config>(own.options_json);
        list(own.pipelines, config.pipelines, config.pipelines_len);
        config.source = text(own.source);
        auto &given = placeholders_;
        for (auto &[name, values] : own.placeholders) {
            tl_placeholder placeholder{};
            placeholder.name = str(name);
            list(values, placeholder.values, placeholder.values_len);
            given.push_back(placeholder);
        }
        config.placeholders = given.data();
        config.placeholders_len = given.size();
        config.timezone = text(own.timezone);
        config.time_unit = text(own.time_unit);
        list(own.time_fields, config.time_fields, config.time_fields_len);
        list(own.context, config.context, config.context_len);
        list(own.allow, config.allow, config.allow_len);
        config.strict = own.strict ? (*own.strict ? TL_YES : TL_NO) : TL_DEFAULT;
        list(own.taxonomy, config.taxonomy, config.taxonomy_len);
        return config;
    }

    tl_normaliser_config of(const NormaliserOptions &own) {
        auto config = begin<tl_normaliser_config>(own.options_json);
        list(own.taxonomy, config.taxonomy, config.taxonomy_len);
        list(own.context, config.context, config.context_len);
        return config;
    }

    tl_trust_config of(const TrustOptions &own) {
        auto config = begin<tl_trust_config>(own.options_json);
        list(own.taxonomy, config.taxonomy, config.taxonomy_len);
        list(own.context, config.context, config.context_len);
        config.lateness = text(own.lateness);
        return config;
    }

    tl_incidents_config of(const IncidentOptions &own) {
        auto config = begin<tl_incidents_config>(own.options_json);
        list(own.taxonomy, config.taxonomy, config.taxonomy_len);
        list(own.context, config.context, config.context_len);
        config.lateness = text(own.lateness);
        config.quiet = text(own.quiet);
        config.level = text(own.level);
        config.findings_max = own.findings_max;
        config.contacts_max = own.contacts_max;
        config.hub_peers = own.hub_peers;
        return config;
    }

    tl_scan_config of(const ScanOptions &own) {
        auto config = begin<tl_scan_config>(own.options_json);
        if (own.threads) config.threads = *own.threads == 0 ? TL_ALL_CORES : *own.threads;
        config.evidence = own.evidence ? TL_YES : TL_DEFAULT;
        config.level = text(own.level);
        list(own.tags, config.tags, config.tags_len);
        list(own.rules, config.rules, config.rules_len);
        config.category = text(own.category);
        config.product = text(own.product);
        config.service = text(own.service);
        return config;
    }

    tl_stream_config of(const StreamOptions &own) {
        auto config = begin<tl_stream_config>(own.options_json);
        config.lateness = text(own.lateness);
        config.clock_jump = text(own.clock_jump);
        config.missing_time = text(own.missing_time);
        config.missing_group = text(own.missing_group);
        config.alerts = text(own.alerts);
        config.state_memory = own.state_memory;
        config.groups_max = own.groups_max;
        return config;
    }

    tl_file_config of(const FileOptions &own) {
        auto config = begin<tl_file_config>(own.options_json);
        config.format = text(own.format);
        config.event = own.event ? TL_YES : TL_DEFAULT;
        config.follow = own.follow ? TL_YES : TL_DEFAULT;
        config.follow_idle = text(own.follow_idle);
        config.state = text(own.state);
        return config;
    }

  private:
    template <class T> static T begin(const std::string &json) {
        T config{};
        config.struct_size = sizeof config;
        config.options_json = str(json);
        return config;
    }
    static tl_str text(const std::optional<std::string> &own) { return own ? str(*own) : tl_str{}; }
    void list(const std::vector<std::string> &own, const tl_str *&first, std::size_t &len) {
        auto all = std::make_unique<std::vector<tl_str>>();
        for (auto &text : own) all->push_back(str(text));
        first = all->data();
        len = all->size();
        lists_.push_back(std::move(all));
    }
    std::vector<std::unique_ptr<std::vector<tl_str>>> lists_;
    std::vector<tl_placeholder> placeholders_;
};

} // namespace tieline

#endif
