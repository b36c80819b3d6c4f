//! What a page holds, and what it leaves out.

use super::*;
use serde_json::{Value, json};
use std::io::Read as _;

/// The document that a page holds.
fn held(document: &Value) -> Value {
    let mut out = Vec::new();
    page(document.to_string().as_bytes(), &mut out).unwrap();
    assert!(out.len() < 5_000_000, "{} bytes", out.len());
    let text = String::from_utf8(out).unwrap();
    let (_, rest) = text.split_once("id=\"document\">").unwrap();
    let (packed, _) = rest.split_once('<').unwrap();
    let packed = STANDARD.decode(packed).unwrap();
    let mut json = String::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut json).unwrap();
    serde_json::from_str(&json).unwrap()
}

#[test]
fn a_page_holds_its_document_as_it_is() {
    let document = json!({
        "form": "tieline.report/1", "site": "</script><script>alert(1)</script><!-- \u{2028}\u{202e}",
        "assets": [{"id": "plc-1"}], "incidents": [{"id": "inc-1", "score": {"total": 7}}], "later": {"any": [1, 2.5]},
    });
    assert_eq!(held(&document), document);
}

#[test]
fn nothing_of_a_document_stands_in_the_page_as_text() {
    let mut out = Vec::new();
    page(br#"{"site":"</script><b>bold</b>","name":"\ud800"}"#, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains("<b>bold"));
    assert_eq!(text.matches("</script>").count(), TEMPLATE.matches("</script>").count());
}

#[test]
fn what_matters_most_is_kept_and_the_rest_is_counted() {
    let asset = |at: usize| match at {
        30_000 => json!({"id": at, "incidents": ["inc-1"]}),
        40_000 => json!({"id": at, "criticality": "critical"}),
        _ => json!({"id": at}),
    };
    let document =
        json!({"assets": (0..50_000).map(asset).collect::<Vec<_>>(), "left_out": [{"what": "assets", "count": 5}]});
    let held = held(&document);
    let assets = held["assets"].as_array().unwrap();
    assert_eq!(assets.len(), 20_000);
    assert_eq!(assets[0]["id"], 0);
    assert_eq!((&assets[19_998]["id"], &assets[19_999]["id"]), (&json!(30_000), &json!(40_000)));
    assert_eq!(held["left_out"], json!([{"what": "assets", "count": 30_005}]));
}

#[test]
fn a_huge_incident_is_cut_and_says_so() {
    let host = |at: usize| json!({"host": format!("host-{at}")});
    let finding = |at: usize| json!({"title": at, "level": if at == 999 { "critical" } else { "low" }});
    let hosts: Vec<_> = (0..100_000).map(host).collect();
    let incident = json!({"spread": {"next": hosts}, "findings": (0..1_000).map(finding).collect::<Vec<_>>()});
    let held = held(&json!({ "incidents": [incident] }));
    let incident = &held["incidents"][0];
    assert_eq!(incident["findings"].as_array().unwrap().last().unwrap()["title"], 999);
    let own = json!([{"what": "findings", "count": 500}, {"what": "hosts that can be reached next", "count": 99_700}]);
    assert_eq!(incident["left_out"], own);
    assert_eq!(held["left_out"][0], json!({"what": "findings of single incidents", "count": 500}));
}

#[test]
fn a_page_never_grows_too_large() {
    // Text that hardly packs.
    let mut state = 1_u64;
    let mut word = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        format!("{state:016x}")
    };
    let assets: Vec<_> = (0..20_000).map(|_| json!({"id": (0..40).map(|_| word()).collect::<String>()})).collect();
    let held = held(&json!({ "assets": assets }));
    let kept = held["assets"].as_array().unwrap().len() as u64;
    assert_eq!(held["left_out"][0]["count"].as_u64().unwrap() + kept, 20_000);
}

#[test]
fn what_is_no_document_is_refused() {
    for broken in ["", "[]", "{\"assets\":", "7"] {
        assert!(page(broken.as_bytes(), &mut Vec::new()).is_err(), "{broken}");
    }
    assert_eq!(held(&json!({"assets": 7, "incidents": null, "left_out": "no"}))["assets"], 7);
}
