// SPDX-License-Identifier: MIT
// Where a note would be: none is chosen, or there is none.
const html = require('lib/html');
const problem = require('lib/problem');
const {View} = require('lib/view');

module.exports = View.extend({
  className: 'empty',
  container: '#main',

  initialize({xhr, retry} = {}) {
    this.xhr = xhr;
    this.retry = retry;
    this.isPlaceholder = !xhr;
  },

  events: {
    'click .retry'() { this.retry(); },
  },

  template() {
    if (!this.xhr)
      return html`<p>Choose a note, or <a href="/new">write a new one</a>.</p>`;
    if (this.xhr.status === 404)
      return html`<h1>No such note</h1>
        <p>It has been deleted, or it is not shared with you.</p>
        <p><a href="/">All notes</a></p>`;
    return html`<h1>The note could not be read</h1>
      <p>${problem.text(this.xhr)}</p>
      <p><button class="button retry" type="button">Try again</button></p>`;
  },
});
