//! The host an event is about, for people who read a list of detections.
//!
//! ```text
//! {"Computer":"ENG02.water.example.net"}                     ─▶  ENG02.water.example.net
//! {"id.orig_h":"10.10.1.27","id.resp_h":"10.30.1.11"}        ─▶  10.10.1.27 > 10.30.1.11
//! ```
//!
//! Usual names are tried in order. Nothing is resolved or looked up.

use tieline::{Event, Value};

/// Fields that usually hold the host's own name, the more exact ones first.
const HOSTS: &[&str] = &[
    "Computer",
    "Event.System.Computer",
    "winlog.computer_name",
    "host.name",
    "host.hostname",
    "Hostname",
    "hostname",
    "computer_name",
    "agent.hostname",
    "node",
    "host",
];

/// Fields that hold the two ends of a connection.
const ENDS: &[(&str, &str)] = &[
    ("id.orig_h", "id.resp_h"),
    ("source.ip", "destination.ip"),
    ("src_ip", "dest_ip"),
    ("SourceIp", "DestinationIp"),
];

/// Longer texts are no names: that of a DNS name.
const HOST_BYTES_MAX: usize = 255;

/// The host, or the two ends of a connection; `None` when no usual field holds one.
pub(crate) fn of_event(event: &dyn Event) -> Option<String> {
    let ends = |(from, to): &(&str, &str)| Some(format!("{} > {}", text(event, from)?, text(event, to)?));
    HOSTS.iter().find_map(|field| text(event, field)).or_else(|| ENDS.iter().find_map(ends))
}

fn text(event: &dyn Event, field: &str) -> Option<String> {
    let mut found = None;
    event.values(field, &mut |value| {
        if let (None, Value::Text(text)) = (&found, value)
            && (1..=HOST_BYTES_MAX).contains(&text.len())
        {
            found = Some(text.to_owned());
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use tieline::JsonEvent;

    #[test]
    fn the_usual_fields_give_the_host() {
        let long = format!(r#"{{"Computer":"{}"}}"#, "x".repeat(1000));
        let cases = [
            (r#"{"Computer":"ENG02","host":"collector"}"#, Some("ENG02")),
            (r#"{"Event":{"System":{"Computer":"ENG02"}}}"#, Some("ENG02")),
            (r#"{"id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2"}"#, Some("10.0.0.1 > 10.0.0.2")),
            (r#"{"id":{"orig_h":"10.0.0.1","resp_h":"10.0.0.2"}}"#, Some("10.0.0.1 > 10.0.0.2")),
            (r#"{"host":{"ip":"10.0.0.1"},"Hostname":""}"#, None),
            (&long, None),
        ];
        for (event, expected) in cases {
            assert_eq!(of_event(&JsonEvent::parse(event.as_bytes()).unwrap()).as_deref(), expected, "{event}");
        }
    }
}
