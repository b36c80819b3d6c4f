//! Which addresses and names are one host, without any inventory.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use tieline::Compiler;
use tieline::context::Context;
use tieline::incidents::{Incident, IncidentOptions, Incidents};

const RULES: &str = "
title: Remote Command
logsource: {product: windows}
detection: {selection: {EventID: 1}, condition: selection}
level: high
---
title: Service Installed
logsource: {product: windows}
detection: {selection: {EventID: 7045}, condition: selection}
level: high
";

const ENTITIES: &str = "entity_fields: [{account: [TargetUserName, User], initiated: [Initiated, Direction]}]";

fn incidents(events: &[&str]) -> Vec<Incident> {
    let rules = Compiler::new().rules(None, RULES).build().unwrap();
    let tables = Compiler::new().entity_fields(None, ENTITIES);
    let mut incidents = Incidents::new(&rules, tables, &Context::read(&[]), IncidentOptions::default()).unwrap();
    for (number, event) in events.iter().enumerate() {
        let event = format!(r#"{{"time": "2026-11-26T08:00:{number:02}Z", {event}}}"#);
        incidents.push_json(event.as_bytes(), &number.to_string()).unwrap();
        // What was learned is there after a stop, too.
        let saved = incidents.snapshot();
        incidents.restore(&saved).unwrap();
    }
    incidents.finish();
    incidents.incidents()
}

fn hosts(incident: &Incident) -> Vec<&str> {
    incident.hosts.iter().map(|host| host.name.as_str()).collect()
}

#[test]
fn a_host_that_says_that_it_began_a_connection_has_its_address() {
    let command = r#""EventID": 1, "Computer": "office.plant.example""#;
    let came = r#""EventID": 7045, "Computer": "hmi.plant.example", "SourceIp": "10.0.0.5""#;
    let of = |between: &str| incidents(&[between, command, came]);
    for said in [
        r#""EventID": 3, "Computer": "office.plant.example", "SourceIp": "10.0.0.5", "DestinationIp": "10.0.9.9", "Initiated": "true""#,
        r#""EventID": 3, "Computer": "office.plant.example", "SourceIp": "10.0.9.9", "DestinationIp": "10.0.0.5", "Initiated": false"#,
        r#""EventID": 5156, "Computer": "office.plant.example", "SourceAddress": "10.0.0.5", "DestAddress": "10.0.9.9", "Direction": "%%14593""#,
    ] {
        let all = of(said);
        assert_eq!(all.len(), 1, "{said}: {all:#?}");
        assert_eq!(hosts(&all[0]), ["office.plant.example", "hmi.plant.example"], "{said}");
    }
    for said in [
        // Somebody else's address, nobody's, the machine's own, and no word of who began.
        r#""EventID": 3, "Computer": "office.plant.example", "SourceIp": "10.0.0.5", "DestinationIp": "10.0.9.9", "Initiated": "false""#,
        r#""EventID": 3, "Computer": "office.plant.example", "SourceIp": "127.0.0.1", "DestinationIp": "127.0.0.1", "Initiated": "true""#,
        r#""EventID": 3, "Computer": "office.plant.example", "SourceIp": "10.0.0.5", "DestinationIp": "10.0.9.9", "Initiated": "maybe""#,
        r#""EventID": 3, "Computer": "office.plant.example", "SourceIp": "10.0.0.5", "DestinationIp": "10.0.9.9", "Direction": "outbound""#,
    ] {
        assert_eq!(of(said).len(), 2, "{said}");
    }
}

#[test]
fn the_first_part_of_a_name_is_the_host_when_only_one_has_it() {
    let at = |host: &str| format!(r#""EventID": 1, "Computer": "{host}""#);
    let of = |hosts: &[&str]| {
        let events: Vec<String> = hosts.iter().map(|host| at(host)).collect();
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        let all = incidents(&events);
        let mut names: Vec<String> = all.iter().flat_map(hosts_of).collect();
        names.sort_unstable();
        names
    };
    fn hosts_of(incident: &Incident) -> Vec<String> {
        hosts(incident).into_iter().map(str::to_owned).collect()
    }
    assert_eq!(of(&["hmi", "hmi.north.example"]), ["hmi.north.example"]);
    assert_eq!(of(&["HMI.north.example", "hmi"]), ["hmi.north.example"]);
    assert_eq!(
        of(&["hmi.north.example", "hmi.south.example", "hmi"]),
        ["hmi", "hmi.north.example", "hmi.south.example"]
    );
    assert_eq!(
        of(&["hmi", "hmi.north.example", "hmi.south.example", "hmi"]),
        ["hmi", "hmi.north.example", "hmi.south.example"]
    );
    assert_eq!(of(&["hmi-1", "hmi-10"]), ["hmi-1", "hmi-10"]);
    assert_eq!(of(&["hmi.", "hmi", "."]), [".", "hmi.",]);
}
