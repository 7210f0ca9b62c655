// SPDX-License-Identifier: MIT
// One note: to be written, or to be read where it is somebody else's.
const _ = require('underscore');
const Chaplin = require('chaplin');
const drafts = require('lib/drafts');
const html = require('lib/html');
const problem = require('lib/problem');
const when = require('lib/when');
const {View} = require('lib/view');

const {mediator, utils} = Chaplin;

const audiences = {member: 'everybody here', team: 'the team'};

module.exports = View.extend({
  tagName: 'form',
  className: 'editor',
  container: '#main',
  attributes: {'aria-label': 'Note', novalidate: ''},

  events: {
    'submit': 'submit',
    'input': 'changed',
    'keydown': 'key',
    'click .delete': 'ask',
    'click .keep': 'keep',
    'click .really': 'destroyNote',
  },

  listen: {
    addedToDOM() { this.$(this.focus ?? '').trigger('focus'); },
  },

  initialize({saved, focus}) {
    this.saved = saved;
    this.focus = focus;
    this.draftKey = this.model.id ?? 'new';
    this.mine = this.model.isMine();
    this.listenTo(mediator.people, 'update', () => this.$('.owner').text(this.owner()));
  },

  owner() {
    return mediator.people.name(this.model.get('owner'));
  },

  template({title, body, tags, shared, edited}) {
    const field = (name, label, input) => html`<div class="field">
      <label for="${name}">${label}</label>${input}
      <p class="error" id="${name}-error" role="alert" hidden></p></div>`;
    const frozen = this.mine ? '' : html`readonly`;
    return html`<header>
        <a class="back" href="${mediator.notes.path()}">‹ Notes</a>
        <p class="state" role="status"></p>
        ${this.mine && html`
          ${!this.model.isNew() && html`<button class="quiet delete" type="button">Delete</button>`}
          <button class="button save" type="submit">Save</button>`}
      </header>
      ${!this.mine && html`<p class="hint"><span class="owner">${this.owner()}</span> shares this note
        with you. Only they can change it.</p>`}
      ${field('title', 'Title', html`<input id="title" name="title" value="${title}" ${frozen}
        aria-describedby="title-error" placeholder="Title" autocomplete="off">`)}
      ${field('body', 'Text', html`<textarea id="body" name="body" rows="12" ${frozen}
        aria-describedby="body-error" placeholder="Write…">
${body}</textarea>`)}
      ${field('tags', 'Tags', html`<input id="tags" name="tags" value="${tags.join(', ')}" ${frozen}
        aria-describedby="tags-error" placeholder="Tags, separated by commas" autocomplete="off" autocapitalize="none">`)}
      ${this.mine && html`<fieldset><legend>Share with</legend>
        ${_.map(audiences, (name, role) => html`<label><input type="checkbox" name="shared" value="${role}"
          ${shared.includes(role) && html`checked`}> ${name}</label>`)}
        <p class="error" id="shared-error" role="alert" hidden></p></fieldset>`}
      ${edited && html`<p class="hint">Last edited <time datetime="${edited}">${when.short(edited)}</time></p>`}
      <dialog aria-labelledby="sure"><p id="sure">Delete “${this.model.name()}”?</p>
        <menu><button class="button keep" type="button">Keep</button>
        <button class="button danger really" type="button">Delete</button></menu></dialog>`;
  },

  render() {
    View.prototype.render.apply(this, arguments);
    this.rev = this.model.get('_rev');
    if (this.mine)
      this.restore();
  },

  // Text that was not saved when this note was left.
  restore() {
    const draft = drafts.get(this.draftKey);
    if (!draft || _.isEqual(draft.values, this.values())) {
      this.state(this.saved ? 'Saved' : '');
      return;
    }
    this.fill(draft.values);
    this.rev = draft.rev; // what it was written against: a newer note is a conflict
    this.state('Not saved: restored from this browser');
  },

  fill({title, body, tags, shared}) {
    this.$('#title').val(title);
    this.$('#body').val(body);
    this.$('#tags').val(tags.join(', '));
    this.$('[name=shared]').each((i, box) => { box.checked = shared.includes(box.value); });
  },

  values() {
    return {
      title: this.$('#title').val().trim(),
      body: this.$('#body').val(),
      tags: _.uniq(this.$('#tags').val().split(',').map((tag) => tag.trim().toLowerCase()).filter(Boolean)),
      shared: this.$('[name=shared]:checked').get().map((box) => box.value),
    };
  },

  isChanged() {
    const stored = _.pick(this.model.attributes, 'title', 'body', 'tags', 'shared');
    return !_.isEqual(this.values(), {body: '', tags: [], shared: [], ...stored});
  },

  changed() {
    if (this.isChanged()) {
      drafts.put(this.draftKey, {values: this.values(), rev: this.rev});
      this.state('Not saved');
    } else {
      drafts.remove(this.draftKey);
      this.state('');
    }
  },

  state(text) {
    this.$('.state').text(text);
  },

  key(event) {
    const {key, target} = event;
    if ((event.ctrlKey || event.metaKey) && (key === 's' || key === 'Enter')) {
      event.preventDefault();
      this.save();
    } else if (key === 'Escape' && !target.closest('dialog')) {
      utils.redirectTo({url: mediator.notes.path()}); // the draft stays
    }
  },

  submit(event) {
    event.preventDefault();
    this.save();
  },

  save() {
    if (!this.mine || this.saving)
      return;
    const isNew = this.model.isNew();
    const attrs = {...this.values(), edited: new Date().toISOString()};
    if (!isNew)
      attrs._rev = this.rev; // the server refuses it, 409, where somebody was faster
    this.saving = true;
    this.state('Saving…');
    this.showErrors({});
    mediator.header.hideNotice();
    this.model.save(attrs, {patch: !isNew, wait: true})
      .always(() => { this.saving = false; })
      .then(() => this.stored(isNew, attrs), (xhr) => this.failed(xhr));
  },

  stored(wasNew, attrs) {
    drafts.remove(this.draftKey);
    mediator.notes.refresh();
    mediator.tags.fetch();
    if (this.disposed)
      return;
    this.rev = this.model.get('_rev');
    if (wasNew) {
      const focus = document.activeElement?.id && `#${document.activeElement.id}`;
      utils.redirectTo({url: `/notes/${this.model.id}`}, {replace: true, saved: true, focus});
    } else if (_.isEqual(this.values(), _.omit(attrs, '_rev', 'edited'))) {
      this.state('Saved');
    } else {
      this.changed(); // written on meanwhile
    }
  },

  failed(xhr) {
    if (this.disposed)
      return;
    this.changed();
    this.state('Not saved');
    if (xhr.status === 422 && this.showErrors(xhr.responseJSON?.errors ?? {}))
      return;
    if (xhr.status !== 401) // the session's own notice
      mediator.header.notice({text: this.explain(xhr), actions: this.remedies(xhr)});
  },

  explain(xhr) {
    if (xhr.status === 409 || xhr.status === 412)
      return 'This note has been changed elsewhere meanwhile.';
    if (xhr.status === 404)
      return 'This note has been deleted elsewhere.';
    if (xhr.status === 403)
      return 'You may read this note, but not change it.';
    return `Not saved. ${problem.text(xhr)}`;
  },

  remedies(xhr) {
    if (xhr.status === 409 || xhr.status === 412)
      return [{text: 'Show theirs', run: () => this.takeTheirs()},
        {text: 'Keep mine', run: () => this.keepMine()}];
    if (xhr.status === 404)
      return [{text: 'Save as a new note', run: () => this.saveAsNew()}];
    return problem.passes(xhr) ? [{text: 'Try again', run: () => this.save()}] : [];
  },

  takeTheirs() {
    this.model.fetch().then(() => {
      drafts.remove(this.draftKey);
      this.disposed || this.render();
    });
  },

  keepMine() {
    const mine = this.values();
    this.model.fetch().then(() => {
      if (this.disposed)
        return;
      this.rev = this.model.get('_rev');
      this.fill(mine);
      this.save();
    });
  },

  saveAsNew() {
    this.model.unset('_id');
    this.save();
  },

  // Puts each message at its field; false where one has none.
  showErrors(errors) {
    const fields = ['title', 'body', 'tags', 'shared'];
    const of = (field) => Object.keys(errors).filter((path) => path.split('.')[0] === field)
      .flatMap((path) => errors[path]);
    for (const field of fields) {
      const messages = of(field);
      this.$(`#${field}-error`).text(_.uniq(messages).join(' ')).prop('hidden', !messages.length);
      this.$(`#${field}`).attr('aria-invalid', messages.length ? 'true' : null);
    }
    this.$('[aria-invalid]').first().trigger('focus');
    return Object.keys(errors).every((path) => fields.includes(path.split('.')[0]));
  },

  ask() {
    this.$('dialog')[0].showModal();
  },

  keep() {
    this.$('dialog')[0].close();
  },

  destroyNote() {
    this.keep();
    this.model.destroy({wait: true}).then(() => {
      drafts.remove(this.draftKey);
      mediator.notes.refresh();
      mediator.tags.fetch();
      utils.redirectTo({url: mediator.notes.path()});
    }, (xhr) => {
      if (xhr.status !== 401)
        mediator.header.notice({text: `Not deleted. ${problem.text(xhr)}`,
          actions: problem.passes(xhr) ? [{text: 'Try again', run: () => this.destroyNote()}] : []});
    });
  },
});
