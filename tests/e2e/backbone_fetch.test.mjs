// SPDX-License-Identifier: MIT
// Backbone without jQuery, over each of the ways that its users replace it, and
// what a page of another origin may do.
import assert from 'node:assert/strict';
import {after, before, beforeEach, describe, it} from 'node:test';
import {defineTodos, openWindow, outcome, plain} from './client.mjs';
import {request, Server} from './server.mjs';

const backbone = ['underscore/underscore-umd.js', 'backbone/backbone.js'];

// What an app's author writes in place of jQuery's.
async function fetchAjax({type, url, data, contentType, headers, success, error}) {
  const query = type === 'GET' && data ? `?${new URLSearchParams(data)}` : '';
  const response = await this.fetch(url + query, {
    method: type,
    headers: {Accept: 'application/json', ...(contentType && {'Content-Type': contentType}), ...headers},
    body: type === 'GET' ? undefined : data,
  });
  const body = await response.json();
  if (response.ok)
    success(body);
  else
    error({status: response.status, body});
}

const clients = {
  'fetch by hand': {
    open(base) {
      const window = openWindow(base, backbone);
      window.Backbone.ajax = fetchAjax.bind(window);
      return window;
    },
    problem: ({status, body}) => ({status, body}),
  },
  'backbone.fetch': {
    open: (base) => openWindow(base, [...backbone, 'backbone.fetch/backbone.fetch.js']),
    problem: ({response, responseData}) => ({status: response.status, body: responseData}),
  },
  'backbone.nativeajax': {
    open: (base) => openWindow(base, [...backbone, 'backbone.nativeajax/backbone.nativeajax.js']),
    problem: ({status, responseText}) => ({status, body: JSON.parse(responseText)}),
  },
};

for (const [name, {open, problem}] of Object.entries(clients)) {
  describe(`Backbone on ${name}`, {timeout: 60_000}, () => {
    let server, window, Todo, Todos;

    before(async () => {
      server = await Server.start();
      window = open(server.base);
      ({Todo, Todos} = defineTodos(window));
    });
    beforeEach(() => request('DELETE', server.todos));
    after(async () => {
      window?.close();
      await server?.close();
    });

    async function created(attributes) {
      const todo = new Todo(attributes);
      const {ended} = await outcome((options) => todo.save(null, options));
      assert.equal(ended, 'success');
      return todo;
    }

    it('creates, saves, patches, fetches and destroys', async () => {
      const todo = await created({title: 'a'});
      const copy = new Todo({_id: todo.id});
      const success = async (call) => assert.equal((await outcome(call)).ended, 'success');

      assert.match(todo.id, /^[0-9a-f]{24}$/);
      await success((options) => todo.save({title: 'b'}, options));
      await success((options) => todo.save({order: 3}, {patch: true, ...options}));
      await success((options) => copy.fetch(options));
      assert.deepEqual(plain(copy), plain(todo));
      assert.equal(copy.get('title'), 'b');
      assert.equal(copy.get('order'), 3);
      await success((options) => todo.destroy(options));
      assert.deepEqual((await request('GET', server.todos)).json, []);
    });

    it('reads a page of a collection', async () => {
      for (let order = 1; order <= 5; order++)
        await created({title: 'a', order});
      const todos = new Todos();
      const data = {page: 2, per_page: 2, sort: '_id'};
      const {ended} = await outcome((options) => todos.fetch({data, ...options}));

      assert.equal(ended, 'success');
      assert.deepEqual(plain(todos.pluck('order')), [3, 4]);
    });

    it('hears of every error what it was', async () => {
      const todo = await created({title: 'a'});
      const unknown = new Todo({_id: 'ffffffffffffffffffffffff'});
      for (const [call, status] of [
        [(options) => new Todo().save(null, options), 422],
        [(options) => todo.save({title: ''.padEnd(201)}, {wait: true, ...options}), 422],
        [(options) => unknown.fetch(options), 404],
        [(options) => unknown.save({title: 'b'}, options), 404],
        [(options) => unknown.destroy(options), 404],
      ]) {
        const {ended, response} = await outcome(call);
        assert.equal(ended, 'error');
        const {status: got, body} = problem(response);
        assert.equal(got, status);
        assert.equal(body.status, status);
        if (status === 422)
          assert.ok(body.errors.title.length);
      }
      assert.equal(todo.get('title'), 'a');
    });
  });
}

describe('a page of another origin', {timeout: 60_000}, () => {
  const listed = 'http://localhost:3333';
  let server, item, etag;

  before(async () => {
    server = await Server.start({arguments: ['--origin', listed]});
    const {json, headers} = await request('POST', server.todos, {body: {title: 'a'}});
    item = json.url;
    ({etag} = headers);
  });
  after(() => server?.close());

  const names = (list = '') => list.toLowerCase().split(',').map((each) => each.trim());
  const preflight = (url, method, origin = listed) => request('OPTIONS', url, {
    headers: {
      'Origin': origin,
      'Access-Control-Request-Method': method,
      'Access-Control-Request-Headers': 'content-type,if-match,x-requested-with',
    },
  });

  for (const [where, methods] of [['list', ['POST']], ['item', ['PUT', 'PATCH', 'DELETE']]]) {
    for (const method of methods) {
      it(`may ${method} on the ${where}, says the preflight`, async () => {
        const {status, headers, text} = await preflight(where === 'list' ? server.todos : item, method);

        assert.equal(status, 204);
        assert.equal(text, '');
        assert.equal(headers['access-control-allow-origin'], listed);
        assert.ok(names(headers['access-control-allow-methods']).includes(method.toLowerCase()));
        for (const name of ['content-type', 'if-match', 'x-requested-with'])
          assert.ok(names(headers['access-control-allow-headers']).includes(name), name);
        assert.ok(names(headers.vary).includes('origin'));
      });
    }
  }

  const answers = {
    'a list': [200, () => request('GET', server.todos, {headers: {Origin: listed}})],
    'a page': [200, () => request('GET', `${server.todos}?page=1`, {headers: {Origin: listed}})],
    'a new document': [201, () => request('POST', server.todos,
      {headers: {Origin: listed}, body: {title: 'b'}})],
    'a changed document': [200, () => request('PATCH', item,
      {headers: {Origin: listed}, body: {completed: false}})],
    'an unchanged document': [304, () => request('GET', item,
      {headers: {'Origin': listed, 'If-None-Match': etag}})],
    'a validation error': [422, () => request('POST', server.todos,
      {headers: {Origin: listed}, body: {}})],
    'an unreadable body': [400, () => request('POST', server.todos,
      {headers: {'Origin': listed, 'Content-Type': 'application/json'}, body: '{'})],
    'a document that is not': [404, () => request('GET', `${server.todos}/${'f'.repeat(24)}`,
      {headers: {Origin: listed}})],
    'a method that is not': [405, () => request('PUT', server.todos,
      {headers: {Origin: listed}, body: {}})],
    'a path that is not': [404, () => request('GET', `${server.base}/api/nothing`,
      {headers: {Origin: listed}})],
  };
  for (const [what, [status, ask]] of Object.entries(answers)) {
    it(`may read ${what}`, async () => {
      const answer = await ask();
      const exposed = names(answer.headers['access-control-expose-headers']);

      assert.equal(answer.status, status);
      assert.equal(answer.headers['access-control-allow-origin'], listed);
      assert.ok(names(answer.headers.vary).includes('origin'));
      for (const name of ['etag', 'link', 'location', 'x-total-count', 'x-total-pages', 'retry-after'])
        assert.ok(exposed.includes(name), name);
    });
  }

  for (const origin of ['http://localhost:3334', 'https://localhost:3333', 'http://localhost', 'null']) {
    it(`is refused when it is not listed: ${origin}`, async () => {
      for (const answer of [
        await preflight(server.todos, 'POST', origin),
        await request('GET', server.todos, {headers: {Origin: origin}}),
        await request('GET', `${server.base}/api/nothing`, {headers: {Origin: origin}}),
      ]) {
        assert.equal(answer.headers['access-control-allow-origin'], undefined);
        assert.ok(names(answer.headers.vary).includes('origin'), 'caches must tell origins apart');
      }
    });
  }

  it('is refused when none is listed', async () => {
    const closed = await Server.start();
    try {
      for (const answer of [
        await request('GET', closed.todos, {headers: {Origin: listed}}),
        await request('OPTIONS', closed.todos,
          {headers: {'Origin': listed, 'Access-Control-Request-Method': 'POST'}}),
      ])
        assert.equal(answer.headers['access-control-allow-origin'], undefined);
    } finally {
      await closed.close();
    }
  });
});
