//! `assets`: what events tell of assets, in each form, beside the inventory, and what is wrong with it.

use crate::support::Room;

/// A workstation downloads to a controller, which says what it is; and a lease.
const EVENTS: &str = r#"{"layers":{"eth":{"eth_eth_src":"00:1b:1b:00:00:05","eth_eth_dst":"00:1b:1b:00:00:02"},"ip":{"ip_ip_src":"10.1.7.5","ip_ip_dst":"10.1.7.2"},"s7comm":{"s7comm_s7comm_header_rosctr":"1","s7comm_s7comm_param_func":"0x1a"}}}
{"layers":{"eth":{"eth_eth_src":"00:1b:1b:00:00:02","eth_eth_dst":"00:1b:1b:00:00:05"},"ip":{"ip_ip_src":"10.1.7.2","ip_ip_dst":"10.1.7.5"},"s7comm":{"s7comm_s7comm_header_rosctr":"3","s7comm_s7comm_param_func":"0x1a"}}}
{"layers":{"ip":{"ip_ip_src":"10.1.7.2","ip_ip_dst":"10.1.7.5"},"s7comm":{"s7comm_s7comm_header_rosctr":"7","s7comm_s7comm_param_userdata_type":"8","s7comm_s7comm_param_userdata_funcgroup":"4","s7comm_s7comm_param_userdata_subfunc":"1","s7comm_s7comm_szl_001c_0007_cputypname":"CPU 315-2 PN/DP"}}}
{"_path":"dhcp","ts":1795422946.5,"mac":"00:e0:62:60:35:d0","assigned_addr":"10.1.7.9","host_name":"hmi-9"}
"#;

const PLANT: &str = "id,ip,role,model\nplc-7,10.1.7.2,plc,CPU 1516-3\nspare,10.1.7.99,hmi,\n";

#[test]
fn assets_are_told_in_each_form() {
    let room = Room::empty();
    room.file("events.ndjson", EVENTS);
    let table = room.run("assets --format table events.ndjson").expect(0);
    let lines: Vec<&str> = table.out.lines().collect();
    assert_eq!(lines.len(), 4, "{}", table.out);
    assert!(lines[0].starts_with("ASSET             ROLE"), "{}", table.out);
    assert!(lines[1].contains("controller") && lines[1].contains("CPU 315-2 PN/DP"), "{}", table.out);
    assert!(lines[2].starts_with("10.1.7.5          engineering_workstation"), "{}", table.out);
    assert!(lines[3].starts_with("hmi-9 (10.1.7.9)") && lines[3].ends_with("2026-11-23T08:35:46.5Z"), "{}", table.out);
    assert!(table.err.contains("3 assets in 4 events"), "{}", table.err);

    // In a pipe, and to a file: data.
    let records = room.run("assets events.ndjson").expect(0);
    assert_eq!(records.out.lines().count(), 3);
    assert!(records.out.contains(r#""record":"asset""#) && records.out.contains(r#""evidence":[{"#), "{}", records.out);
    for form in ["yaml", "csv", "netbox", "cyclonedx"] {
        room.run(&format!("assets --format {form} --output found.{form} events.ndjson")).expect(0);
        let again = room.run(&format!("assets --context found.{form} --format csv")).expect(0);
        assert!(again.out.contains("hmi-9") && again.out.contains("CPU 315-2 PN/DP"), "{form}: {}", again.out);
        assert!(again.err.is_empty(), "{form}: {}", again.err);
        let same =
            room.run(&format!("assets --context found.{form} --fail-on any --format table events.ndjson")).expect(0);
        assert!(same.err.contains("0 unknown, 0 silent, 0 moved, 0 changed"), "{form}: {}", same.err);
    }
}

#[test]
fn differences_from_the_inventory_are_told_and_may_fail() {
    let room = Room::empty();
    room.file("events.ndjson", EVENTS);
    room.file("plant.csv", PLANT);
    let table = room.run("assets --context plant.csv --format table events.ndjson").expect(0);
    for line in
        ["unknown   10.1.7.5", "silent    spare", "changed   plc-7 (10.1.7.2): model CPU 1516-3 is CPU 315-2 PN/DP"]
    {
        assert!(table.out.lines().any(|own| own.starts_with(line)), "{line}\n{}", table.out);
    }
    assert!(table.err.contains("2 unknown, 1 silent, 0 moved, 1 changed"), "{}", table.err);
    room.run("assets --context plant.csv --fail-on moved events.ndjson").expect(0);
    let failed = room.run("assets --context plant.csv --fail-on moved,changed events.ndjson").expect(1);
    assert!(failed.out.contains(r#""kind":"changed""#), "{}", failed.out);
}

#[test]
fn what_is_wrong_is_told_and_the_rest_counts() {
    let room = Room::empty();
    room.file("events.ndjson", EVENTS.replacen("\"hmi-9\"}", "\"hmi-9\"", 1));
    room.file("plant.csv", format!("{PLANT}wrong,10.0.0.300,,\n"));
    let answer = room.run("assets --context plant.csv --format csv events.ndjson").expect(3);
    assert_eq!(answer.out.lines().count(), 3, "{}", answer.out);
    assert!(answer.err.contains("plant.csv:4:7") && answer.err.contains("events.ndjson:4"), "{}", answer.err);
    room.run("assets nowhere.ndjson").expect(3);
    room.run("assets --context nowhere.csv events.ndjson").expect(4);
    room.run("assets").expect(2);
}
