/* What the tests in C++ share: checks that are counted. */
#include "tieline.hpp"

#include <cstdio>

static int passed, failed;

#define CHECK(...) \
    do { \
        if (__VA_ARGS__) { \
            passed++; \
        } else { \
            failed++; \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #__VA_ARGS__); \
        } \
    } while (0)
