#!/usr/bin/env bash
# Builds every package into `target/dist`, installs each where nothing else is, and uses it there.
#
#   4 × .crate ─▶ a cargo project, `cargo install` ┐
#   wheel, sdist ─▶ an environment for each        ├─▶ the version of the workspace, and `Whoami` found by smoke.*
#   .tgz ─▶ an npm project                         │
#   .tar.gz ─▶ a program in C, by pkg-config       ┘
#
# It publishes nothing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}"
dist=$CARGO_TARGET_DIR/dist
log=$CARGO_TARGET_DIR/dist.log
version=$(sed -n '/^\[workspace.package\]/,/^$/s/^version = "\(.*\)"/\1/p' "$root/Cargo.toml")
crates=(tieline-rules tieline tieline-common tieline-cli)
place=$(mktemp -d)
count=0
trap 'rm -rf "$place"' EXIT

quietly() { # command…: shows what it said only if it fails
    "$@" >"$log" 2>&1 || { tail -40 "$log" >&2; echo "failed: $*" >&2; exit 1; }
}

works() { # file said: it was installed, and its smoke test said this
    if [ "$2" != "$version Whoami" ]; then
        echo "$1: \`$version Whoami\` was expected, not \`$2\`" >&2
        exit 1
    fi
    printf '%-48s %8s kB  works\n' "$1" "$(($(stat -c %s "$dist/$1") / 1000))"
    count=$((count + 1))
}

only() { # pattern: the name of the one file in `dist` that is like it
    local found=("$dist"/$1)
    if [ ${#found[@]} != 1 ] || [ ! -f "${found[0]}" ]; then
        echo "there should be one file like $dist/$1" >&2
        exit 1
    fi
    basename "${found[0]}"
}

build_crates() {
    local packages=()
    for crate in "${crates[@]}"; do packages+=(-p "$crate"); done
    # What a package contains is tried out below; within the workspace it would prove less.
    (cd "$root" && quietly cargo package "${packages[@]}" --locked --no-verify --allow-dirty)
    for crate in "${crates[@]}"; do cp "$CARGO_TARGET_DIR/package/$crate-$version.crate" "$dist"; done
}

build_python() {
    local env=$CARGO_TARGET_DIR/python/maturin maturin
    maturin=$(grep '^maturin==' "$root/bindings/python/requirements-dev.txt")
    if ! "$env/bin/pip" freeze 2>/dev/null | grep -qx "$maturin"; then
        "${PYTHON:-python3}" -m venv --clear "$env"
        quietly "$env/bin/pip" install --disable-pip-version-check "$maturin"
    fi
    (cd "$root/bindings/python" &&
        quietly "$env/bin/maturin" build --release --locked --out "$dist" &&
        quietly "$env/bin/maturin" sdist --out "$dist")
}

build_node() {
    quietly "$root/bindings/node/setup.sh"
    (cd "$root/bindings/node" && quietly npm pack --pack-destination "$dist")
}

build_c() {
    local name
    name=tieline-c-$version-$(uname -m)-$(uname -s | tr '[:upper:]' '[:lower:]')
    quietly make -s -C "$root/bindings/c" install DESTDIR="$place/stage" PREFIX="/$name"
    local to=$place/stage/$name
    # It works wherever it is unpacked.
    sed -i "s|^prefix=.*|prefix=\${pcfiledir}/../..|" "$to/lib/pkgconfig/tieline.pc"
    strip --strip-unneeded "$to/lib/libtieline.so.$version"
    # Two thirds of the archive are what a Rust compiler would read.
    objcopy --strip-debug --remove-section=.llvmbc --remove-section=.llvmcmd "$to/lib/libtieline.a"
    install -d "$to/share/doc/tieline"
    install -m 644 "$root/bindings/c/README.md" "$root"/LICENSE-* "$to/share/doc/tieline"
    tar -C "$place/stage" --owner=0 --group=0 --sort=name -czf "$dist/$name.tar.gz" "$name"
}

try_crates() {
    local at=$place/crates said
    mkdir -p "$at/smoke/src"
    for crate in "${crates[@]}"; do tar -C "$at" -xzf "$dist/$crate-$version.crate"; done
    cp "$here/smoke.rs" "$at/smoke/src/main.rs"
    cat >"$at/smoke/Cargo.toml" <<END
[package]
name = "smoke"
edition = "2024"
[dependencies]
tieline = "$version"
tieline-common = "$version"
END
    printf '[workspace]\nresolver = "3"\nmembers = ["smoke", "tieline-cli-%s"]\n[patch.crates-io]\n' "$version" >"$at/Cargo.toml"
    for crate in tieline-rules tieline tieline-common; do
        printf '%s = { path = "%s-%s" }\n' "$crate" "$crate" "$version" >>"$at/Cargo.toml"
    done
    # The versions that were tested, rather than what is newest today.
    cp "$root/Cargo.lock" "$at"
    (cd "$at" && quietly cargo build --release --bins)
    said=$("$CARGO_TARGET_DIR/release/smoke" "$here/whoami.yml")
    works "tieline-$version.crate" "$version $said"
    works "tieline-common-$version.crate" "$version $said"
    local tieline=$CARGO_TARGET_DIR/release/tieline
    quietly "$tieline" test "$at/tieline-rules-$version/it"
    works "tieline-rules-$version.crate" "$version $said"
    printf '%s\n' '{"Image":"C:\\whoami.exe"}' >"$at/event.ndjson"
    said=$("$tieline" scan --quiet --output list --rules "$here/whoami.yml" "$at/event.ndjson" | grep -o Whoami)
    works "tieline-cli-$version.crate" "$("$tieline" --version | cut -d' ' -f2) $said"
}

try_python() { # file
    local env=$place/python-${1##*.} from=$dist/$1
    quietly "${PYTHON:-python3}" -m venv "$env"
    quietly "$env/bin/pip" install --disable-pip-version-check "$from"
    works "$1" "$(cd "$env" && bin/python -I "$here/smoke.py" "$here/whoami.yml")"
}

try_node() { # file
    mkdir "$place/npm"
    cp "$here/smoke.mjs" "$place/npm"
    echo '{"private": true}' >"$place/npm/package.json"
    (cd "$place/npm" && quietly npm install --offline --no-audit --no-fund "$dist/$1")
    works "$1" "$(cd "$place/npm" && node smoke.mjs "$here/whoami.yml")"
}

try_c() { # file
    mkdir "$place/c"
    tar -C "$place/c" --strip-components=1 -xzf "$dist/$1"
    local flags said
    flags=$(PKG_CONFIG_PATH=$place/c/lib/pkgconfig pkg-config --static --cflags --libs tieline)
    # shellcheck disable=SC2086
    quietly "${CC:-cc}" -std=c11 -Wall -Wextra -Werror "$here/smoke.c" -o "$place/c/shared" $flags -Wl,-rpath,"$place/c/lib"
    # shellcheck disable=SC2086
    quietly "${CC:-cc}" -std=c11 -Wall -Wextra -Werror "$here/smoke.c" -o "$place/c/static" ${flags/-ltieline/-l:libtieline.a}
    said=$("$place/c/shared" "$here/whoami.yml")
    rm "$place"/c/lib/libtieline.so*
    if [ "$said" != "$("$place/c/static" "$here/whoami.yml")" ]; then said="unlike the static library"; fi
    works "$1" "$said"
}

for tool in cargo node npm cc objcopy pkg-config; do
    command -v "$tool" >/dev/null || { echo "\`$tool\` is missing" >&2; exit 1; }
done
rm -rf "$dist"
mkdir -p "$dist"
build_crates
build_python
build_node
build_c
# What is tried is compiled as fast as can be, apart from what is shipped.
export CARGO_TARGET_DIR=$CARGO_TARGET_DIR/dist-try
export CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
try_crates
try_python "$(only "tieline-$version-*.whl")"
try_python "$(only "tieline-$version.tar.gz")"
try_node "$(only "tieline-$version.tgz")"
try_c "$(only "tieline-c-$version-*.tar.gz")"
# What was compiled at a place that is gone is never asked for again.
rm -rf "$CARGO_TARGET_DIR"/release/{deps,.fingerprint,build}/*{tieline,native,smoke}*
echo "dist: $count packages installed and smoke-tested, in target/dist"
