// SPDX-License-Identifier: MIT
module.exports = (match) => {
  match('', 'notes#index');
  match('tags/:tag', 'notes#index', {name: 'tag'});
  match('people/:person', 'notes#index', {name: 'person'});
  match('new', 'notes#create');
  match('notes/:id', 'notes#show');
  match('*path', 'notes#missing');
};
