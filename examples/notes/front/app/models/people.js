// SPDX-License-Identifier: MIT
// Who shares notes with me.
const Chaplin = require('chaplin');

module.exports = Chaplin.Collection.extend({
  model: Chaplin.Model.extend({idAttribute: '_id'}),
  url: '/api/people',
  parse: ({items}) => items,

  name(id) {
    return this.get(id)?.get('username') ?? 'somebody else';
  },
});
