/* What tieline.hpp itself does: ownership, views, ranges, options, exceptions. Prints `N passed, 0 failed`. */
#include "check.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <type_traits>
#include <unistd.h>

using namespace std::string_literals;
using namespace std::string_view_literals;
using tieline::Rules;
using tieline::Scanner;
using tieline::Stream;

/* That a call throws just this, with what it says of itself. */
#define THROWS(Type, Code, Name, ...) \
    do { \
        bool is_right = false; \
        try { \
            (void)(__VA_ARGS__); \
        } catch (const tieline::Type &error) { \
            is_right = error.code() == Code && error.name() == Name && error.what()[0] != 0; \
        } catch (...) { \
        } \
        CHECK(is_right && #__VA_ARGS__); \
    } while (0)

static const char RULE[] =
    "title: Whoami\nid: 11111111-1111-4111-8111-111111111111\nname: whoami\nlevel: low\ntags: [attack.t1033, a.b]\n"
    "logsource: {category: process_creation, product: windows}\n"
    "detection:\n  tool: {Image|endswith: whoami.exe}\n  condition: tool\n---\n"
    "title: Often\nid: 22222222-2222-4222-8222-222222222222\nlevel: high\n"
    "correlation:\n  type: event_count\n  rules: [whoami]\n  group-by: [User]\n  timespan: 1m\n  condition: {gte: 2}\n"
    "  generate: true\n";
static const char EVENT[] = R"({"Image":"c:/whoami.exe","User":"anna","UtcTime":"2026-11-26 04:00:01"})";
static constexpr std::int64_t TIME_NS = 1795665601000000000;

static tieline::CompileOptions plain() {
    tieline::CompileOptions options;
    options.source = "none";
    return options;
}

static Rules compile(std::string_view yaml = RULE) { return Rules::compile({{"r.yml", yaml}}, plain()); }

static bool holds(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

/* A directory with files, removed at the end. */
struct Folder {
    char path[32] = "/tmp/tieline-XXXXXX";
    std::vector<std::string> files;
    Folder() { CHECK(mkdtemp(path) != nullptr); }
    ~Folder() {
        for (auto &file : files) unlink(file.c_str());
        rmdir(path);
    }
    std::string write(const char *name, std::string_view text) {
        files.push_back(std::string(path) + "/" + name);
        std::ofstream(files.back(), std::ios::binary) << text;
        return files.back();
    }
};

static_assert(!std::is_copy_constructible_v<Rules> && std::is_nothrow_move_constructible_v<Rules>);
static_assert(!std::is_copy_assignable_v<Scanner> && std::is_nothrow_move_assignable_v<Scanner>);
static_assert(!std::is_copy_constructible_v<Stream> && std::is_move_constructible_v<Stream>);
static_assert(!std::is_copy_constructible_v<tieline::Scan> && std::is_move_constructible_v<tieline::Files>);
/* A view of what is gone at the end of the line cannot be written. */
template <class T, class = void> constexpr bool gives_alerts = false;
template <class T> constexpr bool gives_alerts<T, std::void_t<decltype(std::declval<T>().alerts())>> = true;
static_assert(gives_alerts<tieline::Pushed &> && gives_alerts<const tieline::Pushed &> && !gives_alerts<tieline::Pushed>);
static_assert(std::is_base_of_v<std::runtime_error, tieline::Error> && std::is_base_of_v<tieline::Error, tieline::RuleError>);

static void rules_load_and_save() {
    Folder folder;
    auto path = folder.write("rule.yml", RULE);
    auto rules = Rules::load({path}, plain());
    CHECK(rules.size() == 1 && rules.correlations() == 1);
    auto saved = rules.to_bytes();
    CHECK(saved.bytes().len == saved.view().size() && saved.str() == saved.view() && !saved.str().empty());
    auto again = Rules::from_bytes(saved.view());
    CHECK(again.rule(0).title() == "Whoami" && again.correlation(0).title() == "Often");
    /* Saved rules are loaded from a file as well. */
    CHECK(Rules::load({folder.write("saved", saved.view())}).size() == 1);
    THROWS(LoadError, TL_LOAD, "load", Rules::load({std::string(folder.path) + "/none.yml"}));
    THROWS(SavedError, TL_SAVED, "saved", Rules::from_bytes("junk"));
    THROWS(SavedError, TL_SAVED, "saved", Rules::from_bytes({}));
    THROWS(SavedError, TL_SAVED, "saved", Rules::from_bytes(saved.view().substr(0, saved.view().size() / 2)));
    CHECK(holds(rules.report_json().view(), "\"rules\":1") && holds(rules.fields_json().view(), "Image"));
    CHECK(holds(rules.test_json().view(), "\"tested\":0") && rules.diagnostics_json().view()[0] == '[');
    CHECK(holds(rules.explain_json("whoami", EVENT).view(), "tool"));
    THROWS(ArgumentError, TL_ARGUMENT, "argument", rules.explain_json("nobody", EVENT));
}

static void rules_are_described() {
    auto rules = compile();
    auto rule = rules.rule(0);
    CHECK(rule.id() == "11111111-1111-4111-8111-111111111111" && rule.name() == "whoami" && rule.level() == TL_LEVEL_LOW);
    CHECK(rule.tags() == std::vector{"attack.t1033"sv, "a.b"sv} && rules.correlation(0).tags().empty());
    CHECK(rules.correlation(0).level() == TL_LEVEL_HIGH && rules.correlation(0).kind == TL_CORRELATION);
    THROWS(ArgumentError, TL_ARGUMENT, "argument", rules.rule(1));
    THROWS(ArgumentError, TL_ARGUMENT, "argument", rules.rule(tl_hit{0, 9, 9}));
}

static void errors_say_what_is_wrong() {
    auto broken = "title: b\nlogsource: {product: x}\ndetection:\n  s: {A|startwith: b}\n  condition: s\n"sv;
    try {
        compile(broken);
        CHECK(false);
    } catch (const tieline::RuleError &error) {
        CHECK(holds(error.what(), "startwith") && holds(error.diagnostics_json(), "\"line\":4") && error.byte() == -1);
    }
    CHECK(holds(Rules::check({{"b.yml", broken}}).view(), "startwith"));
    auto lenient = plain();
    lenient.strict = false;
    CHECK(Rules::compile({{"b.yml", broken}}, lenient).size() == 0);
    Scanner scanner(compile());
    try {
        scanner.scan(R"({"a":1,})");
        CHECK(false);
    } catch (const tieline::EventError &error) {
        CHECK(error.byte() >= 0 && error.diagnostics_json() == "[]" && error.code() == TL_EVENT);
    }
    /* A scanner goes on after an event that it cannot read, and an error outlives the next call. */
    CHECK(scanner.scan(EVENT).size() == 1);
    auto misspelt = plain();
    misspelt.options_json = R"({"stric": false})";
    THROWS(ArgumentError, TL_ARGUMENT, "argument", Rules::compile({{"r.yml", RULE}}, misspelt));
    auto odd = plain();
    odd.pipelines = {"name: p\ntransformations:\n  - type: no_such_thing\n"};
    THROWS(PipelineError, TL_PIPELINE, "pipeline", Rules::compile({{"r.yml", RULE}}, odd));
    tieline::StreamOptions soon;
    soon.lateness = "soon";
    THROWS(ArgumentError, TL_ARGUMENT, "argument", Stream(compile(), soon));
    THROWS(LimitError, TL_LIMIT, "limit", tieline::raise(TL_LIMIT));
    THROWS(CancelledError, TL_CANCELLED, "cancelled", tieline::raise(TL_CANCELLED));
    try {
        tieline::raise(99);
    } catch (const tieline::Error &error) {
        CHECK(error.code() == 99 && error.name().empty());
    }
}

static void scans_are_ranges() {
    auto rules = compile();
    auto text = EVENT + "\n\n{oops\n"s + EVENT;
    tieline::ScanOptions options;
    options.threads = 0;
    options.evidence = true;
    auto scan = rules.scan_lines(text, options);
    std::vector<std::uint64_t> lines;
    for (auto &hit : scan) lines.push_back(hit.event_index);
    CHECK(lines == std::vector<std::uint64_t>{0, 3} && scan.size() == 2 && scan.events() == 3);
    CHECK(std::all_of(scan.begin(), scan.end(), [&](auto &hit) { return rules.rule(hit).title() == "Whoami"; }));
    auto faults = scan.faults();
    CHECK(faults.size() == 1 && faults[0].event_index == 2 && !tieline::view(faults.begin()->message).empty());
    CHECK(holds(scan.detection_json(1).view(), "\"selections\"") && holds(scan.json().view(), "\"events\":3"));
    THROWS(ArgumentError, TL_ARGUMENT, "argument", scan.detection_json(2));
    auto none = rules.scan_lines({});
    CHECK(none.size() == 0 && none.begin() == none.end() && none.hits().empty() && none.faults().empty());
    CHECK(rules.scan_events({EVENT, "{}", EVENT}).size() == 2 && rules.scan_events({}).size() == 0);
    options.level = "high";
    CHECK(rules.scan_lines(text, options).size() == 0);
    options.level.reset();
    options.tags = {"attack.t1033"};
    options.rules = {"whoami", "other"};
    options.product = "windows";
    CHECK(rules.scan_lines(text, options).size() == 2);
    options.product = "linux";
    CHECK(rules.scan_lines(text, options).size() == 0);
    /* Options are copied, so those that are made for the call may go. */
    tieline::CompileOptions given = plain();
    given.placeholders = {{"who", {"anna", "bob"}}, {"none", {}}};
    auto filled = Rules::compile({{"p.yml", "title: P\nlogsource: {product: x}\ndetection: {s: {User|expand: '%who%'}, condition: s}\n"}},
                                 std::exchange(given, {}));
    CHECK(filled.scan_events({EVENT}).size() == 1);
}

static void what_was_moved_is_refused() {
    auto rules = compile();
    auto other = std::move(rules);
    CHECK(other.size() == 1 && rules.get() == nullptr);
    THROWS(ArgumentError, TL_ARGUMENT, "argument", rules.size());
    THROWS(ArgumentError, TL_ARGUMENT, "argument", rules.scan_lines(EVENT));
    THROWS(ArgumentError, TL_ARGUMENT, "argument", rules.share());
    THROWS(ArgumentError, TL_ARGUMENT, "argument", Scanner(rules));
    THROWS(ArgumentError, TL_ARGUMENT, "argument", Stream(rules));
    Scanner scanner(other);
    auto next = std::move(scanner);
    THROWS(ArgumentError, TL_ARGUMENT, "argument", scanner.scan(EVENT));
    CHECK(next.scan(EVENT).size() == 1);
    auto scan = other.scan_lines(EVENT);
    auto kept = std::move(scan);
    THROWS(ArgumentError, TL_ARGUMENT, "argument", scan.hits());
    CHECK(kept.size() == 1);
    Stream stream(other);
    auto flow = std::move(stream);
    THROWS(ArgumentError, TL_ARGUMENT, "argument", stream.push(EVENT));
    auto pushed = flow.push(EVENT);
    auto taken = std::move(pushed);
    THROWS(ArgumentError, TL_ARGUMENT, "argument", pushed.alerts());
    CHECK(taken.hits().size() == 1);
    auto saved = other.to_bytes();
    auto bytes = std::move(saved);
    CHECK(saved.view().empty() && !bytes.view().empty());
    /* What is moved into may be used again, and what it had is freed. */
    rules = compile();
    CHECK(rules.size() == 1);
    /* Holders of the same rules end one by one; scanners and streams keep what they need. */
    auto shared = other.share();
    { auto gone = std::move(other); }
    CHECK(shared.size() == 1);
    { auto gone = std::move(shared); }
    CHECK(next.scan(EVENT).size() == 1 && flow.rules().size() == 1);
}

static void streams_tell() {
    auto rules = compile();
    tieline::StreamOptions options;
    options.lateness = "5s";
    Stream stream(rules, options);
    CHECK(!stream.watermark());
    auto first = stream.push(EVENT);
    CHECK(first.hits().size() == 1 && first.alerts().empty() && stream.watermark() == TIME_NS - 5'000'000'000);
    auto before = stream.snapshot();
    auto second = stream.push_events({EVENT, "{oops", "{}"});
    CHECK(second.counts().events == 3 && second.counts().untimed == 1);
    CHECK(second.faults().size() == 1 && second.faults()[0].event_index == 2);
    auto told = stream.advance(TIME_NS + 60'000'000'000);
    auto alerts = told.alerts();
    CHECK(alerts.size() == 1 && alerts[0].title() == "Often" && alerts[0].id() == "22222222-2222-4222-8222-222222222222");
    auto &alert = alerts[0];
    CHECK(alert.count == 2 && alert.value == 2 && alert.level == TL_LEVEL_HIGH && alert.time_ns == TIME_NS);
    CHECK(alert.group().size() == 1 && tieline::view(alert.group()[0].name) == "User");
    CHECK(tieline::view(alert.group()[0].value) == "anna");
    CHECK(alert.events().size() == 2 && alert.events()[0] == 0 && alert.events()[1] == 1);
    CHECK(holds(told.json().view(), "\"Often\""));
    auto late = stream.push_lines(EVENT);
    CHECK(late.not_counted().size() == 1 && late.not_counted()[0].why == TL_LATE);
    CHECK(stream.stats().events == 5 && stream.stats().alerts == 1 && stream.stats().late == 1);
    /* A view of alerts lives as long as what was pushed, whatever becomes of the stream. */
    CHECK(holds(stream.restore(before.view()).view(), "{"));
    auto third = stream.push(EVENT, TIME_NS), last = stream.flush();
    CHECK(third.hits().size() == 1 && last.alerts().size() == 1 && alert.title() == "Often");
    THROWS(StateError, TL_STATE, "state", stream.restore("junk"));
    CHECK(holds(stream.reload(compile()).view(), "\"kept\"") && stream.rules().correlations() == 1);
    THROWS(EventError, TL_EVENT, "event", stream.push("{"));
    stream.close();
    stream.close();
    THROWS(ClosedError, TL_CLOSED, "closed", stream.push(EVENT));
    THROWS(ClosedError, TL_CLOSED, "closed", stream.stats());
}

static void files_are_told_one_by_one() {
    Folder folder;
    auto path = folder.write("events.ndjson", EVENT + "\n{oops\n"s + EVENT + "\n");
    auto rules = compile();
    tieline::FileOptions options;
    options.format = "ndjson";
    options.event = true;
    tieline::Files files(rules, {path, std::string(folder.path) + "/none"}, options);
    std::map<int, int> kinds;
    std::string found;
    for (auto told = files.next(); told.kind != TL_TOLD_END; told = files.next()) {
        kinds[told.kind]++;
        if (told.kind == TL_TOLD_FOUND) found += told.json();
    }
    CHECK(kinds[TL_TOLD_FOUND] == 3 && kinds[TL_TOLD_BAD_EVENT] == 1 && kinds[TL_TOLD_BAD_FILE] == 1);
    CHECK(holds(found, "\"line\":3") && holds(found, "\"Often\"") && holds(found, "\"event\":{"));
    auto totals = files.totals();
    CHECK(totals.events == 3 && totals.bad_events == 1 && totals.detections == 2 && totals.alerts == 1 && totals.bad_files == 1);
    CHECK(files.next().kind == TL_TOLD_END);
    /* One that waits for more is stopped from another thread. */
    options.follow = true;
    tieline::Files follow(rules, {path}, options);
    std::thread stopper([&] {
        usleep(50'000);
        follow.stop();
    });
    while (follow.next().kind != TL_TOLD_END) continue;
    stopper.join();
    CHECK(follow.next(std::chrono::milliseconds(1)).kind == TL_TOLD_END);
    /* And one that nobody stops ends with its handle. */
    { tieline::Files left(rules, {path}, options); }
    options.format = "pdf";
    THROWS(ArgumentError, TL_ARGUMENT, "argument", tieline::Files(rules, {path}, options));
}

static void operations_are_read() {
    tieline::NormaliserOptions options;
    options.taxonomy = {"sensor: s\ninputs: {}\n",
                        "protocol: p\nsources: {t: test}\nsensors: [{sensor: s, needs: [func], inputs: {code: func}}]\n"
                        "operations: [{code: 2, class: mode_stop, source: t}]\n"};
    tieline::Normaliser normaliser(options);
    auto records = normaliser.records_json(R"({"func":2})");
    CHECK(holds(records.view(), R"("ot.operation":"mode_stop")") && normaliser.records_json("{}").view() == "[]");
    CHECK(tieline::Normaliser().records_json(R"({"func":2})").view() == "[]");
    THROWS(EventError, TL_EVENT, "event", normaliser.records_json("["));
    options.taxonomy = {"/nowhere"};
    THROWS(LoadError, TL_LOAD, "load", tieline::Normaliser(options));
    options.taxonomy = {"protocol: [\n"};
    THROWS(ArgumentError, TL_ARGUMENT, "argument", tieline::Normaliser(options));
}

static void assets_and_judgements_are_told() {
    const std::string stop =
        R"({"_path":"s7comm","ts":"2026-11-26T09:00:00Z","id.orig_h":"10.0.0.2","id.resp_h":"10.0.1.2","is_orig":true,)"
        R"("rosctr_code":1,"rosctr_name":"Job-Request","function_code":"0x29","function_name":"PLC Stop"})";
    const std::string plant = "assets:\n  - {id: ews-1, ip: 10.0.0.2, role: engineering_workstation}\n"
                              "  - {id: plc-7, ip: 10.0.1.2, role: controller}\n";
    tieline::Discovery discovery;
    discovery.push(stop);
    CHECK(discovery.push_lines(stop + "\nx\n").view() ==
          R"({"events":2,"faults":[{"event_index":2,"byte":0,"message":"expected value at byte 0"}]})");
    CHECK(holds(discovery.push_events({stop, "{}"}).view(), R"("events":2,"faults":[])"));
    CHECK(holds(discovery.assets_json().view(), R"("id":"10.0.0.2")") && holds(discovery.assets_json().view(), R"("acts":["mode_stop"])"));
    CHECK(holds(discovery.compare_json({plant}).view(), R"("kind":"silent","declared":"plc-7")"));
    CHECK(holds(discovery.inventory().view(), "ip: [10.0.0.2]") && holds(discovery.inventory("csv").view(), "10.0.0.2"));
    THROWS(ArgumentError, TL_ARGUMENT, "argument", discovery.inventory("xml"));
    THROWS(ArgumentError, TL_ARGUMENT, "argument", discovery.compare_json());
    tieline::Discovery again;
    again.restore(discovery.snapshot().view());
    CHECK(again.stats_json().view() == discovery.stats_json().view() && holds(again.stats_json().view(), R"("events":4)"));
    again.reload({plant});
    CHECK(holds(again.compare_json().view(), R"([{"kind":"silent","declared":"plc-7")"));
    again.reload();
    THROWS(ArgumentError, TL_ARGUMENT, "argument", again.compare_json());
    THROWS(StateError, TL_STATE, "state", again.restore("x"));
    THROWS(EventError, TL_EVENT, "event", again.push("["));

    tieline::TrustOptions options;
    THROWS(ArgumentError, TL_ARGUMENT, "argument", tieline::Trust(options));
    options.context = {plant};
    options.lateness = "5m";
    tieline::Trust trust(options);
    trust.push(stop, "tap:1");
    trust.push_lines("\n" + stop, "s7.log");
    trust.push_events({stop});
    CHECK(trust.take_json().view() == "[]");
    auto saved = trust.snapshot();
    trust.advance(2000000000000000000);
    auto judged = trust.take_json().str();
    CHECK(holds(judged, R"("at":"tap:1")") && holds(judged, R"("at":"s7.log:2")") && holds(judged, R"("at":"2")"));
    CHECK(holds(judged, R"("missing":["session:engineering_workstation"])"));
    trust.restore(saved.view());
    trust.reload({"assets: [{id: other, ip: 10.0.0.2}]\n"});
    trust.finish();
    CHECK(holds(trust.take_json().view(), R"("source":"other")") && holds(trust.stats_json().view(), R"("operations":3)"));
    THROWS(ArgumentError, TL_ARGUMENT, "argument", trust.reload({}));
    THROWS(StateError, TL_STATE, "state", trust.restore(discovery.snapshot().view()));

    tieline::Learner learner;
    learner.push(stop);
    learner.push_lines(stop);
    learner.push_events({stop});
    CHECK(holds(learner.proposal().view(), "conduits:") && learner.given_up() == 0);
}

static void incidents_are_made() {
    const std::string rule = "title: Audit log cleared\nlevel: high\nlogsource: {product: windows}\n"
                             "detection: {s: {EventID: 1102}, condition: s}\n";
    const std::string event = R"({"EventID":1102,"Channel":"Security","Computer":"hmi-1","TimeCreated":"2026-11-26T09:00:00Z"})";
    tieline::IncidentOptions options;
    options.level = "loud";
    auto rules = Rules::compile({{"rule.yml", rule}});
    THROWS(ArgumentError, TL_ARGUMENT, "argument", tieline::Incidents(rules, options));
    options.level = "high";
    options.lateness = "5m";
    options.quiet = "8h";
    options.hub_peers = 4;
    options.context = {"assets: [{id: hmi, host: hmi-1, role: hmi}]\n"};
    tieline::Incidents incidents(rules, options);
    incidents.push(event, "log:1");
    CHECK(holds(incidents.push_lines(event + "\nx\n", "log").view(), R"("event_index":2)"));
    CHECK(holds(incidents.push_events({event, "{}"}).view(), R"("events":2,"faults":[])"));
    incidents.add(R"({"time":"2026-11-26T08:59:00Z","rule":"edr-17","source":"hmi","level":"medium"})");
    THROWS(EventError, TL_EVENT, "event", incidents.add("{}"));
    THROWS(EventError, TL_EVENT, "event", incidents.push("["));
    incidents.advance(0);
    CHECK(incidents.json().view() == "[]");
    auto saved = incidents.snapshot();
    incidents.finish();
    auto told = incidents.json().str();
    CHECK(holds(told, R"("title":"Audit log cleared on hmi")") && holds(told, R"("because":"from the same host as )"));
    CHECK(holds(incidents.take_changes_json().view(), R"("change":"opened")") && incidents.take_changes_json().view() == "[]");
    CHECK(holds(incidents.stats_json().view(), R"("findings":4)"));
    tieline::Incidents again(rules, options);
    CHECK(holds(again.restore(saved.view()).view(), R"("kept":0)"));
    again.finish();
    CHECK(again.json().view() == told);
    again.reload(rules, {"assets: [{id: other, host: hmi-1}]\n"});
    again.push(event);
    again.finish();
    CHECK(holds(again.json().view(), "on other"));
    THROWS(StateError, TL_STATE, "state", again.restore("x"));
}

static void reports_are_made() {
    const std::string rule = "title: Audit log cleared\nlevel: high\nlogsource: {product: windows}\n"
                             "detection: {s: {EventID: 1102}, condition: s}\n";
    const std::string event = R"({"EventID":1102,"Channel":"Security","Computer":"hmi-1","TimeCreated":"2026-11-26T09:00:00Z"})";
    auto rules = Rules::compile({{"rule.yml", rule}});
    tieline::IncidentOptions options;
    options.context = {"assets: [{id: hmi, host: hmi-1, role: hmi}]\n"};
    options.options_json = R"({"clock_offsets_s":{"log":60}})";
    tieline::Report first(rules), report(rules, options);
    THROWS(ClosedError, TL_CLOSED, "closed", report.json());
    first.finish();
    report.push(event, "log:1");
    CHECK(holds(report.push_lines(event + "\nx\n", "log").view(), R"("event_index":2)"));
    CHECK(holds(report.push_events({event, "{}"}).view(), R"("events":2,"faults":[])"));
    THROWS(EventError, TL_EVENT, "event", report.push("["));
    THROWS(ArgumentError, TL_ARGUMENT, "argument", report.finish("{}"));
    report.finish(first.json().view());
    CHECK(holds(report.json().view(), R"("title":"Audit log cleared on hmi")") && holds(report.json().view(), R"("read":6)"));
    CHECK(holds(report.markdown().view(), "# Security report") && holds(report.html().view(), "<!doctype html>"));
    THROWS(ClosedError, TL_CLOSED, "closed", report.push(event));
    THROWS(ClosedError, TL_CLOSED, "closed", report.finish());
    tieline::Incidents incidents(rules, options);
    incidents.push(event, "log:1");
    incidents.finish();
    CHECK(incidents.skews_json().view() == "[]" && holds(incidents.json().view(), "2026-11-26T09:01:00"));
}

int main() {
    CHECK(!tieline::version().empty() && tieline::view(tl_str{}).empty() && tieline::str({}).ptr != nullptr);
    rules_load_and_save();
    rules_are_described();
    errors_say_what_is_wrong();
    scans_are_ranges();
    what_was_moved_is_refused();
    streams_tell();
    files_are_told_one_by_one();
    operations_are_read();
    assets_and_judgements_are_told();
    incidents_are_made();
    reports_are_made();
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
