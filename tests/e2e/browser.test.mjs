// SPDX-License-Identifier: MIT
// The todo app as people use it, in Chromium.
import assert from 'node:assert/strict';
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {after, afterEach, before, beforeEach, describe, it} from 'node:test';
import {chromium} from 'playwright-core';
import {request, Server} from './server.mjs';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];
const skip = !existsSync(executablePath) && `there is no ${executablePath}`;

describe('the todo app', {timeout: 180_000, skip}, () => {
  let server, browser, context, page, sent, waiting, complaints;

  before(async () => {
    server = await Server.start();
    browser = await chromium.launch({executablePath, args: flags, headless: true});
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  beforeEach(async () => {
    await request('DELETE', server.todos);
    context = await browser.newContext({viewport: {width: 900, height: 700}, timezoneId: 'America/New_York'});
    context.setDefaultTimeout(5000);
    complaints = [];
    sent = [];
    waiting = 0;
    page = await open();
    await page.locator('#new-title:focus').waitFor();
    assert.deepEqual(take(), ['GET /api/todos 200']);
  });
  afterEach(async () => {
    await context.close();
    assert.deepEqual(complaints, []);
  });

  async function open() {
    const tab = await context.newPage();
    tab.on('pageerror', (error) => complaints.push(String(error)));
    tab.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()))
        complaints.push(message.text());
    });
    tab.on('request', () => { waiting++; });
    tab.on('requestfinished', () => { waiting--; });
    tab.on('requestfailed', () => { waiting--; });
    tab.on('response', (answer) => {
      const {pathname} = new URL(answer.url());
      if (pathname.startsWith('/api/'))
        sent.push(`${answer.request().method()} ${pathname} ${answer.status()}`);
    });
    await Promise.all([tab.waitForResponse('**/api/todos?sort=order'), tab.goto(server.base)]);
    return tab;
  }

  // What was asked of the API since the last call, and how it was answered.
  const take = () => sent.splice(0);

  // Chromium reports each failed request as an error; a test that causes one expects it.
  const complained = (pattern) => {
    assert.equal(complaints.length, 1);
    assert.match(complaints.pop(), pattern);
  };

  const rows = () => page.locator('#list li:visible');
  const row = (title) => rows().filter({has: page.getByText(title, {exact: true})});
  const titles = () => page.locator('#list li:visible .title').allTextContents();
  const stored = async () =>
    (await request('GET', server.todos)).json.sort((a, b) => a.order - b.order);
  const url = async (title) =>
    new URL((await stored()).find((todo) => todo.title === title).url).pathname;

  async function eventually(what, expected) {
    let got;
    for (let i = 0; i < 50; i++) {
      got = await what();
      try {
        assert.deepEqual(got, expected);
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    assert.deepEqual(got, expected);
  }

  // Until all that the last action asks for has been answered.
  async function settle() {
    await new Promise((resolve) => setTimeout(resolve, 100));
    await eventually(() => waiting, 0);
  }

  async function add(...names) {
    for (const name of names) {
      await page.fill('#new-title', name);
      await page.press('#new-title', 'Enter');
      await row(name).waitFor();
    }
  }

  async function shot(name) {
    if (process.env.SACRUM_SHOTS)
      await page.screenshot({path: join(process.env.SACRUM_SHOTS, `todo-${name}.png`)});
  }

  it('adds what is typed with one POST each, and stands empty before', async () => {
    assert.equal(await page.locator('#status').isVisible(), false);
    await add('buy bread', 'read the RFC');

    assert.deepEqual(take(), ['POST /api/todos 201', 'POST /api/todos 201']);
    assert.deepEqual(await titles(), ['buy bread', 'read the RFC']);
    assert.equal(await page.textContent('#count'), '2 items left');
    assert.equal(await page.inputValue('#new-title'), '');
    assert.deepEqual((await stored()).map(({title, completed, order}) => [title, completed, order]),
      [['buy bread', false, 1], ['read the RFC', false, 2]]);
  });

  it('adds nothing for blanks, and one todo for two quick Enters', async () => {
    await page.fill('#new-title', '   ');
    await page.press('#new-title', 'Enter');
    await page.fill('#new-title', '  trimmed  ');
    await page.evaluate(() => {
      const form = document.getElementById('new');
      form.requestSubmit();
      form.requestSubmit();
    });
    await row('trimmed').waitFor();
    await settle();
    assert.deepEqual(take(), ['POST /api/todos 201']);
  });

  it('edits after a double click: Enter saves, leaving saves, Escape does not', async () => {
    await add('one', 'two');
    const item = await url('one');
    take();

    await row('one').locator('.title').dblclick();
    await page.fill('.edit:visible', 'uno');
    await page.press('.edit:visible', 'Enter');
    await row('uno').waitFor();
    assert.deepEqual(take(), [`PATCH ${item} 200`]);

    await row('uno').locator('.title').dblclick();
    await page.fill('.edit:visible', 'eins');
    await page.focus('#new-title');
    await row('eins').waitFor();
    assert.deepEqual(take(), [`PATCH ${item} 200`]);

    await row('eins').locator('.title').dblclick();
    await page.fill('.edit:visible', 'nothing');
    await page.press('.edit:visible', 'Escape');
    await settle();
    assert.equal(await page.isVisible('.edit'), false);
    assert.deepEqual(take(), []);
    assert.deepEqual((await stored()).map(({title}) => title), ['eins', 'two']);
  });

  it('edits by keyboard, and deletes what is edited to nothing', async () => {
    await add('one');
    const item = await url('one');
    take();
    await row('one').locator('.title').press('Enter');
    await page.fill('.edit:visible', '');
    await page.press('.edit:visible', 'Enter');
    await eventually(() => rows().count(), 0);
    assert.deepEqual(take(), [`DELETE ${item} 200`]);
  });

  it('toggles one, and all, and clears the completed', async () => {
    await add('one', 'two', 'three');
    const items = await Promise.all(['one', 'two', 'three'].map(url));
    take();

    await row('two').locator('.toggle').check();
    await eventually(() => page.textContent('#count'), '2 items left');
    assert.deepEqual(take(), [`PATCH ${items[1]} 200`]);

    await page.check('#toggle-all');
    await eventually(() => page.textContent('#count'), '0 items left');
    assert.deepEqual(take().sort(), [`PATCH ${items[0]} 200`, `PATCH ${items[2]} 200`].sort());
    assert.ok((await stored()).every(({completed}) => completed));

    await row('one').locator('.toggle').uncheck();
    await eventually(() => page.textContent('#count'), '1 item left');
    assert.equal(await page.isChecked('#toggle-all'), false);
    take();

    await shot('completed');
    await page.click('#clear-completed');
    await eventually(titles, ['one']);
    await settle();
    assert.deepEqual(take().sort(), [`DELETE ${items[1]} 200`, `DELETE ${items[2]} 200`].sort());
    assert.equal(await page.isVisible('#clear-completed'), false);
  });

  it('deletes by the button that shows under the pointer', async () => {
    await add('one', 'two');
    const item = await url('one');
    take();
    await row('one').hover();
    await row('one').locator('.destroy').click();
    await eventually(titles, ['two']);
    assert.deepEqual(take(), [`DELETE ${item} 200`]);
    assert.deepEqual((await stored()).map(({title}) => title), ['two']);
  });

  it('filters by address, with history', async () => {
    const current = () => page.textContent('nav a[aria-current]');
    await add('one', 'two');
    await row('two').locator('.toggle').check();
    await eventually(() => page.textContent('#count'), '1 item left');
    take();

    await page.click('text=Active');
    assert.ok(page.url().endsWith('/#/active'));
    await eventually(titles, ['one']);
    assert.equal(await current(), 'Active');
    await page.click('nav >> text=Completed');
    await eventually(titles, ['two']);
    await page.goBack();
    await eventually(titles, ['one']);
    await page.click('text=All');
    await eventually(titles, ['one', 'two']);
    assert.deepEqual(take(), [], 'filters ask nothing of the server');

    await page.goto(`${server.base}/#/completed`);
    await page.reload();
    await eventually(titles, ['two']);
    await row('two').locator('.toggle').uncheck();
    await eventually(titles, []);
  });

  it('keeps everything over a reload, and over a restart of the server', async () => {
    await add('one', 'two', 'three');
    await row('two').locator('.toggle').check();
    await row('three').hover();
    await row('three').locator('.due').fill('2031-05-06');
    await eventually(async () => (await stored()).map(({title, completed, due}) => [title, completed, due ?? null]),
      [['one', false, null], ['two', true, null], ['three', false, '2031-05-06T00:00:00.000Z']]);

    for (const again of [() => {}, () => server.restart()]) {
      await again();
      await page.reload();
      await eventually(titles, ['one', 'two', 'three']);
      assert.equal(await row('two').locator('.toggle').isChecked(), true);
      assert.equal(await row('three').locator('.due').inputValue(), '2031-05-06');
      assert.equal(await page.textContent('#count'), '2 items left');
    }
  });

  it('shows in one tab what was done in another, once it is looked at', async () => {
    // Playwright makes every page believe that it has the focus.
    for (const tab of [page, await open()]) {
      const session = await context.newCDPSession(tab);
      await session.send('Emulation.setFocusEmulationEnabled', {enabled: false});
    }
    const [first, second] = context.pages();
    await first.bringToFront();
    await add('one', 'two');

    page = second;
    await page.bringToFront();
    await eventually(titles, ['one', 'two']);
    await row('one').locator('.toggle').check();
    await row('two').hover();
    await row('two').locator('.destroy').click();
    await add('three');
    await settle();
    take();

    page = first;
    await page.bringToFront();
    await eventually(titles, ['one', 'three']);
    assert.equal(await row('one').locator('.toggle').isChecked(), true);
    await settle();
    assert.deepEqual([...new Set(take())], ['GET /api/todos 200']);

    await second.bringToFront();
    await page.bringToFront();
    await settle();
    const {bodySize, sentSize} = await page.evaluate(() => {
      const last = performance.getEntriesByType('resource').at(-1);
      return {bodySize: last.encodedBodySize, sentSize: last.transferSize - 300}; // 300 stands for the head
    });
    assert.ok(bodySize > 0);
    assert.equal(sentSize, 0, 'an unchanged list is not sent again');
  });

  it('shows what the server says against a title, at the input', async () => {
    const long = 'x'.repeat(201);
    await page.fill('#new-title', long);
    await page.press('#new-title', 'Enter');
    await page.locator('#new-error').waitFor();
    assert.ok(await page.textContent('#new-error'));
    assert.equal(await page.getAttribute('#new-title', 'aria-invalid'), 'true');
    assert.equal(await page.inputValue('#new-title'), long, 'the text stays to be mended');
    assert.equal(await rows().count(), 0);
    assert.deepEqual(take(), ['POST /api/todos 422']);
    complained(/422/);
    await shot('refused');

    await add('short');
    assert.equal(await page.isVisible('#new-error'), false);
    assert.equal(await page.getAttribute('#new-title', 'aria-invalid'), null);
    take();

    await row('short').locator('.title').dblclick();
    await page.fill('.edit:visible', long);
    await page.press('.edit:visible', 'Enter');
    await page.locator('li .error').waitFor();
    assert.equal(await page.inputValue('.edit:visible'), long);
    complained(/422/);
    await page.press('.edit:visible', 'Escape');
    await row('short').waitFor();
    assert.equal(await page.isVisible('li .error'), false);
    assert.deepEqual((await stored()).map(({title}) => title), ['short']);
  });

  it('shows markup in a title as text', async () => {
    const hostile = '<img src=x onerror="window.pwned = 1"><b>bold</b> & "quoted" \u2028 <script>window.pwned = 2</script>';
    await add(hostile);
    await page.reload();
    await eventually(titles, [hostile]);
    await row(hostile).locator('.title').dblclick();
    assert.equal(await page.inputValue('.edit:visible'), hostile);
    assert.equal(await page.locator('#list img, #list b, #list script').count(), 0);
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    assert.equal((await stored())[0].title, hostile);
    await shot('markup');
  });

  it('sets, changes and clears a due date, the same day in every time zone', async () => {
    const due = async () => (await stored())[0].due ?? null;
    await page.fill('#new-due', '2031-05-06');
    await add('one');
    assert.equal(await due(), '2031-05-06T00:00:00.000Z');
    assert.equal(await row('one').locator('.due').inputValue(), '2031-05-06');
    assert.equal(await page.inputValue('#new-due'), '');

    await row('one').locator('.due').fill('2020-02-29');
    await eventually(due, '2020-02-29T00:00:00.000Z');
    await page.locator('li.overdue').waitFor();
    await shot('overdue');

    await row('one').hover();
    await row('one').locator('.undue').click();
    await eventually(due, null);
    await eventually(() => row('one').locator('.due').inputValue(), '');
    assert.equal(await page.locator('li.overdue').count(), 0);
    assert.equal(take().filter((line) => line.startsWith('POST')).length, 1);
  });

  it('moves a todo up and down among those shown, for good', async () => {
    await add('one', 'two', 'three');
    const [one, , three] = await Promise.all(['one', 'two', 'three'].map(url));
    await row('two').locator('.toggle').check();
    await page.click('text=Active');
    await eventually(titles, ['one', 'three']);
    await settle();
    take();

    await row('three').hover();
    await row('three').locator('.up').click();
    await eventually(titles, ['three', 'one']);
    await settle();
    assert.ok(take().every((line) => /^PATCH \S+ 200$/.test(line)));

    await page.click('text=All');
    await page.reload();
    await eventually(titles, ['three', 'one', 'two']);
    assert.deepEqual((await stored()).map((todo) => new URL(todo.url).pathname).filter((each) => each !== one),
      [three, await url('two')]);
    await row('three').hover();
    await row('three').locator('.down').click();
    await eventually(titles, ['one', 'three', 'two']);
  });

  it('takes a change back, and says so, when the server cannot be reached', async () => {
    await add('one');
    await context.setOffline(true);
    await row('one').locator('.toggle').click();
    await page.locator('#notice').waitFor();
    assert.equal(await row('one').locator('.toggle').isChecked(), false);
    assert.equal(await page.textContent('#count'), '1 item left');
    complained(/ERR_INTERNET_DISCONNECTED/);
    await shot('unreachable');

    await row('one').hover();
    await row('one').locator('.destroy').click();
    await page.locator('#notice').waitFor();
    assert.deepEqual(await titles(), ['one']);
    await eventually(() => complaints.length, 1);
    complained(/ERR_INTERNET_DISCONNECTED/);

    await page.fill('#new-title', 'two');
    await page.press('#new-title', 'Enter');
    await eventually(() => complaints.length, 1);
    complained(/ERR_INTERNET_DISCONNECTED/);
    await page.locator('#notice').waitFor();
    assert.equal(await page.inputValue('#new-title'), 'two');

    await context.setOffline(false);
    await page.press('#new-title', 'Enter');
    await row('two').waitFor();
    assert.equal(await page.isVisible('#notice'), false);
  });

  it('drops what has been deleted elsewhere, and says so', async () => {
    await add('one', 'two');
    await request('DELETE', server.base + await url('one'));
    await row('one').locator('.toggle').click();
    await eventually(titles, ['two']);
    assert.match(await page.textContent('#notice'), /one/);
    complained(/404/);
    await page.click('.dismiss');
    assert.equal(await page.isVisible('#notice'), false);
  });

  it('names a library that is missing', async () => {
    await page.route('**/vendor/backbone.js', (route) => route.fulfill({status: 404, body: ''}));
    await page.reload();
    await page.locator('#notice').waitFor();
    assert.match(await page.textContent('#notice'), /\/vendor\/backbone\.js/);
    complained(/404/);
  });

  it('fits a telephone', async () => {
    await page.setViewportSize({width: 360, height: 640});
    await page.fill('#new-due', '2031-05-06');
    await add('a long word: '.padEnd(120, 'x'));
    const outside = await page.$$eval('main :is(input, button, a, .title)', (all) =>
      all.filter((el) => el.getBoundingClientRect().right > window.innerWidth).map((el) => el.outerHTML));
    assert.deepEqual(outside, []);
    await shot('narrow');
  });
});
