// SPDX-License-Identifier: MIT
// A todo list over /api/todos: plain Backbone, no build step.
(() => {
  'use strict';

  // Plain DOM: this has to work when the libraries are what is missing.
  const notice = {
    el: document.getElementById('notice'),
    source: null,
    show(text, source) {
      this.source = source;
      this.el.querySelector('.text').textContent = text;
      this.el.hidden = false;
    },
    hide() {
      this.el.hidden = true;
    },
  };

  const libraries = {jquery: window.jQuery, underscore: window._, backbone: window.Backbone};
  const missing = Object.keys(libraries).filter((name) => !libraries[name]);
  if (missing.length) {
    notice.show(`Not loaded: ${missing.map((name) => `/vendor/${name}.js`).join(', ')}. ` +
      'Start the server with --vendor and a folder that has them.');
    return;
  }

  const {$, Backbone} = window;

  const Todo = Backbone.Model.extend({
    idAttribute: '_id', // without it Backbone takes every document for a new one and POSTs it
    defaults: {title: '', completed: false},

    sync(...args) {
      const xhr = Backbone.Model.prototype.sync.apply(this, args);
      this.collection.writing(xhr);
      return xhr;
    },

    order() {
      return this.get('order') ?? 0;
    },

    // A due date is a day, whatever the time zone: the server keeps it as that day's midnight in UTC.
    due() {
      return (this.get('due') ?? '').slice(0, 10);
    },

    overdue() {
      const now = new Date();
      const today = new Date(now - now.getTimezoneOffset() * 60000).toISOString().slice(0, 10);
      return !this.get('completed') && this.due() !== '' && this.due() < today;
    },
  });

  const Todos = Backbone.Collection.extend({
    model: Todo,
    url: '/api/todos',

    // Two tabs may give out the same order: the ids, which grow with time, decide then.
    comparator: (a, b) => a.order() - b.order() || (a.id < b.id ? -1 : 1),

    initialize() {
      this.writes = 0;
      this.on('change:order', () => this.sort());
    },

    nextOrder() {
      return this.length ? this.last().order() + 1 : 1;
    },

    // A list that was read while a change was under way may show the time before it,
    // so a read waits for writes to end, and a write puts a read off.
    refresh() {
      this.stale = this.writes > 0;
      if (this.stale || this.reading)
        return;
      this.reading = this.fetch({data: {sort: 'order'}});
      this.reading.always(() => { this.reading = null; });
    },

    writing(xhr) {
      this.writes++;
      if (this.reading) {
        this.reading.abort();
        this.stale = true;
      }
      xhr.always(() => {
        if (--this.writes)
          return;
        this.trigger('idle');
        if (this.stale)
          this.refresh();
      });
    },

    // The orders after `todo` has taken the place of `other`: those that differ, as [todo, order].
    reordered(todo, other) {
      const models = this.without(todo);
      models.splice(this.indexOf(other), 0, todo);
      let last = -Infinity;
      return models.map((each, i) => {
        last = Math.max(this.at(i).order(), last + 1);
        return [each, last];
      }).filter(([each, order]) => each.order() !== order);
    },
  });

  function reason(xhr) {
    const problem = xhr.responseJSON ?? {};
    if (!xhr.status)
      return 'The server cannot be reached.';
    if (problem.errors)
      return Object.entries(problem.errors).map(([field, texts]) => `${field}: ${texts.join(', ')}`).join('; ');
    return problem.detail || problem.title || `The server's answer (${xhr.status}) makes no sense.`;
  }

  // Marks the inputs, given by field, that the messages belong to; false if there is none.
  function showErrors($error, inputs, errors = {}) {
    const fields = Object.keys(inputs).filter((field) => errors[field]);
    for (const field in inputs)
      inputs[field].attr('aria-invalid', fields.includes(field) ? 'true' : null);
    $error.text(fields.flatMap((field) => errors[field]).join(' ')).prop('hidden', !fields.length);
    return fields.length > 0;
  }

  const TodoView = Backbone.View.extend({
    el: () => document.importNode(document.getElementById('todo').content.firstElementChild, true),

    events: {
      'change .toggle': 'toggle',
      'dblclick .title': 'edit',
      'keydown .title': 'titleKey',
      'keydown .edit': 'editKey',
      'blur .edit': 'commit',
      'change .due': 'setDue',
      'blur .due': 'dropHalfDate',
      'click .undue': 'clearDue',
      'click .up': 'moveUp',
      'click .down': 'moveDown',
      'click .destroy': 'destroy',
    },

    initialize() {
      this.$title = this.$('.title');
      this.$edit = this.$('.edit');
      this.$due = this.$('.due');
      this.$error = this.$('.error').attr('id', `${this.cid}-error`);
      this.$edit.add(this.$due).attr('aria-describedby', `${this.cid}-error`);
      this.listenTo(this.model, 'change', this.render);
      this.listenTo(this.model, 'remove', this.remove);
      this.render();
    },

    render() {
      const {title, completed} = this.model.attributes;
      this.$el.toggleClass('overdue', this.model.overdue()).toggleClass('undated', !this.model.due());
      this.$('.toggle').prop('checked', completed).attr('aria-label', `Completed: ${title}`);
      this.$title.text(title);
      this.$due.val(this.model.due()).attr('aria-label', `Due date of ${title}`);
      this.$('.undue').attr('aria-label', `Clear the due date of ${title}`);
      this.$('.up').attr('aria-label', `Move ${title} up`);
      this.$('.down').attr('aria-label', `Move ${title} down`);
      this.$('.destroy').attr('aria-label', `Delete ${title}`);
    },

    // Only what changed is sent, and the model changes when the server has agreed:
    // another tab's changes stay, and a refusal needs no more than drawing the row again.
    save(changes, success) {
      this.showErrors();
      this.model.save(changes, {patch: true, wait: true, success, error: this.failed.bind(this)});
    },

    destroy() {
      this.model.destroy({wait: true, error: this.failed.bind(this)});
    },

    failed(model, xhr) {
      this.render();
      if (xhr.status === 404) {
        notice.show(`“${model.get('title')}” has been deleted elsewhere.`, model);
        model.collection.remove(model);
      } else if (!this.showErrors(xhr.responseJSON?.errors)) {
        notice.show(`Not saved. ${reason(xhr)}`, model);
      }
    },

    showErrors(errors) {
      return showErrors(this.$error, {title: this.$edit, due: this.$due}, errors);
    },

    toggle(event) {
      this.save({completed: event.target.checked});
    },

    edit() {
      this.editing = true;
      this.$title.prop('hidden', true);
      this.$edit.val(this.model.get('title')).prop('hidden', false)[0].focus();
    },

    titleKey(event) {
      if (event.key === 'Enter' || event.key === 'F2') {
        event.preventDefault();
        this.edit();
      }
    },

    editKey(event) {
      if (event.key === 'Enter' && !event.originalEvent.isComposing)
        event.target.blur();
      else if (event.key === 'Escape')
        this.close();
    },

    // Leaving the editor saves, by Enter as well. A refused text stays to be mended.
    commit() {
      const title = this.$edit.val().trim();
      if (!this.editing)
        return;
      if (title === this.model.get('title'))
        this.close();
      else if (title === '')
        this.destroy();
      else
        this.save({title}, () => this.close());
    },

    close() {
      this.editing = false;
      this.showErrors();
      this.$edit.prop('hidden', true);
      this.$title.prop('hidden', false);
    },

    // While a date is typed the input reports half-typed years too; they are out of its range.
    setDue() {
      if (this.$due[0].checkValidity() && this.$due.val() !== this.model.due())
        this.save({due: this.$due.val() || null});
    },

    dropHalfDate() {
      if (!this.$due[0].checkValidity())
        this.render();
    },

    clearDue() {
      this.save({due: null});
    },

    moveUp() {
      this.model.trigger('move', this.model, -1);
    },

    moveDown() {
      this.model.trigger('move', this.model, 1);
    },
  });

  const AppView = Backbone.View.extend({
    el: '#app',

    events: {
      'submit #new': 'create',
      'change #toggle-all': 'toggleAll',
      'click #clear-completed': 'clearCompleted',
      'click .dismiss': () => notice.hide(),
    },

    initialize() {
      this.rows = new Map();
      this.filter = 'all';
      this.$title = this.$('#new-title');
      this.$due = this.$('#new-due');
      this.listenTo(this.collection, 'add', this.add);
      this.listenTo(this.collection, 'remove', (todo) => this.rows.delete(todo));
      this.listenTo(this.collection, 'update sort', this.arrange);
      this.listenTo(this.collection, 'update change idle', this.render);
      this.listenTo(this.collection, 'move', this.move);
      this.render();
    },

    add(todo) {
      this.rows.set(todo, new TodoView({model: todo}));
    },

    // Rows that stand right are not touched: moving a row takes the focus from it.
    arrange() {
      const list = this.$('#list')[0];
      const focused = document.activeElement;
      this.collection.each((todo, i) => {
        const {el} = this.rows.get(todo);
        if (list.children[i] !== el)
          list.insertBefore(el, list.children[i] ?? null);
      });
      if (focused !== document.activeElement)
        focused.focus();
    },

    render() {
      const total = this.collection.length;
      const done = this.collection.where({completed: true}).length;
      const left = total - done;
      const toggleAll = this.$('#toggle-all').prop('hidden', !total);
      if (!this.collection.writes) // while some have changed and some not, it stays as it was clicked
        toggleAll.prop('checked', total > 0 && !left);
      this.$('#status').prop('hidden', !total);
      this.$('#count').text(`${left} ${left === 1 ? 'item' : 'items'} left`);
      this.$('#clear-completed').prop('hidden', !done);
      this.$('nav a').attr('aria-current', (i) => this.filters[i] === this.filter ? 'page' : null);
      this.rows.forEach(({el}, todo) => { el.hidden = !this.shows(todo); });
    },

    filters: ['all', 'active', 'completed'],

    show(filter) {
      this.filter = this.filters.includes(filter) ? filter : 'all';
      this.render();
    },

    shows(todo) {
      return this.filter === 'all' || todo.get('completed') === (this.filter === 'completed');
    },

    create(event) {
      const title = this.$title.val().trim();
      event.preventDefault();
      if (title === '' || this.$title.prop('readOnly'))
        return;

      const attributes = {title, order: this.collection.nextOrder()};
      if (this.$due.val())
        attributes.due = this.$due.val();
      notice.hide();
      this.showErrors();
      this.$title.prop('readOnly', true); // until the answer: a second Enter is not a second todo
      this.collection.create(attributes, {
        wait: true,
        success: () => this.created(),
        error: (model, xhr) => this.refused(model, xhr),
      });
    },

    created() {
      this.$title.prop('readOnly', false).val('')[0].focus();
      this.$due.val('');
    },

    refused(model, xhr) {
      this.$title.prop('readOnly', false)[0].focus();
      if (!this.showErrors(xhr.responseJSON?.errors))
        notice.show(`Not added. ${reason(xhr)}`, model);
    },

    showErrors(errors) {
      return showErrors(this.$('#new-error'), {title: this.$title, due: this.$due}, errors);
    },

    toggleAll(event) {
      const completed = event.target.checked;
      this.collection.filter((todo) => todo.get('completed') !== completed)
        .forEach((todo) => this.rows.get(todo).save({completed}));
    },

    clearCompleted() {
      this.collection.where({completed: true}).forEach((todo) => this.rows.get(todo).destroy());
    },

    // By one among the rows that are shown.
    move(todo, by) {
      const shown = this.collection.filter((each) => this.shows(each));
      const other = shown[shown.indexOf(todo) + by];
      if (other)
        this.collection.reordered(todo, other)
          .forEach(([each, order]) => this.rows.get(each).save({order}));
    },
  });

  const Router = Backbone.Router.extend({routes: {'*filter': 'filter'}});

  const todos = new Todos();
  const app = new AppView({collection: todos});
  const router = new Router();

  todos.on('request', (source) => {
    if (source !== todos)
      notice.hide();
  });
  todos.on('sync', (source) => {
    if (source === todos && notice.source === todos)
      notice.hide();
  });
  todos.on('error', (source, xhr) => {
    if (source === todos && xhr.statusText !== 'abort')
      notice.show(`The list could not be read. ${reason(xhr)}`, todos);
  });

  router.on('route:filter', (filter) => app.show(filter));
  Backbone.history.start();

  // What another tab has done meanwhile. Unchanged lists cost a 304 without a body.
  $(window).on('focus', () => todos.refresh());
  $(document).on('visibilitychange', () => document.hidden || todos.refresh());
  todos.refresh();
})();
