// SPDX-License-Identifier: MIT
const Chaplin = require('chaplin');

module.exports = Chaplin.Model.extend({
  idAttribute: '_id',
});
