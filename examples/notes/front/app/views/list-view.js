// SPDX-License-Identifier: MIT
const $ = require('jquery');
const Chaplin = require('chaplin');
const html = require('lib/html');
const problem = require('lib/problem');
const when = require('lib/when');
const {CollectionView, View} = require('lib/view');

const {mediator, utils} = Chaplin;

const ItemView = View.extend({
  tagName: 'li',

  template({_id, title, body, tags = [], edited}) {
    const foreign = !this.model.isMine();
    return html`<a href="/notes/${_id}">
      <strong>${title}</strong>
      <span class="snippet">${(body ?? '').slice(0, 160)}</span>
      <span class="facts">
        <time datetime="${edited}">${when.short(edited)}</time>
        ${foreign && html`<span class="by">by ${mediator.people.name(this.model.get('owner'))}</span>`}
        ${tags.map((tag) => html`<span class="tag">${tag}</span>`)}
      </span></a>`;
  },

  initialize() {
    this.listenTo(this.model, 'change', this.render);
    this.listenTo(mediator.people, 'update', this.render);
  },
});

module.exports = CollectionView.extend({
  tagName: 'section',
  className: 'list',
  container: '#list',
  itemView: ItemView,
  listSelector: 'ul',
  fallbackSelector: '.none',
  loadingSelector: '.loading',

  events: {
    'change #sort': 'sort',
    'click .untag': 'untag',
    'keydown li a': 'key',
  },

  listen: {
    'sync collection': 'describe',
    'filter collection': 'describe',
    'error collection': 'failed',
    'dispatcher:dispatch mediator': 'mark',
  },

  render() {
    CollectionView.prototype.render.apply(this, arguments);
    this.listenTo(mediator.people, 'update', this.describe);
    this.describe();
  },

  template: () => html`<header>
      <h2 id="list-title" aria-live="polite"></h2>
      <button class="quiet untag" type="button" hidden>Remove tag</button>
      <label>Sort <select id="sort">
        <option value="-edited">newest first</option>
        <option value="edited">oldest first</option>
        <option value="title">by title</option>
      </select></label>
    </header>
    <p class="loading">Loading…</p>
    <p class="none">No notes here.</p>
    <ul aria-labelledby="list-title"></ul>
    <nav class="pager" aria-label="Pages"></nav>`,

  describe() {
    const notes = this.collection;
    const {tag, person, q, sort = '-edited'} = notes.filter ?? {};
    const what = [tag ? `#${tag}` : person ? `by ${mediator.people.name(person)}` : 'All notes',
      q && `with “${q}”`].filter(Boolean).join(' ');
    const page = notes.page();
    const link = (to, text, rel) => to >= 1 && to <= notes.pages()
      ? html`<a href="${notes.path({page: to > 1 ? to : null})}" rel="${rel}">${text}</a>`
      : html`<span aria-disabled="true">${text}</span>`;

    this.$('#list-title').html(String(html`${what} <small>${notes.isSynced() ? notes.total : ''}</small>`));
    this.$('.untag').prop('hidden', !tag);
    this.$('#sort').val(sort);
    this.$('.pager').prop('hidden', notes.pages() < 2 && page < 2).html(String(html`
      ${link(page - 1, '‹ Previous', 'prev')} <span>${page} of ${notes.pages()}</span>
      ${link(page + 1, 'Next ›', 'next')}`));
    this.mark();
  },

  // The note that is open.
  mark() {
    this.$('li a').each((i, a) => {
      $(a).attr('aria-current', a.pathname === location.pathname ? 'true' : null);
    });
  },

  sort({target}) {
    utils.redirectTo({url: this.collection.path({sort: target.value === '-edited' ? null : target.value, page: null})});
  },

  // DELETE /api/tags/<tag>: from each of my notes.
  untag() {
    const {tag} = this.collection.filter;
    if (!window.confirm(`Remove the tag “${tag}” from your notes?`))
      return;
    const {notes, tags} = mediator;
    (tags.get(tag) ?? tags.add({tag})).destroy({wait: true}).then(() => {
      tags.fetch();
      notes.refresh();
      utils.redirectTo({url: '/'});
    }, (xhr) => this.failed(this.collection, xhr));
  },

  key(event) {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
    const links = this.$('li a').get();
    const next = step && links[links.indexOf(event.currentTarget) + step];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  },

  failed(source, xhr) {
    if (source !== this.collection || xhr.statusText === 'abort' || xhr.status === 401)
      return;
    mediator.header.notice({
      text: `The list could not be read. ${problem.text(xhr)}`,
      actions: [{text: 'Try again', run: () => this.collection.refresh()}],
    });
  },
});
