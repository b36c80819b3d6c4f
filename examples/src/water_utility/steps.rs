//! The steps of the intrusion, as `truth.json` tells them.
//!
//! ```text
//! lure_mail ─▶ script_host ─▶ download ─▶ persistence ─▶ command_channel ─▶ discovery ─▶ credential_dump
//!   ─▶ jump_host_service ─▶ jump_host_admin ─▶ jump_host_desktop ─▶ engineering_desktop ─▶ protection_off
//!   ─▶ tunnel ─▶ project_theft ─▶ engineering_software ─▶ dosing_download ─▶ pump_writes ─▶ recovery_removed
//!   ─▶ logs_cleared
//! ```
//!
//! What happens in a step is in `intrusion.rs`; here is only what it is called and what it should wake.

/// One step.
pub(crate) struct Step {
    /// Its short name.
    pub(crate) name: &'static str,
    /// One sentence.
    pub(crate) title: &'static str,
    /// ATT&CK techniques; numbers T0800 to T0899 are of the matrix for industrial control systems.
    pub(crate) techniques: &'static [&'static str],
    /// Rules of `rules/it` that fire on at least one event of the step, by file name. In stories of more than ten hours
    /// the long sessions among the steps also wake `zeek_conn_long_remote_session`.
    pub(crate) rules: &'static [&'static str],
}

const fn step(
    name: &'static str,
    title: &'static str,
    techniques: &'static [&'static str],
    rules: &'static [&'static str],
) -> Step {
    Step { name, title, techniques, rules }
}

/// All steps in their order.
pub(crate) const STEPS: [Step; 19] = [
    step("lure_mail", "A mail with a document arrives and the document is opened", &["T1566.001"], &[]),
    step(
        "script_host",
        "The document starts a script host",
        &["T1204.002", "T1059.005"],
        &["proc_creation_win_office_script_host_child"],
    ),
    step(
        "download",
        "The script starts a hidden PowerShell that fetches a program",
        &["T1059.001", "T1105"],
        &["proc_creation_win_powershell_hidden_download", "zeek_dns_dynamic_dns_domain"],
    ),
    step(
        "persistence",
        "A scheduled task will start the program again",
        &["T1053.005"],
        &["proc_creation_win_schtasks_create_user_path", "win_security_task_created_user_path"],
    ),
    step(
        "command_channel",
        "The program asks its server for orders every few minutes",
        &["T1071.001", "T1568"],
        &["zeek_dns_dynamic_dns_domain"],
    ),
    step("discovery", "The attacker looks around in the office", &["T1033", "T1069.002", "T1018"], &[]),
    step(
        "credential_dump",
        "The memory of LSASS is written to a file; the help desk's password is in it",
        &["T1003.001"],
        &["proc_creation_win_lsass_dump_command", "proc_access_win_lsass_memory_read"],
    ),
    step(
        "jump_host_service",
        "A service is put on the jump host over the network and gives a shell",
        &["T1021.002", "T1569.002"],
        &[
            "zeek_smb_files_admin_share_program_write",
            "zeek_dce_rpc_remote_service_or_task",
            "win_system_service_install_remote_exec",
            "proc_creation_win_psexec_service_shell",
        ],
    ),
    step(
        "jump_host_admin",
        "An office account becomes administrator of the jump host",
        &["T1098.007"],
        &["win_security_member_added_local_admins"],
    ),
    step(
        "jump_host_desktop",
        "Remote desktop from the office PC to the jump host",
        &["T1021.001", "T0886"],
        &["zeek_rdp_jump_host_unusual_source", "win_security_rdp_logon_outside_admin_network"],
    ),
    // By itself this step looks like the engineer's visit: only what came before makes it odd.
    step("engineering_desktop", "Remote desktop from the jump host to the engineering workstation", &["T0886"], &[]),
    step(
        "protection_off",
        "The endpoint protection of the engineering workstation is switched off",
        &["T1562.001"],
        &["proc_creation_win_security_tool_disabled", "registry_set_defender_disabled"],
    ),
    step(
        "tunnel",
        "A reverse tunnel makes the engineering workstation reachable from outside",
        &["T1572"],
        &["proc_creation_win_ssh_port_forward", "zeek_dns_dynamic_dns_domain"],
    ),
    step(
        "project_theft",
        "The controller's project is packed and carried out",
        &["T1560.001", "T1048.002", "T0893"],
        &["proc_creation_win_engineering_project_archived"],
    ),
    step(
        "engineering_software",
        "The engineering software is started from a shell",
        &["T0886", "T0863"],
        &["proc_creation_win_engineering_software_odd_parent"],
    ),
    step(
        "dosing_download",
        "The dosing controller is stopped, gets a changed program, and is started again",
        &["T0858", "T0843", "T0889"],
        &[],
    ),
    step("pump_writes", "Pumps are switched and set points changed from the wrong host", &["T0855", "T0836"], &[]),
    step(
        "recovery_removed",
        "The historian's shadow copies are deleted over WMI",
        &["T1047", "T1490", "T0809"],
        &["proc_creation_win_wmi_remote_shell_child", "proc_creation_win_shadow_copy_deletion"],
    ),
    step(
        "logs_cleared",
        "The logs of the engineering workstation are cleared",
        &["T1070.001", "T0872"],
        &[
            "proc_creation_win_event_log_clear_command",
            "win_security_audit_log_cleared",
            "win_system_event_log_cleared",
        ],
    ),
];

/// The position of a step by its name; `None` when there is no such step.
pub(crate) fn position(name: &str) -> Option<usize> {
    STEPS.iter().position(|step| step.name == name)
}
