//! The structs of the Arrow C data interface, and whether those of one table fit together.
//!
//! ```text
//! ArrowSchema +s ─┬─ u  "Image"          ArrowArray 3 rows ─┬─ 3 rows, 3 buffers
//!                 └─ i, dictionary u                        └─ 3 rows, 2 buffers, dictionary
//! ```
//!
//! Seen here: null pointers, negative numbers, children that are missing. What lies in buffers is looked at when they are read;
//! that they are as long as their array says cannot be seen.

use std::ffi::{CStr, c_char, c_void};
use std::slice::from_raw_parts;

/// Types that lie in each other, at most.
const DEPTH_MAX: usize = 64;

/// Children and buffers of one array, at most.
const PARTS_MAX: i64 = 1 << 20;

/// The type of a table or of a column of it.
#[repr(C)]
pub struct ArrowSchema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *mut *mut Self,
    dictionary: *mut Self,
    release: Option<unsafe extern "C" fn(*mut Self)>,
    private_data: *mut c_void,
}

/// The values of a table or of a column of it.
#[repr(C)]
pub struct ArrowArray {
    length: i64,
    null_count: i64,
    offset: i64,
    n_buffers: i64,
    n_children: i64,
    buffers: *mut *const c_void,
    children: *mut *mut Self,
    dictionary: *mut Self,
    release: Option<unsafe extern "C" fn(*mut Self)>,
    private_data: *mut c_void,
}

/// Why structs do not fit.
type Fault = String;

fn when(is_wrong: bool, what: impl FnOnce() -> Fault) -> Result<(), Fault> {
    if is_wrong { Err(what()) } else { Ok(()) }
}

/// What a pointer of a struct leads to, which is not null.
///
/// # Safety
/// It must be null or point to `len` values that live for `'a`.
unsafe fn parts<'a, T>(first: *const T, len: i64, what: &str) -> Result<&'a [T], Fault> {
    when(!(0..=PARTS_MAX).contains(&len), || format!("an `{what}` is {len}"))?;
    if len == 0 {
        return Ok(&[]);
    }
    when(first.is_null(), || format!("an `{what}` is {len}, and the pointer to them is null"))?;
    when(!first.is_aligned(), || format!("the pointer to `{what}` is not aligned"))?;
    // SAFETY: the pointer is neither null nor out of line, `len` is small; the rest the caller says.
    Ok(unsafe { from_raw_parts(first, usize::try_from(len).unwrap_or_default()) })
}

/// # Safety
/// It must be null or point to a text that lives for `'a` and ends with a 0.
unsafe fn text<'a>(text: *const c_char, what: &str) -> Result<&'a str, Fault> {
    when(text.is_null(), || format!("a `{what}` is null"))?;
    // SAFETY: it is not null; the rest the caller says.
    unsafe { CStr::from_ptr(text) }.to_str().map_err(|error| format!("a `{what}` is no UTF-8 text: {error}"))
}

/// The struct behind a pointer of its parent.
///
/// # Safety
/// It must be null or point to a struct that lives for `'a`.
unsafe fn child<'a, T>(pointer: *const T) -> Result<&'a T, Fault> {
    when(pointer.is_null() || !pointer.is_aligned(), || "a child is null, or not aligned".to_owned())?;
    // SAFETY: it is neither null nor out of line; the rest the caller says.
    Ok(unsafe { &*pointer })
}

impl ArrowSchema {
    /// Whether it and what it holds can be read.
    ///
    /// # Safety
    /// It must be filled as the interface says.
    pub(super) unsafe fn look(&self) -> Result<(), Fault> {
        // SAFETY: the caller says so.
        unsafe { self.look_at(0) }
    }

    /// # Safety
    /// As for [`look`](Self::look).
    unsafe fn look_at(&self, depth: usize) -> Result<(), Fault> {
        when(depth > DEPTH_MAX, || format!("types lie in each other more than {DEPTH_MAX} deep"))?;
        when(self.release.is_none(), || "an `ArrowSchema` is released".to_owned())?;
        // SAFETY: the caller says so, for each.
        let (format, children) = unsafe {
            if !self.name.is_null() {
                text(self.name, "name")?;
            }
            (text(self.format, "format")?, parts(self.children, self.n_children, "n_children")?)
        };
        let needed = match format.get(..2) {
            Some("+r") => 2,
            Some("+l" | "+L" | "+v" | "+m" | "+w") => 1,
            _ => 0,
        };
        when(children.len() < needed, || format!("the format `{format}` has {} children", children.len()))?;
        for own in children {
            // SAFETY: as above.
            unsafe { child(*own)?.look_at(depth + 1)? };
        }
        if !self.dictionary.is_null() {
            // SAFETY: as above.
            unsafe { child(self.dictionary)?.look_at(depth + 1)? };
        }
        Ok(())
    }
}

impl ArrowArray {
    /// Whether it has what its type, which was looked at, says.
    ///
    /// # Safety
    /// Both must be filled as the interface says.
    pub(super) unsafe fn look(&self, schema: &ArrowSchema) -> Result<(), Fault> {
        when(self.release.is_none(), || "an `ArrowArray` is released".to_owned())?;
        let Self { length, offset, null_count, .. } = *self;
        let is_sum = length.checked_add(offset).is_some_and(|rows| rows < i64::MAX >> 8);
        when(length < 0 || offset < 0 || !is_sum, || format!("a `length` is {length}, its `offset` {offset}"))?;
        let is_count = null_count <= length && null_count >= -1;
        when(!is_count, || format!("a `null_count` is {null_count} of {length}"))?;
        // SAFETY: the caller says so, for each.
        let (format, buffers, children) = unsafe {
            let buffers = parts(self.buffers, self.n_buffers, "n_buffers")?;
            (text(schema.format, "format")?, buffers, parts(self.children, self.n_children, "n_children")?)
        };
        let is_view = matches!(format, "vu" | "vz") && schema.dictionary.is_null();
        if is_view {
            // SAFETY: as above.
            unsafe { look_at_views(buffers)? };
        }
        // SAFETY: as above.
        let types = unsafe { parts(schema.children, schema.n_children, "n_children") }?;
        let differs = || format!("the format `{format}` has {} children, its array {}", types.len(), children.len());
        when(types.len() != children.len(), differs)?;
        for (own, of) in children.iter().zip(types) {
            // SAFETY: as above.
            unsafe { child(*own)?.look(child(*of)?)? };
        }
        when(self.dictionary.is_null() != schema.dictionary.is_null(), || {
            "of an array and its type, only one has a dictionary".to_owned()
        })?;
        if !self.dictionary.is_null() {
            // SAFETY: as above.
            unsafe { child(self.dictionary)?.look(child(schema.dictionary)?)? };
        }
        Ok(())
    }
}

/// Views have a buffer at their end that says how long those between are.
///
/// # Safety
/// They must be buffers of such an array.
unsafe fn look_at_views(buffers: &[*const c_void]) -> Result<(), Fault> {
    let [_, _, between @ .., last] = buffers else {
        return Err(format!("texts or bytes by views have {} buffers", buffers.len()));
    };
    // SAFETY: there is a number for each buffer between.
    let lengths = unsafe { parts(last.cast::<i64>(), i64::try_from(between.len()).unwrap_or(-1), "n_buffers") }?;
    when(lengths.iter().any(|length| *length < 0), || "a buffer of views has a negative length".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};

    #[test]
    fn structs_are_those_of_the_interface() {
        assert_eq!(size_of::<ArrowSchema>(), size_of::<FFI_ArrowSchema>());
        assert_eq!(size_of::<ArrowArray>(), size_of::<FFI_ArrowArray>());
        assert_eq!(align_of::<ArrowSchema>(), align_of::<FFI_ArrowSchema>());
        assert_eq!(align_of::<ArrowArray>(), align_of::<FFI_ArrowArray>());
    }
}
