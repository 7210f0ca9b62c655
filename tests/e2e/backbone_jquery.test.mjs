// SPDX-License-Identifier: MIT
// Backbone over jQuery, in three generations, as its documentation has it used.
import assert from 'node:assert/strict';
import {after, before, beforeEach, describe, it} from 'node:test';
import {defineTodos, openWindow, outcome, plain} from './client.mjs';
import {request, Server} from './server.mjs';

const generations = {
  'Backbone 1.6 on jQuery 4': {
    scripts: ['jquery/dist/jquery.js', 'underscore/underscore-umd.js', 'backbone/backbone.js'],
  },
  'Backbone 1.6 on jQuery 3': {
    scripts: ['jquery-3/dist/jquery.js', 'underscore/underscore-umd.js', 'backbone/backbone.js'],
  },
  'Backbone 1.0 on jQuery 1': {
    scripts: ['jquery-1/dist/jquery.js', 'underscore-1.4/underscore.js', 'backbone-1.0/backbone.js'],
    emptiedBy304: true,
  },
};

for (const [name, {scripts, emptiedBy304}] of Object.entries(generations)) {
  describe(name, {timeout: 60_000}, () => {
    let server, window, Todo, Todos, sent, answers;

    before(async () => { server = await Server.start(); });
    after(() => server.close());

    beforeEach(async () => {
      await request('DELETE', server.todos);
      window?.close();
      window = openWindow(server.base, scripts);
      ({Todo, Todos} = defineTodos(window));
      sent = [];
      answers = [];
      window.jQuery(window.document).on('ajaxComplete', (event, xhr, {type, url}) => {
        sent.push(`${type} ${url} ${xhr.status}`);
        answers.push(xhr);
      });
    });
    after(() => window.close());

    async function created(attributes) {
      const todo = new Todo(attributes);
      const {ended} = await outcome((options) => todo.save(null, options));
      assert.equal(ended, 'success');
      return todo;
    }

    async function stored(todo) {
      return (await request('GET', `${server.todos}/${todo.id}`)).json;
    }

    it('creates with one POST and takes over what the server adds', async () => {
      const todos = new Todos();
      const {ended} = await outcome((options) => todos.create({title: 'a'}, options));
      const [todo] = todos.models;
      const [xhr] = answers;

      assert.equal(ended, 'success');
      assert.deepEqual(sent, ['POST /api/todos 201']);
      assert.match(todo.id, /^[0-9a-f]{24}$/);
      assert.equal(todo.isNew(), false);
      assert.equal(todo.get('completed'), false);
      assert.equal(todo.get('url'), `${server.todos}/${todo.id}`);
      assert.equal(xhr.getResponseHeader('Location'), `/api/todos/${todo.id}`);
      assert.equal(xhr.getResponseHeader('ETag'),
        (await request('GET', todo.get('url'))).headers.etag);
    });

    it('saves the whole model with PUT, echoed server fields included', async () => {
      const todo = await created({title: 'a', order: 1});
      const {ended} = await outcome((options) => todo.save({title: 'b'}, options));

      assert.equal(ended, 'success');
      assert.equal(sent[1], `PUT /api/todos/${todo.id} 200`);
      assert.deepEqual(await stored(todo), plain(todo));
      assert.equal(todo.get('title'), 'b');
    });

    it('drops with PUT what the model has unset', async () => {
      const todo = await created({title: 'a', order: 1});
      todo.unset('order');
      await outcome((options) => todo.save(null, options));

      assert.equal('order' in await stored(todo), false);
    });

    it('patches what is named and nothing else', async () => {
      const todo = await created({title: 'a', order: 1});
      await request('PATCH', `${server.todos}/${todo.id}`, {body: {order: 7}});
      const {ended} = await outcome((options) =>
        todo.save({completed: true}, {patch: true, ...options}));

      assert.equal(ended, 'success');
      assert.equal(sent[1], `PATCH /api/todos/${todo.id} 200`);
      assert.equal(todo.get('order'), 7, 'the answer carries what another client changed');
      assert.deepEqual(await stored(todo), plain(todo));
    });

    it('takes days and moments for dates, gives ISO, and clears with null', async () => {
      const todo = await created({title: 'a', due: '2026-11-22'});
      assert.equal(todo.get('due'), '2026-11-22T00:00:00.000Z');

      await outcome((options) => todo.save({due: new Date(1e12)}, options));
      assert.equal(todo.get('due'), '2001-09-09T01:46:40.000Z');

      await outcome((options) => todo.save({due: null}, {patch: true, ...options}));
      assert.equal((await stored(todo)).due ?? null, null);
    });

    it('gives every message by field, and the document stays as it was', async () => {
      const todo = await created({title: 'a'});
      const {ended, xhr} = await outcome((options) =>
        todo.save({title: 'x'.repeat(201), completed: 'perhaps'}, {wait: true, ...options}));

      assert.equal(ended, 'error');
      assert.equal(xhr.status, 422);
      assert.match(xhr.getResponseHeader('Content-Type'), /^application\/problem\+json/);
      assert.deepEqual(Object.keys(xhr.responseJSON.errors).sort(), ['completed', 'title']);
      for (const messages of Object.values(xhr.responseJSON.errors))
        assert.ok(messages.length > 0 && messages.every((text) => typeof text === 'string' && text));
      assert.equal(todo.get('title'), 'a', 'wait: true');
      assert.equal((await stored(todo)).title, 'a');
    });

    it('does not add to a collection what the server refuses, with wait', async () => {
      const todos = new Todos();
      const {ended, xhr} = await outcome((options) => todos.create({}, {wait: true, ...options}));

      assert.equal(ended, 'error');
      assert.equal(todos.length, 0);
      assert.deepEqual(Object.keys(xhr.responseJSON.errors), ['title']);
      assert.deepEqual((await request('GET', server.todos)).json, []);
    });

    it('destroys, and then the document is gone for every method', async () => {
      const todo = await created({title: 'a'});
      const again = new Todo(plain(todo));
      assert.equal((await outcome((options) => todo.destroy(options))).ended, 'success');

      for (const call of [
        (options) => again.fetch(options),
        (options) => again.save({title: 'b'}, options),
        (options) => again.save({title: 'b'}, {patch: true, ...options}),
        (options) => again.destroy(options),
      ]) {
        const {ended, xhr} = await outcome(call);
        assert.equal(ended, 'error');
        assert.equal(xhr.status, 404);
        assert.equal(xhr.responseJSON.status, 404);
      }
      assert.deepEqual((await request('GET', server.todos)).json, []);
    });

    it('answers 409 when a forgotten idAttribute turns an update into a POST', async () => {
      const Forgetful = window.Backbone.Model.extend({urlRoot: '/api/todos'});
      const todo = new Forgetful({title: 'a'});
      await outcome((options) => todo.save(null, options));
      const {ended, xhr} = await outcome((options) => todo.save({title: 'b'}, options));

      assert.equal(ended, 'error');
      assert.equal(xhr.status, 409);
      assert.match(xhr.responseJSON.detail, /idAttribute/);
      assert.equal((await request('GET', server.todos)).json.length, 1);
    });

    it('refuses with 412 to overwrite what has changed since it was read', async () => {
      const todo = await created({title: 'a'});
      const {xhr} = await outcome((options) => todo.fetch(options));
      const headers = {'If-Match': xhr.getResponseHeader('ETag')};

      const first = await outcome((options) => todo.save({title: 'b'}, {headers, ...options}));
      const second = await outcome((options) => todo.save({title: 'c'}, {headers, ...options}));
      assert.equal(first.ended, 'success');
      assert.equal(second.ended, 'error');
      assert.equal(second.xhr.status, 412);
      assert.equal((await stored(todo)).title, 'b');
    });

    it('answers an unchanged list with 304, and a changed one in full', async () => {
      await created({title: 'a'});
      const todos = new Todos();
      const read = () => outcome((options) => todos.fetch({ifModified: true, ...options}));

      await read();
      await read();
      assert.equal(todos.length, emptiedBy304 ? 0 : 1);
      await created({title: 'b'});
      await read();
      assert.deepEqual(plain(todos.pluck('title')).sort(), ['a', 'b']);
      assert.deepEqual(sent.filter((line) => line.startsWith('GET')),
        ['GET /api/todos 200', 'GET /api/todos 304', 'GET /api/todos 200']);
    });

    it('pages a collection', async () => {
      for (let i = 1; i <= 25; i++)
        await request('POST', server.todos, {body: {title: `todo ${i}`, order: i}});

      const todos = new Todos();
      const page = async (number) => {
        const data = {page: number, per_page: 10, sort: '_id'};
        const {ended, xhr} = await outcome((options) => todos.fetch({data, reset: true, ...options}));
        assert.equal(ended, 'success');
        assert.equal(xhr.getResponseHeader('X-Total-Count'), '25');
        assert.equal(xhr.getResponseHeader('X-Total-Pages'), '3');
        assert.equal(xhr.getResponseHeader('X-Page'), String(number));
        return [todos.pluck('order'), xhr.getResponseHeader('Link')];
      };
      const numbers = (first, last) =>
        Array.from({length: last - first + 1}, (_, i) => first + i);

      const [second, links] = await page(2);
      assert.deepEqual(plain(second), numbers(11, 20));
      for (const rel of ['first', 'prev', 'next'])
        assert.match(links, new RegExp(`rel="${rel}"`));

      const [third, lastLinks] = await page(3);
      assert.deepEqual(plain(third), numbers(21, 25));
      assert.doesNotMatch(lastLinks, /rel="next"/);
      assert.deepEqual(plain((await page(4))[0]), []);
    });

    it('orders a collection by id, both ways', async () => {
      for (const title of ['a', 'b', 'c'])
        await request('POST', server.todos, {body: {title}});
      const todos = new Todos();

      for (const [sort, titles] of [['_id', ['a', 'b', 'c']], ['-_id', ['c', 'b', 'a']]]) {
        await outcome((options) => todos.fetch({data: {sort}, reset: true, ...options}));
        assert.deepEqual(plain(todos.pluck('title')), titles);
      }
    });

    it('takes a trailing slash, without a redirect', async () => {
      const {Todo: Slashed, Todos: AllSlashed} = defineTodos(window, '/api/todos/');
      const todos = new AllSlashed();
      assert.equal((await outcome((options) => todos.create({title: 'a'}, options))).ended, 'success');
      const [{id}] = todos.models;
      const todo = new Slashed({_id: id});
      todo.url = () => `/api/todos/${id}/`;

      assert.equal((await outcome((options) => todo.fetch(options))).ended, 'success');
      assert.equal((await outcome((options) => todo.save({title: 'b'}, options))).ended, 'success');
      assert.equal((await outcome((options) => todos.fetch(options))).ended, 'success');
      assert.deepEqual(plain(todos.pluck('title')), ['b']);
      assert.deepEqual(sent, [
        'POST /api/todos/ 201',
        `GET /api/todos/${id}/ 200`,
        `PUT /api/todos/${id}/ 200`,
        'GET /api/todos/ 200',
      ]);
    });

    it('deletes the whole list', async () => {
      await created({title: 'a'});
      await created({title: 'b'});
      const answer = await window.jQuery.ajax('/api/todos', {type: 'DELETE', dataType: 'json'});
      const todos = new Todos();
      await outcome((options) => todos.fetch(options));

      assert.deepEqual(plain(answer), {deleted: 2});
      assert.equal(todos.length, 0);
    });

    it('ends every call in sync or error, errors with a problem document', async () => {
      const counts = {request: 0, sync: 0, error: 0};
      const wrong = {
        '/api/todos/nonsense': 404,
        '/api/todos/ffffffffffffffffffffffff': 404,
        '/api/todos/a%2Fb': 404,
        '/api/nothing': 404,
        '/api/todos?nonsense=1': 400,
        '/api/todos?page=abc': 400,
      };
      const good = await created({title: 'a'});
      const calls = Object.keys(wrong).map((url) => {
        const todo = new Todo();
        todo.url = url;
        return [todo, (options) => todo.fetch(options), wrong[url]];
      });
      const listed = new Todo({_id: good.id, title: 'a'});
      listed.url = '/api/todos';
      calls.push(
        [good, (options) => good.fetch(options), 200],
        [good, (options) => good.save({title: 7}, options), 422],
        [good, (options) => good.save(null, {attrs: [1], ...options}), 400],
        [listed, (options) => listed.save(null, options), 405],
      );

      for (const [todo, call, status] of calls) {
        for (const event in counts)
          todo.off(event).on(event, () => { counts[event]++; });
        const {ended, xhr} = await outcome(call);
        assert.equal(xhr.status, status, `${sent.at(-1)}`);
        assert.equal(ended, status < 400 ? 'success' : 'error');
        if (status >= 400) {
          assert.match(xhr.getResponseHeader('Content-Type'), /^application\/problem\+json/);
          assert.equal(xhr.responseJSON.status, status);
        }
      }
      assert.deepEqual(counts, {request: calls.length, sync: 1, error: calls.length - 1});
    });
  });
}
