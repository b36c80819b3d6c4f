//! `include/tieline.h` is what cbindgen writes from the sources; `UPDATE_EXPECT=1` writes it.
//!
//! ```text
//!  src/*.rs ─▶ cbindgen ─▶ include/tieline.h
//! ```
//!
//! Whether the header compiles is for the tests in C.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::Path;

#[test]
fn the_header_is_that_of_the_sources() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(own.join("cbindgen.toml")).unwrap();
    // The modules that the library names are read with it.
    let builder = cbindgen::Builder::new().with_config(config).with_src(own.join("src/lib.rs"));
    let mut text = Vec::new();
    builder.generate().unwrap().write(&mut text);
    let path = own.join("include/tieline.h");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let is_same = std::fs::read(&path).is_ok_and(|filed| filed == text);
    assert!(is_same, "include/tieline.h is not what the sources give; write it with UPDATE_EXPECT=1");
}
