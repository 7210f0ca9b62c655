// SPDX-License-Identifier: MIT
// One page of the notes that a filter leaves. The server filters, sorts and counts.
const _ = require('underscore');
const Chaplin = require('chaplin');
const Note = require('models/note');

const perPage = 20;

const Notes = Chaplin.Collection.extend({
  model: Note,
  url: '/api/notes',

  initialize() {
    this.filter = null;
    this.total = 0;
    this.on('request', (source) => source === this && this.beginSync());
    this.on('sync', (source) => source === this && this.finishSync());
    this.on('error', (source) => source === this && this.unsync());
  },

  // filter: tag, person, q, sort, page. Asks the server only where it is another one.
  show(filter) {
    if (_.isEqual(filter, this.filter))
      return;
    this.filter = filter;
    this.trigger('filter');
    this.refresh();
  },

  refresh() {
    const {tag, person, q, sort = '-edited', page = 1} = this.filter ?? {};
    this.reading?.abort();
    this.reading = this.fetch({
      data: _.pick({tags: tag, owner: person, q, sort, page, per_page: perPage}, Boolean),
      complete: () => { this.reading = null; },
    });
  },

  // The list is an array; how long the whole of it is, a header says.
  parse(list, {xhr}) {
    this.total = Number(xhr.getResponseHeader('X-Total-Count'));
    return list;
  },

  pages() {
    return Math.ceil(this.total / perPage);
  },

  page() {
    return Number(this.filter?.page ?? 1);
  },

  // The path of this list, with some of the filter changed.
  path(changes = {}) {
    const {tag, person, ...query} = {...this.filter, ...changes};
    const path = tag ? `/tags/${encodeURIComponent(tag)}` : person ? `/people/${person}` : '/';
    const text = Chaplin.utils.queryParams.stringify(_.pick(query, Boolean));
    return text ? `${path}?${text}` : path;
  },
});

_.extend(Notes.prototype, Chaplin.SyncMachine);

module.exports = Notes;
