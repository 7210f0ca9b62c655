// SPDX-License-Identifier: MIT
// The contract of todobackend.com, which its page tests from its own origin.
import assert from 'node:assert/strict';
import {after, before, beforeEach, describe, it} from 'node:test';
import {request, Server} from './server.mjs';

const origin = 'https://www.todobackend.com';

describe('Todo-Backend', {timeout: 60_000}, () => {
  let server;

  before(async () => { server = await Server.start({arguments: ['--origin', origin]}); });
  beforeEach(() => call('DELETE', server.todos));
  after(() => server?.close());

  // As the page's browser would: an answer that it may not read is none.
  async function call(method, url, body) {
    const answer = await request(method, url, {headers: {Origin: origin}, body});
    assert.equal(answer.headers['access-control-allow-origin'], origin);
    assert.ok(answer.status >= 200 && answer.status < 300, `${method} ${url}: ${answer.status}`);
    return answer.json;
  }
  const post = (todo) => call('POST', server.todos, todo);

  describe('the root', () => {
    it('answers GET', async () => {
      assert.ok(Array.isArray(await call('GET', server.todos)));
    });

    it('answers POST with the todo', async () => {
      assert.equal((await post({title: 'walk the dog'})).title, 'walk the dog');
    });

    it('is empty after DELETE', async () => {
      await post({title: 'walk the dog'});
      await call('DELETE', server.todos);
      assert.deepEqual(await call('GET', server.todos), []);
    });

    it('lists what was posted', async () => {
      await post({title: 'walk the dog'});
      await post({title: 'feed the cat'});
      const titles = (await call('GET', server.todos)).map(({title}) => title);
      assert.deepEqual(titles.sort(), ['feed the cat', 'walk the dog']);
    });
  });

  describe('a new todo', () => {
    it('is not completed', async () => {
      const todo = await post({title: 'blah'});
      const [listed] = await call('GET', server.todos);
      assert.equal(todo.completed, false);
      assert.equal(listed.completed, false);
    });

    it('has an absolute url, in the answer and in the list', async () => {
      const {url} = await post({title: 'blah'});
      const [listed] = await call('GET', server.todos);
      assert.equal(typeof url, 'string');
      assert.equal(new URL(url).href, url);
      assert.equal(listed.url, url);
    });

    it('is found at its url', async () => {
      const todo = await post({title: 'my todo'});
      assert.deepEqual(await call('GET', todo.url), todo);
    });

    it('keeps the order it was given', async () => {
      assert.equal((await post({title: 'blah', order: 523})).order, 523);
    });
  });

  describe('an existing todo', () => {
    it('can be reached from the list', async () => {
      await post({title: 'one'});
      await post({title: 'two'});
      for (const listed of await call('GET', server.todos))
        assert.deepEqual(await call('GET', listed.url), listed);
    });

    for (const [field, value] of [['title', 'bathe the cat'], ['completed', true], ['order', 95]]) {
      it(`takes another ${field} by PATCH, and keeps the rest`, async () => {
        const todo = await post({title: 'initial', order: 10});
        const expected = {...todo, [field]: value};
        assert.deepEqual(await call('PATCH', todo.url, {[field]: value}), expected);
        assert.deepEqual(await call('GET', todo.url), expected);
        assert.deepEqual(await call('GET', server.todos), [expected]);
      });
    }

    it('is gone after DELETE, and the others are not', async () => {
      const [one, two] = [await post({title: 'one'}), await post({title: 'two'})];
      await call('DELETE', one.url);
      assert.deepEqual(await call('GET', server.todos), [two]);
      assert.equal((await request('GET', one.url)).status, 404);
    });
  });
});
