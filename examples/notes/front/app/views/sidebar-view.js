// SPDX-License-Identifier: MIT
// Ways into the notes: all, by tag, by who shares them.
const html = require('lib/html');
const {View} = require('lib/view');

module.exports = View.extend({
  tagName: 'nav',
  className: 'ways',
  container: '#sidebar',
  attributes: {'aria-label': 'Notes by'},

  initialize({tags, people, notes}) {
    Object.assign(this, {tags, people, notes});
    this.listenTo(tags, 'update reset', this.render);
    this.listenTo(people, 'update reset', this.render);
    this.listenTo(notes, 'filter', this.render);
    people.fetch();
  },

  template() {
    const {tag, person} = this.notes.filter ?? {};
    const way = (here, href, text, count) => html`<li><a href="${href}"
      ${here && html`aria-current="page"`}><span>${text}</span> <small>${count}</small></a></li>`;
    return html`<ul>${way(!tag && !person, '/', 'All notes')}</ul>
      ${this.tags.length > 0 && html`<h2>Tags</h2><ul>${this.tags.map((each) =>
        way(tag === each.id, `/tags/${encodeURIComponent(each.id)}`, each.id, each.get('count')))}</ul>`}
      ${this.people.length > 0 && html`<h2>Shared by</h2><ul>${this.people.map((each) =>
        way(person === each.id, `/people/${each.id}`, each.get('username'), each.get('count')))}</ul>`}`;
  },
});
