//! Assets learned from events: who is who, what is not confused, and what differs from the inventory.

use super::entities::Limits;
use super::{Difference, DifferenceKind, Discovery, SeenAsset, compare};
use crate::load::with_taxonomy;
use tieline::context::Context;
use tieline::diagnostic::Source;
use tieline::{Compiler, Normaliser};

fn plant(text: &str) -> Context {
    let plant = Context::read(&[Source::new(Some("plant.yml"), text)]);
    assert_eq!(plant.diagnostics(), []);
    plant
}

fn discovery(plant: Option<&Context>) -> Discovery {
    Discovery::new(Normaliser::new(with_taxonomy(Compiler::new(), &[])).unwrap(), plant)
}

fn seen_in(plant: Option<&Context>, events: &[&str]) -> Vec<SeenAsset> {
    let mut discovery = discovery(plant);
    events.iter().for_each(|event| discovery.push(event.as_bytes()).unwrap());
    discovery.assets()
}

#[track_caller]
fn of<'a>(seen: &'a [SeenAsset], id: &str) -> &'a SeenAsset {
    let ids: Vec<_> = seen.iter().map(|seen| &seen.asset.id).collect();
    seen.iter().find(|seen| seen.asset.id == id).unwrap_or_else(|| panic!("{id} is not among {ids:?}"))
}

/// A frame of tshark between two hosts whose last bytes are given.
fn frame(from: (u8, &str), to: (u8, &str), layer: &str) -> String {
    format!(
        r#"{{"timestamp":"1795422946174","layers":{{"eth":{{"eth_eth_src":"{}","eth_eth_dst":"{}"}},"ip":{{"ip_ip_src":"10.1.7.{}","ip_ip_dst":"10.1.7.{}"}},{layer}}}}}"#,
        from.1, to.1, from.0, to.0
    )
}

const PLC: (u8, &str) = (2, "00:1b:1b:00:00:02");
const EWS: (u8, &str) = (5, "00:1b:1b:00:00:05");

fn s7(job: u8, function: &str) -> String {
    format!(r#""s7comm":{{"s7comm_s7comm_header_rosctr":"{job}","s7comm_s7comm_param_func":"{function}"}}"#)
}

#[test]
fn who_serves_and_who_programs_is_known_by_operations() {
    // Start upload, request download, and their answers.
    let events = [
        frame(EWS, PLC, &s7(1, "0x1a")),
        frame(PLC, EWS, &s7(3, "0x1a")),
        frame(EWS, PLC, &s7(1, "0x29")),
        frame(PLC, EWS, &s7(3, "0x29")),
    ];
    let seen = seen_in(None, &events.each_ref().map(String::as_str));
    assert_eq!(seen.len(), 2);
    let (plc, ews) = (of(&seen, "10.1.7.2"), of(&seen, "10.1.7.5"));
    assert_eq!(plc.asset.role.as_deref(), Some("controller"));
    assert_eq!(ews.asset.role.as_deref(), Some("engineering_workstation"));
    assert!(plc.confidence["role"] > 0.9 && ews.confidence["role"] > 0.75, "{plc:?} {ews:?}");
    assert_eq!((&*plc.serves, &*ews.uses), (&["s7comm".to_owned()][..], &["s7comm".to_owned()][..]));
    assert_eq!(ews.acts, ["mode_stop", "program_download"]);
    assert_eq!(plc.peers, ["10.1.7.5"]);
    assert_eq!(plc.asset.mac, [PLC.1]);
    assert_eq!(plc.first.as_deref(), Some("2026-11-23T08:35:46.174Z"));
    let why = plc.evidence.iter().find(|why| why.tells == "serves").unwrap();
    assert_eq!((&*why.value, &*why.field, why.count), ("s7comm", "ot.protocol", 2));
}

#[test]
fn a_controller_that_asks_for_its_program_is_the_server() {
    // Of an S7 download, the blocks are requested by the controller, at port 102.
    let with_ports = |event: String, from: u16, to: u16| {
        event.replacen(
            r#""s7comm""#,
            &format!(r#""tcp":{{"tcp_tcp_srcport":"{from}","tcp_tcp_dstport":"{to}"}},"s7comm""#),
            1,
        )
    };
    let events = [
        with_ports(frame(PLC, EWS, &s7(1, "0x1b")), 102, 1042),
        with_ports(frame(EWS, PLC, &s7(3, "0x1b")), 1042, 102),
    ];
    let seen = seen_in(None, &events.each_ref().map(String::as_str));
    assert_eq!(of(&seen, "10.1.7.2").asset.role.as_deref(), Some("controller"));
    assert_eq!(of(&seen, "10.1.7.5").asset.role.as_deref(), Some("engineering_workstation"));
    assert!(of(&seen, "10.1.7.5").serves.is_empty());
}

#[test]
fn devices_say_what_they_are() {
    let identity = r#""enip":{"enip_enip_command":"0x0063","enip_enip_lir_vendor":"0x0001","enip_enip_lir_devtype":"14","enip_enip_lir_revision":"4103","enip_enip_lir_serial":"0x0051aec3","enip_enip_lir_name":"1769-L30ER"}"#;
    let module = r#""enip":{"enip_enip_command":"0x006f"},"cip":{"cip_cip_rr":"0x01","cip_cip_sc":"0x01"},"cipcm":{"cip_cip_linkaddress_byte":"0","cip_cip_id_vendor_id":"0x0001","cip_cip_id_device_type":"0x000e","cip_cip_id_major_rev":"16","cip_cip_id_minor_rev":"20","cip_cip_id_serial_number":"0x0051823f","cip_cip_id_product_name":"1756-L61/B LOGIX5561"}"#;
    let list = r#""s7comm":{"s7comm_s7comm_header_rosctr":"7","s7comm_s7comm_param_userdata_type":"8","s7comm_s7comm_param_userdata_funcgroup":"4","s7comm_s7comm_param_userdata_subfunc":"1","s7comm_s7comm_szl_xy11_0001_index":["0x0001","0x0006","0x0007"],"s7comm_s7comm_szl_xy11_0001_anz":["6ES7 315-2EH14-0AB0 ","6ES7 315-2EH14-0AB1 ","                    "],"s7comm_s7comm_szl_xy11_0001_ausbg":["3","3","22019"],"s7comm_s7comm_szl_xy11_0001_ausbe":["1","1","519"],"s7comm_s7comm_szl_001c_0005_serialn":"S C-B1U393142011","s7comm_s7comm_szl_001c_0007_cputypname":"CPU 315-2 PN/DP"}"#;
    let asked = r#""pn_dcp":{"pn_dcp_pn_dcp_service_id":"5","pn_dcp_pn_dcp_service_type":"0","pn_dcp_pn_dcp_suboption_device_nameofstation":"sought"}"#;
    let seen = seen_in(
        None,
        &[
            &frame((10, EWS.1), (11, PLC.1), identity),
            &frame((12, EWS.1), (11, PLC.1), module),
            &frame((15, EWS.1), (11, PLC.1), module),
            &frame((15, EWS.1), (11, PLC.1), &identity.replace("0x0051aec3", "0x0051823f")),
            &frame((13, EWS.1), (11, PLC.1), list),
            &frame((14, EWS.1), (11, PLC.1), asked),
            r#"{"_path":"bacnet_property","source_h":"10.1.7.20","pdu_service":"read-property-ack","object_type":"device","instance_number":203,"property":"model-name","value":"EWP-367"}"#,
            r#"{"_path":"modbus_read_device_identification","source_h":"10.1.7.21","is_orig":false,"object_id_code":"0x02","object_value":"V3.1"}"#,
        ],
    );
    let asset = &of(&seen, "10.1.7.10").asset;
    assert_eq!(asset.vendor.as_deref(), Some("Rockwell Automation"));
    assert_eq!((asset.model.as_deref(), asset.firmware.as_deref()), (Some("1769-L30ER"), Some("16.7")));
    assert_eq!((asset.serial.as_deref(), asset.role.as_deref()), (Some("0x0051aec3"), Some("controller")));
    let slot = &of(&seen, "10.1.7.12#0").asset;
    assert_eq!((slot.model.as_deref(), slot.firmware.as_deref()), (Some("1756-L61/B LOGIX5561"), Some("16.20")));
    assert_eq!(of(&seen, "10.1.7.12").asset.model, None);
    assert!(!seen.iter().any(|seen| seen.asset.id == "10.1.7.15#0"), "the module is what answers at the address");
    let siemens = &of(&seen, "10.1.7.13").asset;
    assert_eq!((siemens.vendor.as_deref(), siemens.model.as_deref()), (Some("Siemens"), Some("6ES7 315-2EH14-0AB0")));
    assert_eq!((siemens.serial.as_deref(), siemens.firmware.as_deref()), (Some("S C-B1U393142011"), Some("3.2.7")));
    assert_eq!(of(&seen, "10.1.7.14").asset.name, None);
    assert_eq!(of(&seen, "10.1.7.20").asset.model.as_deref(), Some("EWP-367"));
    assert_eq!(of(&seen, "10.1.7.21").asset.firmware.as_deref(), Some("V3.1"));
}

#[test]
fn a_controller_that_speaks_what_tshark_does_not_read_is_known_by_its_transport() {
    let cotp = |kind: &str| {
        format!(
            r#""cotp":{{"cotp_cotp_type":"{kind}","cotp_cotp_src-tsap":"SNOPCC0002000001","cotp_cotp_dst-tsap":"SIMATIC-ROOT-ES"}}"#
        )
    };
    let data = r#""cotp":{"cotp_cotp_type":"0x0f"},"data":{"data_data_data":"72:02:00:21:32:00:00:05:42:00:00:00:07"}"#;
    let events = [frame(EWS, PLC, &cotp("0x0e")), frame(PLC, EWS, &cotp("0x0d")), frame(PLC, EWS, data)];
    let seen = seen_in(None, &events.each_ref().map(String::as_str));
    let plc = of(&seen, "10.1.7.2");
    assert_eq!((plc.asset.vendor.as_deref(), plc.asset.role.as_deref()), (Some("Siemens"), Some("controller")));
    assert_eq!(plc.serves, ["s7comm_plus"]);
    assert_eq!(of(&seen, "10.1.7.5").asset.role.as_deref(), Some("engineering_workstation"));
}

#[test]
fn a_mac_that_speaks_for_many_is_that_of_a_router() {
    let frame = |last: u8, mac: &str| frame((last, mac), (200, "00:0c:29:00:00:01"), &s7(1, "0x04"));
    let routed = [1, 2, 3, 4].map(|last| frame(last, "00:00:0c:07:ac:01"));
    let own = frame(9, "00:0e:8c:00:00:09");
    let v6 = r#"{"layers":{"eth":{"eth_eth_src":"00:0e:8c:00:00:09"},"ipv6":{"ipv6_ipv6_src":"fe80::20e:8cff:fe00:9%eth0","ipv6_ipv6_dst":"ff02::1"},"s7comm":{"s7comm_s7comm_header_rosctr":"1","s7comm_s7comm_param_func":"0x04"}}}"#;
    let events: Vec<&str> = routed.iter().map(String::as_str).chain([own.as_str(), v6]).collect();
    let seen = seen_in(None, &events);
    assert!(of(&seen, "10.1.7.1").asset.mac.is_empty());
    let own = of(&seen, "10.1.7.9");
    assert_eq!(own.asset.mac, ["00:0e:8c:00:00:09"]);
    assert_eq!(own.asset.ip.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.1.7.9", "fe80::20e:8cff:fe00:9"]);
    assert_eq!(of(&seen, "00:00:0c:07:ac:01").asset.role.as_deref(), Some("router"));
    // Whoever is only asked is there with a doubt; groups of receivers are not.
    assert!(!of(&seen, "10.1.7.200").heard);
    assert!(of(&seen, "10.1.7.200").confidence["role"] < 0.5);
    assert!(!seen.iter().any(|seen| seen.asset.id.starts_with("ff02")));
}

#[test]
fn a_request_that_is_told_with_its_answer_shows_who_serves() {
    let eve = |last: u8, response: &str| {
        format!(
            r#"{{"timestamp":"2026-11-27T13:28:44.403334+0000","event_type":"modbus","src_ip":"10.2.0.6","src_port":46740,"dest_ip":"10.1.7.{last}","dest_port":502,"proto":"TCP","modbus":{{"id":1,"request":{{"transaction_id":1,"unit_id":17,"function_raw":3,"read":{{"address":0,"quantity":4}}}}{response}}}}}"#
        )
    };
    let answer = r#","response":{"transaction_id":1,"unit_id":17,"function_raw":3,"read":{"data":"\r"}}"#;
    let events = [eve(2, answer), eve(3, "")];
    let seen = seen_in(None, &events.each_ref().map(String::as_str));
    let told = |id: &str| (of(&seen, id).heard, of(&seen, id).serves.clone(), of(&seen, id).first.is_some());
    assert_eq!(told("10.1.7.2"), (true, vec!["modbus".to_owned()], true));
    assert_eq!(told("10.1.7.3"), (false, Vec::new(), true));
}

#[test]
fn equal_addresses_at_several_sites_are_several_assets() {
    let plant = plant("sites: [{name: north, sensors: [tap-n]}, {name: south, sensors: [tap-s]}]");
    let at = |place: &str| {
        format!(
            r#"{{"_path":"modbus","id.orig_h":"10.2.0.6","id.resp_h":"10.1.7.2","func":"READ_COILS_EXCEPTION",{place},"ts":"XXXXXXXXXX.XXXXXX"}}"#
        )
    };
    let events = [
        at(r#""sensor":"tap-n""#),
        at(r#""observer":{"name":"tap-s"}"#),
        at(r#""site":"west""#),
        at(r#""sensor":"other""#),
    ];
    let seen = seen_in(Some(&plant), &events.each_ref().map(String::as_str));
    let ids: Vec<&str> = seen.iter().map(|seen| &*seen.asset.id).collect();
    for id in ["10.1.7.2", "north/10.1.7.2", "south/10.1.7.2", "west/10.1.7.2"] {
        assert!(ids.contains(&id), "{ids:?}");
    }
    assert_eq!(of(&seen, "north/10.1.7.2").peers, ["north/10.2.0.6"]);
    assert_eq!(of(&seen, "north/10.1.7.2").first, None, "masked times are none");
}

#[test]
fn leases_and_logs_of_hosts_join_names_and_addresses() {
    let seen = seen_in(
        None,
        &[
            r#"{"_path":"dhcp","mac":"00:E0:62:60:35:D0","assigned_addr":"10.2.0.9","host_name":"HMI-9","server_addr":"10.2.0.1"}"#,
            r#"{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":3,"Computer":"ews-1.plant.example","Initiated":"true","SourceIp":"10.2.0.5","DestinationIp":"10.1.7.2"}"#,
            r#"{"Channel":"Security","EventID":4624,"Computer":"EWS-1","IpAddress":"10.2.0.77"}"#,
            r#"{"Channel":"Security","EventID":4624,"Computer":"EWS-1","IpAddress":"::1"}"#,
            r#"{"_path":"conn","id.orig_h":"10.2.0.5","id.resp_h":"10.2.0.1","service":"dns,krb","conn_state":"SF"}"#,
            r#"{"_path":"conn","id.orig_h":"10.2.0.66","id.resp_h":"10.2.0.67","conn_state":"S0"}"#,
            r#"{"_path":"conn","id.orig_h":"10.2.0.5","id.resp_h":"203.0.113.9","service":"ssl","conn_state":"SF"}"#,
        ],
    );
    let hmi = of(&seen, "hmi-9");
    assert_eq!((&*hmi.asset.mac, hmi.asset.ip.len()), (&["00:e0:62:60:35:d0".to_owned()][..], 1));
    let ews = of(&seen, "ews-1.plant.example");
    assert_eq!(
        (ews.os.as_deref(), &*ews.asset.host),
        (Some("Windows"), &["ews-1.plant.example".to_owned(), "ews-1".to_owned()][..])
    );
    assert_eq!(ews.asset.ip[0].to_string(), "10.2.0.5");
    assert_eq!(of(&seen, "10.2.0.1").serves, ["dhcp", "dns", "krb"]);
    assert_eq!(of(&seen, "10.2.0.77").asset.host, Vec::<String>::new());
    let ids: Vec<&str> = seen.iter().map(|seen| &*seen.asset.id).collect();
    assert!(ids.contains(&"10.2.0.66") && !ids.contains(&"10.2.0.67"), "a port that did not answer is nobody: {ids:?}");
    assert!(!ids.contains(&"203.0.113.9") && !ids.contains(&"::1"), "{ids:?}");
}

#[test]
fn a_name_that_had_two_addresses_is_one_and_an_address_with_two_names_is_not() {
    let lease =
        |mac: &str, ip: &str, host: &str| format!(r#"{{"mac":"{mac}","assigned_addr":"{ip}","host_name":"{host}"}}"#);
    let events = [
        lease("00:e0:62:00:00:01", "10.2.0.9", "a"),
        lease("00:e0:62:00:00:02", "10.2.0.9", "b"),
        lease("00:e0:62:00:00:03", "10.2.0.10", "c"),
    ];
    let seen = seen_in(None, &events.each_ref().map(String::as_str));
    assert_eq!(of(&seen, "c").asset.ip.len(), 1);
    assert!(!seen.iter().any(|seen| seen.asset.host.len() > 1), "{seen:?}");
}

#[track_caller]
fn differ(plant: &str, events: &[&str], expected: &[&str]) {
    let plant = self::plant(plant);
    let found = compare(&plant, &seen_in(Some(&plant), events));
    let text = |one: &Difference| {
        let part = |part: &Option<String>| part.clone().unwrap_or("-".to_owned());
        let what = one.what.map(|what| format!(" {what} {} {}", part(&one.was), part(&one.is))).unwrap_or_default();
        format!("{} {} {}{what}", one.kind.as_str(), part(&one.declared), part(&one.seen))
    };
    assert_eq!(found.iter().map(text).collect::<Vec<_>>(), expected);
}

#[test]
fn what_was_seen_is_compared_with_the_inventory() {
    let plant = "
assets:
  - {id: plc-7, ip: 10.1.7.2, role: plc, firmware: V2.8, vendor: rockwell, model: 1769-L30ER, serial: 51AEC3}
  - {id: ews, mac: '00:1b:1b:00:00:05', ip: 10.9.0.5, role: hmi}
  - {id: spare, ip: 10.1.7.99}
zones:
  - {name: cell, networks: [10.1.7.0/24]}
  - {name: engineering, networks: [10.9.0.0/16]}
";
    let identity = r#""enip":{"enip_enip_command":"0x0063","enip_enip_lir_vendor":"0x0001","enip_enip_lir_devtype":"14","enip_enip_lir_revision":"4103","enip_enip_lir_serial":"0x0051aec3","enip_enip_lir_name":"1769-L30ER/A"}"#;
    let events = [
        frame(PLC, EWS, identity),
        frame(EWS, PLC, &s7(1, "0x1a")),
        frame((44, "00:0c:29:00:00:44"), PLC, &s7(1, "0x04")),
    ];
    let expected = [
        "unknown - 10.1.7.44",
        "silent spare -",
        "moved ews 10.1.7.5 ip 10.9.0.5 10.1.7.5",
        "moved ews 10.1.7.5 zone engineering cell",
        "changed ews 10.1.7.5 role hmi engineering_workstation",
        "changed plc-7 10.1.7.2 firmware V2.8 16.7",
    ];
    differ(plant, &events.each_ref().map(String::as_str), &expected);
    differ("assets: [{id: a, ip: 10.0.0.1}]", &[], &["silent a -"]);
    assert!(DifferenceKind::Unknown < DifferenceKind::Silent);
}

#[test]
fn what_was_exchanged_is_a_change_at_its_place() {
    let plant = "assets: [{id: plc, ip: 10.1.7.2, mac: '00:1b:1b:00:00:07'}]";
    differ(
        plant,
        &[&frame(PLC, EWS, &s7(3, "0x04"))],
        &["unknown - 10.1.7.5", "changed plc 10.1.7.2 mac 00:1b:1b:00:00:07 00:1b:1b:00:00:02"],
    );
}

#[test]
fn memory_is_bounded_and_what_found_no_room_is_counted() {
    let mut discovery = discovery(None);
    discovery.entities.limits = Limits { entities: 8, told: 6, links: 2 };
    for host in 0..50 {
        let event = format!(
            r#"{{"_path":"modbus","id.orig_h":"10.2.0.{host}","id.resp_h":"10.1.7.2","func":"READ_COILS_EXCEPTION","ts":1}}"#
        );
        discovery.push(event.as_bytes()).unwrap();
        let event =
            format!(r#"{{"_path":"ssh","id.orig_h":"10.2.0.1","id.resp_h":"10.1.7.2","server":"banner {host}"}}"#);
        discovery.push(event.as_bytes()).unwrap();
    }
    let lost = discovery.given_up();
    assert!(lost.assets > 0 && lost.signs > 0 && lost.links > 0, "{lost:?}");
    assert_eq!(discovery.entities.all.len(), 8);
    assert!(discovery.entities.all.iter().all(|entity| entity.told.len() <= 6 && entity.peers.len() <= 2));
    assert!(!discovery.assets().is_empty());
    assert_eq!(discovery.events(), 100);
}

#[test]
fn broken_events_are_refused_and_strange_ones_say_nothing() {
    let mut discovery = discovery(None);
    for event in ["", "[]", "{", "\"x\"", "{\"a\":1} x"] {
        assert!(discovery.push(event.as_bytes()).is_err(), "{event}");
    }
    for event in [
        "{}",
        r#"{"id.orig_h":"10.0.0.999","id.resp_h":7,"site":{"a":1},"sensor":[null]}"#,
        r#"{"mac":"00:e0:62","assigned_addr":"x","host_name":"\u0000\u001b[31m"}"#,
        r#"{"layers":{"enip":[1,null,{"enip_enip_lir_revision":"99999999"}],"ip":{"ip_ip_src":["10.0.0.1","10.0.0.2"]}}}"#,
        r#"{"id.orig_h":"255.255.255.255","id.resp_h":"0.0.0.0"}"#,
    ] {
        discovery.push(event.as_bytes()).unwrap();
    }
    assert_eq!(discovery.assets().iter().map(|seen| &*seen.asset.id).collect::<Vec<_>>(), ["10.0.0.1"]);
}
