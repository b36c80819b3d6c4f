'use strict';
// What OT operations events tell of, without any rule.
//
//  new Normaliser() ─▶ records({ layers: … }) ─▶ [{ 'ot.protocol': 'modbus', 'ot.operation': 'write', … }]

const native = require('../native/index.js');
const { call } = require('./errors.js');
const { one } = require('./events.js');
const { asRecord, toJson } = require('./options.js');

/** Reads the OT operations that events tell of, as rules see them in the fields `ot.*`. */
class Normaliser {
  #native;

  constructor(options) {
    const json = toJson(asRecord(options))[0];
    this.#native = call(() => native.NativeNormaliser.of(json));
  }

  /** The records of one event: one object for each operation, with the fields that are known. */
  records(event) {
    const [bytes, length] = one(event);
    return JSON.parse(call(() => this.#native.records(bytes, length)));
  }
}

module.exports = { Normaliser };
