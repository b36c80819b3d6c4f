//! What messages of OT protocols do to a plant: one record `ot.*` for each operation, whatever sensor told of it.
//!
//! ```text
//! tables (YAML) ─▶ Taxonomy ─▶ Plan: which slots are read, which are filled      once
//! slots of an event ─▶ layouts that fit ─▶ their objects ─▶ row of the code ─▶ records      for every event
//! ```
//!
//! The tables are data (`rules/ot` of the shipped ones, and its `taxonomy/README.md` tells their form); here is their one
//! interpreter. It reads slots that the event's walk has filled and fills others, so records cost nothing when no rule asks for a
//! field `ot.*`. What rules make of a record is not known here.

mod bytes;
mod conditions;
mod decode;
mod frame;
mod names;
mod plan;
mod ports;
mod read;
mod taxonomy;

pub(crate) use decode::{Fill, Records};
pub(crate) use plan::{Plan, is_field};
pub(crate) use taxonomy::Taxonomy;

/// The fields of a record, without the `ot.` that stands in front of each.
pub(crate) const FIELDS: &[&str] = &[
    "sensor",
    "protocol",
    "operation",
    "code",
    "name",
    "subcode",
    "subname",
    "direction",
    "outcome",
    "error.code",
    "error.name",
    "unit",
    "session",
    "transaction",
    "object",
    "address",
    "quantity",
    "value",
    "file",
    "user",
    "flag",
    "source.ip",
    "source.port",
    "source.mac",
    "destination.ip",
    "destination.port",
    "destination.mac",
];

/// What stands in front of the name of every field of a record.
pub(crate) const PREFIX: &str = "ot.";

/// The fields that decide which others can matter to a rule.
pub(crate) const DECIDING: &[&str] = &["ot.protocol", "ot.operation", "ot.direction"];

/// A field of a record by its place in [`FIELDS`], or behind those another input of a protocol.
type InputId = u8;

/// Inputs that one protocol may have.
const INPUTS_MAX: usize = 96;

const SENSOR: InputId = 0;
const PROTOCOL: InputId = 1;
const OPERATION: InputId = 2;
const CODE: InputId = 3;
const NAME: InputId = 4;
const SUBCODE: InputId = 5;
const SUBNAME: InputId = 6;
const DIRECTION: InputId = 7;
const OUTCOME: InputId = 8;
const ERROR_CODE: InputId = 9;
const ERROR_NAME: InputId = 10;
const OBJECT: InputId = 14;
const ADDRESS: InputId = 15;
const QUANTITY: InputId = 16;
const VALUE: InputId = 17;
const FILE: InputId = 18;
const FLAG: InputId = 20;
const SOURCE: [InputId; 3] = [21, 22, 23];
const DESTINATION: [InputId; 3] = [24, 25, 26];

/// The operation classes.
pub(crate) const CLASSES: &[&str] = &[
    "read",
    "subscribe",
    "write",
    "control",
    "force",
    "program_download",
    "program_upload",
    "firmware_update",
    "mode_run",
    "mode_stop",
    "mode_program",
    "restart",
    "config_change",
    "alarm_change",
    "time_sync",
    "file_read",
    "file_write",
    "file_delete",
    "memory_clear",
    "auth",
    "session",
    "discovery",
    "diagnostics",
    "error",
    "vendor_opaque",
    "unknown",
];

/// The class of messages that no row is for.
const UNKNOWN: u8 = CLASSES.len() as u8 - 1;

/// The class of connections of which only the protocol is known: none.
const NO_CLASS: u8 = CLASSES.len() as u8;

/// What a message can be to its receiver.
const DIRECTIONS: &[&str] = &["request", "response", "unsolicited"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_and_direction_has_a_bit() {
        assert!((CLASSES.len() + 1) * (DIRECTIONS.len() + 1) <= u128::BITS as usize);
        assert_eq!(CLASSES[usize::from(UNKNOWN)], "unknown");
    }

    #[test]
    fn fields_stand_where_their_numbers_say() {
        let named = |id: InputId| FIELDS[usize::from(id)];
        let numbered =
            [SENSOR, PROTOCOL, OPERATION, CODE, NAME, SUBCODE, SUBNAME, DIRECTION, OUTCOME, ERROR_CODE, ERROR_NAME];
        assert_eq!(numbered.map(named).as_slice(), &FIELDS[..numbered.len()]);
        let rest = [OBJECT, ADDRESS, QUANTITY, VALUE, FILE, FLAG];
        assert_eq!(rest.map(named), ["object", "address", "quantity", "value", "file", "flag"]);
        assert_eq!(SOURCE.map(named), ["source.ip", "source.port", "source.mac"]);
        assert_eq!(DESTINATION.map(named), ["destination.ip", "destination.port", "destination.mac"]);
    }
}
