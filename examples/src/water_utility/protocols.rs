//! What Zeek writes about single protocols: Modbus, S7, remote desktop, file shares and remote calls.
//!
//! ```text
//! modbus(wire, tid, READ_HOLDING_REGISTERS)   ──▶ modbus.log        REQ and, two milliseconds later, RESP
//! s7(wire, 0x1a Request Download)             ──▶ zeek_json.ndjson  s7comm: Job-Request and ACK-Data
//! ```
//!
//! Field names are those of Zeek itself and, for S7, of the ICSNPP analyser. Values inside the messages are not shown,
//! because these logs do not show them.

use super::clock::{MILLI, Moment};
use super::record::Datum;
use super::tape::{Log, Stage};
use super::zeek::Wire;

/// A job of the S7 protocol: code and name as the analyser writes them.
#[derive(Clone, Copy)]
pub(crate) struct Job {
    code: &'static str,
    name: &'static str,
    /// Code and name of the sub-function; empty where there is none.
    sub: (&'static str, &'static str),
}

const fn job(code: &'static str, name: &'static str) -> Job {
    Job { code, name, sub: ("", "") }
}

/// The greeting of a session.
pub(crate) const S7_SETUP: Job = job("0xf0", "Setup Communication");
/// Reads values.
pub(crate) const S7_READ: Job = job("0x04", "Read Variable");
/// Writes values.
pub(crate) const S7_WRITE: Job = job("0x05", "Write Variable");
/// Announces a block of program.
pub(crate) const S7_DOWNLOAD_REQUEST: Job = job("0x1a", "Request Download");
/// Carries a block of program.
pub(crate) const S7_DOWNLOAD_BLOCK: Job = job("0x1b", "Download Block");
/// Ends a block of program.
pub(crate) const S7_DOWNLOAD_ENDED: Job = job("0x1c", "Download Ended");
/// Stops the controller.
pub(crate) const S7_STOP: Job = job("0x29", "PLC Stop");
/// Takes a downloaded block into the running program.
pub(crate) const S7_INSERT: Job = Job { sub: ("_INSE", "Activates a PLC module"), ..job("0x28", "PLC Control") };
/// Starts the controller.
pub(crate) const S7_START: Job = Job { sub: ("P_PROGRAM", "PLC Start / Stop"), ..job("0x28", "PLC Control") };

impl Stage<'_> {
    /// A Modbus request and its answer.
    pub(crate) fn modbus(&mut self, at: Moment, wire: &Wire, tid: i64, function: &str) {
        let answer = at.plus(self.chance.between(1_200, 9_000));
        for (at, kind) in [(at, "REQ"), (answer, "RESP")] {
            let record =
                wire.record(at).with("tid", tid % 65_536).with("unit", 1).with("func", function).with("pdu_type", kind);
            self.put(at, Log::Modbus, record);
        }
    }

    /// An S7 job and its acknowledgement.
    pub(crate) fn s7(&mut self, at: Moment, wire: &Wire, reference: i64, job: Job) {
        let answer = at.plus(self.chance.between(2_000, 15_000));
        for (at, asks) in [(at, true), (answer, false)] {
            let mut record = wire
                .json_record("s7comm", at)
                .with("is_orig", asks)
                .with("rosctr_code", if asks { 1 } else { 3 })
                .with("rosctr_name", if asks { "Job-Request" } else { "ACK-Data" })
                .with("pdu_reference", reference % 65_536)
                .with("function_code", job.code)
                .with("function_name", job.name);
            if asks && !job.sub.0.is_empty() {
                record = record.with("subfunction_code", job.sub.0).with("subfunction_name", job.sub.1);
            }
            if !asks {
                record = record.with("error_class", "No error").with("error_code", "0x00");
            }
            self.put(at, Log::ZeekJson, record);
        }
    }

    /// One block of program on its way to an S7 controller, in all its messages.
    pub(crate) fn s7_download(&mut self, at: Moment, wire: &Wire, reference: i64, block: (&str, &str), bytes: i64) {
        let (kind, number) = block;
        self.s7(at, wire, reference, S7_DOWNLOAD_REQUEST);
        let letter = if kind == "Organization Block" { "08" } else { "0A" };
        let announced = wire
            .json_record("s7comm_upload_download", at)
            .with("rosctr", "Job-Request")
            .with("pdu_reference", reference % 65_536)
            .with("function_name", "Request Download")
            .with("session_id", 0)
            .with("blocklength", bytes)
            .with("filename", format!("_{letter}{number}P"))
            .with("block_type", kind)
            .with("block_number", number)
            .with("destination_filesystem", "Passive");
        self.put(at.plus(300), Log::ZeekJson, announced);
        self.s7(at.plus(40 * MILLI), wire, reference + 1, S7_DOWNLOAD_BLOCK);
        self.s7(at.plus(90 * MILLI), wire, reference + 2, S7_DOWNLOAD_ENDED);
        self.s7(at.plus(160 * MILLI), wire, reference + 3, S7_INSERT);
    }

    /// The greeting of a remote desktop connection.
    pub(crate) fn rdp(&mut self, at: Moment, wire: &Wire, cookie: &str, client: &str) {
        let record = wire
            .json_record("rdp", at)
            .with("cookie", cookie)
            .with("result", "encrypted")
            .with("security_protocol", "HYBRID")
            .with("client_channels", Datum::List(vec!["rdpdr".into(), "rdpsnd".into(), "cliprdr".into()]))
            .with("keyboard_layout", "English - United States")
            .with("client_build", "RDP 10.12")
            .with("client_name", client)
            .with("cert_count", 0);
        self.put(at, Log::ZeekJson, record);
    }

    /// A file on a share.
    pub(crate) fn share_file(&mut self, at: Moment, wire: &Wire, action: &str, share: &str, name: &str, bytes: i64) {
        let record = wire
            .json_record("smb_files", at)
            .with("action", format!("SMB::{action}"))
            .with("path", share)
            .with("name", name)
            .with("size", bytes);
        self.put(at, Log::ZeekJson, record);
    }

    /// A remote call.
    pub(crate) fn remote_call(&mut self, at: Moment, wire: &Wire, pipe: &str, endpoint: &str, operation: &str) {
        let record = wire
            .json_record("dce_rpc", at)
            .with("rtt", Datum::Seconds(self.chance.between(300, 4_000)))
            .with("named_pipe", pipe)
            .with("endpoint", endpoint)
            .with("operation", operation);
        self.put(at, Log::ZeekJson, record);
    }
}
