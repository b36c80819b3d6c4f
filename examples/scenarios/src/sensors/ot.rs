//! The network sensor in the plant: ICSNPP's logs of Modbus, S7comm, CIP, DNP3, BACnet and OPC UA, and zeek-iec104.
//!
//! ```text
//! poll(at, HMI01, PLC-PUMP1)   a question and its answer, in what the device speaks
//! set(at, HMI01, PLC-PUMP1)    a value is written
//! stop, start, load, fetch     what an engineering workstation does
//! ```

use super::{Pen, Wire};
use crate::clock::{MILLI, Moment};
use crate::line::{Event, Line, Number};
use crate::plant::{Asset, Speaks};

/// A block or routine of a controller's program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    /// `Organization Block`, `Data Block` or `Function Block` of S7; for CIP all are routines.
    pub(crate) kind: &'static str,
    /// Its number.
    pub(crate) number: i64,
}

fn port(device: &Asset) -> i64 {
    match device.speaks {
        Speaks::Modbus => 502,
        Speaks::S7 => 102,
        Speaks::Cip => 44_818,
        Speaks::Dnp3 => 20_000,
        Speaks::Iec104 => 2_404,
        Speaks::Bacnet => 47_808,
        Speaks::Nothing => 0,
    }
}

/// The sender and receiver of a message, as ICSNPP writes them.
fn way(wire: &Wire<'_>, at: Moment, path: &str, is_request: bool) -> Line {
    let line = wire.line(at, path).with("is_orig", is_request);
    let ((from, near), (to, far)) = ((wire.from, wire.near), (wire.to, wire.port));
    let ((from, near), (to, far)) = if is_request { ((from, near), (to, far)) } else { ((to, far), (from, near)) };
    line.with("source_h", from).with("source_p", near).with("destination_h", to).with("destination_p", far)
}

impl Pen {
    /// A connection to a device.
    pub(crate) fn reaches<'a>(&mut self, from: &'a Asset, device: &'a Asset) -> Wire<'a> {
        self.wire(from.ip, device.ip, port(device))
    }

    /// A device is asked for its values, and answers.
    pub(crate) fn poll(&mut self, at: Moment, wire: &Wire<'_>, device: &Asset) -> Vec<Event> {
        let number = self.chance.between(1, 60_000);
        let answer = at.plus(self.chance.between(3, 40) * MILLI);
        match device.speaks {
            Speaks::Modbus => vec![
                modbus(at, wire, number, "READ_HOLDING_REGISTERS", "REQ"),
                modbus(answer, wire, number, "READ_HOLDING_REGISTERS", "RESP"),
            ],
            Speaks::S7 => vec![
                s7_job(at, wire, number, "0x04", "Read Variable").end(at),
                way(wire, answer, "s7comm", false)
                    .with("rosctr_code", 3)
                    .with("rosctr_name", "Ack-Data")
                    .with("pdu_reference", number)
                    .with("function_code", "0x04")
                    .with("function_name", "Read Variable")
                    .end(answer),
            ],
            Speaks::Cip => vec![
                cip(at, wire, number, "request", ("0x4c", "Read Tag"), ("0x6b", "Symbol")),
                cip(answer, wire, number, "response", ("0x4c", "Read Tag"), ("0x6b", "Symbol")),
            ],
            Speaks::Dnp3 => vec![
                wire.line(at, "dnp3").with("fc_request", "READ").with("fc_reply", "RESPONSE").with("iin", 0).end(at),
            ],
            Speaks::Iec104 => {
                let millis = self.chance.between(0, 99);
                vec![
                    wire.line(at, "iec104-M_ME_NC_1")
                        .with("is_orig", false)
                        .with("apdu", number)
                        .with("type_id", "M_ME_NC_1")
                        .with("type_id_code", 13)
                        .with("io.obj_addr", 700 + number % 8)
                        .with("io.r32", Number(format!("49.{millis:02}")))
                        .with("io.qds.iv", false)
                        .end(at),
                ]
            }
            Speaks::Bacnet => ["CONFIRMED_REQUEST", "COMPLEX_ACK"]
                .into_iter()
                .zip([(at, true), (answer, false)])
                .map(|(kind, (at, is_request))| {
                    way(wire, at, "bacnet", is_request)
                        .with("bvlc_function", "Original_Unicast_NPDU")
                        .with("pdu_type", kind)
                        .with("pdu_service", "read_property")
                        .with("invoke_id", number % 250)
                        .end(at)
                })
                .collect(),
            Speaks::Nothing => Vec::new(),
        }
    }

    /// A value is written, or an object is operated.
    pub(crate) fn set(&mut self, at: Moment, wire: &Wire<'_>, device: &Asset, address: i64) -> Event {
        let number = self.chance.between(1, 60_000);
        match device.speaks {
            Speaks::Modbus | Speaks::Nothing => modbus(at, wire, number, "WRITE_MULTIPLE_REGISTERS", "REQ"),
            Speaks::S7 => s7_job(at, wire, number, "0x05", "Write Variable").end(at),
            Speaks::Cip => cip(at, wire, number, "request", ("0x4d", "Write Tag"), ("0x6b", "Symbol")),
            Speaks::Dnp3 => way(wire, at, "dnp3_control", true)
                .with("block_type", "Control Relay Output Block")
                .with("function_code", "OPERATE")
                .with("index_number", address)
                .with("trip_control_code", "Close")
                .with("operation_type", "Pulse On")
                .with("execute_count", 1)
                .with("on_time", 500)
                .with("off_time", 0)
                .end(at),
            Speaks::Iec104 => wire
                .line(at, "iec104-C_DC_NA_1")
                .with("is_orig", true)
                .with("apdu", number)
                .with("type_id", "C_DC_NA_1")
                .with("type_id_code", 46)
                .with("io.obj_addr", address)
                .with("io.dco.dcs", 1)
                .with("io.dco.qu", 0)
                .with("io.dco.se", false)
                .end(at),
            Speaks::Bacnet => way(wire, at, "bacnet_property", true)
                .with("invoke_id", number % 250)
                .with("pdu_service", "write_property")
                .with("object_type", "analog-value")
                .with("instance_number", address)
                .with("property", "present-value")
                .with("value", "21.0")
                .end(at),
        }
    }

    /// A Modbus device refuses an address.
    pub(crate) fn refuses(&mut self, at: Moment, wire: &Wire<'_>) -> Event {
        let number = self.chance.between(1, 60_000);
        wire.line(at, "modbus")
            .with("tid", number)
            .with("unit", 1)
            .with("func", "READ_HOLDING_REGISTERS_EXCEPTION")
            .with("pdu_type", "RESP")
            .with("exception", "ILLEGAL_DATA_ADDRESS")
            .end(at)
    }

    /// All information of an IEC 104 station is asked for.
    pub(crate) fn interrogates(&mut self, at: Moment, wire: &Wire<'_>) -> Event {
        let number = self.chance.between(1, 60_000);
        wire.line(at, "iec104-asdu-ident")
            .with("is_orig", true)
            .with("apdu", number)
            .with("ident.type_id", "C_IC_NA_1")
            .with("ident.sq", false)
            .with("ident.nobj", 1)
            .with("ident.test", false)
            .with("ident.pn", false)
            .with("ident.cot", "Act")
            .with("ident.org_addr", 0)
            .with("ident.common_address", 3)
            .end(at)
    }

    /// A controller is asked what it is.
    pub(crate) fn identifies(&mut self, at: Moment, wire: &Wire<'_>, device: &Asset) -> Event {
        let number = self.chance.between(1, 60_000);
        if device.speaks == Speaks::Cip {
            return cip(at, wire, number, "request", ("0x01", "Get Attributes All"), ("0x01", "Identity"));
        }
        way(wire, at, "s7comm_read_szl", true)
            .with("pdu_reference", number)
            .with("method", "Request")
            .with("szl_id", "0x0011")
            .with("szl_id_name", "Module identification")
            .with("szl_index", "0x0000")
            .end(at)
    }

    /// A controller is stopped.
    pub(crate) fn stops(&mut self, at: Moment, wire: &Wire<'_>, device: &Asset) -> Event {
        let number = self.chance.between(1, 60_000);
        if device.speaks == Speaks::Cip {
            return cip(at, wire, number, "request", ("0x07", "Stop"), ("0x8e", "unknown"));
        }
        s7_job(at, wire, number, "0x29", "PLC Stop").end(at)
    }

    /// A controller is started.
    pub(crate) fn starts(&mut self, at: Moment, wire: &Wire<'_>, device: &Asset) -> Event {
        let number = self.chance.between(1, 60_000);
        if device.speaks == Speaks::Cip {
            return cip(at, wire, number, "request", ("0x06", "Start"), ("0x8e", "unknown"));
        }
        s7_job(at, wire, number, "0x28", "PLC Control")
            .with("subfunction_code", "P_PROGRAM")
            .with("subfunction_name", "PLC Start / Stop")
            .end(at)
    }

    /// A part of the program goes to a controller.
    pub(crate) fn loads(&mut self, at: Moment, wire: &Wire<'_>, device: &Asset, point: Point) -> Event {
        let number = self.chance.between(1, 60_000);
        if device.speaks == Speaks::Cip {
            return cip(at, wire, number, "request", ("0x08", "Create"), ("0x6d", "Routine"));
        }
        s7_block(at, wire, number, "Request Download", point)
    }

    /// A part of the program comes from a controller.
    pub(crate) fn fetches(&mut self, at: Moment, wire: &Wire<'_>, device: &Asset, point: Point) -> Event {
        let number = self.chance.between(1, 60_000);
        if device.speaks == Speaks::Cip {
            return cip(at, wire, number, "request", ("0x4c", "Read Routine"), ("0x6d", "Routine"));
        }
        s7_block(at, wire, number, "Start Upload", point)
    }

    /// One request over OPC UA, by the number of its service.
    pub(crate) fn opcua(&mut self, at: Moment, wire: &Wire<'_>, service: i64, name: &str) -> Event {
        let number = self.chance.between(1, 60_000);
        wire.line(at, "opcua_binary")
            .with("msg_type", "MSG")
            .with("is_final", "F")
            .with("total_size", 180)
            .with("sec_channel_id", 7)
            .with("request_id", number)
            .with("req_identifier", service)
            .with("req_identifier_str", name)
            .end(at)
    }

    /// A channel over OPC UA is opened without protection.
    pub(crate) fn opcua_opens(&mut self, at: Moment, wire: &Wire<'_>) -> Event {
        way(wire, at, "opcua_binary", true)
            .with("msg_type", "OPN")
            .with("is_final", "F")
            .with("sec_channel_id", 0)
            .with("sec_policy_uri", "http://opcfoundation.org/UA/SecurityPolicy#None")
            .with("request_id", 1)
            .with("req_identifier", 446)
            .with("req_identifier_str", "OpenSecureChannelRequest")
            .with("identifier", 446)
            .with("identifier_str", "OpenSecureChannelRequest")
            .end(at)
    }
}

fn modbus(at: Moment, wire: &Wire<'_>, number: i64, function: &str, kind: &str) -> Event {
    wire.line(at, "modbus").with("tid", number).with("unit", 1).with("func", function).with("pdu_type", kind).end(at)
}

fn s7_job(at: Moment, wire: &Wire<'_>, number: i64, code: &str, name: &str) -> Line {
    way(wire, at, "s7comm", true)
        .with("rosctr_code", 1)
        .with("rosctr_name", "Job-Request")
        .with("pdu_reference", number)
        .with("function_code", code)
        .with("function_name", name)
}

fn s7_block(at: Moment, wire: &Wire<'_>, number: i64, function: &str, point: Point) -> Event {
    let (letters, kind) = match point.kind {
        "Data Block" => ("0A", point.kind),
        "Function Block" => ("0E", point.kind),
        _ => ("08", "Organization Block"),
    };
    let (end, system) = if function == "Start Upload" { ("A", "Active") } else { ("P", "Passive") };
    way(wire, at, "s7comm_upload_download", true)
        .with("rosctr", "Job-Request")
        .with("pdu_reference", number)
        .with("function_name", function)
        .with("function_status", "0x00")
        .with("session_id", 0)
        .with("filename", format!("_{letters}{:05}{end}", point.number))
        .with("block_type", kind)
        .with("block_number", format!("{:05}", point.number))
        .with("destination_filesystem", system)
        .end(at)
}

fn cip(
    at: Moment,
    wire: &Wire<'_>,
    number: i64,
    direction: &str,
    (code, service): (&str, &str),
    (class, class_name): (&str, &str),
) -> Event {
    way(wire, at, "cip", direction == "request")
        .with("packet_correlation_id", format!("B{number:012x}"))
        .with("cip_sequence_count", number)
        .with("direction", direction)
        .with("cip_service_code", code)
        .with("cip_service", service)
        .with("class_id", class)
        .with("class_name", class_name)
        .with("instance_id", "0x01")
        .end(at)
}
