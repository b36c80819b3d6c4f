/* Uses the installed library: `smoke RULES` writes its version, and the titles of the rules that match. */
#include <stdio.h>
#include <string.h>
#include <tieline.h>

static void write_text(tl_str text) { printf("%.*s", (int)text.len, text.ptr); }

static int failed(void) {
    write_text(tl_last_error());
    return 1;
}

int main(int argc, char **argv) {
    static const char event[] = "{\"Image\":\"C:\\\\Windows\\\\System32\\\\whoami.exe\"}";
    if (argc != 2) return 2;
    tl_str path = {.ptr = argv[1], .len = strlen(argv[1])};
    tl_rules *rules = NULL;
    tl_scanner *scanner = NULL;
    const tl_hit *hits = NULL;
    size_t len = 0;
    if (tl_load(&path, 1, NULL, &rules) != TL_OK || tl_scanner_new(rules, NULL, &scanner) != TL_OK) return failed();
    if (tl_scan_json(scanner, (const uint8_t *)event, sizeof event - 1, &hits, &len) != TL_OK) return failed();
    write_text(tl_version());
    for (size_t at = 0; at < len; at++) {
        tl_rule rule = {.struct_size = sizeof rule};
        if (tl_hit_rule(rules, &hits[at], &rule) != TL_OK) return failed();
        printf(" ");
        write_text(rule.title);
    }
    printf("\n");
    tl_scanner_free(scanner);
    tl_rules_release(rules);
    return tl_abi_version() != TL_ABI_VERSION;
}
