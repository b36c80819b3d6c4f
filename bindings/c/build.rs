//! Gives the shared library its name for the dynamic linker.
//!
//! ```text
//!  libtieline.so -> libtieline.so.0      the number is TL_ABI_VERSION
//! ```
//!
//! It compiles nothing.

fn main() {
    let is_elf = std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "unix")
        && std::env::var("CARGO_CFG_TARGET_VENDOR").is_ok_and(|vendor| vendor != "apple");
    if is_elf {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libtieline.so.0");
    }
    println!("cargo:rerun-if-changed=build.rs");
}
