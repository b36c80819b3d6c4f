//! Handles: what C holds in place of an object.
//!
//! ```text
//!  handle ─▶ slot { kind, users, body }      slots lie in chunks that are never given back
//!               │      │      └─ the object, or null
//!               │      └─ calls that use it now; the highest bit says that it is freed
//!               └─ scanner, stream, …
//! ```
//!
//! The address of a handle is looked up before it is read, so that a freed handle, one of another kind, and a number that
//! is no handle are errors. A freed slot rests until many others were freed; a handle that is kept longer than that may
//! be taken for a new one. Nothing here takes a lock, because a lock may be held when the process is forked.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};
use tieline_common::waist::{Error, Kind};

/// Slots of the first chunk; each chunk has twice as many as the one before.
const CHUNK_FIRST: usize = 256;

/// Chunks at most: more than a thousand million handles at once.
const CHUNKS_MAX: usize = 22;

/// Freed slots that rest before one of them is used again.
const RESTING: usize = 1024;

/// In `users`: the slot holds nothing.
const FREED: u32 = 1 << 31;

/// In `users`: one call has the object for itself.
const ALONE: u32 = 1 << 30;

/// What stands behind a kind of handle.
pub(crate) trait Body: Sized + Send {
    /// The type that C sees.
    type Handle;
    /// A number of its own.
    const KIND: u32;
    /// The word for it in messages.
    const NAME: &'static str;
}

/// A line of memory of its own, because threads count their calls in it.
#[repr(C, align(64))]
struct Slot {
    body: AtomicPtr<()>,
    kind: AtomicU32,
    users: AtomicU32,
    /// The number of the next free slot and 1.
    next: AtomicU32,
    is_broken: AtomicBool,
}

static CHUNKS: [AtomicPtr<Slot>; CHUNKS_MAX] = [const { AtomicPtr::new(std::ptr::null_mut()) }; CHUNKS_MAX];

/// Slots that were ever handed out.
static USED: AtomicU32 = AtomicU32::new(0);

/// The number of the first free slot and 1, below a count of changes.
static FREE: AtomicU64 = AtomicU64::new(0);

static REST: [AtomicU32; RESTING] = [const { AtomicU32::new(0) }; RESTING];
static REST_AT: AtomicU32 = AtomicU32::new(0);

/// The chunk of a slot, and its place in it.
fn place(number: u32) -> (usize, usize) {
    let shifted = number as usize / CHUNK_FIRST + 1;
    let chunk = shifted.ilog2() as usize;
    (chunk, number as usize - CHUNK_FIRST * ((1 << chunk) - 1))
}

fn number_of(chunk: usize, at: usize) -> u32 {
    // INVARIANT: all chunks together have fewer than 2^30 slots.
    u32::try_from(CHUNK_FIRST * ((1 << chunk) - 1) + at).unwrap_or(u32::MAX)
}

/// The slot with a number; its chunk is made when it is the first of it.
fn slot(number: u32) -> Option<&'static Slot> {
    let (chunk, at) = place(number);
    let own = CHUNKS.get(chunk)?;
    let mut first = own.load(Ordering::Acquire);
    if first.is_null() {
        let empty = || Slot {
            body: AtomicPtr::new(std::ptr::null_mut()),
            kind: AtomicU32::new(0),
            users: AtomicU32::new(FREED),
            next: AtomicU32::new(0),
            is_broken: AtomicBool::new(false),
        };
        let made: Box<[Slot]> = (0..CHUNK_FIRST << chunk).map(|_| empty()).collect();
        let made = Box::into_raw(made);
        match own.compare_exchange(std::ptr::null_mut(), made.cast(), Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => first = made.cast(),
            Err(theirs) => {
                // SAFETY: the chunk was made above, and nobody else has seen it.
                drop(unsafe { Box::from_raw(made) });
                first = theirs;
            }
        }
    }
    // SAFETY: the chunk has `CHUNK_FIRST << chunk` slots, `at` is less, and chunks are never given back.
    Some(unsafe { &*first.add(at) })
}

/// The slot at an address, and its number.
fn find(address: usize) -> Option<(&'static Slot, u32)> {
    CHUNKS.iter().enumerate().find_map(|(chunk, first)| {
        let first = first.load(Ordering::Acquire);
        let offset = address.wrapping_sub(first as usize);
        let at = offset / size_of::<Slot>();
        let is_slot = !first.is_null() && at < CHUNK_FIRST << chunk && offset.is_multiple_of(size_of::<Slot>());
        // SAFETY: the chunk has `CHUNK_FIRST << chunk` slots, `at` is less, and chunks are never given back.
        is_slot.then(|| (unsafe { &*first.add(at) }, number_of(chunk, at)))
    })
}

fn take_free() -> Option<u32> {
    let mut head = FREE.load(Ordering::Acquire);
    loop {
        #[expect(clippy::cast_possible_truncation, reason = "the lower half is the number")]
        let number = (head as u32).checked_sub(1)?;
        let next = slot(number)?.next.load(Ordering::Acquire);
        let new = ((head >> 32) + 1) << 32 | u64::from(next);
        match FREE.compare_exchange_weak(head, new, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return Some(number),
            Err(now) => head = now,
        }
    }
}

fn give_free(number: u32) {
    let Some(own) = slot(number) else { return };
    let mut head = FREE.load(Ordering::Acquire);
    loop {
        #[expect(clippy::cast_possible_truncation, reason = "the lower half is the number")]
        own.next.store(head as u32, Ordering::Release);
        let new = ((head >> 32) + 1) << 32 | u64::from(number + 1);
        match FREE.compare_exchange_weak(head, new, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return,
            Err(now) => head = now,
        }
    }
}

/// Lets a slot rest, and frees the one that rested longest.
fn rest(number: u32) {
    let at = REST_AT.fetch_add(1, Ordering::Relaxed) as usize % RESTING;
    let rested = REST.get(at).map_or(0, |place| place.swap(number + 1, Ordering::AcqRel));
    if let Some(rested) = rested.checked_sub(1) {
        give_free(rested);
    }
}

/// A handle for an object.
pub(crate) fn new<B: Body>(body: B) -> Result<*mut B::Handle, Error> {
    let number = take_free().unwrap_or_else(|| USED.fetch_add(1, Ordering::Relaxed));
    let Some(slot) = slot(number) else {
        USED.fetch_sub(1, Ordering::Relaxed);
        return Err(Error::new(Kind::Limit, "too many handles; free those that are not used any more"));
    };
    slot.body.store(Box::into_raw(Box::new(body)).cast(), Ordering::Relaxed);
    slot.is_broken.store(false, Ordering::Relaxed);
    slot.kind.store(B::KIND, Ordering::Relaxed);
    slot.users.store(0, Ordering::Release);
    Ok(std::ptr::from_ref(slot).cast_mut().cast())
}

/// The slot of a handle, entered as `how` says: one more user, or the only one.
fn enter<B: Body>(handle: *const B::Handle, name: &str, how: u32) -> Result<&'static Slot, Error> {
    let fault = |kind, what: &str| Err(Error::new(kind, format!("`{name}` {what}")));
    if handle.is_null() {
        return fault(Kind::Argument, &format!("is null; give a {}", B::NAME));
    }
    let Some((slot, _)) = find(handle as usize) else {
        return fault(Kind::Argument, &format!("is no {} of this library", B::NAME));
    };
    let mut users = slot.users.load(Ordering::Relaxed);
    loop {
        if users & FREED != 0 {
            return fault(Kind::Closed, "was freed");
        }
        if users & ALONE != 0 || (how == ALONE && users != 0) {
            return fault(Kind::Argument, &format!("is in use by another thread; make a {} for each", B::NAME));
        }
        match slot.users.compare_exchange_weak(users, users + how, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => break,
            Err(now) => users = now,
        }
    }
    let fault = if slot.kind.load(Ordering::Relaxed) != B::KIND {
        Error::new(Kind::Argument, format!("`{name}` is a handle of another kind; give a {}", B::NAME))
    } else if slot.is_broken.load(Ordering::Relaxed) {
        Error::new(Kind::Internal, format!("`{name}` broke in an earlier call; free it and make a new one"))
    } else {
        return Ok(slot);
    };
    slot.users.fetch_sub(how, Ordering::Release);
    Err(fault)
}

/// An object that many calls may use at the same time.
pub(crate) struct Shared<B> {
    slot: &'static Slot,
    body: PhantomData<B>,
}

/// An object that a call has for itself.
pub(crate) struct Alone<B> {
    slot: &'static Slot,
    body: PhantomData<B>,
}

/// The object of a handle, for reading.
pub(crate) fn shared<B: Body + Sync>(handle: *const B::Handle, name: &str) -> Result<Shared<B>, Error> {
    enter::<B>(handle, name, 1).map(|slot| Shared { slot, body: PhantomData })
}

/// The object of a handle, for changes.
pub(crate) fn alone<B: Body>(handle: *const B::Handle, name: &str) -> Result<Alone<B>, Error> {
    enter::<B>(handle, name, ALONE).map(|slot| Alone { slot, body: PhantomData })
}

impl<B> Deref for Shared<B> {
    type Target = B;

    fn deref(&self) -> &B {
        // SAFETY: `enter` saw that the slot holds a `B`, and it is not freed while `users` counts this call.
        unsafe { &*self.slot.body.load(Ordering::Relaxed).cast::<B>() }
    }
}

impl<B> Drop for Shared<B> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.slot.is_broken.store(true, Ordering::Relaxed);
        }
        self.slot.users.fetch_sub(1, Ordering::Release);
    }
}

impl<B> Deref for Alone<B> {
    type Target = B;

    fn deref(&self) -> &B {
        // SAFETY: `enter` saw that the slot holds a `B`, and no other call gets it while `users` says `ALONE`.
        unsafe { &*self.slot.body.load(Ordering::Relaxed).cast::<B>() }
    }
}

impl<B> DerefMut for Alone<B> {
    fn deref_mut(&mut self) -> &mut B {
        // SAFETY: as above, and `self` is borrowed for changes.
        unsafe { &mut *self.slot.body.load(Ordering::Relaxed).cast::<B>() }
    }
}

impl<B> Drop for Alone<B> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.slot.is_broken.store(true, Ordering::Relaxed);
        }
        self.slot.users.store(0, Ordering::Release);
    }
}

/// Frees a handle and gives its object back; null is `None`.
pub(crate) fn free<B: Body>(handle: *mut B::Handle, name: &str) -> Result<Option<Box<B>>, Error> {
    if handle.is_null() {
        return Ok(None);
    }
    let fault = |kind, what: &str| Err(Error::new(kind, format!("`{name}` {what}")));
    let Some((slot, number)) = find(handle as usize) else {
        return fault(Kind::Argument, &format!("is no {} of this library", B::NAME));
    };
    match slot.users.compare_exchange(0, FREED, Ordering::Acquire, Ordering::Relaxed) {
        Ok(_) => {}
        Err(users) if users & FREED != 0 => return fault(Kind::Closed, "was freed already"),
        Err(_) => return fault(Kind::Argument, "is in use by another thread; free it when no call uses it any more"),
    }
    if slot.kind.load(Ordering::Relaxed) != B::KIND {
        slot.users.store(0, Ordering::Release);
        return fault(Kind::Argument, &format!("is a handle of another kind; give a {}", B::NAME));
    }
    let body = slot.body.swap(std::ptr::null_mut(), Ordering::Relaxed);
    slot.kind.store(0, Ordering::Relaxed);
    rest(number);
    // SAFETY: the slot held a `B` that `new` put into a box, and only one call can have set `FREED`.
    Ok(Some(unsafe { Box::from_raw(body.cast::<B>()) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Number(u64);
    struct Word;
    enum NumberHandle {}
    enum WordHandle {}

    impl Body for Number {
        type Handle = NumberHandle;
        const KIND: u32 = 901;
        const NAME: &'static str = "number";
    }

    impl Body for Word {
        type Handle = WordHandle;
        const KIND: u32 = 902;
        const NAME: &'static str = "word";
    }

    fn kind<T>(answer: Result<T, Error>) -> Kind {
        answer.map(drop).unwrap_err().kind()
    }

    #[test]
    fn slots_have_numbers() {
        for number in [0, 1, 255, 256, 767, 768, 1_000_000] {
            let (chunk, at) = place(number);
            assert_eq!(number_of(chunk, at), number);
            assert!(at < CHUNK_FIRST << chunk);
        }
    }

    #[test]
    fn what_is_no_handle_is_refused() {
        let handle = new(Number(7)).unwrap();
        assert_eq!(shared::<Number>(handle, "n").unwrap().0, 7);
        assert_eq!(kind(shared::<Word>(handle.cast(), "w")), Kind::Argument);
        assert_eq!(kind(free::<Word>(handle.cast(), "w")), Kind::Argument);
        assert_eq!(kind(shared::<Number>(std::ptr::null(), "n")), Kind::Argument);
        assert_eq!(kind(shared::<Number>(handle.wrapping_byte_add(1), "n")), Kind::Argument);
        let here = 0_u64;
        assert_eq!(kind(shared::<Number>((&raw const here).cast(), "n")), Kind::Argument);
        assert!(free::<Number>(handle, "n").unwrap().is_some());
        assert_eq!(kind(shared::<Number>(handle, "n")), Kind::Closed);
        assert_eq!(kind(free::<Number>(handle, "n")), Kind::Closed);
        assert!(free::<Number>(std::ptr::null_mut(), "n").unwrap().is_none());
    }

    #[test]
    fn an_object_in_use_is_neither_used_nor_freed() {
        let handle = new(Number(7)).unwrap();
        let mut own = alone::<Number>(handle, "n").unwrap();
        own.0 = 8;
        assert_eq!(kind(alone::<Number>(handle, "n")), Kind::Argument);
        assert_eq!(kind(shared::<Number>(handle, "n")), Kind::Argument);
        assert_eq!(kind(free::<Number>(handle, "n")), Kind::Argument);
        drop(own);
        let (one, two) = (shared::<Number>(handle, "n").unwrap(), shared::<Number>(handle, "n").unwrap());
        assert_eq!(one.0 + two.0, 16);
        assert_eq!(kind(alone::<Number>(handle, "n")), Kind::Argument);
        drop((one, two));
        assert!(free::<Number>(handle, "n").unwrap().is_some());
    }

    #[test]
    fn an_object_that_broke_is_only_freed() {
        let handle = new(Number(7)).unwrap() as usize;
        let broke = std::thread::spawn(move || {
            let _own = alone::<Number>(handle as *const NumberHandle, "n").unwrap();
            panic!("on purpose");
        });
        assert!(broke.join().is_err());
        assert_eq!(kind(shared::<Number>(handle as *const NumberHandle, "n")), Kind::Internal);
        assert!(free::<Number>(handle as *mut NumberHandle, "n").unwrap().is_some());
    }

    #[test]
    fn threads_share_slots() {
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                std::thread::spawn(move || {
                    for at in 0..20_000 {
                        let handle = new(Number(thread << 32 | at)).unwrap();
                        assert_eq!(shared::<Number>(handle, "n").unwrap().0, thread << 32 | at);
                        assert!(free::<Number>(handle, "n").unwrap().is_some());
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(USED.load(Ordering::Relaxed) < 10_000);
    }
}
