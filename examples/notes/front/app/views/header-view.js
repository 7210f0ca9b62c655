// SPDX-License-Identifier: MIT
// The bar that the server has rendered: search, notices, signing out.
const Chaplin = require('chaplin');
const drafts = require('lib/drafts');
const html = require('lib/html');

const {mediator, utils} = Chaplin;

module.exports = Chaplin.View.extend({
  el: 'body',
  keepElement: true,
  getTemplateFunction() {},

  events: {
    'submit #search': 'search',
    'submit #logout': 'signOut',
    'click #notice button': 'act',
    'keydown': 'key',
  },

  initialize() {
    this.listenTo(mediator.notes, 'filter', () => this.$('#q').val(mediator.notes.filter.q ?? ''));
  },

  search(event) {
    event.preventDefault();
    const q = this.$('#q').val().trim();
    utils.redirectTo({url: mediator.notes.path({q, page: null})});
  },

  signOut(event) {
    if (drafts.any() && !window.confirm('Text that is not saved will be lost. Sign out?'))
      event.preventDefault();
    else
      drafts.clear();
  },

  // "/" goes to the search, as it does in many places.
  key(event) {
    if (event.key === '/' && !event.target.closest('input, textarea, select')) {
      event.preventDefault();
      this.$('#q').trigger('focus');
    } else if (event.key === 'Escape') {
      this.$('details[open]').prop('open', false).find('summary').trigger('focus');
    }
  },

  // One message at a time. actions: [{text, run}], links: [{text, href}].
  notice({text, actions = [], links = []}) {
    this.actions = actions;
    this.$('#notice').html(String(html`
      <p>${text}</p>
      ${links.map((link) => html`<a class="noscript" href="${link.href}">${link.text}</a>`)}
      ${actions.map((action, i) => html`<button type="button" data-action="${i}">${action.text}</button>`)}
      <button type="button" class="dismiss" aria-label="Dismiss">×</button>`)).prop('hidden', false);
  },

  act(event) {
    const action = this.actions[event.currentTarget.dataset.action];
    this.hideNotice();
    action?.run();
  },

  hideNotice() {
    this.$('#notice').prop('hidden', true).empty();
  },
});
