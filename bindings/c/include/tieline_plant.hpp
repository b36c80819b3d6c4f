/* Tieline for C++17, what is about plants: operations, assets, who changes controllers, and incidents.
 *
 *   Normaliser::records_json(event)
 *   Discovery::assets_json, Trust::take_json, Learner::proposal
 *   Rules ─▶ Incidents::push, add ─▶ json, take_changes_json
 *
 * It comes with tieline.hpp, and adds nothing to what tieline.h does. Answers are JSON and YAML. */
#ifndef TIELINE_PLANT_HPP
#define TIELINE_PLANT_HPP

#include "tieline.hpp"

namespace tieline {

/* Reads the OT operations that events tell of, as rules see them in the fields ot.*; all threads may share it. */
class Normaliser {
  public:
    explicit Normaliser(const NormaliserOptions &options = {}) {
        Configs configs;
        auto config = configs.of(options);
        tl_normaliser *own = nullptr;
        ensure(tl_normaliser_new(&config, &own));
        own_.reset(own);
    }
    /* A JSON array with an object for each operation. */
    Buffer records_json(std::string_view event) const {
        return buffer([&](tl_buffer **out) {
            return tl_normaliser_records_json(own_.get(), bytes_of(event), event.size(), out);
        });
    }

  private:
    Handle<tl_normaliser, tl_normaliser_free> own_;
};

/* Learns from events which assets there are, without asking any device; all threads may share it. */
class Discovery {
  public:
    explicit Discovery(const NormaliserOptions &options = {}) {
        Configs configs;
        auto config = configs.of(options);
        tl_discovery *own = nullptr;
        ensure(tl_discovery_new(&config, &own));
        own_.reset(own);
    }
    void push(std::string_view event) const {
        ensure(tl_discovery_push(own_.get(), bytes_of(event), event.size()));
    }
    /* JSON: events, faults. */
    Buffer push_lines(std::string_view text) const {
        return buffer([&](tl_buffer **out) {
            return tl_discovery_push_lines(own_.get(), bytes_of(text), text.size(), out);
        });
    }
    Buffer push_events(const std::vector<std::string_view> &events) const {
        auto own = events_of(events);
        return buffer([&](tl_buffer **out) { return tl_discovery_push_events(own_.get(), own.data(), own.size(), out); });
    }
    Buffer assets_json() const {
        return buffer([&](tl_buffer **out) { return tl_discovery_assets_json(own_.get(), out); });
    }
    /* Differences from an inventory, or from the plant of the options. */
    Buffer compare_json(const std::vector<std::string> &context = {}) const {
        auto own = strs_of(context);
        return buffer([&](tl_buffer **out) {
            return tl_discovery_compare_json(own_.get(), own.data(), own.size(), out);
        });
    }
    /* yaml, csv, netbox or cyclonedx. */
    Buffer inventory(std::string_view form = "yaml") const {
        return buffer([&](tl_buffer **out) { return tl_discovery_inventory(own_.get(), str(form), out); });
    }
    Buffer stats_json() const {
        return buffer([&](tl_buffer **out) { return tl_discovery_stats_json(own_.get(), out); });
    }
    Buffer snapshot() const {
        return buffer([&](tl_buffer **out) { return tl_discovery_snapshot(own_.get(), out); });
    }
    void restore(std::string_view bytes) const { ensure(tl_discovery_restore(own_.get(), {bytes_of(bytes), bytes.size()})); }
    /* Goes on over another plant, or none. */
    void reload(const std::vector<std::string> &context = {}) const {
        auto own = strs_of(context);
        ensure(tl_discovery_reload(own_.get(), own.data(), own.size()));
    }

  private:
    Handle<tl_discovery, tl_discovery_free> own_;
};

/* Judges operations that change controllers by the policy of a plant and by who is logged on; all threads may share it. */
class Trust {
  public:
    explicit Trust(const TrustOptions &options) {
        Configs configs;
        auto config = configs.of(options);
        tl_trust *own = nullptr;
        ensure(tl_trust_new(&config, &own));
        own_.reset(own);
    }
    void push(std::string_view event, std::optional<std::string_view> at = {}) const {
        ensure(tl_trust_push(own_.get(), bytes_of(event), event.size(), text_of(at)));
    }
    /* JSON: events, faults. */
    Buffer push_lines(std::string_view text, std::optional<std::string_view> name = {}) const {
        return buffer([&](tl_buffer **out) {
            return tl_trust_push_lines(own_.get(), bytes_of(text), text.size(), text_of(name), out);
        });
    }
    Buffer push_events(const std::vector<std::string_view> &events) const {
        auto own = events_of(events);
        return buffer([&](tl_buffer **out) { return tl_trust_push_events(own_.get(), own.data(), own.size(), out); });
    }
    void advance(std::int64_t time_ns) const { ensure(tl_trust_advance(own_.get(), time_ns)); }
    void finish() const { ensure(tl_trust_finish(own_.get())); }
    /* What was judged since this was asked last. */
    Buffer take_json() const {
        return buffer([&](tl_buffer **out) { return tl_trust_take_json(own_.get(), out); });
    }
    Buffer stats_json() const {
        return buffer([&](tl_buffer **out) { return tl_trust_stats_json(own_.get(), out); });
    }
    Buffer snapshot() const {
        return buffer([&](tl_buffer **out) { return tl_trust_snapshot(own_.get(), out); });
    }
    void restore(std::string_view bytes) const { ensure(tl_trust_restore(own_.get(), {bytes_of(bytes), bytes.size()})); }
    /* Goes on over another plant. */
    void reload(const std::vector<std::string> &context) const {
        auto own = strs_of(context);
        ensure(tl_trust_reload(own_.get(), own.data(), own.size()));
    }

  private:
    Handle<tl_trust, tl_trust_free> own_;
};

/* Learns what passes between the zones of a plant, and proposes conduits; all threads may share it. */
class Learner {
  public:
    explicit Learner(const NormaliserOptions &options = {}) {
        Configs configs;
        auto config = configs.of(options);
        tl_learner *own = nullptr;
        ensure(tl_learner_new(&config, &own));
        own_.reset(own);
    }
    void push(std::string_view event) const {
        ensure(tl_learner_push(own_.get(), bytes_of(event), event.size()));
    }
    /* JSON: events, faults. */
    Buffer push_lines(std::string_view text) const {
        return buffer([&](tl_buffer **out) {
            return tl_learner_push_lines(own_.get(), bytes_of(text), text.size(), out);
        });
    }
    Buffer push_events(const std::vector<std::string_view> &events) const {
        auto own = events_of(events);
        return buffer([&](tl_buffer **out) { return tl_learner_push_events(own_.get(), own.data(), own.size(), out); });
    }
    /* Zones and conduits as YAML. */
    Buffer proposal() const {
        return buffer([&](tl_buffer **out) { return tl_learner_proposal(own_.get(), out); });
    }
    std::uint64_t given_up() const {
        std::uint64_t flows = 0;
        ensure(tl_learner_given_up(own_.get(), &flows));
        return flows;
    }

  private:
    Handle<tl_learner, tl_learner_free> own_;
};

/* Joins findings that are likely one attack, and traces where they came from and how far they got; all threads may share it. */
class Incidents {
  public:
    explicit Incidents(const Rules &rules, const IncidentOptions &options = {}) {
        Configs configs;
        auto config = configs.of(options);
        tl_incidents *own = nullptr;
        ensure(tl_incidents_new(rules.get(), &config, &own));
        own_.reset(own);
    }
    void push(std::string_view event, std::optional<std::string_view> at = {}) const {
        ensure(tl_incidents_push(own_.get(), bytes_of(event), event.size(), text_of(at)));
    }
    /* JSON: events, faults. */
    Buffer push_lines(std::string_view text, std::optional<std::string_view> name = {}) const {
        return buffer([&](tl_buffer **out) {
            return tl_incidents_push_lines(own_.get(), bytes_of(text), text.size(), text_of(name), out);
        });
    }
    Buffer push_events(const std::vector<std::string_view> &events) const {
        auto own = events_of(events);
        return buffer([&](tl_buffer **out) { return tl_incidents_push_events(own_.get(), own.data(), own.size(), out); });
    }
    /* A finding that was made elsewhere, as JSON. */
    void add(std::string_view finding) const {
        ensure(tl_incidents_add(own_.get(), bytes_of(finding), finding.size()));
    }
    void advance(std::int64_t time_ns) const { ensure(tl_incidents_advance(own_.get(), time_ns)); }
    void finish() const { ensure(tl_incidents_finish(own_.get())); }
    /* All incidents so far, the highest score first. */
    Buffer json() const {
        return buffer([&](tl_buffer **out) { return tl_incidents_to_json(own_.get(), out); });
    }
    /* In a form for other programs, such as ocsf, stix or graphml: all, or the one of an id. */
    Buffer export_as(std::string_view form, std::optional<std::string_view> id = {}) const {
        return buffer([&](tl_buffer **out) { return tl_incidents_export(own_.get(), str(form), text_of(id), out); });
    }
    /* What became of incidents since this was asked last. */
    Buffer take_changes_json() const {
        return buffer([&](tl_buffer **out) { return tl_incidents_take_changes_json(own_.get(), out); });
    }
    Buffer stats_json() const {
        return buffer([&](tl_buffer **out) { return tl_incidents_stats_json(own_.get(), out); });
    }
    /* How far clocks of sources seem to be apart; it is only told. */
    Buffer skews_json() const {
        return buffer([&](tl_buffer **out) { return tl_incidents_skews_json(own_.get(), out); });
    }
    Buffer snapshot() const {
        return buffer([&](tl_buffer **out) { return tl_incidents_snapshot(own_.get(), out); });
    }
    /* JSON: kept, dropped. */
    Buffer restore(std::string_view bytes) const {
        return buffer([&](tl_buffer **out) {
            return tl_incidents_restore(own_.get(), {bytes_of(bytes), bytes.size()}, out);
        });
    }
    /* Goes on with other rules, and over another plant: that of the rules when none is given. */
    Buffer reload(const Rules &rules, const std::vector<std::string> &context = {}) const {
        auto own = strs_of(context);
        return buffer([&](tl_buffer **out) {
            return tl_incidents_reload(own_.get(), rules.get(), own.data(), own.size(), out);
        });
    }

  private:
    Handle<tl_incidents, tl_incidents_free> own_;
};

/* Makes a report of events: assets, exposures, incidents, rules, blind spots, requirements met and not. */
class Report {
  public:
    explicit Report(const Rules &rules, const IncidentOptions &options = {}) {
        Configs configs;
        auto config = configs.of(options);
        tl_report *own = nullptr;
        ensure(tl_report_new(rules.get(), &config, &own));
        own_.reset(own);
    }
    void push(std::string_view event, std::optional<std::string_view> at = {}) const {
        ensure(tl_report_push(own_.get(), bytes_of(event), event.size(), text_of(at)));
    }
    /* JSON: events, faults. */
    Buffer push_lines(std::string_view text, std::optional<std::string_view> name = {}) const {
        return buffer([&](tl_buffer **out) {
            return tl_report_push_lines(own_.get(), bytes_of(text), text.size(), text_of(name), out);
        });
    }
    Buffer push_events(const std::vector<std::string_view> &events) const {
        auto own = events_of(events);
        return buffer([&](tl_buffer **out) { return tl_report_push_events(own_.get(), own.data(), own.size(), out); });
    }
    /* Makes the document, maybe since that of the last report. */
    void finish(std::string_view since = {}) const {
        ensure(tl_report_finish(own_.get(), {bytes_of(since), since.size()}));
    }
    Buffer json() const {
        return buffer([&](tl_buffer **out) { return tl_report_to_json(own_.get(), out); });
    }
    Buffer markdown() const {
        return buffer([&](tl_buffer **out) { return tl_report_to_markdown(own_.get(), out); });
    }
    /* One HTML file with everything in it. */
    Buffer html() const {
        return buffer([&](tl_buffer **out) { return tl_report_to_html(own_.get(), out); });
    }

  private:
    Handle<tl_report, tl_report_free> own_;
};

} // namespace tieline

#endif
