//! `normalise`: the records of OT operations, in each form, and what is wrong with tables and events.

use crate::support::Room;

/// A write of a coil as tshark tells it, two messages in one segment, and an event about something else.
const EVENTS: &str = r#"{"layers":{"ip":{"ip_ip_src":"10.0.0.7","ip_ip_dst":"10.0.0.20"},"tcp":{"tcp_tcp_dstport":"502"},"mbtcp":{"mbtcp_mbtcp_unit_id":"3"},"modbus":{"modbus_modbus_func_code":"5","modbus_modbus_reference_num":"12"}}}
{"layers":{"tcp":{"tcp_tcp_dstport":"502"},"mbtcp":[{"mbtcp_mbtcp_unit_id":"1"},{"mbtcp_mbtcp_unit_id":"2"}],"modbus":[{"modbus_modbus_func_code":"3"},{"modbus_modbus_func_code":"100"}]}}
{"EventID":1}
"#;

#[test]
fn records_are_told_in_each_form() {
    let room = Room::empty();
    room.file("events.ndjson", EVENTS);
    let records = room.run("normalise -o records events.ndjson").expect(0);
    let lines: Vec<&str> = records.out.lines().collect();
    assert_eq!(lines.len(), 3, "{}", records.out);
    assert!(lines[0].contains(r#""ot.operation":"control","ot.code":5,"ot.name":"WRITE_SINGLE_COIL""#), "{}", lines[0]);
    assert!(lines[0].contains(r#""ot.unit":3"#) && lines[0].contains(r#""ot.address":[12]"#), "{}", lines[0]);
    assert!(lines[1].contains(r#""ot.unit":1"#) && lines[2].contains(r#""ot.unit":2"#), "{}", records.out);
    assert!(lines[2].contains(r#""ot.operation":"unknown","ot.code":100"#), "{}", lines[2]);
    assert!(records.err.contains("3 events read, 1 of them tell of no operation"), "{}", records.err);

    // In a pipe: the events as they are, with the record behind; what tells of nothing is left alone.
    let whole = room.run("normalise events.ndjson").expect(0);
    let lines: Vec<&str> = whole.out.lines().collect();
    assert_eq!(lines.len(), 4, "{}", whole.out);
    assert!(
        lines[0].starts_with(r#"{"layers":{"ip":{"ip_ip_src":"10.0.0.7""#)
            && lines[0].contains(r#","ot.sensor":"tshark","#)
    );
    assert_eq!(lines[3], r#"{"EventID":1}"#);
    room.file("again.ndjson", &whole.out);
    assert!(room.run("normalise -o records again.ndjson").expect(0).out.is_empty());

    let table = room.run("normalise -o table events.ndjson").expect(0);
    assert!(table.out.contains("       1  modbus    control    request    5     WRITE_SINGLE_COIL"), "{}", table.out);
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_goes_on() {
    let room = Room::empty();
    room.file("events.ndjson", EVENTS.replacen(r#"{"EventID":1}"#, r#"{"EventID":1"#, 1));
    let answer = room.run("normalise -o records events.ndjson").expect(3);
    assert_eq!(answer.out.lines().count(), 3);
    assert!(answer.err.contains("events.ndjson:3"), "{}", answer.err);
    room.run("normalise nowhere.ndjson").expect(3);
    room.run("normalise").expect(2);

    room.file("tables/sensors.yml", "sensor: s\ninputs: {}\n");
    room.file("tables/p.yml", "protocol: p\nsources: {t: test}\nsensors: [{sensor: s, needs: [func], inputs: {code: func}}]\noperations: [{code: 1, class: raed, source: t}]\n");
    let answer = room.run("normalise --taxonomy tables events.ndjson").expect(4);
    assert!(answer.err.contains("tables/p.yml:4:14") && answer.err.contains("is no operation class"), "{}", answer.err);
}

#[test]
fn rules_take_tables_of_their_own() {
    let room = Room::empty();
    room.file("events.ndjson", "{\"func\":1}\n{\"func\":2}\n");
    room.file("tables/sensors.yml", "sensor: s\ninputs: {}\n");
    room.file("tables/p.yml", "protocol: p\nsources: {t: test}\nsensors: [{sensor: s, needs: [func], inputs: {code: func}}]\noperations: [{code: 2, name: STOP, class: mode_stop, source: t}]\n");
    room.file("rules/stop.yml", "title: Stopped\nlogsource: {category: ot_operation}\ndetection: {s: {ot.operation: mode_stop}, condition: s}\n");
    let answer = room.run("scan --rules rules --taxonomy tables -o ndjson events.ndjson").expect(0);
    assert_eq!(answer.out.lines().count(), 1, "{}", answer.out);
    assert!(room.run("scan --rules rules -o ndjson events.ndjson").expect(0).out.is_empty());
    let why = room.run("explain --rules rules --taxonomy tables --event events.ndjson:2").expect(0);
    assert!(why.out.contains("ot.operation is 'mode_stop'") || why.out.contains("mode_stop"), "{}", why.out);
}
