/* Tables of Arrow as C++17 gives and gets them. Prints `N passed, 0 failed`. */
#include "check.hpp"

#include <cstring>

template <class E, class F> bool throws(F call) {
    try {
        call();
    } catch (const E &) {
        return true;
    }
    return false;
}

int main() {
    /* What is found is a table that other rules read. */
    auto rules = tieline::Rules::compile({{"r.yml", "title: a\nlogsource: {product: x}\ndetection: {s: {a: 1}, condition: s}\n"}});
    auto about = tieline::Rules::compile(
        {{"r.yml", "title: b\nlogsource: {product: x}\ndetection: {s: {rule_title: a, event_index|gte: 1}, condition: s}\n"}});
    auto scan = rules.scan_lines("{\"a\":1}\n{\"a\":1}\n{}\n{\"a\":1}\n");
    auto table = scan.to_arrow();
    CHECK(scan.size() == 3 && table.get()->release);
    auto found = about.scan_arrow(table.get());
    CHECK(found.events() == 3 && found.size() == 2 && found.hits()[0].event_index == 1 && !table.get()->release);
    table = scan.to_arrow();
    tieline::ArrowTable moved(std::move(table));
    CHECK(moved.get()->release && !table.get()->release);
    tieline::Stream stream(about);
    auto pushed = stream.push_arrow(moved.get());
    CHECK(pushed.hits().size() == 2 && stream.stats().events == 3);

    ArrowSchema schema;
    ArrowArray array;
    auto again = scan.to_arrow();
    CHECK(again.get()->get_schema(again.get(), &schema) == 0 && again.get()->get_next(again.get(), &array) == 0);
    CHECK(about.scan_arrow(&array, &schema).size() == 2 && !array.release && !schema.release);
    CHECK(throws<tieline::EventError>([&] { about.scan_arrow(&array, &schema); }));
    CHECK(throws<tieline::EventError>([&] { stream.push_arrow(&array, &schema); }));
    CHECK(throws<tieline::EventError>([&] { about.scan_arrow(moved.get()); }));
    CHECK(throws<tieline::ArgumentError>([&] { about.scan_arrow(nullptr); }));
    tieline::ScanOptions odd;
    odd.level = "highest";
    CHECK(throws<tieline::ArgumentError>([&] { about.scan_arrow(again.get(), odd); }) && !again.get()->release);
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
