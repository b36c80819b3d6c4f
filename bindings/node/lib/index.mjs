// The menu of the package, for `import`. Both forms share one copy, so classes are the same.
import tieline from './index.js';

export const {
  version,
  compile,
  compileAsync,
  load,
  loadAsync,
  check,
  createTransform,
  Rules,
  Stream,
  Normaliser,
  Detection,
  Detections,
  Alert,
  TielineError,
  ArgumentError,
  RuleError,
  PipelineError,
  EventError,
  StateError,
  SavedError,
  LoadError,
  ClosedError,
  ForkedError,
  CancelledError,
  LimitError,
  InternalError,
} = tieline;
export default tieline;
