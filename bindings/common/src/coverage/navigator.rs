//! Layers of the ATT&CK Navigator, format 4.5.
//!
//! ```text
//! {"name": ..., "domain": "ics-attack", "versions": {...}, "techniques": [{"techniqueID": "T0843", "score": 3, ...}], ...}
//! ```
//!
//! The score is the number of rules, of those that could fire when events were seen. A technique without a rule has no score,
//! and a comment that says why where that is known.

use super::{Coverage, Domain, Technique, VERSION};
use serde_json::{Value, json};

/// Rules that a comment names.
const RULES_MAX: usize = 20;

/// A layer as JSON.
#[must_use]
pub fn layer(coverage: &Coverage, domain: Domain) -> Value {
    let is_seen = coverage.data.is_some();
    let techniques: Vec<(Value, usize)> =
        coverage.techniques(domain).iter().map(|technique| of_technique(technique, is_seen)).collect();
    let most = techniques.iter().map(|(_, score)| *score).max().unwrap_or(0).max(1);
    let (id, matrix) = match domain {
        Domain::Ics => ("ics-attack", "ICS"),
        Domain::Enterprise => ("enterprise-attack", "Enterprise"),
    };
    let packs: Vec<&str> = coverage.packs.iter().map(|pack| pack.name.as_str()).collect();
    let counted = if is_seen { "rules that could fire on the events seen" } else { "rules" };
    let mut metadata = vec![metadata("packs", packs.join(", ")), metadata("rules", coverage.rules)];
    if let Some(data) = &coverage.data {
        metadata.push(self::metadata("events", data.all.events));
        for (name, time) in [("first event", &data.all.first), ("last event", &data.all.last)] {
            metadata.extend(time.as_ref().map(|time| self::metadata(name, time)));
        }
    }
    let version = VERSION.split('.').next().unwrap_or(VERSION);
    json!({
        "name": format!("Coverage of ATT&CK for {matrix}"),
        "versions": {"attack": version, "navigator": "5.1.0", "layer": "4.5"},
        "domain": id,
        "description": format!("Scores are numbers of {counted}. A rule for a technique is not all of the technique."),
        "sorting": 3,
        "layout": {"layout": "side", "showID": true, "showName": true, "expandedSubtechniques": "annotated"},
        "hideDisabled": false,
        "techniques": techniques.into_iter().map(|(technique, _)| technique).collect::<Vec<_>>(),
        "gradient": {"colors": ["#ff6666", "#ffe766", "#8ec843"], "minValue": 0, "maxValue": most},
        "legendItems": [{"label": format!("no {counted}"), "color": "#ff6666"}, {"label": format!("{most} {counted}"), "color": "#8ec843"}],
        "metadata": metadata,
    })
}

fn metadata(name: &str, value: impl ToString) -> Value {
    // The Navigator shows nothing of a layer with an empty value.
    let value = value.to_string();
    json!({"name": name, "value": if value.is_empty() { "-".to_owned() } else { value }})
}

fn of_technique(technique: &Technique, is_seen: bool) -> (Value, usize) {
    let mut out = json!({"techniqueID": technique.id, "enabled": true});
    let mut more = Vec::new();
    if let Some(v19) = technique.v19 {
        more.push(metadata("ATT&CK 19", v19));
    }
    let score = if is_seen { technique.here.unwrap_or(0) } else { technique.rules.len() };
    let comment = if technique.rules.is_empty() {
        let reason = technique.shows.map(|shows| shows.reason());
        let by = technique.by.map(|by| format!(": {by}")).unwrap_or_default();
        reason.map(|reason| format!("no rule; {reason}{by}"))
    } else {
        more.push(metadata("rules", technique.rules.len()));
        if let Some(here) = technique.here {
            more.push(metadata("rules that could fire", here));
        }
        more.extend(technique.level.map(|level| metadata("highest level", level.as_str())));
        more.extend(technique.packs.iter().map(|(pack, rules)| metadata(pack, rules)));
        let mut names: Vec<String> = technique
            .rules
            .iter()
            .take(RULES_MAX)
            .map(|rule| {
                if rule.here == Some(false) {
                    format!("{} (not on these events)", rule.title)
                } else {
                    rule.title.clone()
                }
            })
            .collect();
        if technique.rules.len() > RULES_MAX {
            names.push(format!("and {} more", technique.rules.len() - RULES_MAX));
        }
        Some(names.join("\n"))
    };
    if let Some(object) = out.as_object_mut() {
        if !technique.rules.is_empty() {
            object.insert("score".to_owned(), score.into());
        }
        object.extend(comment.map(|comment| ("comment".to_owned(), comment.into())));
        if !more.is_empty() {
            object.insert("metadata".to_owned(), more.into());
        }
    }
    (out, score)
}
