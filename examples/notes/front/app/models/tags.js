// SPDX-License-Identifier: MIT
// The tags of the notes that I may see, and how many each has.
const Chaplin = require('chaplin');

module.exports = Chaplin.Collection.extend({
  model: Chaplin.Model.extend({idAttribute: 'tag'}),
  url: '/api/tags',

  // The server wraps this list, as JSON helpers of other frameworks have to.
  parse: ({items}) => items,
});
