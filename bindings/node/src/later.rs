//! Work on the threads of Node's own pool, and its answer as a promise.
//!
//! ```text
//!  call ─▶ job { owns all it needs } ─▶ pool thread: guarded ─▶ main thread: converted ─▶ promise
//! ```
//!
//! Jobs own copies of bytes. JavaScript may change or transfer a buffer while a promise is open, and a reference to the view
//! does not keep its memory where it is.

use crate::errors::guarded;
use napi::bindgen_prelude::{AsyncTask, ToNapiValue, TypeName};
use napi::{Env, Task};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tieline_common::waist::{Error, Kind};

/// What a job gives, and how JavaScript sees it.
pub trait Answer: Send + 'static {
    /// What JavaScript sees.
    type Shown: ToNapiValue + TypeName;

    /// As JavaScript sees it.
    ///
    /// # Errors
    /// Never, but for faults of Tieline.
    fn shown(self) -> Result<Self::Shown, Error>;
}

type Job<T> = Box<dyn FnOnce() -> Result<T, Error> + Send>;

/// A job that was not done yet.
pub struct Later<T>(Option<Job<T>>);

/// Gives a job to the pool.
pub(crate) fn later<T: Answer>(job: impl FnOnce() -> Result<T, Error> + Send + 'static) -> AsyncTask<Later<T>> {
    AsyncTask::new(Later(Some(Box::new(job))))
}

impl<T: Answer> Task for Later<T> {
    type Output = T;
    type JsValue = T::Shown;

    fn compute(&mut self) -> napi::Result<T> {
        let job = self.0.take();
        guarded(|| job.map_or_else(|| Err(Error::new(Kind::Internal, "a job was done twice")), |job| job()))
    }

    fn resolve(&mut self, _: Env, answer: T) -> napi::Result<T::Shown> {
        guarded(|| answer.shown())
    }
}

/// A flag by which JavaScript stops a job.
#[napi_derive::napi]
#[derive(Default)]
pub struct NativeStop {
    pub(crate) flag: Arc<AtomicBool>,
}

#[napi_derive::napi]
impl NativeStop {
    /// A flag that is not set.
    #[napi(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets it, for good.
    #[napi]
    pub fn set(&self) {
        self.flag.store(true, Ordering::Relaxed);
    }
}
