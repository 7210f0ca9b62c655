// SPDX-License-Identifier: MIT
const _ = require('underscore');
const Chaplin = require('chaplin');
const Note = require('models/note');
const EditorView = require('views/editor-view');
const EmptyView = require('views/empty-view');
const ListView = require('views/list-view');
const SidebarView = require('views/sidebar-view');

const {mediator} = Chaplin;

module.exports = Chaplin.Controller.extend({
  // These stay from one note to the next.
  beforeAction() {
    const {notes, people, tags} = mediator;
    this.reuse('sidebar', SidebarView, {tags, people, notes});
    this.reuse('list', ListView, {collection: notes});
  },

  index({tag, person}, route, {query}) {
    const part = {tag: tag && decode(tag), person};
    mediator.notes.show({..._.pick(part, Boolean), ..._.pick(query, 'q', 'sort', 'page')});
    this.adjustTitle(part.tag);
    this.open(new EmptyView());
  },

  create() {
    const tag = mediator.notes.filter?.tag;
    this.edit(new Note(tag ? {tags: [tag]} : {}), {focus: '#title'});
    this.adjustTitle('New note');
  },

  show({id}, route, {saved, focus}) {
    const note = new Note({_id: id});
    note.fetch().then(
      () => this.disposed || this.edit(note, {saved, focus}),
      (xhr) => this.disposed || this.open(new EmptyView({xhr, retry: () => this.show({id}, route, {})})));
  },

  missing() {
    this.open(new EmptyView({xhr: {status: 404}}));
  },

  edit(note, options) {
    this.adjustTitle(note.isNew() ? 'New note' : note.name());
    this.open(new EditorView({model: note, ...options}));
  },

  // On narrow screens there is room for the list, or for this.
  open(view) {
    if (!mediator.notes.filter)
      mediator.notes.show({});
    this.view?.dispose();
    this.view = view;
    document.body.classList.toggle('at-note', !view.isPlaceholder);
  },
});

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
