'use strict';
// Promises of the native half, and signals that end them.
//
//  signal: abort ─▶ flag ─▶ the scan looks at it between events ─▶ CancelledError { cause: signal.reason }

const native = require('../native/index.js');
const { CancelledError, fromNative } = require('./errors.js');

function cancelled(signal) {
  return new CancelledError('the call was cancelled', { cause: signal.reason });
}

/** Begins work with a flag that stops it when the signal says so. */
async function stoppable(signal, begin) {
  if (signal?.aborted) throw cancelled(signal);
  const stop = new native.NativeStop();
  const onAbort = () => stop.set();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await begin(stop);
  } catch (error) {
    throw fromNative(error, signal?.aborted ? signal.reason : undefined);
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

module.exports = { cancelled, stoppable };
