//! Replays what fuzzing has found, and a few hostile inputs that nobody should have to find again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

use proptest::prelude::*;
use std::path::Path;

#[path = "../../../fuzz/src/lib.rs"]
mod targets;

#[test]
fn everything_found_by_fuzzing_is_mended() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/regressions");
    for (name, target) in targets::TARGETS {
        let Ok(entries) = std::fs::read_dir(root.join(name)) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()).filter(|path| !path.ends_with(".gitkeep")) {
            println!("{name}: {}", path.display());
            target(&std::fs::read(path).unwrap());
        }
    }
}

proptest! {
    /// Rules, filters and pipelines, other ones each time.
    #[test]
    fn engine_and_reference_agree_on_what_bytes_draw(bytes in prop::collection::vec(any::<u8>(), 40..600)) {
        targets::drawn(&bytes);
    }
}

/// Targets to which each byte is a choice, so that also bytes without a plan come far.
#[test]
fn bytes_without_a_plan_are_answered_alike() {
    let count: u64 = std::env::var("TIELINE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(150);
    let drawn = ["drawn", "tables", "records", "incidents", "trust", "files", "assets", "report"];
    for (name, target) in targets::TARGETS.iter().filter(|(name, _)| drawn.contains(name)) {
        for seed in 0..count {
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d;
            let bytes = std::iter::repeat_with(|| {
                state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
                (state >> 56) as u8
            });
            let bytes: Vec<u8> = bytes.take(16 + seed as usize % 500).collect();
            let caught = std::panic::catch_unwind(|| target(&bytes));
            assert!(caught.is_ok(), "{name} fails on seed {seed}: {bytes:?}");
        }
    }
}

#[test]
fn hostile_inputs_are_harmless_everywhere() {
    let deep = "[".repeat(20_000);
    let bomb =
        (0..30).fold("a0: &a0 [x]\n".to_owned(), |text, n| format!("{text}a{}: &a{} [*a{n}, *a{n}]\n", n + 1, n + 1));
    let regex = format!(
        "title: t\nlogsource: {{category: c}}\ndetection: {{s: {{A|re: '{}'}}, condition: s}}",
        "(a*)*".repeat(200)
    );
    let stars = format!(
        "title: t\nlogsource: {{category: c}}\ndetection: {{s: {{A: '{}b'}}, condition: s}}",
        "*a".repeat(2000)
    );
    let inputs = [
        "",
        "\0",
        "{",
        "\u{feff}{}",
        "---\n---\n",
        &deep,
        &bomb,
        &regex,
        &stars,
        "a: *a",
        "? {}",
        "- - -",
        "!!binary x",
        "'|all",
        "%YAML 1.2",
        "\u{2028}",
        "\t\t",
        "A|re|i|m|s|all|neq\n(a|b)*",
        "|\n|",
        "A|windash\n- - - - -",
        "1 of 1 of 1 of them",
        "not not not",
    ];
    for (_, target) in targets::TARGETS {
        for input in inputs {
            target(input.as_bytes());
        }
        target(&[0xFF, 0xFE, 0, 0xD8]);
    }
}
