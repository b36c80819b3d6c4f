//! Shows a command every event of some files, and tells of what cannot be read.

use crate::exit::{Exit, Failure};
use crate::screen::{Screen, counted};
use std::path::{Path, PathBuf};
use tieline::EventError;
use tieline_common::incidents::Marks;
use tieline_common::input::{Batch, EventFiles, InputError, InputOptions, Reader, expand_paths};

/// What is done with an event, of which it is told where it stands, and what may be told at once.
type Show<'a> = &'a mut dyn FnMut(&[u8], &str, &mut Screen) -> Result<(), EventError>;

/// How many events were read, and what could not be.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) events: u64,
    unreadable: u64,
    faults: u64,
    bad_files: u64,
}

impl Tally {
    /// Reads files, one after the other; one that is wrong does not keep the others from being read. `show` is given each
    /// event and where it stands.
    pub(super) fn of(
        files: &[PathBuf],
        screen: &mut Screen,
        show: impl FnMut(&[u8], &str, &mut Screen) -> Result<(), EventError>,
    ) -> Self {
        Self::beyond(files, screen, None, show)
    }

    /// The same for what stands beyond marks, if there are any; they are set to where the files end.
    pub(super) fn beyond(
        files: &[PathBuf],
        screen: &mut Screen,
        mut marks: Option<&mut Marks>,
        mut show: impl FnMut(&[u8], &str, &mut Screen) -> Result<(), EventError>,
    ) -> Self {
        let mut tally = Self::default();
        let EventFiles { files, errors, .. } = expand_paths(files);
        errors.iter().for_each(|error| tally.bad_file(error, screen));
        for path in files {
            if let Err(error) = tally.file(&path, screen, marks.as_deref_mut(), &mut show) {
                tally.bad_file(&error, screen);
            }
        }
        tally
    }

    fn file(
        &mut self,
        path: &Path,
        screen: &mut Screen,
        mut marks: Option<&mut Marks>,
        show: Show<'_>,
    ) -> Result<(), InputError> {
        let options = InputOptions::default();
        let mut reader = match path.as_os_str() == "-" {
            true => Reader::from_read(path, Box::new(std::io::stdin()), &options)?,
            false => Reader::open(path, &options)?,
        };
        let name = path.to_string_lossy();
        let (mark, before) = marks.as_deref_mut().map_or((None, 0), |marks| marks.open(&name));
        let (mut batch, mut faults) = (Batch::default(), Vec::new());
        let mut more = true;
        while more {
            let read = reader.next_batch(&mut batch, &mut faults);
            for fault in faults.drain(..) {
                self.unreadable += 1;
                self.faults += 1;
                screen.error(&format!("{}: {fault}", path.display()));
            }
            more = read?;
            for record in batch.iter().filter(|record| more && record.number > before) {
                self.events += 1;
                let at = format!("{}:{}", path.display(), record.number);
                if let Err(error) = show(record.bytes, &at, screen) {
                    self.unreadable += 1;
                    screen.error(&format!("{at}: {error}"));
                }
                if let Some(marks) = &mut marks {
                    marks.note(mark, record.number);
                }
            }
        }
        Ok(())
    }

    /// What could not even be cut out of its file, so that nobody was shown it.
    pub(super) fn faults(&self) -> u64 {
        self.faults
    }

    fn bad_file(&mut self, error: &InputError, screen: &Screen) {
        self.bad_files += 1;
        screen.error(&error.to_string());
    }

    /// What the command ends with when all else went well.
    pub(super) fn exit(&self, fine: Exit) -> Result<Exit, Failure> {
        match (self.unreadable, self.bad_files) {
            (0, 0) => Ok(fine),
            (events, 0) => Err(Failure::Input(format!("{} could not be read", counted(events, "event")))),
            (_, files) => Err(Failure::Input(format!("{} could not be read to its end", counted(files, "file")))),
        }
    }
}
