/* A program that finds the installed library. */
#include <stdio.h>
#include <tieline.h>

int main(void) {
    tl_str version = tl_version();
    printf("%.*s\n", (int)version.len, version.ptr);
    return tl_abi_version() != TL_ABI_VERSION;
}
