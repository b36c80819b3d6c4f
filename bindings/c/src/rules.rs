//! Rules: compiled once, shared by all threads, freed by the last who released them.
//!
//! ```text
//!  tl_compile ─▶ tl_rules (1) ── tl_rules_retain ─▶ (2) ── tl_rules_release ─▶ (1) ── tl_rules_release ─▶ freed
//! ```
//!
//! Scanners, streams and scans keep what they need of the rules; views and hits borrow, and need the handle.

use crate::error::{call, tl_status};
use crate::handle::{self, Body, Shared};
use crate::memory::{json, put, put_bytes, put_new, put_sized, slice, tl_buffer, tl_bytes, tl_str};
use crate::options::{compile_options, texts, tl_compile_config};
use crate::scan::tl_hit;
use crate::views::{TagTables, of_correlation, of_hit, tl_rule};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tieline_common::fields::fields;
use tieline_common::waist::{Error, Hit, Kind, RuleRecord, RuleSet, check};

/// Compiled rules. All functions on them may be called from any thread at the same time.
pub struct tl_rules(());

/// A YAML text with rules.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct tl_text {
    /// The name that messages show, such as a file name.
    pub name: tl_str,
    /// The rules.
    pub yaml: tl_str,
}

/// What stands behind `tl_rules`.
pub(crate) struct OwnRules {
    pub(crate) rules: Arc<RuleSet>,
    tags: TagTables,
    holders: AtomicUsize,
}

impl Body for OwnRules {
    type Handle = tl_rules;
    const KIND: u32 = 2;
    const NAME: &'static str = "tl_rules";
}

impl OwnRules {
    pub(crate) fn new(rules: impl Into<Arc<RuleSet>>) -> Self {
        let rules = rules.into();
        Self { tags: TagTables::new(&rules), rules, holders: AtomicUsize::new(1) }
    }
}

/// The rules of a handle.
pub(crate) fn of(rules: *const tl_rules) -> Result<Shared<OwnRules>, Error> {
    handle::shared::<OwnRules>(rules, "rules")
}

fn no_rule(index: usize, len: usize) -> Error {
    Error::new(Kind::Argument, format!("`index` is {index}; write one below {len}"))
}

/// # Safety
/// `texts` must be null or point to `len` texts.
unsafe fn read_texts(texts: *const tl_text, len: usize) -> Result<Vec<(String, String)>, Error> {
    let missing = || Error::new(Kind::Argument, "`texts` holds one without `yaml`");
    // SAFETY: the caller says so.
    let texts = unsafe { slice(texts, len, "texts") }?;
    let read = |text: &tl_text| {
        // SAFETY: the caller says so.
        let name = unsafe { text.name.text("name") }?.unwrap_or("rules");
        // SAFETY: as above.
        let yaml = unsafe { text.yaml.text("yaml") }?.ok_or_else(missing)?;
        Ok((name.to_owned(), yaml.to_owned()))
    };
    texts.iter().map(read).collect()
}

/// Compiles rules from YAML texts. A broken rule is an error unless `strict` is `TL_NO`; then it is left out and told by
/// `tl_rules_diagnostics_json`. `config` may be null. Release the rules with `tl_rules_release`.
///
/// # Safety
/// `texts` must point to `len` texts, `config` must be null or valid, and `rules` a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_compile(
    texts: *const tl_text,
    len: usize,
    config: *const tl_compile_config,
    rules: *mut *mut tl_rules,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_new(rules, "rules", || {
            Ok(OwnRules::new(RuleSet::compile(read_texts(texts, len)?, &compile_options(config)?)?))
        })
    })
}

/// Compiles the rules of files and directories, or loads saved ones. Broken rules are left out and told by
/// `tl_rules_diagnostics_json`, unless `strict` is `TL_YES`. `config` may be null.
///
/// # Safety
/// `paths` must point to `len` texts, `config` must be null or valid, and `rules` a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_load(
    paths: *const tl_str,
    len: usize,
    config: *const tl_compile_config,
    rules: *mut *mut tl_rules,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_new(rules, "rules", || {
            let paths = slice(paths, len, "paths")?.iter().map(|path| path.path("paths"));
            let paths = paths.collect::<Result<Vec<_>, _>>()?;
            Ok(OwnRules::new(RuleSet::load(&paths, &compile_options(config)?)?))
        })
    })
}

/// What is wrong in YAML texts, as a JSON array of diagnostics; broken rules are no error of the call.
///
/// # Safety
/// As for `tl_compile`; `diagnostics` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_check(
    texts: *const tl_text,
    len: usize,
    config: *const tl_compile_config,
    diagnostics: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_bytes(diagnostics, "diagnostics", || json(&check(read_texts(texts, len)?, &compile_options(config)?)?))
    })
}

/// Holds rules once more; each holder releases them.
///
/// # Safety
/// The rules must not be released for the last time meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_rules_retain(rules: *mut tl_rules) -> tl_status {
    call(|| {
        of(rules)?.holders.fetch_add(1, Ordering::Relaxed);
        Ok(())
    })
}

/// Releases rules; who does so last frees them. Null is allowed.
///
/// # Safety
/// Whoever releases must not use the handle, views or hits' rules any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_rules_release(rules: *mut tl_rules) -> tl_status {
    call(|| {
        if rules.is_null() {
            return Ok(());
        }
        if of(rules)?.holders.fetch_sub(1, Ordering::AcqRel) > 1 {
            return Ok(());
        }
        let freed = handle::free::<OwnRules>(rules, "rules").map(drop);
        if freed.is_err() {
            // Another thread is in a call on rules that it does not hold: they stay until the caller tries again.
            of(rules)?.holders.fetch_add(1, Ordering::AcqRel);
        }
        freed
    })
}

/// How many rules can match.
///
/// # Safety
/// `len` must be a place for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_rules_len(rules: *const tl_rules, len: *mut usize) -> tl_status {
    // SAFETY: the caller says so.
    call(|| unsafe { put(len, of(rules)?.rules.rules().len(), "len") })
}

/// How many correlations there are.
///
/// # Safety
/// `len` must be a place for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_rules_correlations_len(rules: *const tl_rules, len: *mut usize) -> tl_status {
    // SAFETY: the caller says so.
    call(|| unsafe { put(len, of(rules)?.rules.rules().correlations().len(), "len") })
}

/// What a rule says of itself, by its index below `tl_rules_len`. Set `rule->struct_size` before the call; texts live as
/// long as the rules.
///
/// # Safety
/// `rule` must be a struct as large as its `struct_size` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_rules_rule(rules: *const tl_rules, index: usize, rule: *mut tl_rule) -> tl_status {
    call(|| {
        let own = of(rules)?;
        let view = of_hit(&own.rules, &own.tags, &shown(&own, index)?).ok_or_else(|| no_rule(index, 0))?;
        // SAFETY: the caller says so.
        unsafe { put_sized(rule, &view, "rule") }
    })
}

/// A hit of the rule with an index, in the form that is shown.
fn shown(own: &OwnRules, index: usize) -> Result<Hit, Error> {
    let len = own.rules.rules().len();
    let rule = u32::try_from(index).ok().filter(|_| index < len).ok_or_else(|| no_rule(index, len))?;
    Ok(Hit { event: 0, rule, form: own.rules.form_shown() })
}

/// What a correlation says of itself, by its index below `tl_rules_correlations_len`.
///
/// # Safety
/// As for `tl_rules_rule`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_rules_correlation(rules: *const tl_rules, index: usize, rule: *mut tl_rule) -> tl_status {
    call(|| {
        let own = of(rules)?;
        let len = own.rules.rules().correlations().len();
        let view = of_correlation(&own.rules, &own.tags, index).ok_or_else(|| no_rule(index, len))?;
        // SAFETY: the caller says so.
        unsafe { put_sized(rule, &view, "rule") }
    })
}

/// What the rule of a hit says of itself. The hit must be of these rules; the index of a rule may differ between the
/// forms for several sources, so `tl_rules_rule` is not for hits.
///
/// # Safety
/// `hit` must be null or a hit, and `rule` a struct as large as its `struct_size` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_hit_rule(rules: *const tl_rules, hit: *const tl_hit, rule: *mut tl_rule) -> tl_status {
    call(|| {
        let own = of(rules)?;
        // SAFETY: the caller says so.
        let hit = unsafe { slice(hit, 1, "hit") }?.first().map(|hit| Hit::from(*hit));
        let missing = || Error::new(Kind::Argument, "`hit` is not of these rules");
        let view = hit.and_then(|hit| of_hit(&own.rules, &own.tags, &hit)).ok_or_else(missing)?;
        // SAFETY: the caller says so.
        unsafe { put_sized(rule, &view, "rule") }
    })
}

/// All that a rule says of itself, as JSON.
///
/// # Safety
/// `record` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_rules_rule_json(
    rules: *const tl_rules,
    index: usize,
    record: *mut *mut tl_buffer,
) -> tl_status {
    let make = || {
        let own = of(rules)?;
        let rule = own.rules.rule(&shown(&own, index)?).ok_or_else(|| no_rule(index, 0))?;
        json(&RuleRecord::of_rule(rule))
    };
    // SAFETY: the caller says so.
    call(|| unsafe { put_bytes(record, "record", make) })
}

/// All that a correlation says of itself, as JSON.
///
/// # Safety
/// `record` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_rules_correlation_json(
    rules: *const tl_rules,
    index: usize,
    record: *mut *mut tl_buffer,
) -> tl_status {
    let make = || {
        let own = of(rules)?;
        let mut correlations = own.rules.rules().correlations();
        let len = correlations.len();
        json(&RuleRecord::of_correlation(correlations.nth(index).ok_or_else(|| no_rule(index, len))?))
    };
    // SAFETY: the caller says so.
    call(|| unsafe { put_bytes(record, "record", make) })
}

/// What was found wrong in files and rules, and warnings, as a JSON array.
///
/// # Safety
/// `diagnostics` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_rules_diagnostics_json(
    rules: *const tl_rules,
    diagnostics: *mut *mut tl_buffer,
) -> tl_status {
    let make = || json(&of(rules)?.rules.diagnostics().collect::<Vec<_>>());
    // SAFETY: the caller says so.
    call(|| unsafe { put_bytes(diagnostics, "diagnostics", make) })
}

/// What was loaded, and what was left out and why, as JSON.
///
/// # Safety
/// `report` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_rules_report_json(rules: *const tl_rules, report: *mut *mut tl_buffer) -> tl_status {
    // SAFETY: the caller says so.
    call(|| unsafe { put_bytes(report, "report", || json(&of(rules)?.rules.report())) })
}

/// The fields that rules read, how many do, and for which log sources, as a JSON array.
///
/// # Safety
/// `uses` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_rules_fields_json(rules: *const tl_rules, uses: *mut *mut tl_buffer) -> tl_status {
    // SAFETY: the caller says so.
    call(|| unsafe { put_bytes(uses, "uses", || json(&fields(of(rules)?.rules.rules()))) })
}

/// Why a rule, by its id, name or title, matches an event or does not, as JSON.
///
/// # Safety
/// `rule` must be a text, `event` must point to `event_len` bytes, and `explanation` be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_rules_explain_json(
    rules: *const tl_rules,
    rule: tl_str,
    event: *const u8,
    event_len: usize,
    explanation: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_bytes(explanation, "explanation", || {
            let missing = || Error::new(Kind::Argument, "`rule` is null; give an id, name or title");
            let rule = rule.text("rule")?.ok_or_else(missing)?;
            json(&of(rules)?.rules.explain(rule, slice(event, event_len, "event")?)?)
        })
    })
}

/// Runs the events that lie beside rule files, and tells what went wrong, as JSON: `tested`, `untested`, `events`,
/// `failures`.
///
/// # Safety
/// `report` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_rules_test_json(rules: *const tl_rules, report: *mut *mut tl_buffer) -> tl_status {
    // SAFETY: the caller says so.
    call(|| unsafe { put_bytes(report, "report", || json(&of(rules)?.rules.test()?)) })
}

/// The same rules with other indicators in place of those before: paths of lists, or lists as text (STIX 2.1 or MISP as JSON,
/// CSV of more than one line). Nothing is compiled when the rules are about indicators already; streams go on with them by
/// `tl_stream_reload`. Release them with `tl_rules_release`, as well as the rules that were given.
///
/// # Safety
/// `lists` must point to `len` texts, and `with` be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_rules_with_indicators(
    rules: *const tl_rules,
    lists: *const tl_str,
    len: usize,
    with: *mut *mut tl_rules,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_new(with, "with", || {
            let missing = || Error::new(Kind::Argument, "`lists` holds one without text");
            let lists = slice(lists, len, "lists")?.iter();
            let lists = lists.map(|list| Ok(list.text("lists")?.ok_or_else(missing)?.to_owned()));
            Ok(OwnRules::new(of(rules)?.rules.with_indicators(&lists.collect::<Result<Vec<_>, Error>>()?)?))
        })
    })
}

/// The rules as bytes, for `tl_rules_from_bytes` and the command line.
///
/// # Safety
/// `bytes` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_rules_to_bytes(rules: *const tl_rules, bytes: *mut *mut tl_buffer) -> tl_status {
    // SAFETY: the caller says so.
    call(|| unsafe { put_bytes(bytes, "bytes", || Ok(of(rules)?.rules.to_bytes())) })
}

/// The same rules over a plant, by whose inventory, zones and conduits fields such as `source.asset.role`, `destination.zone` and
/// `flow.allowed` are filled: paths, or YAML texts (of more than one line). Nothing is compiled again.
///
/// # Safety
/// `context` must point to `len` texts, and `in_context` be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_rules_in_context(
    rules: *const tl_rules,
    context: *const tl_str,
    len: usize,
    in_context: *mut *mut tl_rules,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_new(in_context, "in_context", || {
            Ok(OwnRules::new(of(rules)?.rules.in_context(&texts(context, len, "context")?)?))
        })
    })
}

/// Rules that `tl_rules_to_bytes` or the command line saved.
///
/// # Safety
/// `bytes` must point to bytes that are there, and `rules` be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_rules_from_bytes(bytes: tl_bytes, rules: *mut *mut tl_rules) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_new(rules, "rules", || Ok(OwnRules::new(RuleSet::from_bytes(slice(bytes.ptr, bytes.len, "bytes")?)?)))
    })
}
