//! Tieline for C and C++: a C ABI over the waist that all languages share.
//!
//! ```text
//!  tl_compile, tl_load ─▶ tl_rules ─▶ tl_scanner ─▶ tl_scan_json ─▶ tl_hit, borrowed
//!                            │ └────▶ tl_scan_lines, tl_scan_events ─▶ tl_scan
//!                            ├──────▶ tl_scan_arrow ─▶ tl_scan ─▶ tl_scan_results_arrow
//!                            ├──────▶ tl_stream ─▶ tl_stream_push, … ─▶ tl_pushed
//!                            ├──────▶ tl_scan_files ─▶ tl_files ─▶ tl_files_next
//!                            └──────▶ tl_incidents_new ─▶ tl_incidents ─▶ tl_incidents_to_json
//!  tl_discovery ─▶ assets, tl_trust ─▶ judgements, tl_learner ─▶ proposals: JSON and YAML in a tl_buffer
//!  tl_normaliser_new ─▶ tl_normaliser ─▶ tl_normaliser_records_json ─▶ tl_buffer
//! ```
//!
//! It converts arguments, calls the waist, and converts the answer; it decides nothing about rules or events. It is the
//! only crate with `unsafe`: C gives pointers, and what can be seen of them is checked.

#![allow(unsafe_code, reason = "C gives pointers")]
#![allow(non_camel_case_types, reason = "types have the names that C sees")]
#![allow(clippy::missing_errors_doc, reason = "every function says with its status whether it failed")]
#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks, clippy::missing_safety_doc)]

mod alerts;
mod arrow;
mod discovery;
mod error;
mod files;
mod handle;
mod incidents;
mod learner;
mod memory;
mod normaliser;
mod options;
mod report;
mod rules;
mod scan;
mod stream;
mod trust;
mod views;

pub use alerts::{tl_alert, tl_group_value, tl_pushed_alert, tl_pushed_alerts_len};
pub use arrow::{
    ArrowArray, ArrowArrayStream, ArrowSchema, tl_scan_arrow, tl_scan_arrow_batch, tl_scan_results_arrow,
    tl_stream_push_arrow, tl_stream_push_arrow_batch,
};
pub use discovery::{
    tl_discovery, tl_discovery_assets_json, tl_discovery_compare_json, tl_discovery_free, tl_discovery_inventory,
    tl_discovery_new, tl_discovery_push, tl_discovery_push_events, tl_discovery_push_lines, tl_discovery_reload,
    tl_discovery_restore, tl_discovery_snapshot, tl_discovery_stats_json,
};
pub use error::{
    TL_ARGUMENT, TL_CANCELLED, TL_CLOSED, TL_EVENT, TL_FORKED, TL_INTERNAL, TL_LIMIT, TL_LOAD, TL_OK, TL_PIPELINE,
    TL_RULES, TL_SAVED, TL_STATE, tl_last_error, tl_last_error_byte, tl_last_error_code, tl_last_error_copy,
    tl_last_error_diagnostics_json, tl_status, tl_status_name,
};
pub use files::{
    TL_TOLD_BAD_EVENT, TL_TOLD_BAD_FILE, TL_TOLD_END, TL_TOLD_FOUND, TL_TOLD_NOT_COUNTED, TL_TOLD_PROGRESS,
    TL_TOLD_QUIET, tl_files, tl_files_free, tl_files_next, tl_files_stop, tl_files_totals, tl_scan_files, tl_told,
    tl_totals,
};
pub use incidents::{
    tl_incidents, tl_incidents_add, tl_incidents_advance, tl_incidents_export, tl_incidents_finish, tl_incidents_free,
    tl_incidents_new, tl_incidents_push, tl_incidents_push_events, tl_incidents_push_lines, tl_incidents_reload,
    tl_incidents_restore, tl_incidents_skews_json, tl_incidents_snapshot, tl_incidents_stats_json,
    tl_incidents_take_changes_json, tl_incidents_to_json,
};
pub use learner::{
    tl_learner, tl_learner_free, tl_learner_given_up, tl_learner_new, tl_learner_proposal, tl_learner_push,
    tl_learner_push_events, tl_learner_push_lines,
};
pub use memory::{tl_buffer, tl_buffer_bytes, tl_buffer_free, tl_bytes, tl_str};
pub use normaliser::{tl_normaliser, tl_normaliser_free, tl_normaliser_new, tl_normaliser_records_json};
pub use options::{
    TL_ALL_CORES, TL_DEFAULT, TL_NO, TL_YES, tl_compile_config, tl_file_config, tl_incidents_config,
    tl_normaliser_config, tl_placeholder, tl_scan_config, tl_stream_config, tl_trust_config,
};
pub use report::{
    tl_report, tl_report_finish, tl_report_free, tl_report_new, tl_report_push, tl_report_push_events,
    tl_report_push_lines, tl_report_to_html, tl_report_to_json, tl_report_to_markdown,
};
pub use rules::{
    tl_check, tl_compile, tl_hit_rule, tl_load, tl_rules, tl_rules_correlation, tl_rules_correlation_json,
    tl_rules_correlations_len, tl_rules_diagnostics_json, tl_rules_explain_json, tl_rules_fields_json,
    tl_rules_from_bytes, tl_rules_in_context, tl_rules_len, tl_rules_release, tl_rules_report_json, tl_rules_retain,
    tl_rules_rule, tl_rules_rule_json, tl_rules_test_json, tl_rules_to_bytes, tl_rules_with_indicators, tl_text,
};
pub use scan::{
    tl_fault, tl_hit, tl_scan, tl_scan_detection_json, tl_scan_events, tl_scan_events_len, tl_scan_faults,
    tl_scan_free, tl_scan_hits, tl_scan_json, tl_scan_lines, tl_scan_to_json, tl_scanner, tl_scanner_detection_json,
    tl_scanner_free, tl_scanner_new,
};
pub use stream::{
    TL_AHEAD, TL_LATE, tl_not_counted, tl_pushed, tl_pushed_counts, tl_pushed_faults, tl_pushed_free, tl_pushed_hits,
    tl_pushed_not_counted, tl_pushed_summary, tl_pushed_to_json, tl_stream, tl_stream_advance, tl_stream_close,
    tl_stream_counts, tl_stream_flush, tl_stream_free, tl_stream_new, tl_stream_push, tl_stream_push_events,
    tl_stream_push_lines, tl_stream_reload, tl_stream_restore, tl_stream_rules, tl_stream_snapshot, tl_stream_stats,
    tl_stream_watermark,
};
pub use trust::{
    tl_trust, tl_trust_advance, tl_trust_finish, tl_trust_free, tl_trust_new, tl_trust_push, tl_trust_push_events,
    tl_trust_push_lines, tl_trust_reload, tl_trust_restore, tl_trust_snapshot, tl_trust_stats_json, tl_trust_take_json,
};
pub use views::{
    TL_CORRELATION, TL_DETECTION, TL_LEVEL_CRITICAL, TL_LEVEL_HIGH, TL_LEVEL_INFORMATIONAL, TL_LEVEL_LOW,
    TL_LEVEL_MEDIUM, TL_LEVEL_NONE, tl_rule,
};

/// The version of the interface: the number behind `libtieline.so.`. It grows when programs must be built anew.
pub const TL_ABI_VERSION: u32 = 0;

/// The version of the interface of the library that runs; compare it with `TL_ABI_VERSION`.
#[unsafe(no_mangle)]
pub extern "C" fn tl_abi_version() -> u32 {
    TL_ABI_VERSION
}

/// The version of the library, such as `0.1.0`. The text lives for ever.
#[unsafe(no_mangle)]
pub extern "C" fn tl_version() -> tl_str {
    tl_str::of(env!("CARGO_PKG_VERSION"))
}
