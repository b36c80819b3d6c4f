'use strict';
// What happened in a plant over a period.
//
//  push, pushLines, pushEvents ─▶ Report ─▶ finish(since) ─▶ the document      toMarkdown(), toHtml()
//
// The document is as the command line writes it, so each report can follow on any other; its names are those of its schema.

const native = require('../native/index.js');
const { ArgumentError, call } = require('./errors.js');
const { LearnsPlacedPlain, heldBy } = require('./held.js');
const { requireRules } = require('./incidents.js');
const { shown } = require('./options.js');

/** Makes a report of events that go by. */
class Report extends LearnsPlacedPlain {
  constructor(rules, options) {
    const own = requireRules(rules);
    super((json) => native.NativeReport.of(own, json), options);
  }

  /** Makes the document; `since` is that of the last report, as an object or JSON text. */
  finish(since) {
    if (since !== undefined && typeof since !== 'string' && (since === null || typeof since !== 'object')) {
      throw new ArgumentError(`\`since\` is ${shown(since)}; give the document of a report, as an object or JSON text`);
    }
    const text = typeof since === 'object' ? JSON.stringify(since) : since;
    call(() => heldBy(this).finish(text));
    return JSON.parse(this.toJson());
  }

  /** The document as JSON text. */
  toJson() {
    return call(() => heldBy(this).json());
  }

  /** The document as Markdown, for mails and tickets. */
  toMarkdown() {
    return call(() => heldBy(this).markdown());
  }

  /** The document as a page: one HTML file with everything in it. */
  toHtml() {
    return call(() => heldBy(this).html());
  }
}

module.exports = { Report };
