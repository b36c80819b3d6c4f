//! Watches names, and reads what is appended to the files behind them.
//!
//! ```text
//!  names given ─▶ every second: which files are there? ─▶ places ─▶ every 200 ms: the same file? longer? ─▶ Tail
//!                                                             └ another file ─▶ the old one is read to its end
//! ```
//!
//! Only metadata is looked at, so network shares work as well; there is no notice from the system. Files that are
//! quiet cost a look and no memory to speak of.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::change::Change;
use super::feed::Message;
use super::tail::{Outlet, Patience, Tail};
use crate::input::{EventFiles, Identity, InputErrorKind, Reader, expand_paths};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// Between two looks into directories.
const LISTING: Duration = Duration::from_secs(1);

/// A look takes at most one part in so many of the time, however many files there are.
const PAUSE_PARTS: u32 = 10;

/// A file without a name is read on for so long, as who writes it may not know yet; a name without a file is
/// told only then, as rotating takes a moment.
const GRACE: Duration = Duration::from_secs(1);

/// Files held open; the quietest are closed beyond it, and opened again when they grow.
const FILES_OPEN_MAX: usize = 256;

/// How long a sleep goes on when the scan is to end.
const DOZE: Duration = Duration::from_millis(20);

pub(super) struct Follower {
    named: Vec<PathBuf>,
    places: Vec<Place>,
    /// All names that ever were a place.
    known: HashSet<PathBuf>,
    /// The files of all tails.
    owned: HashSet<Identity>,
    /// Files that lost their names.
    nameless: Vec<Tail>,
    listed: Option<Instant>,
    /// Paths that could not be listed, which is told once.
    unlisted: HashSet<PathBuf>,
    out: Outlet,
}

/// A name.
struct Place {
    path: PathBuf,
    /// Whether it was given, and not found in a directory.
    is_named: bool,
    tail: Option<Tail>,
    missing: Option<Missing>,
}

struct Missing {
    since: Instant,
    told: bool,
    /// Whether there was a file before.
    was_there: bool,
}

impl Follower {
    pub(super) fn new(named: Vec<PathBuf>, out: Outlet) -> Self {
        Self {
            named,
            places: Vec::new(),
            known: HashSet::new(),
            owned: HashSet::new(),
            nameless: Vec::new(),
            listed: None,
            unlisted: HashSet::new(),
            out,
        }
    }

    /// Goes on until it is to end.
    pub(super) fn run(mut self) {
        while !self.out.is_over() {
            let started = Instant::now();
            let is_pending = self.round();
            if !is_pending {
                self.sleep(PAUSE.max(started.elapsed().saturating_mul(PAUSE_PARTS)));
            }
        }
        self.finish();
        self.out.send(Message::End);
    }

    fn sleep(&self, pause: Duration) {
        let until = Instant::now() + pause;
        while !self.out.is_over() && Instant::now() < until {
            std::thread::sleep(DOZE.min(pause));
        }
    }

    /// Looks at every file once; whether some have more.
    fn round(&mut self) -> bool {
        let is_first = self.listed.is_none();
        if self.listed.is_none_or(|at| at.elapsed() >= LISTING) {
            self.list(is_first);
            self.listed = Some(Instant::now());
        }
        let patience = if is_first { Patience::None } else { Patience::Some };
        for at in 0..self.places.len() {
            if self.out.is_over() {
                return false;
            }
            if at % FILES_OPEN_MAX == 0 {
                self.park();
            }
            self.look(at, patience);
        }
        // Files of a directory that went away come back as new ones, if they do.
        self.places.retain(|place| place.is_named || place.tail.is_some() || place.missing.is_none());
        self.read_nameless();
        let tails = self.places.iter().filter_map(|place| place.tail.as_ref());
        tails.chain(&self.nameless).any(Tail::is_pending)
    }

    fn list(&mut self, is_first: bool) {
        let EventFiles { files, errors, .. } = expand_paths(&self.named);
        for error in errors {
            let waits = matches!(error.kind(), InputErrorKind::NotFound | InputErrorKind::NoEventFiles);
            if error.kind() == InputErrorKind::NotFound && is_first {
                self.add(error.path().to_path_buf());
            } else if !waits && self.unlisted.insert(error.path().to_path_buf()) {
                self.out.send(Message::Failed(error));
            }
        }
        let present: HashSet<PathBuf> = self.places.iter().map(|place| place.path.clone()).collect();
        for path in files.into_iter().filter(|path| !present.contains(path)) {
            if !is_first && self.is_packed_copy(&path) {
                if self.known.insert(path.clone()) {
                    self.out.change(&path.display().to_string(), Change::PackedCopy);
                }
                continue;
            }
            self.add(path);
        }
    }

    fn add(&mut self, path: PathBuf) {
        let is_named = self.named.contains(&path);
        if is_named && self.places.iter().any(|place| place.path == path) {
            return;
        }
        self.known.insert(path.clone());
        self.places.push(Place { path, is_named, tail: None, missing: None });
    }

    /// Whether it is what a rotated file was packed to.
    fn is_packed_copy(&self, path: &Path) -> bool {
        let is_packed = path.extension().is_some_and(|end| end == "gz" || end == "zst");
        is_packed && self.known.contains(&path.with_extension(""))
    }

    fn look(&mut self, at: usize, patience: Patience) {
        let Some(place) = self.places.get_mut(at) else { return };
        let metadata = match fs::metadata(&place.path) {
            Ok(metadata) if metadata.is_dir() => return place.missing = None,
            Ok(metadata) => metadata,
            Err(_) => return self.miss(at),
        };
        place.missing = None;
        let identity = Identity::of(&metadata);
        if place.tail.as_ref().is_some_and(|tail| tail.identity != identity) {
            self.rotate(at);
        }
        if !self.adopt(at, identity, &metadata) {
            return;
        }
        let Some(Place { path, tail: Some(tail), .. }) = self.places.get_mut(at) else { return };
        tail.look(path, &metadata, patience, &mut self.out);
        if tail.identity != identity {
            // It was replaced between the look at it and opening it.
            self.owned.remove(&identity);
            self.owned.insert(tail.identity);
        }
    }

    /// The file behind a name went to another name, or nowhere: what it still holds comes before the new file.
    fn rotate(&mut self, at: usize) {
        let Some(place) = self.places.get_mut(at) else { return };
        if let Some(mut tail) = place.tail.take() {
            tail.lose_name();
            tail.read_nameless(GRACE, &mut self.out);
            self.out.change(tail.name(), Change::Rotated);
            self.nameless.push(tail);
        }
    }

    /// Sees to it that a name has the tail of its file; `false` when another name has it.
    fn adopt(&mut self, at: usize, identity: Identity, metadata: &Metadata) -> bool {
        if self.places.get(at).is_some_and(|place| place.tail.is_some()) {
            return true;
        }
        let tail = if self.owned.contains(&identity) {
            match self.claim(identity) {
                Claim::Taken => return false,
                Claim::Free(tail) => Some(tail),
                Claim::Unknown => None,
            }
        } else {
            None
        };
        let Some(place) = self.places.get_mut(at) else { return false };
        let tail = match tail {
            Some(mut tail) => {
                tail.rename(&place.path);
                tail
            }
            None => Tail::new(place.path.display().to_string(), metadata),
        };
        self.owned.insert(identity);
        place.tail = Some(tail);
        true
    }

    /// The tail of a file that has a new name.
    fn claim(&mut self, identity: Identity) -> Claim {
        if let Some(found) = self.nameless.iter().position(|tail| tail.identity == identity) {
            return Claim::Free(self.nameless.swap_remove(found));
        }
        let owns = |place: &Place| place.tail.as_ref().is_some_and(|tail| tail.identity == identity);
        let Some(owner) = self.places.iter_mut().find(|place| owns(place)) else { return Claim::Unknown };
        let now = fs::metadata(&owner.path).ok().map(|metadata| Identity::of(&metadata));
        if now == Some(identity) {
            // Two names of one file, of which one is enough.
            return Claim::Taken;
        }
        match owner.tail.take() {
            Some(tail) => {
                if now.is_some() {
                    self.out.change(tail.name(), Change::Rotated);
                }
                Claim::Free(tail)
            }
            None => Claim::Unknown,
        }
    }

    /// A name has no file.
    fn miss(&mut self, at: usize) {
        let Some(place) = self.places.get_mut(at) else { return };
        let was_there = place.tail.is_some();
        let missing = place.missing.get_or_insert_with(|| Missing { since: Instant::now(), told: false, was_there });
        let name = place.path.display().to_string();
        if !missing.was_there {
            if place.is_named && !std::mem::replace(&mut missing.told, true) {
                self.out.change(&name, Change::Awaited);
            }
            return;
        }
        if missing.since.elapsed() < GRACE {
            if let Some(tail) = &mut place.tail {
                tail.read_nameless(GRACE, &mut self.out);
            }
            return;
        }
        if let Some(mut tail) = place.tail.take() {
            tail.lose_name();
            self.nameless.push(tail);
            if !std::mem::replace(&mut missing.told, true) {
                self.out.change(&name, Change::Gone);
            }
        }
    }

    fn read_nameless(&mut self) {
        for mut tail in std::mem::take(&mut self.nameless) {
            if tail.read_nameless(GRACE, &mut self.out) {
                self.nameless.push(tail);
            } else {
                tail.finish(None, &mut self.out);
                self.owned.remove(&tail.identity);
            }
        }
    }

    /// Closes the quietest files when many are open.
    fn park(&self) {
        let tails = self.places.iter().filter_map(|place| place.tail.as_ref());
        let mut open: Vec<(Instant, &Tail)> = tails.filter_map(|tail| Some((tail.open_since()?, tail))).collect();
        if open.len() <= FILES_OPEN_MAX {
            return;
        }
        open.sort_by_key(|(grown, _)| std::cmp::Reverse(*grown));
        open.iter().skip(FILES_OPEN_MAX).for_each(|(_, tail)| tail.park());
    }

    fn finish(&mut self) {
        for tail in &mut self.nameless {
            tail.finish(None, &mut self.out);
        }
        for place in &mut self.places {
            match &mut place.tail {
                Some(tail) => tail.finish(Some(&place.path), &mut self.out),
                None if place.missing.as_ref().is_some_and(|missing| !missing.was_there) => {
                    if let Err(error) = Reader::open(&place.path, &self.out.options) {
                        self.out.send(Message::Failed(error));
                    }
                }
                None => {}
            }
        }
    }
}

enum Claim {
    /// Another name still has it.
    Taken,
    Free(Tail),
    Unknown,
}
