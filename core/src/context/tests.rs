//! What a plant makes of events, and what is wrong in plants.

use super::Context;
use crate::diagnostic::Source;
use crate::{Compiler, JsonEvent, Rules, Scanner};

const PLANT: &str = "
sites:
  - {name: north, time_zone: Europe/Berlin, sensors: [tap-north]}
  - {name: south, time_zone: America/New_York, sensors: [tap-south]}
assets:
  - {id: plc-n, site: north, ip: 10.1.7.2, role: controller, vendor: Siemens, criticality: high, tags: [boiler]}
  - {id: plc-s, site: south, ip: 10.1.7.2, role: controller, vendor: Rockwell}
  - {id: ews-1, site: north, ip: 10.2.0.5, mac: 00-1B-1B-00-00-05, host: ews-1.plant.example, role: engineering_workstation}
  - {id: hmi-1, site: north, ip: 10.2.0.6, nat: {south: [192.0.2.6]}, role: hmi}
  - {id: unit-1, site: north, ip: 10.1.7.9, station: 1, role: drive}
  - {id: unit-2, site: north, ip: 10.1.7.9, station: 2, role: pump}
  - {id: relay, site: north, mac: '00:30:a7:00:00:01', role: protection_relay, zone: bay}
zones:
  - {name: plant, site: north, purdue_level: 3}
  - {name: cell, site: north, parent: plant, purdue_level: 1, networks: [10.1.7.0/24]}
  - {name: cell-s, site: south, purdue_level: 1, networks: [10.1.7.0/24]}
  - {name: engineering, site: north, purdue_level: 2, security_level: 3, networks: [10.2.0.0/16, 'fd00:2::/32']}
  - {name: bay, site: north, purdue_level: 0}
  - {name: office, purdue_level: 4, networks: [172.16.0.0/12]}
conduits:
  - {name: programming, from: engineering, to: cell, roles: [engineering_workstation], hours: [Mon-Fri 06:00-18:00]}
  - {name: operating, from: engineering, to: plant, protocols: [modbus, s7comm], operations: [read, write]}
  - {name: remote, from: outside, to: office, protocols: [443/tcp]}
";

fn plant(text: &str) -> Context {
    Context::read(&[Source::new(Some("plant.yml"), text)])
}

/// One rule for each test, whose title is the test.
fn rules(tests: &[&str]) -> Rules {
    of_tests(Compiler::new(), tests)
}

fn of_tests(compiler: Compiler, tests: &[&str]) -> Rules {
    let rule = |test: &&str| {
        format!(
            "title: '{test}'\nlogsource: {{category: any}}\ndetection: {{selection: {{{test}}}, condition: selection}}\n---\n"
        )
    };
    compiler.rules(None, tests.iter().map(rule).collect::<String>()).build().unwrap()
}

/// Which tests hold on an event; the reference says the same.
#[track_caller]
fn holding(context: &Context, event: &str, tests: &[&str]) -> Vec<String> {
    let rules = rules(tests).with_context(context);
    assert!(rules.diagnostics().iter().all(|found| !found.is_error()), "{:?}", rules.diagnostics());
    let mut scanner = Scanner::new(&rules);
    let found: Vec<String> =
        scanner.scan_json(event.as_bytes()).unwrap().map(|detection| detection.rule().title().to_owned()).collect();
    let tree = JsonEvent::parse(event.as_bytes()).unwrap();
    let slow = (0..rules.len()).filter(|rule| rules.reference_matches(*rule, &tree));
    assert_eq!(found, slow.map(|rule| rules.rule(rule).title().to_owned()).collect::<Vec<_>>());
    assert_eq!(found.len(), scanner.scan(&tree).len());
    found
}

#[track_caller]
fn all_hold(context: &Context, event: &str, tests: &[&str]) {
    let found = holding(context, event, tests);
    let missing: Vec<_> = tests.iter().filter(|test| !found.iter().any(|found| found == *test)).collect();
    assert!(missing.is_empty(), "{event}: {missing:?} do not hold");
}

#[track_caller]
fn told(text: &str) -> Vec<String> {
    plant(text).diagnostics().iter().map(ToString::to_string).collect()
}

#[test]
fn ends_have_assets_zones_and_levels() {
    let context = plant(PLANT);
    assert_eq!(context.diagnostics(), []);
    let event = r#"{"SourceIp": "10.2.0.5", "DestinationIp": "10.1.7.2", "sensor": "tap-north"}"#;
    let tests = [
        "source.asset.id: ews-1",
        "source.asset.role: engineering_workstation",
        "source.zone: engineering",
        "source.security_level|gte: 3",
        "destination.asset.vendor: siemens",
        "destination.asset.criticality: high",
        "destination.asset.tag: boiler",
        "destination.purdue_level: 1",
        "destination.site: north",
        "destination.asset.known: true",
        "flow.crosses: true",
        "flow.levels: 1",
    ];
    all_hold(&context, event, &tests);
    let unknown = r#"{"SourceIp": "10.2.9.9", "DestinationIp": "203.0.113.7", "sensor": "tap-north"}"#;
    let tests =
        ["source.asset.known: false", "source.zone: engineering", "destination.zone: null", "source.asset.role: null"];
    all_hold(&context, unknown, &tests);
    assert!(
        holding(&context, r#"{"Image": "a"}"#, &["source.asset.known|exists: true", "flow.allowed|exists: true"])
            .is_empty()
    );
}

#[test]
fn equal_addresses_at_several_sites_are_told_apart_or_not_guessed() {
    let context = plant(PLANT);
    let at = |sensor: &str| {
        format!(r#"{{"DestinationIp": "10.1.7.2", "SourceIp": "192.0.2.6", "observer": {{"name": "{sensor}"}}}}"#)
    };
    all_hold(&context, &at("tap-north"), &["destination.asset.id: plc-n", "source.asset.known: false"]);
    all_hold(
        &context,
        &at("tap-south"),
        &["destination.asset.id: plc-s", "destination.zone: cell-s", "source.asset.id: hmi-1"],
    );
    all_hold(&context, &at("other"), &["destination.asset.id: null", "destination.zone: null"]);
    let south = context.at("south").unwrap();
    all_hold(&south, &at("other"), &["destination.asset.id: plc-s"]);
    assert!(context.at("west").is_none());
}

#[test]
fn names_macs_and_stations_name_assets() {
    let context = plant(PLANT);
    all_hold(
        &context,
        r#"{"Computer": "EWS-1.plant.example", "IpAddress": "10.2.0.6"}"#,
        &[
            "host.asset.id: ews-1",
            "source.asset.id: hmi-1",
            // An event of a host that names only who came has come to the host.
            "destination.asset.id: ews-1",
        ],
    );
    all_hold(&context, r#"{"Computer": "ews-1"}"#, &["host.zone: engineering", "destination.asset.id: null"]);
    let frame = r#"{"layers": {"eth": {"eth_eth_src": "00:30:a7:00:00:01", "eth_eth_dst": "01:0c:cd:01:00:01"}}}"#;
    all_hold(
        &context,
        frame,
        &["source.asset.id: relay", "source.zone: bay", "destination.asset.known: null", "flow.allowed: null"],
    );
    // Of a packet with addresses, the MAC may be that of a router.
    let routed = r#"{"src_mac": "00:1b:1b:00:00:05", "SourceIp": "10.2.0.77"}"#;
    all_hold(&context, routed, &["source.asset.known: false"]);
    let unit =
        |unit: u8| format!(r#"{{"DestinationIp": "10.1.7.9", "SourceIp": "10.2.0.5", "ot": {{"unit": {unit}}}}}"#);
    let rules = rules(&["ot.unit: '*', destination.asset.role: pump"]).with_context(&context);
    let mut scanner = Scanner::new(&rules);
    assert_eq!(scanner.scan_json(unit(2).as_bytes()).unwrap().len(), 0, "there are no records, so no unit");
    all_hold(&context, r#"{"src_ip": "fd00:2::9%eth0"}"#, &["source.zone: engineering"]);
    all_hold(&context, r#"{"src_ip": "::ffff:10.2.0.5"}"#, &["source.asset.id: ews-1"]);
}

#[test]
fn conduits_allow_or_say_what_is_missing() {
    let context = plant(PLANT);
    let flow = |from: &str, to: &str, more: &str| {
        format!(r#"{{"id.orig_h": "{from}", "id.resp_h": "{to}", "_system_name": "tap-north"{more}}}"#)
    };
    // 2026-11-25 is a Wednesday; Berlin is an hour ahead of UTC.
    let day = r#", "ts": "2026-11-25T10:00:00Z", "service": "s7comm""#;
    let night = r#", "ts": "2026-11-25T17:30:00Z", "service": "ssh""#;
    all_hold(&context, &flow("10.2.0.5", "10.1.7.2", day), &["flow.allowed: true", "flow.conduit: programming"]);
    all_hold(&context, &flow("10.2.0.6", "10.1.7.2", day), &["flow.allowed: true", "flow.conduit: operating"]);
    all_hold(&context, &flow("10.2.0.5", "10.1.7.2", night), &["flow.allowed: false", "flow.denied_by: hours"]);
    all_hold(&context, &flow("10.2.0.6", "10.1.7.2", night), &["flow.allowed: false", "flow.denied_by: protocol"]);
    all_hold(&context, &flow("172.16.0.1", "10.1.7.2", day), &["flow.allowed: false", "flow.denied_by: conduit"]);
    all_hold(
        &context,
        &flow("10.1.7.3", "10.1.7.2", day),
        &["flow.allowed: true", "flow.crosses: false", "flow.conduit: null"],
    );
    all_hold(&context, &flow("203.0.113.9", "172.16.0.1", r#", "id.resp_p": 443"#), &["flow.allowed: true"]);
    all_hold(&context, &flow("203.0.113.9", "172.16.0.1", r#", "id.resp_p": 22"#), &["flow.denied_by: protocol"]);
    all_hold(&context, &flow("203.0.113.9", "203.0.113.8", ""), &["flow.allowed: null", "flow.crosses: null"]);
}

#[test]
fn faults_are_told_with_their_place_and_the_rest_counts() {
    let text = "
assets:
  - {id: a, ip: 10.0.0.999, criticality: hgh}
  - {name: without}
  - {id: b, mac: '00:11', role: [x]}
  - 7
zones:
  - {name: z, purdue_level: 6, security_level: 9, networks: [10.0.0.0/33]}
conduits:
  - {name: c, from: z}
  - {name: d, from: z, to: z, operations: [progam_download], hours: [always]}
zone: []
";
    let told = told(text);
    let expected = [
        ("12:1", "a context has no key `zone`; did"),
        ("3:17", "`10.0.0.999` is no IP address"),
        ("3:42", "`hgh` is no criticality"),
        ("4:5", "an asset needs the text `id`"),
        ("5:18", "`00:11` is no MAC address"),
        ("5:33", "`role` takes a text, not a list"),
        ("6:5", "an asset must be a map"),
        ("8:29", "`6` is no Purdue level"),
        ("8:48", "`9` is no security level"),
        ("8:62", "`10.0.0.0/33` is no network"),
        ("10:5", "the conduit `c` needs zones"),
        ("11:44", "`progam_download` is no operation class"),
        ("11:70", "`always` is no span of hours"),
    ];
    for (place, message) in expected {
        let message = message.split("; did").next().unwrap_or(message);
        assert!(
            told.iter().any(|told| told.starts_with(&format!("plant.yml:{place}:")) && told.contains(message)),
            "{place} {message} in {told:#?}"
        );
    }
    let context = plant(text);
    assert_eq!((context.assets().len(), context.zones().len(), context.conduits().len()), (2, 1, 1));
}

#[test]
fn contradictions_are_told_and_the_first_counts() {
    let text = "
sites: [{name: n}, {name: n}]
assets:
  - {id: a, ip: 10.0.0.1, zone: one}
  - {id: a, ip: 10.0.0.2}
  - {id: b, ip: 10.0.0.1}
  - {id: c, site: m, zone: three}
  - {id: d, ip: 10.5.0.1, zone: one, tags: [t]}
zones:
  - {name: one, networks: [10.0.0.0/8], parent: two, purdue_level: 3}
  - {name: two, networks: [10.0.0.0/8, 10.5.0.0/16], parent: one, purdue_level: 1}
  - {name: outside}
  - {name: tagged, tags: [t], assets: [e]}
conduits:
  - {name: c, from: one, to: oen}
  - {name: shut, from: one, to: two, protocols: []}
";
    let told = told(text);
    let expected = [
        "there is one site `n` already",
        "there is one asset `a` already",
        "`10.0.0.1` belongs to the asset `a` already, not to `b`",
        "names a site `m` that is not declared",
        "names a zone `three` that is not declared",
        "the zone `one` lies in itself",
        "the network 10.0.0.0/8 is that of the zone `one` already",
        "no zone can be called `outside`",
        "names an asset `e` that is not declared",
        "the asset `d` is in the zones `one` and `tagged`",
        "names a zone `oen` that is not declared",
        "lets nothing pass, because its `protocols` are empty",
        "above level 1 of its parent",
    ];
    for message in expected {
        assert!(told.iter().any(|told| told.contains(message)), "{message} in {told:#?}");
    }
    let context = plant(text);
    all_hold(&context, r#"{"SourceIp": "10.0.0.1"}"#, &["source.asset.id: a", "source.zone: one"]);
    let event = r#"{"SourceIp": "10.0.0.1", "DestinationIp": "10.5.0.9", "DestinationPort": 502}"#;
    all_hold(&context, event, &["flow.allowed: false", "flow.denied_by: protocol"]);
}

#[test]
fn what_an_event_says_itself_stays() {
    let context = plant(PLANT);
    let event = r#"{"SourceIp": "10.2.0.5", "source": {"zone": "mine"}}"#;
    all_hold(&context, event, &["source.zone: mine", "source.asset.id: ews-1"]);
    let saved = rules(&["source.zone: engineering"]).to_bytes();
    let loaded = Rules::from_bytes(&saved).unwrap();
    assert_eq!(Scanner::new(&loaded).scan_json(br#"{"SourceIp": "10.2.0.5"}"#).unwrap().len(), 0);
    let rules = loaded.with_context(&context);
    assert_eq!(Scanner::new(&rules).scan_json(br#"{"SourceIp": "10.2.0.5"}"#).unwrap().len(), 1);
}

#[test]
fn what_never_leaves_a_host_is_nowhere_unless_it_is_declared() {
    let context = plant(PLANT);
    let event = |from: &str, to: &str| format!(r#"{{"SourceIp": "{from}", "DestinationIp": "{to}"}}"#);
    let told = ["destination.asset.known|exists: true", "flow.crosses|exists: true", "flow.denied_by: conduit"];
    for nobody in ["127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1", "224.0.0.251", "255.255.255.255", "0.0.0.0"] {
        assert_eq!(holding(&context, &event("10.1.7.2", nobody), &told), [""; 0], "{nobody}");
        assert_eq!(holding(&context, &event(nobody, "10.1.7.2"), &told[1..]), [""; 0], "{nobody}");
    }
    // The highest address of a network is in it.
    all_hold(
        &context,
        &event("10.2.9.9", "10.1.7.255").replace("\"}", r#"", "sensor": "tap-north"}"#),
        &["destination.zone: cell", "destination.asset.known: false", "flow.crosses: true"],
    );
    let all = "zones: [{name: all, networks: [0.0.0.0/0, '::/0']}, {name: test, networks: [127.77.0.0/16]}]";
    let context = plant(all);
    assert_eq!(holding(&context, &event("10.0.0.1", "127.0.0.1"), &told), [""; 0]);
    all_hold(&context, &event("10.0.0.1", "127.77.0.1"), &["source.zone: all", "destination.zone: test"]);
}

#[test]
fn names_that_are_nearly_those_of_something_are_told() {
    let told = told(
        "
assets:
  - {id: ews, ip: 10.0.0.1, role: engineering_workstation, tags: [boiler]}
  - {id: plc, ip: 10.0.1.1, role: controller}
zones:
  - {name: a, networks: [10.0.0.0/24], purdue_level: 35}
  - {name: b, networks: [10.0.1.0/24], tags: [boilr, pump]}
conduits:
  - {name: typo, from: a, to: b, roles: [engineering_workstaton], protocols: [modbuss, 22/tpc, 22, sftp]}
  - {name: fine, from: b, to: a, roles: [historian, controller], protocols: [S7comm, 443/tcp, tristation]}
trust: {chains: [{name: here, begins: console, station: engineering-workstation}]}
",
    );
    let expected = [
        "plant.yml:6:54: error[TL0090]: `35` is no Purdue level; they go from 0 to 5",
        "plant.yml:7:5: warning[TL0125]: the zone `b` chooses assets by the tag `boilr`, which none has",
        "plant.yml:9:5: warning[TL0125]: the conduit `typo` names the role `engineering_workstaton`, which no asset has",
        "plant.yml:9:5: warning[TL0125]: the conduit `typo` names an unknown protocol `modbuss`",
        "plant.yml:9:5: warning[TL0125]: the conduit `typo` names `22/tpc`, which is no port",
        "plant.yml:11:8: warning[TL0125]: the chain `here` names the role `engineering-workstation`, which no asset has",
    ];
    assert_eq!(told, expected);
    let context =
        plant("assets: [{id: a, ip: 10.0.0.1, role: hmi}]\nconduits: [{name: c, from: '*', to: '*', roles: [hmmi]}]");
    assert_eq!(context.diagnostics()[0].help.as_deref(), Some("did you mean `hmi`?"));
}

#[test]
fn a_memo_that_is_full_forgets_and_answers_stay_right() {
    use crate::config::CONTEXT_MEMO_MAX as MAX;
    let context = plant("zones: [{name: even, networks: [10.0.0.0/16]}, {name: odd, networks: [10.1.0.0/16]}]");
    // So many that what an event meets is remembered too.
    let (even, odd) = (40, 30);
    let tests_of = |zone: &'static str, count: usize| {
        (0..count).map(move |at| format!("source.zone|re: ^{zone}{}", ".?".repeat(at)))
    };
    let tests: Vec<String> = tests_of("even", even).chain(tests_of("odd", odd)).collect();
    let rules = rules(&tests.iter().map(|test| &**test).collect::<Vec<_>>()).with_context(&context);
    let mut scanner = Scanner::new(&rules);
    for pass in 0..2 {
        for number in 0..MAX + 9 {
            // What is learned first differs from what was learned first before all was forgotten.
            let (net, high, low) = ((number + number / MAX) % 2, number >> 8, number & 0xff);
            let event = format!(r#"{{"SourceIp": "10.{net}.{high}.{low}"}}"#);
            let found = scanner.scan_json(event.as_bytes()).unwrap().len();
            assert_eq!(found, [even, odd][net], "{event} in pass {pass}");
        }
    }
}

/// What one scanner finds in events of which each comes several times, which is what the reference finds in each.
#[track_caller]
fn finds_again_and_again(rules: &Rules, events: &[String]) {
    let mut scanner = Scanner::new(rules);
    let expected: Vec<Vec<usize>> = events
        .iter()
        .map(|event| {
            let tree = JsonEvent::parse(event.as_bytes()).unwrap();
            (0..rules.len()).filter(|rule| rules.reference_matches(*rule, &tree)).collect()
        })
        .collect();
    assert!(expected.iter().any(|found| *found != expected[0]), "all events are alike");
    for pass in 0..60 {
        for (event, expected) in events.iter().zip(&expected) {
            let found: Vec<usize> = scanner.scan_json(event.as_bytes()).unwrap().map(|found| found.index()).collect();
            assert_eq!(found, *expected, "{event} in pass {pass}");
        }
    }
}

const TWO_ZONES: &str = "zones: [{name: even, networks: [10.0.0.0/16]}, {name: odd, networks: [10.1.0.0/16]}]";

#[test]
fn the_ends_of_a_record_count_unless_they_say_nothing() {
    let tests = ["source.zone: even", "source.zone: odd", "destination.zone: even", "ot.operation: write"];
    let protocol = "protocol: modbus\nsources: {spec: x}\nsensors: [{sensor: s, needs: [func], inputs: {code: func}}]\n\
        operations: [{code: 6, name: WRITE_SINGLE_REGISTER, class: write, source: spec}]\n";
    let tables = Compiler::new()
        .protocols(None, "sensor: s\ninputs: {source.ip: id.orig_h, destination.ip: id.resp_h, source.port: id.orig_p}")
        .protocols(None, protocol);
    let rules = of_tests(tables, &tests).with_context(&plant(TWO_ZONES));
    let mut events = Vec::new();
    for ip in ["10.0.0.1", "10.1.0.1", "10.1.0.1%eth0", "no address", ""] {
        for beside in ["10.0.0.7", "10.1.0.7"] {
            let rest = format!(r#""src_ip":"{beside}","id.resp_h":"10.0.0.9""#);
            events.push(format!(r#"{{"func":6,"id.orig_h":"{ip}",{rest}}}"#));
            // The same is no record, and says what a record would.
            events.push(format!(r#"{{"ot.source.ip":"{ip}",{rest}}}"#));
            events.push(format!(r#"{{"func":6,"ot":{{"source":{{"ip":["{ip}","{beside}"]}}}},{rest}}}"#));
        }
    }
    finds_again_and_again(&rules, &events);
    events.reverse();
    finds_again_and_again(&rules, &events);
}

#[test]
fn what_context_says_may_choose_who_looks_at_an_event() {
    let event = |number: usize| format!(r#"{{"SourceIp":"10.{}.0.{}","a":"{}"}}"#, number % 3, number % 5, number % 2);
    let events: Vec<String> = (0..30).map(event).collect();
    let tests: Vec<String> =
        (0..40).map(|at| format!("source.zone: {}, a|re: ^{at}?1", ["even", "odd"][at % 2])).collect();
    let rules = rules(&tests.iter().map(|test| &**test).collect::<Vec<_>>()).with_context(&plant(TWO_ZONES));
    finds_again_and_again(&rules, &events);
}

#[test]
fn what_context_says_of_an_event_that_is_known_reaches_correlations() {
    let tests: Vec<String> = (0..40).map(|at| format!("source.zone|re: ^(even|odd){}", ".?".repeat(at))).collect();
    let rule = |(at, test): (usize, &String)| {
        format!(
            "title: t{at}\nname: t{at}\nlogsource: {{category: any}}\ndetection: {{s: {{{test}}}, condition: s}}\n---\n"
        )
    };
    let correlation = "title: many\ncorrelation: {type: event_count, rules: [t3], group-by: [source.zone], timespan: 1h, \
        condition: {gte: 20}}\n";
    let text = tests.iter().enumerate().map(rule).collect::<String>() + correlation;
    let rules = Compiler::new().rules(None, text).build().unwrap().with_context(&plant(TWO_ZONES));
    let mut stream = crate::Stream::new(&rules, Default::default());
    for number in 0..59 {
        // Of the third net, which is no zone, nothing is said.
        let event = format!(r#"{{"SourceIp":"10.{}.0.1","time":"2026-11-23T08:00:{number:02}Z"}}"#, number % 3);
        stream.scan_json(event.as_bytes()).unwrap().for_each(drop);
    }
    stream.finish();
    let alerts = stream.take_alerts();
    let mut of: Vec<_> = alerts.iter().flat_map(|alert| alert.group()).collect();
    of.sort_unstable();
    assert_eq!(of, [("source.zone", Some("even")), ("source.zone", Some("odd"))]);
}
