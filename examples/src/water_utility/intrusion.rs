//! The intrusion, from a mail in the office to the controllers and back out.
//!
//! ```text
//! 33 %  mail, script, download     OFFICE07     office_side.rs
//! 40 %  LSASS                      OFFICE07
//! 50 %  service, desktop           JUMP01
//! 55 %  desktop, tunnel, theft     EWS01        plant_side.rs
//! 80 %  program, writes            controllers
//! 90 %  traces                     HIST01, EWS01
//! ```
//!
//! The percentages are of the whole story, so a longer story leaves more quiet between the steps. All commands are
//! common knowledge and work only as text: addresses are reserved for documentation, and nothing is executed.

mod office_side;
mod plant_side;

use super::Span;
use super::clock::{MINUTE, Moment};
use super::plant::{Host, OFFICE07};
use super::steps;
use super::tape::Stage;
use super::windows::{Launch, Process};

/// The program that the lure leaves on the office PC.
const IMPLANT: &str = r"C:\Users\Public\Libraries\upd.exe";
/// Whose desk it is.
const VICTIM: &str = "mkeller";

/// Plays all steps.
pub(crate) fn play(stage: &mut Stage<'_>, span: Span) {
    let implant = office_side::enter(stage, span);
    office_side::beacon(stage, span, &implant);
    office_side::look_around(stage, span, &implant);
    office_side::steal_passwords(stage, span, &implant);
    office_side::take_jump_host(stage, span);
    let shell = plant_side::reach_workstation(stage, span);
    plant_side::switch_protection_off(stage, span, &shell);
    plant_side::open_tunnel(stage, span, &shell);
    plant_side::steal_project(stage, span, &shell);
    plant_side::change_dosing(stage, span, &shell);
    plant_side::write_pumps(stage, span, &shell);
    plant_side::remove_recovery(stage, span);
    plant_side::clear_logs(stage, span, &shell);
}

/// The moment at this thousandth of the story, shifted a little by chance.
fn mark(stage: &mut Stage<'_>, span: Span, thousandth: i64) -> Moment {
    let jitter = stage.chance.between(0, span.minutes * MINUTE / 1_000);
    span.start.plus(span.minutes * MINUTE * thousandth / 1_000 + jitter)
}

/// From here on all events belong to this step.
fn begin(stage: &mut Stage<'_>, name: &str) {
    stage.step = steps::position(name);
}

/// A command in a shell.
fn run(stage: &mut Stage<'_>, at: Moment, host: Host, shell: &Process, account: &str, line: (&str, &str)) -> Process {
    let (image, command) = line;
    stage.process(at, host, shell, Launch { account, image, command })
}

/// The same on the office PC, by its owner.
fn run_in_office(stage: &mut Stage<'_>, at: Moment, shell: &Process, line: (&str, &str)) -> Process {
    run(stage, at, OFFICE07, shell, VICTIM, line)
}
