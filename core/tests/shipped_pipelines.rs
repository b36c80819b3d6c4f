//! What the shipped pipelines find in events of every shape that they are for, and what they leave alone.
//!
//! One short rule for each log source whose events need more than another name: the events that it must fire
//! on, as their agents write them, and some that it must not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use tieline::{Compiler, JsonEvent, Scanner};

/// A rule behind a shipped pipeline fires on these events and stays silent on those; engine and reference agree.
fn check(pipeline: &str, logsource: &str, selection: &str, fires: &[&str], silent: &[&str]) {
    let rule =
        format!("title: t\nlogsource: {logsource}\ndetection:\n  selection: {selection}\n  condition: selection\n");
    let text = tieline_rules::pipeline(pipeline).unwrap();
    let rules = Compiler::new().rules(None, rule.as_str()).pipeline(None, text).build().unwrap();
    assert_eq!(rules.len(), 1, "{pipeline}\n{rule}\n{:?}", rules.diagnostics());
    let mut scanner = Scanner::new(&rules);
    let expected = fires.iter().map(|event| (event, true)).chain(silent.iter().map(|event| (event, false)));
    for (event, fires) in expected {
        let found = scanner.scan_json(event.as_bytes()).unwrap().len() == 1;
        let tree = JsonEvent::parse(event.as_bytes()).unwrap();
        assert_eq!(found, rules.reference_matches(0, &tree), "{event}");
        assert_eq!(found, fires, "{pipeline}\n{}\n{event}", rules.rule(0).show());
    }
}

const CREATION: &str = "{product: windows, category: process_creation}";

#[test]
fn process_creations_are_sysmon_1_and_security_4688_in_every_shape() {
    let selection = r"{Image|endswith: '\whoami.exe', CommandLine|contains: all, ParentImage|endswith: '\cmd.exe'}";
    let sysmon = r#""Image":"C:\\whoami.exe","CommandLine":"whoami /ALL","ParentImage":"C:\\cmd.exe""#;
    let security = r#""NewProcessName":"C:\\whoami.exe","CommandLine":"whoami /all","ParentProcessName":"C:\\cmd.exe""#;
    let channel = "Microsoft-Windows-Sysmon/Operational";
    check(
        "windows",
        CREATION,
        selection,
        &[
            &format!(r#"{{"EventID":1,"Channel":"{channel}",{sysmon}}}"#),
            &format!(r#"{{"EventID":"1","Channel":"{}",{sysmon}}}"#, channel.to_uppercase()),
            &format!(r#"{{"EventID":4688,"Channel":"security",{security}}}"#),
        ],
        &[
            &format!(r#"{{"EventID":4688,"Channel":"{channel}",{security}}}"#),
            &format!(r#"{{"EventID":4688,"Channel":"Security",{sysmon}}}"#),
            &format!(r#"{{"EventID":1,{sysmon}}}"#),
            &format!(r#"{{"EventID":"01","Channel":"{channel}",{sysmon}}}"#),
        ],
    );
    check(
        "windows-evtx",
        CREATION,
        selection,
        &[
            &format!(r#"{{"Event":{{"System":{{"EventID":1,"Channel":"{channel}"}},"EventData":{{{sysmon}}}}}}}"#),
            &format!(
                r##"{{"Event":{{"System":{{"EventID":{{"#text":"1"}},"Channel":"{channel}"}},"EventData":{{{sysmon}}}}}}}"##
            ),
            &format!(
                r##"{{"Event":{{"System":{{"EventID":{{"#attributes":{{"Qualifiers":0}},"#text":4688}},"Channel":"Security"}},"EventData":{{{security}}}}}}}"##
            ),
        ],
        &[
            &format!(r#"{{"Event":{{"System":{{"EventID":1,"Channel":null}},"EventData":{{{sysmon}}}}}}}"#),
            &format!(r#"{{"Event":{{"System":{{"EventID":1,"Channel":"{channel}"}},"EventData":null}}}}"#),
            &format!(r#"{{"Event":{{"System":{{"EventID":1,"Channel":"{channel}"}},"EventData":[]}}}}"#),
            &format!(
                r#"{{"Event":{{"System":{{"EventID":1,"Channel":"{channel}"}},"ProcessingErrorData":{{{sysmon}}}}}}}"#
            ),
        ],
    );
    check(
        "winlogbeat",
        CREATION,
        selection,
        &[
            &format!(r#"{{"winlog":{{"event_id":1,"channel":"{channel}","event_data":{{{sysmon}}}}}}}"#),
            &format!(r#"{{"winlog":{{"event_id":"4688","channel":"Security","event_data":{{{security}}}}}}}"#),
            &format!(r#"{{"winlog.event_id":1,"winlog.channel":"{channel}","winlog.event_data":{{{sysmon}}}}}"#),
            &format!(
                r#"{{"winlog":{{"event_id":"1","channel":"{channel}"}},"process":{{"executable":"C:\\whoami.exe","command_line":"whoami /all","parent":{{"executable":"C:\\cmd.exe"}}}}}}"#
            ),
        ],
        &[&format!(r#"{{"winlog":{{"event_id":7,"channel":"{channel}","event_data":{{{sysmon}}}}}}}"#)],
    );
    check(
        "winlogbeat-6",
        CREATION,
        selection,
        &[
            &format!(r#"{{"event_id":1,"log_name":"{channel}","event_data":{{{sysmon}}}}}"#),
            &format!(r#"{{"event_id":4688,"log_name":"Security","event_data":{{{security}}}}}"#),
        ],
        &[&format!(r#"{{"event_id":1,"log_name":"Security","event_data":{{{sysmon}}}}}"#)],
    );
    check(
        "sysmon",
        CREATION,
        selection,
        &[&format!(r#"{{"EventID":1,"UtcTime":"x",{sysmon}}}"#)],
        &[&format!(r#"{{"EventID":4688,{security}}}"#)],
    );
}

#[test]
fn who_runs_a_process_is_known_by_name_or_by_sid() {
    let sid = |sid: &str| {
        format!(r#"{{"EventID":4688,"Channel":"Security","SubjectUserName":"HOST$","SubjectUserSid":"{sid}"}}"#)
    };
    let sysmon = r#"{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","User":"NT AUTHORITY\\SYSTEM"}"#;
    let own = "S-1-5-21-1-2-3-1001";
    check(
        "windows",
        CREATION,
        "{User|contains: [AUTHORI, AUTORI]}",
        &[sysmon, &sid("S-1-5-18"), &sid("S-1-5-20")],
        &[&sid(own)],
    );
    check("windows", CREATION, r"{User|endswith: '\SYSTEM'}", &[sysmon, &sid("S-1-5-18")], &[&sid("S-1-5-19")]);
    check("windows", CREATION, "{User: HOST$}", &[&sid(own)], &[sysmon]);
    check(
        "windows",
        CREATION,
        "{IntegrityLevel: [High, System]}",
        &[
            r#"{"EventID":4688,"Channel":"Security","MandatoryLabel":"S-1-16-12288"}"#,
            r#"{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","IntegrityLevel":"System"}"#,
        ],
        &[r#"{"EventID":4688,"Channel":"Security","MandatoryLabel":"S-1-16-8192"}"#],
    );
}

#[test]
fn connections_are_sysmon_3_and_security_5156() {
    let source = "{product: windows, category: network_connection}";
    let security = |application: &str, direction: &str| {
        format!(
            r#"{{"EventID":5156,"Channel":"Security","Application":"{application}","Direction":"{direction}","DestAddress":"10.1.2.3","DestPort":"389","Protocol":"6"}}"#
        )
    };
    let own = security(r"\\device\\harddiskvolume3\\windows\\system32\\wordpad.exe", "%%14593");
    let sysmon = r#"{"EventID":3,"Channel":"Microsoft-Windows-Sysmon/Operational","Image":"C:\\Windows\\System32\\wordpad.exe","Initiated":true,"DestinationIp":"10.1.2.3","DestinationPort":389,"Protocol":"tcp"}"#;
    let selection = r"{Image|startswith: 'C:\Windows\', Initiated: 'true', DestinationIp|cidr: 10.0.0.0/8, DestinationPort: 389, Protocol: tcp}";
    let inbound = security(r"\\device\\harddiskvolume3\\windows\\wordpad.exe", "%%14592");
    let elsewhere = security(r"\\device\\harddiskvolume3\\users\\wordpad.exe", "%%14593");
    check("windows", source, selection, &[&own, sysmon], &[&inbound, &elsewhere]);
    // The filtering platform knows no names of hosts.
    let selection = r"{Initiated: 'true', DestinationHostname|endswith: .example}";
    check("windows", source, selection, &[], &[&own, sysmon]);
    let selection = r"{Image|endswith: '\wordpad.exe', DestinationHostname: null}";
    check("windows", source, selection, &[sysmon], &[&own]);
    let ecs = r#"{"winlog":{"channel":"Microsoft-Windows-Sysmon/Operational","event_id":"3"},"network":{"direction":"egress","transport":"tcp"},"destination":{"ip":"10.1.2.3","port":389},"process":{"executable":"C:\\a.exe"}}"#;
    check("winlogbeat", source, "{Initiated: 'true', DestinationPort: 389, Image|endswith: a.exe}", &[ecs], &[]);
}

#[test]
fn one_hash_is_found_in_the_list_of_hashes() {
    let event = r#"{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","Hashes":"SHA1=0123456789ABCDEF0123456789ABCDEF01234567,MD5=0123456789ABCDEF0123456789ABCDEF,IMPHASH=FEDCBA9876543210FEDCBA9876543210"}"#;
    let apart = r#"{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","Imphash":"FEDCBA9876543210FEDCBA9876543210"}"#;
    check("windows", CREATION, "{Imphash: fedcba9876543210fedcba9876543210}", &[event, apart], &[]);
    check("windows", CREATION, "{md5: 0123456789abcdef0123456789abcdef}", &[event], &[apart]);
    check("windows", CREATION, "{sha1: 1123456789abcdef0123456789abcdef01234567}", &[], &[event, apart]);
    let selection = "{Hashes|contains: IMPHASH=FEDCBA9876543210FEDCBA9876543210}";
    let ecs = r#"{"winlog":{"channel":"Microsoft-Windows-Sysmon/Operational","event_id":1},"process":{"pe":{"imphash":"fedcba9876543210fedcba9876543210"}}}"#;
    let listed = r#"{"winlog":{"channel":"Microsoft-Windows-Sysmon/Operational","event_id":1,"event_data":{"Hashes":"MD5=AA,IMPHASH=FEDCBA9876543210FEDCBA9876543210"}}}"#;
    check(
        "winlogbeat",
        CREATION,
        selection,
        &[ecs, listed],
        &[r#"{"winlog":{"channel":"Microsoft-Windows-Sysmon/Operational","event_id":1}}"#],
    );
}

#[test]
fn values_are_found_where_their_log_puts_them() {
    let nested = |channel: &str, id: u32, data: &str| {
        format!(
            r#"{{"Event":{{"System":{{"EventID":{id},"Channel":"{channel}","Computer":"host.example","Level":2}},{data}}}}}"#
        )
    };
    let evtx = |source: &str, selection: &str, channel: &str, id: u32, data: &str| {
        let event = nested(channel, id, data);
        let other = nested("Other", id, data);
        check("windows-evtx", source, selection, &[&event], &[&other]);
    };
    let wmi = "Microsoft-Windows-WMI-Activity/Operational";
    let source = "{product: windows, service: wmi}";
    let data = r#""UserData":{"Operation_EssStarted":{"Provider":"P","PossibleCause":"Permanent"}}"#;
    evtx(source, "{EventID: 5859, Provider: P, PossibleCause: Permanent}", wmi, 5859, data);
    let data = r#""UserData":{"Operation_ESStoConsumerBinding":{"PossibleCause":"Binding EventFilter"}}"#;
    evtx(source, "{EventID: 5861, PossibleCause|contains: EventFilter}", wmi, 5861, data);
    evtx(
        "{product: windows, service: system}",
        "{EventID: 104, Channel: Security, SubjectUserName: ann}",
        "System",
        104,
        r#""UserData":{"LogFileCleared":{"Channel":"Security","SubjectUserName":"ann"}}"#,
    );
    evtx(
        "{product: windows, service: printservice-admin}",
        "{EventID: 808, ErrorCode: '0x45A'}",
        "Microsoft-Windows-PrintService/Admin",
        808,
        r#""UserData":{"LoadPluginFailed":{"ErrorCode":"0x45A"}}"#,
    );
    evtx(
        "{product: windows, service: smbserver-connectivity}",
        "{EventID: 4000, ClientAddress|startswith: 10.}",
        "Microsoft-Windows-SMBServer/Connectivity",
        4000,
        r#""UserData":{"EventData":{"ClientAddress":"10.0.0.1"}}"#,
    );
    evtx(
        "{product: windows, service: application}",
        "{EventID: 1000, AppName: lsass.exe, ExceptionCode: c0000001, Level: 2, Computer: host.example}",
        "Application",
        1000,
        r##""EventData":{"Data":{"#text":["lsass.exe","10.0","5f0","ntdll.dll","10.0","c","c0000001"]}}"##,
    );
    evtx(
        "{product: windows, category: ps_classic_start}",
        "{Data|contains: HostApplication=powershell}",
        "Windows PowerShell",
        400,
        r##""EventData":{"Data":{"#text":["Available","None","\tHostApplication=powershell -nop"]}}"##,
    );
    evtx(
        "{product: windows, service: windefend}",
        "{EventID: 5007, NewValue|contains: Exclusions}",
        "Microsoft-Windows-Windows Defender/Operational",
        5007,
        r#""EventData":{"New Value":"HKLM\\Exclusions\\Paths"}"#,
    );
    evtx(
        "{product: windows, service: security-mitigations}",
        "{EventID: 11}",
        "Microsoft-Windows-Security-Mitigations/KernelMode",
        11,
        r#""EventData":{}"#,
    );
    let source = "{product: windows, service: application}";
    let apart = r#"{"Event":{"System":{"EventID":1033,"Channel":"Application","Provider_attributes":{"Name":"MsiInstaller"}}}}"#;
    let joined = r##"{"Event":{"System":{"EventID":{"#attributes":{"Qualifiers":0},"#text":1033},"Channel":"Application","Provider":{"#attributes":{"Name":"MsiInstaller"}}}}}"##;
    check("windows-evtx", source, "{EventID: 1033, Provider_Name: MsiInstaller}", &[apart, joined], &[]);
}

#[test]
fn flat_events_have_the_names_of_their_agents() {
    let source = "{product: windows, service: application}";
    check(
        "windows",
        source,
        "{Provider_Name: Raccine, Computer: ws5, Data|contains: malicious}",
        &[
            r#"{"EventID":2,"Channel":"Application","Source":"Raccine","Hostname":"WS5","Message":"a malicious act"}"#,
            r#"{"EventID":2,"Channel":"Application","Provider_Name":"Raccine","Computer":"WS5","Data":["a malicious act"]}"#,
        ],
        &[r#"{"EventID":2,"Channel":"System","Source":"Raccine","Hostname":"WS5","Message":"a malicious act"}"#],
    );
    let levels = [r#"{"Channel":"Application","Level":2}"#, r#"{"Channel":"Application","Level":"2"}"#];
    let nxlog = r#"{"Channel":"Application","SeverityValue":4,"Severity":"ERROR"}"#;
    check("windows", source, "{Level: 2}", &[levels[0], levels[1], nxlog], &[r#"{"Channel":"Application","Level":4}"#]);
    check(
        "windows",
        source,
        "{Level: Error}",
        &[levels[0], nxlog],
        &[r#"{"Channel":"Application","Severity":"INFO"}"#],
    );
    let source = "{product: windows, service: system}";
    let selection = "{EventID: 7045, ProcessId: 0}";
    check(
        "windows",
        source,
        selection,
        &[
            r#"{"EventID":7045,"Channel":"System","ExecutionProcessID":0}"#,
            r#"{"EventID":7045,"Channel":"System","Execution_ProcessID":"0"}"#,
        ],
        &[r#"{"EventID":7045,"Channel":"System","ExecutionProcessID":732}"#],
    );
    let cleared = r#"{"event_id":104,"log_name":"System","user_data":{"Channel":"Security"}}"#;
    check("winlogbeat-6", source, "{EventID: 104, Channel: Security}", &[cleared], &[]);
    let wmi = r#"{"event_id":5858,"log_name":"Microsoft-Windows-WMI-Activity/Operational","user_data":{"Operation":"x Win32_NTEventlogFile"}}"#;
    check("winlogbeat-6", "{product: windows, service: wmi}", "{Operation|contains: EventlogFile}", &[wmi], &[]);
}

#[test]
fn linux_and_network_sources_are_told_apart() {
    let creation = "{product: linux, category: process_creation}";
    check(
        "sysmon-linux",
        creation,
        "{Image|endswith: /id}",
        &[
            r#"{"EventID":1,"Channel":"Linux-Sysmon/Operational","Image":"/usr/bin/id"}"#,
            r#"{"Event":{"System":{"EventID":1,"Channel":"Linux-Sysmon/Operational"},"EventData":{"Image":"/usr/bin/id"}}}"#,
        ],
        &[r#"{"EventID":5,"Channel":"Linux-Sysmon/Operational","Image":"/usr/bin/id"}"#],
    );
    check(
        "linux-auditd",
        "{product: linux, service: auditd}",
        "{type: EXECVE, a0|contains: dd}",
        &[r#"{"type":"EXECVE","a0":"dd"}"#, r#"{"auditd":{"message_type":"execve","data":{"a0":"/bin/dd"}}}"#],
        &[r#"{"type":"PATH","a0":"dd"}"#],
    );
    check(
        "zeek",
        "{category: dns}",
        "{query|endswith: .example}",
        &[r#"{"_path":"dns","query":"a.example"}"#, r#"{"uid":"C","query":"a.example"}"#],
        &[r#"{"_path":"http","query":"a.example"}"#],
    );
    let flow = r#""event_type":"flow","src_ip":"10.2.0.9","src_port":1030,"dest_ip":"10.1.0.7","dest_port":3389"#;
    check(
        "suricata",
        "{category: network, service: connection}",
        "{source.ip|cidr: 10.2.0.0/16, source.port|gte: 1024, destination.port: 3389, network.transport: tcp, network.state: SF}",
        &[&format!(r#"{{{flow},"proto":"TCP","flow":{{"state":"closed"}}}}"#)],
        &[
            &format!(r#"{{{flow},"proto":"TCP","flow":{{"state":"new"}}}}"#),
            &format!(r#"{{{flow},"proto":"TCP","flow":{{"state":"closed"}}}}"#).replace("\"flow\",", "\"alert\","),
        ],
    );
    check(
        "suricata",
        "{category: firewall}",
        "{src_port: 1030, dst_port: 3389, dst_ip: 10.1.0.7}",
        &[&format!("{{{flow}}}")],
        &[r#"{"event_type":"dns","src_port":1030,"dest_port":3389,"dest_ip":"10.1.0.7"}"#],
    );
    check(
        "suricata",
        "{category: dns}",
        "{query|endswith: .example}",
        &[
            r#"{"event_type":"dns","dns":{"rrname":"a.example"}}"#,
            r#"{"event_type":"dns","dns":{"queries":[{"rrname":"b.example"}]}}"#,
        ],
        &[r#"{"event_type":"http","dns":{"rrname":"a.example"}}"#],
    );
    check(
        "zeek",
        "{product: zeek, service: dce_rpc}",
        "{endpoint: svcctl, operation: CreateServiceA}",
        &[r#"{"@path":"dce_rpc","endpoint":"svcctl","operation":"CreateServiceA"}"#],
        &[r#"{"@path":"dns","endpoint":"svcctl","operation":"CreateServiceA"}"#],
    );
}
