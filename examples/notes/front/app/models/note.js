// SPDX-License-Identifier: MIT
const Chaplin = require('chaplin');

module.exports = Chaplin.Model.extend({
  // MongoDB's name. Without this line every note would be new to Backbone, and each save a POST.
  idAttribute: '_id',
  urlRoot: '/api/notes',

  defaults: () => ({title: '', body: '', tags: [], shared: []}),

  isMine() {
    return this.isNew() || this.get('owner') === Chaplin.mediator.user.id;
  },

  name() {
    return this.get('title') || 'Untitled';
  },
});
