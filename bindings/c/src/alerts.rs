//! Alerts of correlations, as structs that borrow from what was pushed.
//!
//! ```text
//!  tl_pushed ─▶ tl_pushed_alert(0) ─▶ tl_alert { rule, group: User = anna, count: 12, time_ns, events }
//! ```
//!
//! Times as text stand in the JSON.

use crate::error::{call, tl_status};
use crate::memory::{put, put_sized, sized, tl_str};
use crate::stream::{of_pushed, tl_pushed};
use crate::views::{TL_CORRELATION, Tags, of_meta, tags, tl_rule};
use tieline::Number;
use tieline::stream::{Alert, AlertKind};
use tieline_common::waist::{Error, Kind};

/// A field or alias of `group-by`, and its value. This struct never changes.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct tl_group_value {
    /// The name.
    pub name: tl_str,
    /// The value; null where the lack of one makes a group.
    pub value: tl_str,
}

/// A correlation that holds for a group. Set `struct_size` before the call; all pointers live as long as what was pushed.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct tl_alert {
    /// `sizeof(tl_alert)`.
    pub struct_size: usize,
    /// The correlation's id, else its name.
    pub rule_id: tl_str,
    /// Its title.
    pub rule_title: tl_str,
    /// Its type, such as `event_count`.
    pub correlation_type: tl_str,
    /// Its tags.
    pub tags: *const tl_str,
    /// How many there are.
    pub tags_len: usize,
    /// One of `TL_LEVEL_…`.
    pub level: i32,
    /// 1 when this only tells the latest state of an alert whose window is not over.
    pub is_update: i32,
    /// When it holds, in nanoseconds since 1970.
    pub time_ns: i64,
    /// The time of the first event that contributes.
    pub first_ns: i64,
    /// The time of the last one.
    pub last_ns: i64,
    /// How many events contribute.
    pub count: u64,
    /// What the condition was about: the count, the computed value, or the number of rules.
    pub value: f64,
    /// The fields of `group-by` and their values.
    pub group: *const tl_group_value,
    /// How many there are.
    pub group_len: usize,
    /// The numbers of the latest events that contribute, the oldest first.
    pub events: *const u64,
    /// How many there are.
    pub events_len: usize,
}

sized!(tl_alert {
    rule_id,
    rule_title,
    correlation_type,
    tags,
    level,
    time_ns,
    first_ns,
    last_ns,
    count,
    value,
    group,
    events,
});

/// What an alert points to.
pub(crate) struct AlertView {
    view: tl_alert,
    #[expect(dead_code, reason = "the view points to it")]
    tags: Tags,
    #[expect(dead_code, reason = "the view points to it")]
    group: Box<[tl_group_value]>,
}

// SAFETY: it is only read, and what it points to is never changed.
unsafe impl Send for AlertView {}
// SAFETY: as above.
unsafe impl Sync for AlertView {}

/// Views of alerts; they borrow.
pub(crate) fn views(alerts: &[Alert]) -> Box<[AlertView]> {
    alerts.iter().map(view).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a count beyond 2^53 is told in the JSON")]
fn view(alert: &Alert) -> AlertView {
    let rule = alert.rule();
    let tags = tags(rule.metadata());
    let named = |(name, value)| tl_group_value { name: tl_str::of(name), value: tl_str::of_some(value) };
    let group: Box<[tl_group_value]> = alert.group().map(named).collect();
    let tl_rule { id, title, level, tags: first_tag, tags_len, .. } = of_meta(TL_CORRELATION, rule.metadata(), &tags);
    let view = tl_alert {
        struct_size: size_of::<tl_alert>(),
        rule_id: id,
        rule_title: title,
        correlation_type: tl_str::of(rule.kind()),
        tags: first_tag,
        tags_len,
        level,
        is_update: i32::from(alert.kind() == AlertKind::Update),
        time_ns: alert.time_ns(),
        first_ns: alert.first_ns(),
        last_ns: alert.last_ns(),
        count: alert.count(),
        value: match alert.value() {
            Number::Integer(value) => value as f64,
            Number::Float(value) => value,
        },
        group: group.as_ptr(),
        group_len: group.len(),
        events: alert.events().as_ptr(),
        events_len: alert.events().len(),
    };
    AlertView { view, tags, group }
}

/// How many alerts there are.
///
/// # Safety
/// `len` must be a place for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_pushed_alerts_len(pushed: *const tl_pushed, len: *mut usize) -> tl_status {
    // SAFETY: the caller says so.
    call(|| unsafe { put(len, of_pushed(pushed)?.alerts.len(), "len") })
}

/// An alert by its index below `tl_pushed_alerts_len`, in the order of their times.
///
/// # Safety
/// `alert` must be a struct as large as its `struct_size` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_pushed_alert(pushed: *const tl_pushed, index: usize, alert: *mut tl_alert) -> tl_status {
    call(|| {
        let own = of_pushed(pushed)?;
        let fault = || Error::new(Kind::Argument, format!("`index` is {index}; write one below {}", own.alerts.len()));
        let view = own.alerts.get(index).ok_or_else(fault)?;
        // SAFETY: the caller says so.
        unsafe { put_sized(alert, &view.view, "alert") }
    })
}
