#!/usr/bin/env bash
# Builds the library, and runs all tests of C and C++: installed, static and shared, under valgrind and sanitizers.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
out=$target/c
stage=$out/stage
lib=$stage/usr/lib
total=0

need() { # command-or-file package
    if ! command -v "$1" >/dev/null && [ ! -e "$1" ]; then missing+=("$2"); fi
}
missing=()
need valgrind valgrind
need cmake cmake
need pkg-config pkg-config
need g++ g++
need /usr/include/nlohmann/json.hpp nlohmann-json3-dev
if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" != 0 ]; then
        echo "these packages are missing; install them, or run this as root: ${missing[*]}" >&2
        exit 1
    fi
    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}") >/dev/null 2>&1 ||
        { echo "apt-get could not install ${missing[*]}" >&2; exit 1; }
fi

mkdir -p "$out"
rm -rf "$stage"
make -s install DESTDIR="$stage" PREFIX=/usr CARGO_TARGET_DIR="$target"
strict=(-Wall -Wextra -Werror -pedantic -I"$stage/usr/include")
static=("$lib/libtieline.a" -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc)
shared=(-L"$lib" -Wl,-rpath,"$lib" -ltieline -pthread)
parity=("$root"/bindings/parity/*.json)

tell() { # name command…: runs it, and counts what it passed
    local name=$1 said
    shift
    if ! said=$("$@" 2>"$out/stderr"); then
        echo "$name failed: $said" >&2
        tail -40 "$out/stderr" >&2
        exit 1
    fi
    local count=${said##*$'\n'}
    count=${count%% passed*}
    [[ $count =~ ^[0-9]+$ ]] || count=1
    total=$((total + count))
    echo "$name: $count passed"
}

readelf -d "$lib/libtieline.so" | grep -q 'SONAME.*libtieline\.so\.0' || { echo "the SONAME is wrong" >&2; exit 1; }
compilers=(gcc)
if command -v clang >/dev/null; then compilers+=(clang); fi
for cc in "${compilers[@]}"; do
    $cc -std=c11 -O1 -g "${strict[@]}" tests/c/api.c -o "$out/api-$cc" "${shared[@]}"
    tell "C11, shared, $cc" "$out/api-$cc"
    $cc -std=c11 -O1 -g "${strict[@]}" tests/c/api.c -o "$out/api-static-$cc" "${static[@]}"
    tell "C11, static, $cc" "$out/api-static-$cc"
    $cc -std=c11 -O1 -g "${strict[@]}" tests/c/bad.c -o "$out/bad-$cc" "${shared[@]}"
    tell "bad values, $cc" "$out/bad-$cc"
    $cc -std=c11 -O1 -g "${strict[@]}" tests/c/arrow.c -o "$out/arrow-$cc" "${shared[@]}"
    tell "Arrow, C11, $cc" "$out/arrow-$cc"
done
g++ -std=c++17 -O1 -g "${strict[@]}" tests/cpp/parity.cpp -o "$out/parity" "${shared[@]}"
tell "parity, C++17" "$out/parity" "${parity[@]}"
for cxx in "${compilers[@]/gcc/g++}"; do
    cxx=${cxx/%clang/clang++}
    $cxx -std=c++17 -O1 -g "${strict[@]}" tests/cpp/wrapper.cpp -o "$out/wrapper-$cxx" "${shared[@]}"
    tell "tieline.hpp, $cxx" "$out/wrapper-$cxx"
done
g++ -std=c++17 -O1 -g "${strict[@]}" tests/cpp/arrow.cpp -o "$out/arrow-g++" "${shared[@]}"
tell "Arrow, C++17" "$out/arrow-g++"
for program in api-gcc bad-gcc arrow-gcc arrow-g++ wrapper-g++; do
    tell "$program, valgrind" valgrind -q --error-exitcode=9 --leak-check=full --show-leak-kinds=definite,indirect,possible \
        --errors-for-leak-kinds=definite,indirect,possible --suppressions=tests/valgrind.supp "$out/$program"
done
for name in api bad arrow; do
    gcc -std=c11 -O1 -g -fsanitize=address,undefined "${strict[@]}" "tests/c/$name.c" -o "$out/$name-asan" "${shared[@]}"
    tell "$name, AddressSanitizer" "$out/$name-asan"
done
g++ -std=c++17 -O1 -g -fsanitize=address,undefined "${strict[@]}" tests/cpp/wrapper.cpp -o "$out/wrapper-asan" "${shared[@]}"
tell "tieline.hpp, AddressSanitizer" "$out/wrapper-asan"
gcc -std=c11 -O2 "${strict[@]}" tests/c/memory.c -o "$out/memory" "${shared[@]}"
tell "memory stays flat" "$out/memory" "${TIELINE_DETECTIONS:-1000000}"

# The examples of the README: each program in C by itself, and those in C++ as one.
examples=$out/readme
rm -rf "$examples"
mkdir -p "$examples"
ln -s "$root/rules" "$examples/rules"
echo '{"EventID":1102,"Channel":"Security","Provider_Name":"Microsoft-Windows-Eventlog"}' >"$examples/events.ndjson"
awk -v to="$examples/" '/^```/ { kind = kind ? "" : substr($0, 4); if (kind == "c") n++; next } kind == "c" { print >(to n ".c") }' README.md
{
    printf '#include <iostream>\n#include <tieline.hpp>\nint main() {\n'
    awk '/^```/ { kind = kind ? "" : substr($0, 4); next } kind == "cpp"' README.md
    echo '}'
} >"$examples/all.cpp"
in_examples() { (cd "$examples" && ulimit -f 1000 && timeout 60 "./$1" >"$1.out" 2>"$1.err" && test -s "$1.out"); }
for source in "$examples"/*.c; do
    gcc -std=c11 "${strict[@]}" "$source" -o "${source%.c}" "${shared[@]}"
    tell "README, C, program $(basename "$source" .c)" in_examples "$(basename "$source" .c)"
done
g++ -std=c++17 "${strict[@]}" "$examples/all.cpp" -o "$examples/all" "${shared[@]}"
tell "README, C++" in_examples all
grep -q '^Security Log' "$examples/1.out" && grep -q '"line":1' "$examples/all.out" ||
    { echo "the examples of the README find nothing" >&2; exit 1; }

sed -i "s|^prefix=.*|prefix=$stage/usr|" "$lib/pkgconfig/tieline.pc"
flags=$(PKG_CONFIG_PATH=$lib/pkgconfig pkg-config --cflags --libs tieline)
# shellcheck disable=SC2086
gcc -std=c11 tests/consumer/main.c -o "$out/consumer" $flags -Wl,-rpath,"$lib"
tell "pkg-config" "$out/consumer"
version=$(PKG_CONFIG_PATH=$lib/pkgconfig pkg-config --modversion tieline)
[ "$("$out/consumer")" = "$version" ] || { echo "tl_version is not $version, as pkg-config says" >&2; exit 1; }
cmake -S tests/consumer -B "$out/consumer-cmake" -DCMAKE_PREFIX_PATH="$stage/usr" >"$out/cmake.log"
cmake --build "$out/consumer-cmake" >>"$out/cmake.log"
tell "CMake, shared" "$out/consumer-cmake/with_shared"
tell "CMake, static" "$out/consumer-cmake/with_static"
echo "$total passed, 0 failed"
