'use strict';
// The menu of the package, for `require`. `index.mjs` is the same for `import`.

// Before Node 18.18 and 20.5 these symbols are missing; `using` needs them.
for (const name of ['dispose', 'asyncDispose']) {
  if (!Symbol[name]) Object.defineProperty(Symbol, name, { value: Symbol(`Symbol.${name}`) });
}

const errors = require('./errors.js');
const { Alert, Detection, Detections } = require('./findings.js');
const { Discovery, Learner, Trust } = require('./held.js');
const { Incidents } = require('./incidents.js');
const { Report } = require('./report.js');
const { Normaliser } = require('./normaliser.js');
const { Rules, check, compile, compileAsync, load, loadAsync } = require('./rules.js');
const { Stream } = require('./stream.js');
const { createTransform } = require('./transform.js');
const { version } = require('../package.json');

exports.version = version;
exports.compile = compile;
exports.compileAsync = compileAsync;
exports.load = load;
exports.loadAsync = loadAsync;
exports.check = check;
exports.createTransform = createTransform;
exports.Rules = Rules;
exports.Stream = Stream;
exports.Normaliser = Normaliser;
exports.Discovery = Discovery;
exports.Trust = Trust;
exports.Learner = Learner;
exports.Incidents = Incidents;
exports.Report = Report;
exports.Detection = Detection;
exports.Detections = Detections;
exports.Alert = Alert;
exports.TielineError = errors.TielineError;
exports.ArgumentError = errors.ArgumentError;
exports.RuleError = errors.RuleError;
exports.PipelineError = errors.PipelineError;
exports.EventError = errors.EventError;
exports.StateError = errors.StateError;
exports.SavedError = errors.SavedError;
exports.LoadError = errors.LoadError;
exports.ClosedError = errors.ClosedError;
exports.ForkedError = errors.ForkedError;
exports.CancelledError = errors.CancelledError;
exports.LimitError = errors.LimitError;
exports.InternalError = errors.InternalError;
