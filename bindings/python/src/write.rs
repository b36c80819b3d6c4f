//! Values of Python as JSON text, with the lock of Python held, so it must be quick.
//!
//! ```text
//!  {"Image": "C:\\a.exe", "Pids": [4, 2**70]}  ─▶  {"Image":"C:\\a.exe","Pids":[4,1180591620717411303424]}
//! ```
//!
//! A value that JSON cannot hold is refused with the path at which it stands; it is never changed into another one.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

/// Values that lie in one another at most. The engine takes fewer; more than these come from a value that holds itself.
const DEPTH_MAX: usize = 512;

/// Writes values one behind the other.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    /// What was written.
    pub(crate) out: Vec<u8>,
    depth: usize,
}

/// Why a value cannot be written.
#[derive(Debug)]
pub(crate) struct Fault {
    /// Where the value stands, from the innermost member to the outermost.
    path: Vec<String>,
    why: Why,
}

#[derive(Debug)]
enum Why {
    /// Its type is not one of JSON.
    Type(String),
    /// Its type is, but not this value.
    Value(String),
    /// Code of Python failed.
    Raised(PyErr),
}

impl Fault {
    pub(crate) fn of_type(message: impl Into<String>) -> Self {
        Self { path: Vec::new(), why: Why::Type(message.into()) }
    }

    pub(crate) fn of_value(message: impl Into<String>) -> Self {
        Self { path: Vec::new(), why: Why::Value(message.into()) }
    }

    /// The same within a member of an object.
    pub(crate) fn inside(mut self, name: &str) -> Self {
        let shown: String = name.chars().take(80).collect();
        self.path.push(format!("['{shown}']"));
        self
    }

    /// The same within a member of a list.
    pub(crate) fn at(mut self, index: u64) -> Self {
        self.path.push(format!("[{index}]"));
        self
    }

    /// The same within what has a name of its own.
    pub(crate) fn named(mut self, name: &str) -> Self {
        self.path.push(name.to_owned());
        self
    }

    /// The exception; `wrong` makes that of a value.
    pub(crate) fn raise(self, py: Python<'_>, wrong: impl FnOnce(String) -> PyErr) -> PyErr {
        let path: String = self.path.into_iter().rev().collect();
        match self.why {
            Why::Type(message) => PyTypeError::new_err(format!("`{path}` {message}")),
            Why::Value(message) => wrong(format!("`{path}` {message}")),
            // Interrupts and exits are no answer to a value.
            Why::Raised(error) if !error.is_instance_of::<pyo3::exceptions::PyException>(py) => error,
            Why::Raised(error) => wrong(format!("`{path}` cannot be read: {error}")),
        }
    }
}

impl From<PyErr> for Fault {
    fn from(error: PyErr) -> Self {
        Self { path: Vec::new(), why: Why::Raised(error) }
    }
}

impl Writer {
    /// Writes a value.
    pub(crate) fn value(&mut self, value: &Bound<'_, PyAny>) -> Result<(), Fault> {
        if let Ok(text) = value.cast_exact::<PyString>() {
            self.text(text)
        } else if value.is_none() {
            self.raw(b"null")
        } else if value.is_exact_instance_of::<PyInt>() {
            self.whole(value)
        } else if let Ok(dict) = value.cast_exact::<PyDict>() {
            self.dict(dict)
        } else if let Ok(list) = value.cast_exact::<PyList>() {
            self.members(list.iter())
        } else if let Ok(truth) = value.cast_exact::<PyBool>() {
            self.raw(if truth.is_true() { b"true" } else { b"false" })
        } else if let Ok(number) = value.cast_exact::<PyFloat>() {
            self.float(number.value())
        } else {
            self.other(value)
        }
    }

    /// Writes a dict as an object.
    pub(crate) fn dict(&mut self, dict: &Bound<'_, PyDict>) -> Result<(), Fault> {
        self.deeper()?;
        self.out.push(b'{');
        let count = dict.len();
        for (at, (name, value)) in dict.iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            let Ok(text) = name.cast::<PyString>() else {
                return Err(Fault::of_type(format!("has a key that is {}; write a str", of_class(&name))));
            };
            self.text(text)?;
            self.out.push(b':');
            self.value(&value).map_err(|inner| inner.inside(&text.to_string_lossy()))?;
            // Methods of numbers are code of their own, which may do anything.
            if dict.len() != count {
                return Err(Fault::of_value("was changed while it was read"));
            }
        }
        self.out.push(b'}');
        self.depth -= 1;
        Ok(())
    }

    fn members<'py>(&mut self, members: impl Iterator<Item = Bound<'py, PyAny>>) -> Result<(), Fault> {
        self.deeper()?;
        self.out.push(b'[');
        for (at, member) in (0..).zip(members) {
            if at > 0 {
                self.out.push(b',');
            }
            self.value(&member).map_err(|inner| inner.at(at))?;
        }
        self.out.push(b']');
        self.depth -= 1;
        Ok(())
    }

    fn deeper(&mut self) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Fault {
                path: Vec::new(),
                why: Why::Value("is nested too deeply, or holds itself".to_owned()),
            });
        }
        Ok(())
    }

    fn raw(&mut self, text: &[u8]) -> Result<(), Fault> {
        self.out.extend_from_slice(text);
        Ok(())
    }

    fn text(&mut self, text: &Bound<'_, PyString>) -> Result<(), Fault> {
        match text.encode_utf8() {
            Ok(bytes) => {
                quote(&mut self.out, bytes.as_bytes());
                Ok(())
            }
            Err(_) => Err(Fault::of_value(
                "holds half of a surrogate pair, which is no text; decode it with errors=\"replace\"",
            )),
        }
    }

    fn whole(&mut self, number: &Bound<'_, PyAny>) -> Result<(), Fault> {
        if let Ok(number) = number.extract::<i64>() {
            return self.number(&number);
        }
        // Python itself refuses to write numbers of more than some thousand digits.
        let digits = number.py().get_type::<PyInt>().call_method1("__repr__", (number,));
        let digits = digits.map_err(|_| Fault::of_value("is a number with too many digits; write it as a str"))?;
        self.raw(digits.cast::<PyString>().map_err(PyErr::from)?.encode_utf8()?.as_bytes())
    }

    fn float(&mut self, number: f64) -> Result<(), Fault> {
        if !number.is_finite() {
            return Err(Fault::of_value(format!(
                "is {}, which JSON does not have; leave the field out, or write None",
                if number.is_nan() { "NaN" } else { "infinite" }
            )));
        }
        self.number(&number)
    }

    fn number(&mut self, number: &impl serde::Serialize) -> Result<(), Fault> {
        serde_json::to_writer(&mut self.out, number).map_err(|error| Fault::of_value(error.to_string()))
    }

    /// Writes what is none of Python's own types of JSON, but stands for one.
    fn other(&mut self, value: &Bound<'_, PyAny>) -> Result<(), Fault> {
        if let Ok(text) = value.cast::<PyString>() {
            return self.text(text);
        }
        if value.is_instance_of::<PyInt>() {
            return self.whole(value);
        }
        if let Ok(number) = value.cast::<PyFloat>() {
            return self.float(number.value());
        }
        if let Ok(dict) = value.cast::<PyDict>() {
            return self.dict(dict);
        }
        if let Ok(list) = value.cast::<PyList>() {
            return self.members(list.iter());
        }
        if let Ok(tuple) = value.cast::<PyTuple>() {
            return self.members(tuple.iter());
        }
        if value.is_instance_of::<PyBytes>() {
            return Err(Fault::of_type("is bytes; decode them to a str"));
        }
        self.foreign(value)
    }

    /// Times of `datetime` and pandas, scalars and arrays of numpy, and numbers of any other library.
    fn foreign(&mut self, value: &Bound<'_, PyAny>) -> Result<(), Fault> {
        let has = |name: &str| value.get_type().hasattr(name);
        if has("isoformat")? {
            let text = value.call_method0("isoformat")?;
            let text = text.cast::<PyString>().map_err(PyErr::from)?;
            if text.to_string_lossy() == "NaT" {
                return Err(Fault::of_value("is NaT, which JSON does not have; leave the field out, or write None"));
            }
            return self.text(text);
        }
        if value.get_type().name()?.to_string_lossy() == "datetime64" {
            return self.text(&value.str()?);
        }
        if has("tolist")? {
            self.deeper()?;
            self.value(&value.call_method0("tolist")?)?;
            self.depth -= 1;
            return Ok(());
        }
        if has("__index__")? {
            return self.whole(&value.py().import("operator")?.call_method1("index", (value,))?);
        }
        if has("__float__")? {
            let number = value.py().get_type::<PyFloat>().call1((value,))?;
            return self.float(number.extract()?);
        }
        let what = of_class(value);
        Err(Fault::of_type(format!("is {what}; write a str, int, float, bool, None, dict, list, tuple or datetime")))
    }
}

/// The class of a value, as messages name it.
pub(crate) fn of_class(value: &Bound<'_, PyAny>) -> String {
    let name = value.get_type().name().map(|name| name.to_string_lossy().into_owned());
    format!("of the type {}", name.unwrap_or_else(|_| "object".to_owned()))
}

/// Whether a byte must be escaped in JSON.
const ESCAPED: [bool; 256] = {
    let mut escaped = [false; 256];
    let mut at = 0;
    while at < 0x20 {
        escaped[at] = true;
        at += 1;
    }
    escaped[b'"' as usize] = true;
    escaped[b'\\' as usize] = true;
    escaped
};

fn quote(out: &mut Vec<u8>, text: &[u8]) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| ESCAPED.get(usize::from(*byte)) == Some(&true)) {
        let (plain, tail) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((byte, tail)) = tail.split_first() else { break };
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            other => {
                let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' + half - 10 };
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(other >> 4), digit(other & 15)]);
            }
        }
        rest = tail;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}
