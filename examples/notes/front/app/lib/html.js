// SPDX-License-Identifier: MIT
// Templates as functions: html`<b>${text}</b>` escapes text, not what html`` made, and joins
// arrays. They need no compiler in the page, which its policy (CSP) would not let run.
class Markup {
  constructor(text) { this.text = text; }
  toString() { return this.text; }
}

const marks = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;'};

function piece(value) {
  if (value instanceof Markup)
    return value.text;
  if (Array.isArray(value))
    return value.map(piece).join('');
  return value === undefined || value === null || value === false
    ? '' : String(value).replace(/[&<>"']/g, (c) => marks[c]);
}

module.exports = (texts, ...values) =>
  new Markup(texts.reduce((text, next, i) => text + piece(values[i - 1]) + next));
