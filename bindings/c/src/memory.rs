//! Memory that C gives, and memory that C gets.
//!
//! ```text
//!  tl_str, tl_bytes { ptr, len } ─▶ &str, &[u8]     null with a length, or text that is not UTF-8, is an error
//!  config { struct_size, … }     ─▶ a whole struct  what the caller does not have yet is 0
//!  Vec<u8>                       ─▶ tl_buffer       the caller frees it
//! ```
//!
//! Whether memory behind a pointer is there cannot be seen; that is what each `# Safety` asks for.

use crate::error::{call, tl_status};
use crate::handle::{self, Body};
use serde::Serialize;
use std::mem::MaybeUninit;
use std::path::PathBuf;
use tieline_common::waist::{Error, Kind};

/// Structs of later versions may be this large.
const STRUCT_BYTES_MAX: usize = 4096;

/// UTF-8 text, without a 0 at its end. A null pointer with a length of 0 is text that is not given.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct tl_str {
    /// The first byte.
    pub ptr: *const std::ffi::c_char,
    /// The number of bytes.
    pub len: usize,
}

/// Bytes. A null pointer with a length of 0 is none.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct tl_bytes {
    /// The first byte.
    pub ptr: *const u8,
    /// The number of bytes.
    pub len: usize,
}

// SAFETY: text is only read through it.
unsafe impl Send for tl_str {}
// SAFETY: as above.
unsafe impl Sync for tl_str {}

impl Default for tl_str {
    fn default() -> Self {
        Self::NONE
    }
}

impl tl_str {
    /// Text that is not given.
    pub(crate) const NONE: Self = Self { ptr: std::ptr::null(), len: 0 };

    /// Text that lives at least as long as the caller says.
    pub(crate) fn of(text: &str) -> Self {
        Self { ptr: text.as_ptr().cast(), len: text.len() }
    }

    pub(crate) fn of_some(text: Option<&str>) -> Self {
        text.map_or(Self::NONE, Self::of)
    }

    /// The bytes; `None` when they are not given.
    ///
    /// # Safety
    /// `ptr` must be null or point to `len` bytes that live for `'a`.
    pub(crate) unsafe fn bytes<'a>(self, name: &str) -> Result<Option<&'a [u8]>, Error> {
        // SAFETY: the caller says so.
        let bytes = unsafe { slice(self.ptr.cast::<u8>(), self.len, name) }?;
        Ok((!self.ptr.is_null()).then_some(bytes))
    }

    /// The text; `None` when it is not given.
    ///
    /// # Safety
    /// As for [`bytes`](Self::bytes).
    pub(crate) unsafe fn text<'a>(self, name: &str) -> Result<Option<&'a str>, Error> {
        // SAFETY: the caller says so.
        let Some(bytes) = (unsafe { self.bytes(name) })? else { return Ok(None) };
        let fault = |error| Error::new(Kind::Argument, format!("`{name}` is no UTF-8 text: {error}"));
        std::str::from_utf8(bytes).map(Some).map_err(fault)
    }

    /// The text as a path.
    ///
    /// # Safety
    /// As for [`bytes`](Self::bytes).
    pub(crate) unsafe fn path(self, name: &str) -> Result<PathBuf, Error> {
        let missing = || Error::new(Kind::Argument, format!("`{name}` holds a null pointer; give a path"));
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            // SAFETY: the caller says so.
            let bytes = unsafe { self.bytes(name) }?.ok_or_else(missing)?;
            Ok(PathBuf::from(std::ffi::OsStr::from_bytes(bytes)))
        }
        #[cfg(not(unix))]
        {
            // SAFETY: the caller says so.
            unsafe { self.text(name) }?.map(PathBuf::from).ok_or_else(missing)
        }
    }
}

/// Things that C gives as a pointer and their number.
///
/// # Safety
/// `ptr` must be null or point to `len` values that live for `'a`.
pub(crate) unsafe fn slice<'a, T>(ptr: *const T, len: usize, name: &str) -> Result<&'a [T], Error> {
    let fault = |what: String| Err(Error::new(Kind::Argument, format!("`{name}` {what}")));
    if len == 0 {
        return Ok(&[]);
    }
    if ptr.is_null() {
        return fault(format!("is null with a length of {len}"));
    }
    if !ptr.is_aligned() {
        return fault("is not aligned".to_owned());
    }
    if len > isize::MAX as usize / size_of::<T>().max(1) {
        return fault(format!("has a length of {len}, more than memory can hold"));
    }
    // SAFETY: the pointer is neither null nor out of line, and the length fits; the rest the caller says.
    Ok(unsafe { std::slice::from_raw_parts(ptr, len) })
}

/// Writes an answer to where the caller wants it.
///
/// # Safety
/// `out` must be null or a place for a value.
pub(crate) unsafe fn put<T>(out: *mut T, value: T, name: &str) -> Result<(), Error> {
    if out.is_null() || !out.is_aligned() {
        let what = if out.is_null() { "null" } else { "not aligned" };
        return Err(Error::new(Kind::Argument, format!("`{name}` is {what}; give a place for the answer")));
    }
    // SAFETY: the place is neither null nor out of line; the rest the caller says.
    unsafe { out.write(value) };
    Ok(())
}

/// Puts the handle of a new object where the caller wants it; null when `make` fails.
///
/// # Safety
/// `out` must be null or a place for a pointer.
pub(crate) unsafe fn put_new<B: Body>(
    out: *mut *mut B::Handle,
    name: &str,
    make: impl FnOnce() -> Result<B, Error>,
) -> Result<(), Error> {
    // SAFETY: the caller says so.
    unsafe { put(out, std::ptr::null_mut(), name) }?;
    let handle = handle::new(make()?)?;
    // SAFETY: as above.
    unsafe { put(out, handle, name) }
}

/// A struct whose first field is its size, and that grows at its end in later versions. All of it may be 0.
///
/// # Safety
/// It must be `repr(C)`, begin with `struct_size: usize`, and hold nothing but numbers, pointers and structs of them.
pub(crate) unsafe trait Sized0: Copy {
    /// The sizes that it has had.
    const SIZES: &'static [usize];
    /// The word for it in messages.
    const NAME: &'static str;
}

fn size_of_struct<T: Sized0>(size: usize, name: &str) -> Result<usize, Error> {
    let is_known = T::SIZES.contains(&size) || size == size_of::<T>();
    let is_later = size > size_of::<T>() && size <= STRUCT_BYTES_MAX && size.is_multiple_of(align_of::<T>());
    if is_known || is_later {
        return Ok(size);
    }
    let message = format!(
        "`{name}` has a `struct_size` of {size}; begin with all 0 and `struct_size = sizeof({})`, which is {}",
        T::NAME,
        size_of::<T>()
    );
    Err(Error::new(Kind::Argument, message))
}

fn aligned<T>(ptr: *const T, name: &str) -> Result<(), Error> {
    let fault = || Error::new(Kind::Argument, format!("`{name}` is not aligned"));
    ptr.is_aligned().then_some(()).ok_or_else(fault)
}

/// Reads a struct; `None` when the pointer is null. What a smaller one lacks is 0. A larger one comes from a program that
/// was built for a later version: what is unknown here must be 0, because it cannot be heeded.
///
/// # Safety
/// `ptr` must be null or point to as many bytes as its first field says, which is at least readable.
pub(crate) unsafe fn read_sized<T: Sized0>(ptr: *const T, name: &str) -> Result<Option<T>, Error> {
    if ptr.is_null() {
        return Ok(None);
    }
    aligned(ptr, name)?;
    // SAFETY: the struct begins with its size.
    let size = size_of_struct::<T>(unsafe { ptr.cast::<usize>().read() }, name)?;
    let mut whole = MaybeUninit::<T>::zeroed();
    // SAFETY: both have at least this many bytes.
    unsafe { whole.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(ptr.cast(), size.min(size_of::<T>())) };
    if let Some(more) = size.checked_sub(size_of::<T>()) {
        // SAFETY: the caller's struct has `more` bytes behind those that are known.
        let unknown = unsafe { slice(ptr.add(1).cast::<u8>(), more, name) }?;
        if unknown.iter().any(|byte| *byte != 0) {
            let message = format!("`{name}` sets what version {} does not know", env!("CARGO_PKG_VERSION"));
            return Err(Error::new(Kind::Argument, message));
        }
    }
    // SAFETY: all bytes are 0 or the caller's, and every value of every field is allowed.
    Ok(Some(unsafe { whole.assume_init() }))
}

/// Writes a struct to one whose `struct_size` the caller has set; that stays as it is, and what is unknown here becomes 0.
///
/// # Safety
/// `out` must be null or point to as many bytes as its first field says, which is at least readable.
pub(crate) unsafe fn put_sized<T: Sized0>(out: *mut T, value: &T, name: &str) -> Result<(), Error> {
    if out.is_null() {
        return Err(Error::new(Kind::Argument, format!("`{name}` is null; give a place for the answer")));
    }
    aligned(out, name)?;
    // SAFETY: the struct begins with its size.
    let size = size_of_struct::<T>(unsafe { out.cast::<usize>().read() }, name)?;
    let head = size_of::<usize>();
    let known = size.min(size_of::<T>());
    let bytes = out.cast::<u8>();
    // SAFETY: both have at least `known` bytes, and the caller's has `size`.
    unsafe {
        bytes.add(head).copy_from_nonoverlapping(std::ptr::from_ref(value).cast::<u8>().add(head), known - head);
        bytes.add(known).write_bytes(0, size - known);
    }
    Ok(())
}

/// Bytes that belong to the caller, who frees them with `tl_buffer_free`.
pub struct tl_buffer(());

impl Body for Vec<u8> {
    type Handle = tl_buffer;
    const KIND: u32 = 1;
    const NAME: &'static str = "buffer";
}

/// Puts bytes into a new buffer.
///
/// # Safety
/// `out` must be null or a place for a pointer.
pub(crate) unsafe fn put_bytes(
    out: *mut *mut tl_buffer,
    name: &str,
    make: impl FnOnce() -> Result<Vec<u8>, Error>,
) -> Result<(), Error> {
    // SAFETY: the caller says so.
    unsafe { put_new::<Vec<u8>>(out, name, make) }
}

/// A record as JSON.
pub(crate) fn json(record: &(impl Serialize + ?Sized)) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(record).map_err(|error| Error::new(Kind::Internal, error.to_string()))
}

/// The bytes of a buffer; JSON is UTF-8 without a 0 at its end. They live until the buffer is freed. None for what is no
/// buffer.
///
/// # Safety
/// `buffer` must not be freed by another thread meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_buffer_bytes(buffer: *const tl_buffer) -> tl_bytes {
    let mut bytes = tl_bytes { ptr: std::ptr::null(), len: 0 };
    call(|| {
        let own = handle::shared::<Vec<u8>>(buffer, "buffer")?;
        bytes = tl_bytes { ptr: own.as_ptr(), len: own.len() };
        Ok(())
    });
    bytes
}

/// Frees a buffer; null is allowed.
///
/// # Safety
/// Nobody may use its bytes any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_buffer_free(buffer: *mut tl_buffer) -> tl_status {
    call(|| handle::free::<Vec<u8>>(buffer, "buffer").map(drop))
}

/// The sizes that a struct had before, for [`Sized0`]: where each field but the first begins.
macro_rules! sized {
    ($own:ty { $($field:ident),+ $(,)? }) => {
        // SAFETY: the struct is made for C, begins with `struct_size`, and holds numbers, pointers and structs of them.
        unsafe impl $crate::memory::Sized0 for $own {
            const SIZES: &'static [usize] = &[$(std::mem::offset_of!($own, $field)),+];
            const NAME: &'static str = stringify!($own);
        }
    };
}
pub(crate) use sized;
