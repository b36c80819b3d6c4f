// The same package by `require`.
import tieline = require('tieline');

const rules: tieline.Rules = tieline.compile('title: x');
console.log(rules.explain('x', {}).matched, tieline.version.length);
