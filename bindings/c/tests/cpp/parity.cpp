/* Makes the calls of `bindings/parity` through tieline.hpp and compares the answers exactly. */
#include "tieline.hpp"

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

using nlohmann::json;
using namespace tieline;

/* Options go in as fields where fields can say them, and as JSON else. */
static std::optional<std::string> text_of(json &from, const char *name) {
    auto at = from.find(name);
    if (at == from.end() || !at->is_string()) return {};
    auto text = at->get<std::string>();
    from.erase(at);
    return text;
}

static void list_of(json &from, const char *name, std::vector<std::string> &into) {
    auto at = from.find(name);
    if (at == from.end() || !at->is_array() || at->empty()) return;
    for (auto &one : *at)
        if (!one.is_string()) return;
    into = at->get<std::vector<std::string>>();
    from.erase(at);
}

static void flag_of(json &from, const char *name, std::optional<bool> &into) {
    auto at = from.find(name);
    if (at == from.end() || !at->is_boolean()) return;
    into = at->get<bool>();
    from.erase(at);
}

static json given(const json &step, const char *name) { return step.contains(name) ? step[name] : json::object(); }

static CompileOptions compile_options(const json &step) {
    CompileOptions own;
    auto from = given(step, "options");
    if (from.is_object()) {
        own.source = text_of(from, "source");
        own.timezone = text_of(from, "timezone");
        own.time_unit = text_of(from, "time_unit");
        list_of(from, "pipelines", own.pipelines);
        list_of(from, "time_fields", own.time_fields);
        list_of(from, "allow", own.allow);
        list_of(from, "taxonomy", own.taxonomy);
        list_of(from, "context", own.context);
        flag_of(from, "strict", own.strict);
    }
    own.options_json = from.dump();
    return own;
}

static NormaliserOptions normaliser_options(const json &step) {
    NormaliserOptions own;
    auto from = given(step, "options");
    if (from.is_object()) {
        list_of(from, "taxonomy", own.taxonomy);
        list_of(from, "context", own.context);
    }
    own.options_json = from.dump();
    return own;
}

static TrustOptions trust_options(const json &step) {
    TrustOptions own;
    auto from = given(step, "options");
    if (from.is_object()) {
        list_of(from, "taxonomy", own.taxonomy);
        list_of(from, "context", own.context);
        if (from.contains("lateness") && from["lateness"].is_string()) own.lateness = text_of(from, "lateness");
    }
    own.options_json = from.dump();
    return own;
}

static IncidentOptions incident_options(const json &step) {
    IncidentOptions own;
    auto from = given(step, "options");
    if (from.is_object()) {
        list_of(from, "taxonomy", own.taxonomy);
        list_of(from, "context", own.context);
        own.lateness = text_of(from, "lateness");
        own.quiet = text_of(from, "quiet");
        own.level = text_of(from, "level");
    }
    own.options_json = from.dump();
    return own;
}

static ScanOptions scan_options(const json &step) {
    ScanOptions own;
    auto from = given(step, "options");
    if (from.is_object()) {
        own.level = text_of(from, "level");
        list_of(from, "tags", own.tags);
        list_of(from, "rules", own.rules);
        auto source = from.find("logsource");
        if (source != from.end() && source->is_object()) {
            own.category = text_of(*source, "category");
            own.product = text_of(*source, "product");
            own.service = text_of(*source, "service");
        }
        std::optional<bool> evidence;
        flag_of(from, "evidence", evidence);
        own.evidence = evidence.value_or(false);
    }
    own.options_json = from.dump();
    return own;
}

static StreamOptions stream_options(const json &step) {
    StreamOptions own;
    auto from = given(step, "settings");
    if (from.is_object()) {
        own.lateness = text_of(from, "lateness");
        own.clock_jump = text_of(from, "clock_jump");
        own.missing_time = text_of(from, "missing_time");
        own.missing_group = text_of(from, "missing_group");
        own.alerts = text_of(from, "alerts");
    }
    own.options_json = from.dump();
    return own;
}

static std::string hex(const json &step) {
    std::string bytes;
    auto text = step["hex"].get<std::string>();
    for (std::size_t at = 0; at + 1 < text.size(); at += 2)
        bytes.push_back(static_cast<char>(std::stoi(text.substr(at, 2), nullptr, 16)));
    return bytes;
}

/* Numbers under names that end in `_ns` as text. */
static json plain(json value) {
    if (value.is_object()) {
        for (auto &[name, member] : value.items()) {
            bool is_wide = name.size() > 3 && name.compare(name.size() - 3, 3, "_ns") == 0 && member.is_number();
            member = is_wide ? json(member.dump()) : plain(member);
        }
    } else if (value.is_array()) {
        for (auto &member : value) member = plain(member);
    }
    return value;
}

static json parsed(const Buffer &own) { return json::parse(own.view()); }

static json places(const json &diagnostics) {
    auto all = json::array();
    for (auto &told : diagnostics)
        all.push_back(told["code"].get<std::string>() + " " + std::to_string(told["line"].get<int>()) + ":" +
                      std::to_string(told["column"].get<int>()));
    return all;
}

static json without(json value, std::initializer_list<const char *> names) {
    for (auto name : names) value.erase(name);
    return value;
}

struct Held {
    std::optional<Rules> rules;
    std::optional<Stream> stream;
    std::optional<Normaliser> normaliser;
    std::optional<Discovery> discovery;
    std::optional<Trust> trust;
    std::optional<Learner> learner;
    std::optional<Incidents> incidents;
    std::optional<Report> report;
    std::string saved, document;

    static std::vector<Text> texts(const json &step) {
        std::vector<Text> own;
        for (auto &text : step["texts"])
            own.push_back({text[0].get_ref<const std::string &>(), text[1].get_ref<const std::string &>()});
        return own;
    }
    json counts() const { return {{"rules", rules->size()}, {"correlations", rules->correlations()}}; }

    json run(const json &step) {
        auto what = step["do"].get<std::string>();
        auto text = [&](const char *name) { return std::string_view(step[name].get_ref<const std::string &>()); };
        if (what == "compile") {
            rules.reset();
            rules = Rules::compile(texts(step), compile_options(step));
            auto answer = counts();
            answer["diagnostics"] = places(parsed(rules->diagnostics_json()));
            return answer;
        }
        if (what == "in_context") {
            rules = rules->in_context(step["context"].get<std::vector<std::string>>());
            auto answer = counts();
            answer["diagnostics"] = places(parsed(rules->diagnostics_json()));
            return answer;
        }
        if (what == "check") return places(parsed(Rules::check(texts(step), compile_options(step))));
        if (what == "again" || what == "from_bytes") {
            auto bytes = what == "again" ? rules->to_bytes().str() : hex(step);
            rules = Rules::from_bytes(bytes);
            return counts();
        }
        if (what == "scan") {
            Scanner scanner(*rules, scan_options(step));
            auto answer = json::array();
            auto hits = scanner.scan(text("event"));
            for (std::size_t at = 0; at < hits.size(); at++) answer.push_back(parsed(scanner.detection_json(at)));
            return answer;
        }
        if (what == "scan_lines") return parsed(rules->scan_lines(text("text"), scan_options(step)).json());
        if (what == "scan_events") {
            std::vector<std::string_view> events;
            for (auto &event : step["events"]) events.push_back(event.get_ref<const std::string &>());
            return parsed(rules->scan_events(events, scan_options(step)).json());
        }
        if (what == "explain") return parsed(rules->explain_json(text("rule"), text("event")));
        if (what == "normaliser") {
            normaliser.emplace(normaliser_options(step));
            return nullptr;
        }
        if (what == "records") return parsed(normaliser->records_json(text("event")));
        if (auto learned = learn(step, what)) return *learned;
        return over_time(step, what);
    }

    /* Steps of what learns from events; nothing when it is none. */
    std::optional<json> learn(const json &step, const std::string &what) {
        auto text = [&](const char *name) { return std::string_view(step[name].get_ref<const std::string &>()); };
        auto maybe = [&](const char *name) { return step.contains(name) ? std::optional(text(name)) : std::nullopt; };
        std::vector<std::string> context;
        auto given_step = step;
        list_of(given_step, "context", context);
        std::vector<std::string_view> events;
        if (step.contains("events"))
            for (auto &event : step["events"]) events.push_back(event.get_ref<const std::string &>());
        if (what == "discovery" || what == "trust" || what == "learner" || what == "incidents" || what == "report") {
            discovery.reset(), trust.reset(), learner.reset(), incidents.reset(), report.reset();
            if (what == "discovery") discovery.emplace(normaliser_options(step));
            if (what == "trust") trust.emplace(trust_options(step));
            if (what == "learner") learner.emplace(normaliser_options(step));
            if (what == "incidents") incidents.emplace(*rules, incident_options(step));
            if (what == "report") report.emplace(*rules, incident_options(step));
            return json(nullptr);
        }
        if (discovery) {
            if (what == "learn") return discovery->push(text("event")), json(nullptr);
            if (what == "learn_lines") return parsed(discovery->push_lines(text("text")));
            if (what == "learn_events") return parsed(discovery->push_events(events));
            if (what == "assets") return parsed(discovery->assets_json());
            if (what == "compare") return parsed(discovery->compare_json(context));
            if (what == "inventory") return json(discovery->inventory(text("form")).str());
            if (what == "learned") return parsed(discovery->stats_json());
            if (what == "save_learned") return saved = discovery->snapshot().str(), json(nullptr);
            if (what == "restore_learned") return discovery->restore(maybe("hex") ? hex(step) : saved), json(nullptr);
            if (what == "other_plant") return discovery->reload(context), json(nullptr);
        } else if (trust) {
            if (what == "learn") return trust->push(text("event"), maybe("at")), json(nullptr);
            if (what == "learn_lines") return parsed(trust->push_lines(text("text"), maybe("name")));
            if (what == "learn_events") return parsed(trust->push_events(events));
            if (what == "advance_to") return trust->advance(std::stoll(std::string(text("time_ns")))), json(nullptr);
            if (what == "finish") return trust->finish(), json(nullptr);
            if (what == "take") return parsed(trust->take_json());
            if (what == "learned") return parsed(trust->stats_json());
            if (what == "save_learned") return saved = trust->snapshot().str(), json(nullptr);
            if (what == "restore_learned") return trust->restore(maybe("hex") ? hex(step) : saved), json(nullptr);
            if (what == "other_plant") return trust->reload(context), json(nullptr);
        } else if (learner) {
            if (what == "learn") return learner->push(text("event")), json(nullptr);
            if (what == "learn_lines") return parsed(learner->push_lines(text("text")));
            if (what == "learn_events") return parsed(learner->push_events(events));
            if (what == "proposal") return json(learner->proposal().str());
            if (what == "learned") return json(learner->given_up());
        } else if (report) {
            if (what == "learn") return report->push(text("event"), maybe("at")), json(nullptr);
            if (what == "learn_lines") return parsed(report->push_lines(text("text"), maybe("name")));
            if (what == "learn_events") return parsed(report->push_events(events));
            if (what == "document") {
                auto since = maybe("since");
                report->finish(since == "last" ? document : since.value_or(""));
                document = report->json().str();
                return json::parse(document);
            }
            if (what == "markdown") return json(report->markdown().str());
            if (what == "html") return json(report->html().str().substr(0, 15));
        } else if (incidents) {
            return of_incidents(step, what, events);
        }
        return std::nullopt;
    }

    std::optional<json> of_incidents(const json &step, const std::string &what, const std::vector<std::string_view> &events) {
        auto text = [&](const char *name) { return std::string_view(step[name].get_ref<const std::string &>()); };
        auto maybe = [&](const char *name) { return step.contains(name) ? std::optional(text(name)) : std::nullopt; };
        if (what == "learn") return incidents->push(text("event"), maybe("at")), json(nullptr);
        if (what == "learn_lines") return parsed(incidents->push_lines(text("text"), maybe("name")));
        if (what == "learn_events") return parsed(incidents->push_events(events));
        if (what == "add") return incidents->add(text("finding")), json(nullptr);
        if (what == "advance_to") return incidents->advance(std::stoll(std::string(text("time_ns")))), json(nullptr);
        if (what == "finish") return incidents->finish(), json(nullptr);
        if (what == "told") return parsed(incidents->json());
        if (what == "export") return json(incidents->export_as(text("form"), maybe("id")).str());
        if (what == "changes") return parsed(incidents->take_changes_json());
        if (what == "learned") return parsed(incidents->stats_json());
        if (what == "save_learned") return saved = incidents->snapshot().str(), json(nullptr);
        if (what == "restore_learned") return parsed(incidents->restore(maybe("hex") ? hex(step) : saved));
        if (what == "other_rules") return parsed(incidents->reload(Rules::compile(texts(step), compile_options(step)), context_of(step)));
        return std::nullopt;
    }

    static std::vector<std::string> context_of(json step) {
        std::vector<std::string> own;
        list_of(step, "context", own);
        return own;
    }

    json over_time(const json &step, const std::string &what) {
        auto text = [&](const char *name) { return std::string_view(step[name].get_ref<const std::string &>()); };
        std::optional<std::int64_t> time;
        if (step.contains("time_ns") && step["time_ns"].is_string()) time = std::stoll(step["time_ns"].get<std::string>());
        auto alerts = [](const Pushed &own) { return json{{"alerts", parsed(own.json())["alerts"]}}; };
        if (what == "stream") {
            auto made = Stream(*rules, stream_options(step), scan_options(step));
            stream = std::move(made);
        } else if (what == "push") {
            return without(parsed(stream->push(text("event"), time).json()), {"events", "faults"});
        } else if (what == "push_lines") {
            return parsed(stream->push_lines(text("text")).json());
        } else if (what == "advance") {
            return alerts(stream->advance(*time));
        } else if (what == "flush") {
            return alerts(stream->flush());
        } else if (what == "stats") {
            auto own = stream->stats();
            return {{"events", own.events},       {"untimed", own.untimed},     {"signals", own.signals},
                    {"alerts", own.alerts},       {"late", own.late},           {"ahead", own.ahead},
                    {"set_back", own.set_back},   {"ungrouped", own.ungrouped}, {"unvalued", own.unvalued},
                    {"evicted", own.evicted},     {"crowded", own.crowded},     {"trimmed", own.trimmed},
                    {"hurried", own.hurried},     {"dropped", own.dropped},     {"groups", own.groups},
                    {"waiting", own.waiting},     {"bytes", own.bytes}};
        } else if (what == "save") {
            saved = stream->snapshot().str();
        } else if (what == "restore") {
            return parsed(stream->restore(saved));
        } else if (what == "restore_bytes") {
            return parsed(stream->restore(hex(step)));
        } else if (what == "reload") {
            return parsed(stream->reload(Rules::compile(texts(step), compile_options(step))));
        } else if (what == "indicators") {
            rules = rules->with_indicators(step["lists"].get<std::vector<std::string>>());
            return counts();
        } else if (what == "close") {
            stream->close();
        } else {
            throw std::runtime_error("there is no step " + what);
        }
        return nullptr;
    }
};

static json shown(const Error &error) {
    json own{{"code", error.name()}};
    auto told = places(json::parse(error.diagnostics_json()));
    if (!told.empty()) own["diagnostics"] = told;
    if (error.byte() >= 0) own["byte"] = error.byte();
    return own;
}

int main(int count, char **paths) {
    int passed = 0, failed = 0;
    for (int at = 1; at < count; at++) {
        auto suite = json::parse(std::ifstream(paths[at]));
        for (auto &one : suite["cases"]) {
            Held held;
            bool is_right = true;
            for (auto &step : one["steps"]) {
                auto key = "answer";
                json own;
                try {
                    own = plain(held.run(step));
                } catch (const Error &error) {
                    key = "error";
                    own = shown(error);
                }
                if (!step.contains(key) || step[key] != own) {
                    is_right = false;
                    std::fprintf(stderr, "%s: %s: %s\n  %s is %s\n", paths[at], one["name"].dump().c_str(),
                                 step.dump().substr(0, 600).c_str(), key, own.dump().c_str());
                }
            }
            (is_right ? passed : failed)++;
        }
    }
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed != 0 || passed == 0;
}
