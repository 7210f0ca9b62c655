// SPDX-License-Identifier: MIT
// backbone.paginator's PageableCollection: sorted, filtered and paged by the server.
import assert from 'node:assert/strict';
import {after, before, describe, it} from 'node:test';
import {openWindow, outcome, plain} from './client.mjs';
import {request, Server} from './server.mjs';

const scripts = ['jquery/dist/jquery.js', 'underscore/underscore-umd.js', 'backbone/backbone.js',
  'backbone.paginator/lib/backbone.paginator.js'];

describe('PageableCollection', {timeout: 60_000}, () => {
  let server, window, Pages, Numbered;

  before(async () => {
    server = await Server.start();
    for (const [i, title] of ['delta', 'alpha', 'golf', 'bravo', 'foxtrot', 'charlie', 'echo'].entries())
      await request('POST', server.todos, {body: {title, completed: i % 2 === 0, order: i}});
    window = openWindow(server.base, scripts);
    Pages = window.Backbone.PageableCollection.extend({
      model: window.Backbone.Model.extend({idAttribute: '_id'}),
      url: '/api/todos',
    });
    Numbered = Pages.extend({
      parseState: (response, params, state, {xhr}) =>
        ({totalRecords: Number(xhr.getResponseHeader('X-Total-Count'))}),
    });
  });
  after(async () => {
    window.close();
    await server.close();
  });

  const titles = (pages) => pages.pluck('title').join(' ');

  async function go(pages, call) {
    const {ended, xhr} = await outcome((options) => pages[call]({...options}));
    assert.equal(ended, 'success', xhr?.responseText);
  }

  it('goes from page to page in the order of the server', async () => {
    const pages = new Numbered([], {state: {pageSize: 3, sortKey: 'title', order: -1}});

    await go(pages, 'getFirstPage');
    assert.equal(titles(pages), 'alpha bravo charlie');
    assert.equal(pages.state.totalRecords, 7);
    assert.equal(pages.state.totalPages, 3);
    await go(pages, 'getNextPage');
    assert.equal(titles(pages), 'delta echo foxtrot');
    await go(pages, 'getLastPage');
    assert.equal(titles(pages), 'golf');
    pages.setSorting('title', 1);
    await go(pages, 'getFirstPage');
    assert.equal(titles(pages), 'golf foxtrot echo');
  });

  it('sees what a filter leaves', async () => {
    const pages = new Numbered([], {
      state: {pageSize: 3, sortKey: 'order', order: -1},
      queryParams: {completed: true, 'order[gt]': '1'},
    });

    await go(pages, 'getFirstPage');
    assert.equal(titles(pages), 'golf foxtrot echo');
    assert.deepEqual(plain(pages.state).totalRecords, 3);
  });

  it('follows the next links to the end', async () => {
    const pages = new Pages([], {mode: 'infinite', state: {pageSize: 3, sortKey: 'title', order: -1}});
    const met = [];

    await go(pages, 'getFirstPage');
    met.push(titles(pages));
    while (pages.hasNextPage()) {
      await go(pages, 'getNextPage');
      met.push(titles(pages));
    }
    assert.equal(met.join(' '), 'alpha bravo charlie delta echo foxtrot golf');
  });
});
