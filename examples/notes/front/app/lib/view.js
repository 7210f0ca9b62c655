// SPDX-License-Identifier: MIT
// Chaplin's views, whose `template` is a function that gives markup.
const Chaplin = require('chaplin');

function getTemplateFunction() {
  const {template} = this;
  return template && ((data) => String(template.call(this, data)));
}

exports.View = Chaplin.View.extend({autoRender: true, getTemplateFunction});
exports.CollectionView = Chaplin.CollectionView.extend({animationDuration: 0, getTemplateFunction});
