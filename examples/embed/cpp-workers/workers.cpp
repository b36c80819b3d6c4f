/* Scans NDJSON with a pool of threads, and correlates what they find in one stream, in the order of the events.
 *
 *   standard input ─▶ chunks ─▶ N workers, a scanner each: which lines does a rule match? ─▶ one stream ─▶ standard output
 *                                 └── all of them share the rules ──┘        (few lines)
 *
 *   workers [--threads N] [--source S] [--time-field F] [--lateness T] [--chunk BYTES] --rules RULES... <events >found
 *
 * Most events match nothing, so the stream, which takes one event after the other, sees few of them. */
#include "belt.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <tieline.hpp>
#include <unistd.h>
#include <vector>

using std::string;
using std::string_view;

struct Settings {
    unsigned threads = std::max(1u, std::thread::hardware_concurrency());
    std::size_t chunk_bytes = 256 << 10;
    string lateness = "0s";
    tieline::CompileOptions compile;
    std::vector<string> rules;
};

struct Chunk {
    std::uint64_t first_line = 0;
    string text;
};

/* The lines of a chunk that the stream is to see. */
struct Sifted {
    string text;
    std::vector<std::uint64_t> lines;
    std::uint64_t events = 0;
    std::vector<string> complaints;
};

using Work = Belt<Chunk, Sifted>;

/* Calls `each` for the lines of a text, without their ends. */
template <class Each> void for_lines(string_view text, Each each) {
    while (!text.empty()) {
        auto end = text.find('\n');
        each(text.substr(0, end));
        if (end == string_view::npos) return;
        text.remove_prefix(end + 1);
    }
}

/* Cuts standard input into chunks that end with a line. */
static void read_chunks(Work &work, std::size_t chunk_bytes) {
    string text, rest;
    std::uint64_t line = 1;
    auto put = [&] {
        std::uint64_t lines = 0;
        for_lines(text, [&](string_view) { lines++; });
        work.put({line, std::move(text)});
        line += lines;
    };
    for (;;) {
        text = std::move(rest);
        auto had = text.size();
        text.resize(had + chunk_bytes);
        auto got = read(STDIN_FILENO, text.data() + had, chunk_bytes);
        if (got < 0) throw std::runtime_error(string("standard input: ") + std::strerror(errno));
        text.resize(had + static_cast<std::size_t>(got));
        if (got == 0) break;
        auto end = text.rfind('\n');
        rest = end == string::npos ? std::move(text) : text.substr(end + 1);
        if (end == string::npos) continue;
        text.resize(end + 1);
        put();
    }
    if (!text.empty()) put();
    work.end();
}

static Sifted sift(tieline::Scanner &scanner, const Chunk &chunk) {
    Sifted sifted;
    auto number = chunk.first_line;
    auto keep = [&](string_view line, std::uint64_t at) {
        sifted.text.append(line).push_back('\n');
        sifted.lines.push_back(at);
    };
    std::pair<string_view, std::uint64_t> latest;
    for_lines(chunk.text, [&](string_view line) {
        auto at = number++;
        if (line.find_first_not_of(" \t\r") == string_view::npos) return;
        try {
            sifted.events++;
            bool is_hit = !scanner.scan(line).empty();
            if (is_hit) keep(line, at);
            latest = {is_hit ? string_view() : line, at};
        } catch (const tieline::EventError &error) {
            sifted.complaints.push_back("line " + std::to_string(at) + ": " + error.what());
        }
    });
    /* It matches nothing and tells the stream how late it is. */
    if (!latest.first.empty()) keep(latest.first, latest.second);
    return sifted;
}

static void work_on(Work &work, const tieline::Rules &rules) {
    tieline::Scanner scanner(rules);
    while (auto taken = work.take()) work.give(taken->first, sift(scanner, taken->second));
}

static void write_quoted(string_view text) {
    std::putchar('"');
    for (char c : text) {
        if (c == '"' || c == '\\') std::putchar('\\');
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') std::printf("\\u%04x", static_cast<unsigned>(c));
        else std::putchar(c);
    }
    std::putchar('"');
}

/* Pushes what was sifted into the stream, and writes what that tells. */
class Teller {
  public:
    Teller(const tieline::Rules &rules, const tieline::StreamOptions &options) : rules_(rules), stream_(rules, options) {}

    void push(const Sifted &sifted) {
        events_ += sifted.events;
        lines_.insert(lines_.end(), sifted.lines.begin(), sifted.lines.end());
        for (auto &complaint : sifted.complaints) std::fprintf(stderr, "%s\n", complaint.c_str());
        if (!sifted.lines.empty()) tell(stream_.push_lines(sifted.text));
        /* Whoever never ends is not to grow; alerts leave out lines that are so long ago. */
        while (lines_.size() > lines_max) {
            lines_.pop_front();
            forgotten_++;
        }
    }
    void finish() { tell(stream_.flush()); }
    std::uint64_t events() const { return events_; }

  private:
    static constexpr std::size_t lines_max = 1 << 20;

    void tell(const tieline::Pushed &pushed) {
        for (auto &hit : pushed.hits()) {
            auto rule = rules_.rule(hit);
            begin("detection", rule.title());
            write_lines({&hit.event_index, 1});
        }
        for (auto &alert : pushed.alerts()) {
            begin("correlation", alert.title());
            const char *mark = ",\"group\":{";
            for (auto &value : alert.group()) {
                std::fputs(std::exchange(mark, ","), stdout);
                write_quoted(tieline::view(value.name));
                std::putchar(':');
                write_quoted(tieline::view(value.value));
            }
            if (alert.group_len) std::putchar('}');
            write_lines(alert.events());
        }
        if (std::fflush(stdout) != 0) throw std::runtime_error(string("standard output: ") + std::strerror(errno));
    }
    static void begin(const char *kind, string_view title) {
        std::printf("{\"kind\":\"%s\",\"rule_title\":", kind);
        write_quoted(title);
    }
    void write_lines(tieline::Range<std::uint64_t> events) {
        std::fputs(",\"lines\":[", stdout);
        const char *mark = "";
        for (auto event : events) {
            if (event < forgotten_) continue;
            std::printf("%s%llu", std::exchange(mark, ","), static_cast<unsigned long long>(lines_.at(event - forgotten_)));
        }
        std::fputs("]}\n", stdout);
    }

    const tieline::Rules &rules_;
    tieline::Stream stream_;
    /* The lines of the events that the stream has seen, which counts them from 0. */
    std::deque<std::uint64_t> lines_;
    std::uint64_t forgotten_ = 0, events_ = 0;
};

static Settings settings_of(int argc, char **argv) {
    Settings own;
    for (int at = 1; at < argc; at++) {
        string_view name = argv[at];
        if (name == "--rules") {
            own.rules.assign(argv + at + 1, argv + argc);
            break;
        }
        if (++at == argc) break;
        if (name == "--threads") own.threads = std::max(1, std::atoi(argv[at]));
        else if (name == "--chunk") own.chunk_bytes = static_cast<std::size_t>(std::max(1, std::atoi(argv[at])));
        else if (name == "--lateness") own.lateness = argv[at];
        else if (name == "--source") own.compile.source = argv[at];
        else if (name == "--time-field") own.compile.time_fields.push_back(argv[at]);
        else throw std::runtime_error("unknown option `" + string(name) + "`");
    }
    if (own.rules.empty()) throw std::runtime_error("say which rules: `workers --rules RULES...`");
    return own;
}

static void run(const Settings &settings) {
    auto rules = tieline::Rules::load(settings.rules, settings.compile);
    tieline::StreamOptions over_time;
    over_time.lateness = settings.lateness;
    Teller teller(rules, over_time);
    Work work(settings.threads * 4);
    auto begin = std::chrono::steady_clock::now();

    std::vector<std::thread> threads;
    threads.emplace_back([&] { work.guard([&] { read_chunks(work, settings.chunk_bytes); }); });
    for (unsigned at = 0; at < settings.threads; at++)
        threads.emplace_back([&] { work.guard([&] { work_on(work, rules); }); });
    try {
        while (auto sifted = work.next()) teller.push(*sifted);
        teller.finish();
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s\n", error.what());
        /* The reader may wait for events that never come, so nobody is waited for. */
        std::_Exit(1);
    }
    for (auto &thread : threads) thread.join();

    std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::fprintf(stderr, "%llu events, %u workers: %.0f events/s\n", static_cast<unsigned long long>(teller.events()),
                 settings.threads, static_cast<double>(teller.events()) / took.count());
}

int main(int argc, char **argv) {
    try {
        run(settings_of(argc, argv));
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
