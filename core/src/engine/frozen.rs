//! A rule set as one piece of memory, and the view of it that is worked with.
//!
//! ```text
//! bytes (a file, a memory map, or just compiled)  ◀─ borrows ─  program │ filed rules │ options
//! ```
//!
//! There is one compiled form: what has just been compiled is read as if it came from a file.

use super::filed::Filed;
use super::listening::Listening;
use crate::config::Limits;
use crate::context::Lens;
use crate::intel;
use crate::ot::Plan;
use crate::program::Program;
use crate::program::tables::{self, Reader, Writer};
use crate::time::TimeOptions;
use serde::{Deserialize, Serialize};

/// Whoever keeps the bytes.
pub(super) type Owner = Box<dyn AsRef<[u8]> + Send + Sync>;

/// What the bytes hold.
pub(super) struct View<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) program: Program<'a>,
    pub(super) rules: Filed<'a>,
    pub(super) options: Options,
    pub(super) listening: Listening,
    /// How fields of OT operations are filled, when a rule asks for any.
    pub(super) plan: Option<Plan>,
    /// How fields of assets, zones and flows are filled, when a rule asks for any.
    pub(super) lens: Option<Lens>,
    /// Where indicators are looked for, when a rule asks for any.
    pub(super) watched: Option<intel::Lens>,
}

/// What the caller said and what is needed later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Options {
    pub(super) time: TimeOptions,
    pub(super) limits: Limits,
}

self_cell::self_cell!(
    /// Bytes and the view of them.
    pub(super) struct Frozen {
        owner: Owner,
        #[covariant]
        dependent: View,
    }
);

/// Bytes that begin where tables can be read.
struct Aligned {
    words: Vec<u64>,
    length: usize,
}

impl AsRef<[u8]> for Aligned {
    fn as_ref(&self) -> &[u8] {
        bytemuck::cast_slice(&self.words).get(..self.length).unwrap_or_default()
    }
}

/// A copy of the bytes that begins where tables can be read.
pub(super) fn aligned(bytes: &[u8]) -> Owner {
    let mut words = vec![0_u64; bytes.len().div_ceil(size_of::<u64>())];
    if let Some(copy) = bytemuck::cast_slice_mut(&mut words).get_mut(..bytes.len()) {
        copy.copy_from_slice(bytes);
    }
    Box::new(Aligned { words, length: bytes.len() })
}

/// Writes what stands in front of the program.
pub(super) fn begin(options: &Options) -> Writer {
    let mut writer = Writer::new();
    // INVARIANT: options hold only types that postcard can write.
    writer.table(&postcard::to_stdvec(options).unwrap_or_default());
    writer
}

/// Writes what stands behind the rules.
pub(super) fn end(
    listening: &Listening,
    plan: Option<&Plan>,
    lens: Option<&Lens>,
    watched: Option<&intel::Lens>,
    writer: &mut Writer,
) {
    // INVARIANT: the same holds for what correlations, records of OT operations, context and indicators need.
    writer.table(&postcard::to_stdvec(listening).unwrap_or_default());
    writer.table(&postcard::to_stdvec(&plan).unwrap_or_default());
    writer.table(&postcard::to_stdvec(&lens).unwrap_or_default());
    writer.table(&postcard::to_stdvec(&watched).unwrap_or_default());
}

impl Frozen {
    /// Views the bytes; `None` when they make no sense. They are copied if they begin where tables cannot be read.
    pub(super) fn read(mut owner: Owner) -> Option<Self> {
        if !tables::is_aligned((*owner).as_ref()) {
            owner = aligned((*owner).as_ref());
        }
        Self::try_new(owner, |owner| View::read((**owner).as_ref()).ok_or(())).ok()
    }
}

impl<'a> View<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes)?;
        let options: Options = postcard::from_bytes(reader.table()?).ok()?;
        let program = Program::read(&mut reader, options.limits.regex_bytes_max)?;
        let rules = Filed::read(&mut reader)?;
        let listening = postcard::from_bytes(reader.table()?).ok()?;
        let plan: Option<Plan> = postcard::from_bytes(reader.table()?).ok()?;
        if plan.as_ref().is_some_and(|plan| !plan.is_sound()) {
            return None;
        }
        let lens = postcard::from_bytes(reader.table()?).ok()?;
        let watched = postcard::from_bytes(reader.table()?).ok()?;
        Some(Self { bytes, program, rules, options, listening, plan, lens, watched })
    }
}
