//! Inventories in each form: what is written is read again, and faults have their place.

use super::InventoryForm;
use crate::context::{Asset, Context};
use crate::diagnostic::Source;
use proptest::prelude::*;

const FORMS: [InventoryForm; 4] =
    [InventoryForm::Yaml, InventoryForm::Csv, InventoryForm::NetBox, InventoryForm::CycloneDx];

fn read(name: &str, text: &str) -> Context {
    Context::read(&[Source::new(Some(name), text)])
}

#[track_caller]
fn told(name: &str, text: &str, expected: &[&str]) -> Context {
    let context = read(name, text);
    let told: Vec<String> = context.diagnostics().iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        let mut parts = expected.split(" … ");
        assert!(told.starts_with(parts.next().unwrap()) && parts.all(|part| told.contains(part)), "{told}\n{expected}");
    }
    context
}

/// The assets as YAML, for comparison.
#[track_caller]
fn means(context: &Context, yaml: &str) {
    let expected = read("expected.yml", yaml);
    assert_eq!(expected.diagnostics(), [], "{yaml}");
    assert_eq!(context.assets(), expected.assets());
}

#[test]
fn rows_under_the_keys_of_an_asset_are_an_inventory() {
    let csv = "\u{feff}id,site,ip,nat,mac,host,tags,name\r
plc-7,north,10.1.7.2;10.1.7.3,south=192.0.2.6;south=192.0.2.7,00-1B-1B-00-00-07,,boiler; \"a\\;b\",\"Boiler, left\nhall\"\r
\r
hmi,,fd00::1,,,'=HMI.plant.example,,\"say \"\"hmi\"\"\"\r
";
    let context = told("plant.csv", csv, &[]);
    means(
        &context,
        "
sites: [{name: north}, {name: south}]
assets:
  - {id: plc-7, site: north, ip: [10.1.7.2, 10.1.7.3], nat: {south: [192.0.2.6, 192.0.2.7]}, mac: 00:1b:1b:00:00:07,
     tags: [boiler, '\"a;b\"'], name: \"Boiler, left\\nhall\"}
  - {id: hmi, ip: 'fd00::1', host: '=HMI.plant.example', name: 'say \"hmi\"'}
",
    );
    assert_eq!(context.sites().len(), 2);
    let semicolons = told("x.csv", "id;ip;role\nplc;10.0.0.1;controller\n", &[]);
    means(&semicolons, "assets: [{id: plc, ip: 10.0.0.1, role: controller}]");
}

#[test]
fn faults_of_rows_are_told_with_their_place_and_the_rest_counts() {
    let csv = "id,ip,rol,ip,criticality
plc-1,10.0.0.999,,,high
plc-2,10.0.0.2
,10.0.0.3,,,
plc-4,10.0.0.4,,,hgh
plc-4,10.0.0.5,,,
plc-6,10.0.0.4,,,
plc-7,10.0.0.7,,,,7
plc-8,10.0.0.8,\"cut off
";
    let context = told(
        "plant.csv",
        csv,
        &[
            "plant.csv:1:7: … `rol` is no column",
            "plant.csv:1:11: … two columns `ip`",
            "plant.csv:3:1: … this row has 2 cells, but the header 5",
            "plant.csv:8:1: … this row has 6 cells",
            "plant.csv:9:16: … never closed",
            "plant.csv:2:7: … `10.0.0.999` is no IP address",
            "plant.csv:4:1: … an asset needs the text `id`",
            "plant.csv:5:18: … `hgh` is no criticality",
            "plant.csv:6:1: … there is one asset `plc-4` already",
            "plant.csv:7:1: … `10.0.0.4` belongs to the asset `plc-4` already",
        ],
    );
    let ids: Vec<&str> = context.assets().iter().map(|asset| &*asset.id).collect();
    assert_eq!(ids, ["plc-1", "plc-4", "plc-6"]);
}

#[test]
fn devices_of_netbox_are_assets() {
    let three = "Name,Status,Tenant,Site,Location,Rack,Role,Manufacturer,Type,IP Address,ID,Serial number,Asset tag,IPv4 Address,IPv6 Address,Tags
plc-7,Active,Process,north,Hall 2,R1,PLC,Siemens,CPU 1516-3 PN/DP,10.1.7.2/24,7,S C-X4U4,,10.1.7.2/24,2001:db8::7/64,\"boiler,line 1\"
plc-7,Offline,,south,,,Engineering Workstation,Dell,Precision,,8,,,,,
,Active,,south,,,HMI,,,,9,,,,,
";
    let context = told("devices.csv", three, &[]);
    means(
        &context,
        "
sites: [{name: north}, {name: south}]
assets:
  - {id: plc-7, site: north, owner: Process, role: plc, vendor: Siemens, model: CPU 1516-3 PN/DP, serial: S C-X4U4,
     ip: [10.1.7.2, '2001:db8::7'], tags: ['location:Hall 2', boiler, line 1]}
  - {id: south/plc-7, site: south, role: engineering_workstation, vendor: Dell, model: Precision, tags: ['status:Offline']}
  - {id: netbox-9, site: south, role: hmi}
",
    );
    let import = "name,role,manufacturer,device_type,serial,asset_tag,status,site,primary_ip4\nrtu,RTU,ABB,RTU560,1,A-7,active,north,10.0.0.1/8\n";
    means(
        &told("x", import, &[]),
        "
sites: [{name: north}]
assets: [{id: rtu, role: rtu, vendor: ABB, model: RTU560, serial: '1', site: north, ip: 10.0.0.1, tags: ['asset_tag:A-7']}]
",
    );
    told(
        "x.csv",
        "Name,Status,Site,Role,IPv4 Address\na,Active,n,x,10.0.0.300/8\n",
        &["x.csv:2:14: … is no IP address"],
    );
}

#[test]
fn devices_of_a_bill_of_materials_are_assets() {
    let bill = r#"{
  "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
  "metadata": {"component": {"type": "application", "name": "inventory"}},
  "components": [
    {"type": "device", "bom-ref": "dev-1", "name": "CPU 1516-3", "supplier": {"name": "Siemens \u0041G"}, "version": "4",
     "components": [
       {"type": "device-driver", "name": "driver", "version": "1"},
       {"type": "firmware", "name": "fw", "version": "V2.9.4"},
       {"type": "device", "name": "module", "properties": [{"name": "cdx:device:serialNumber", "value": "S-2"}]}],
     "properties": [
       {"name": "cdx:device:serialNumber", "value": "S-1"}, {"name": "cdx:device:macAddress", "value": "00:1B:1B:00:00:07"},
       {"name": "acme:net:ipAddress", "value": "10.1.7.2/24"}, {"name": "acme:role", "value": "Safety PLC"},
       {"name": "acme:id", "value": "4711"}]},
    {"type": "device", "bom-ref": "dev-2", "name": "1756-L61", "manufacturer": {"name": "Rockwell"}},
    {"type": "firmware", "bom-ref": "fw-2", "name": "fw", "version": "16.20"},
    {"type": "library", "name": "openssl"}],
  "dependencies": [{"ref": "dev-2", "dependsOn": ["fw-2"]}, {"ref": "fw-2", "dependsOn": ["dev-2"]}]
}"#;
    means(
        &told("bom.json", bill, &[]),
        "
assets:
  - {id: dev-1, name: CPU 1516-3, model: CPU 1516-3, vendor: Siemens AG, firmware: V2.9.4, serial: S-1, mac: '00:1b:1b:00:00:07',
     ip: 10.1.7.2, role: safety_plc}
  - {id: module, model: module, serial: S-2}
  - {id: dev-2, name: 1756-L61, model: 1756-L61, vendor: Rockwell, firmware: '16.20'}
",
    );
    told("b.json", &bill[..bill.len() / 2], &["b.json:11:17: … end of stream"]);
    told("b.json", r#"{"bomFormat": "SPDX", "specVersion": "2.3"}"#, &["b.json:1:1: … no bill of materials"]);
    told(
        "b.json",
        r#"{"bomFormat": "CycloneDX", "specVersion": "1.6"}"#,
        &["b.json:1:1: … no component of the type `device`"],
    );
    let wrong = "{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"1.6\", \"components\": [\n\t{\"type\": \"device\", \"name\": \"a\", \"properties\": [{\"name\": \"tieline:ip\", \"value\": \"10.0.0.256\"}]},\n\t{\"type\": \"device\", \"name\": \"a\"}, {\"type\": \"device\"}]}";
    let context = told(
        "b.json",
        wrong,
        &["b.json:2:81: … no IP address", "b.json:3:35: … needs the text `id`", "b.json:3:2: … one asset `a`"],
    );
    assert_eq!(context.assets().len(), 1);
}

#[test]
fn other_texts_are_yaml() {
    for text in [
        "assets: [{id: a, ip: 10.0.0.1}]",
        "{assets: [{id: a, ip: 10.0.0.1}]}",
        "# id,ip,role\nassets:\n- {id: a, ip: 10.0.0.1}\n",
    ] {
        means(&told("plant.yml", text, &[]), "assets: [{id: a, ip: 10.0.0.1}]");
    }
}

/// What a form has no place for, taken away.
fn held_by(form: InventoryForm, asset: &Asset) -> Asset {
    let mut held = asset.clone();
    if form == InventoryForm::CycloneDx && held.name.as_ref() == Some(&held.id) {
        held.name = None;
    }
    if form == InventoryForm::NetBox {
        let first = |is_v4: bool| asset.ip.iter().find(|ip| ip.is_ipv4() == is_v4).copied();
        held.ip = first(true).into_iter().chain(first(false)).collect();
        (held.zone, held.nat, held.mac, held.host) = Default::default();
        (held.station, held.firmware, held.criticality) = Default::default();
    }
    held
}

/// Texts that any form can hold: not empty, no blanks at their ends.
fn word() -> impl Strategy<Value = String> {
    "[ -~äß€\u{1F600}]{0,6}[a-z0-9=\"',;:#@+-]".prop_filter_map("blanks", |text| {
        let text = text.trim().replace('\\', "/").replace(['\'', ','], "-");
        (!text.is_empty()).then_some(text)
    })
}

fn asset() -> impl Strategy<Value = Asset> {
    let maybe = || proptest::option::of(word());
    let words = || proptest::collection::vec(word(), 0..3);
    let addresses = proptest::collection::vec(any::<u32>().prop_map(|ip| std::net::Ipv4Addr::from(ip).into()), 0..3);
    let six = proptest::option::of(
        any::<u128>().prop_map(|ip| std::net::IpAddr::from(std::net::Ipv6Addr::from(ip)).to_canonical()),
    );
    let mac = proptest::option::of(any::<[u8; 3]>().prop_map(|[a, b, c]| format!("00:1b:1b:{a:02x}:{b:02x}:{c:02x}")));
    let texts = [maybe(), maybe(), maybe(), maybe(), maybe()];
    (word(), texts, words(), words(), addresses, six, mac, proptest::option::of("[a-z]{1,5}(_[a-z]{1,5})?")).prop_map(
        |(id, [name, vendor, model, firmware, owner], host, tags, ip, six, mac, role)| Asset {
            id,
            name,
            site: Some("north".to_owned()),
            nat: ip.first().map(|ip| ("south".to_owned(), vec![*ip])).into_iter().collect(),
            ip: ip.into_iter().chain(six).collect(),
            mac: mac.into_iter().collect(),
            station: vec!["7".to_owned()],
            serial: model.clone(),
            criticality: Some("high".to_owned()),
            host,
            tags,
            vendor,
            model,
            firmware,
            owner,
            role,
            ..Asset::default()
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(asset in asset()) {
        for form in FORMS {
            let written = form.write(std::slice::from_ref(&asset));
            let context = read("written", &written);
            prop_assert_eq!(context.assets(), &[held_by(form, &asset)], "{:?}\n{}", form, written);
            prop_assert_eq!(context.write(form), form.write(context.assets()));
        }
    }

    #[test]
    fn any_text_is_read_without_a_crash(head in "(id,ip|Name,Status,Site|\\{\"bomFormat\":)?", text in "\\PC{0,80}") {
        for name in ["a.csv", "a.json"] {
            let _ = read(name, &format!("{head}{text}")).diagnostics().len();
        }
    }
}

#[test]
fn yaml_holds_the_whole_plant() {
    let text = "
sites: [{name: north, time_zone: Europe/Berlin, sensors: [tap]}]
assets: [{id: plc, site: north, zone: cell, ip: 10.1.0.1, station: ['01'], host: 'null'}]
zones: [{name: cell, purdue_level: 3.5, security_level: 2, networks: [10.1.0.0/16], macs: ['00:1b:1b:00:00:07']}]
conduits: [{name: c, from: outside, to: cell, protocols: [], hours: [Mon-Fri 06:00-18:00]}]
";
    let context = read("plant.yml", text);
    let written = context.write(InventoryForm::Yaml);
    let again = read("written.yml", &written);
    assert_eq!((again.sites(), again.assets()), (context.sites(), context.assets()), "{written}");
    assert_eq!((again.zones(), again.conduits()), (context.zones(), context.conduits()), "{written}");
    assert_eq!(again.write(InventoryForm::Yaml), written);
}
