// SPDX-License-Identifier: MIT
// The notes app, in Chromium: Brunch and Chaplin in front, accounts, sessions and pages behind.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, afterEach, before, beforeEach, describe, it} from 'node:test';
import {chromium} from 'playwright-core';
import {request, root, Server} from './server.mjs';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const example = join(root, 'examples/notes');
const built = join(example, 'front/public');
const skip = !existsSync(executablePath) ? `there is no ${executablePath}`
  : !existsSync(join(built, 'javascripts/app.js')) && 'the front end could not be built: npm or its registry is missing';

const password = 'correct horse battery';

describe('the notes app', {timeout: 300_000, skip}, () => {
  let server, browser, context, page, sent, complaints;
  const states = {}; // cookies of those who have signed in

  const folders = [
    '--templates', join(example, 'templates'), '--static', join(example, 'static'), '--public', built];
  // $SACRUM_NOTES_DATABASE: an empty database of another kind, for a run by hand.
  const database = () => ['--database', process.env.SACRUM_NOTES_DATABASE ?? `lmdb:${join(server.folder, 'data.db')}`];

  before(async () => {
    const {SACRUM_NOTES_DATABASE: other} = process.env;
    server = await Server.start({example: 'notes', arguments: [...folders, ...other ? ['--database', other] : []]});
    // What a browser keeps for the back button is part of what is tested here.
    browser = await chromium.launch({executablePath, headless: true,
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking']});
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });
  beforeEach(() => {
    complaints = [];
    sent = [];
  });
  afterEach(async () => {
    await context?.close();
    context = null;
    await removeAll();
    assert.deepEqual(complaints, []);
  });

  // A browser of somebody's: signed in where they were before.
  async function open(who, options = {}) {
    const made = await browser.newContext({viewport: {width: 1200, height: 800}, storageState: states[who], ...options});
    made.setDefaultTimeout(20_000);
    made.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()))
        complaints.push(message.text());
    });
    made.on('weberror', (error) => complaints.push(String(error.error())));
    made.on('response', (answer) => {
      const {pathname} = new URL(answer.url());
      if (pathname.startsWith('/api/'))
        sent.push(`${answer.request().method()} ${pathname} ${answer.status()}`);
    });
    return made;
  }

  async function enter(who, path = '/', options = {}) {
    context = await open(who, options);
    page = await context.newPage();
    await page.goto(server.base + path);
  }

  async function signIn(name, secret = password) {
    await page.fill('#username', name);
    await page.fill('#password', secret);
    await page.press('#password', 'Enter');
  }

  const take = (pattern = /./) => sent.splice(0).filter((line) => pattern.test(line));
  const path = () => page.evaluate(() => location.pathname + location.search);
  const titles = () => page.locator('#list li strong').allTextContents();
  const state = () => page.textContent('.editor .state');
  const shot = (name) => process.env.SACRUM_SHOTS &&
    page.screenshot({path: join(process.env.SACRUM_SHOTS, `notes-${name}.png`)});
  const problem = (status) => new RegExp(`status of ${status}`);

  // Chromium reports failed requests as errors; a test that causes some expects them.
  function complained(...patterns) {
    const got = complaints.splice(0);
    assert.equal(got.length, patterns.length, got.join('\n'));
    patterns.forEach((pattern, i) => assert.match(got[i], pattern));
  }

  async function eventually(actual, expected) {
    let got;
    for (let i = 0; i < 200; i++) {
      got = await actual();
      try {
        assert.deepEqual(got, expected);
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    assert.deepEqual(got, expected);
  }

  // Notes as a program makes them, with the cookies of this browser.
  async function make(...notes) {
    const made = [];
    for (const data of notes) {
      const answer = await context.request.post(`${server.base}/api/notes`, {data});
      assert.equal(answer.status(), 201, await answer.text());
      made.push(await answer.json());
    }
    return made;
  }

  // Each test begins without a note.
  async function removeAll() {
    for (const {cookies} of Object.values(states)) {
      const ask = (method, asked) => request(method, server.base + asked,
        {headers: {Cookie: cookies.map(({name, value}) => `${name}=${value}`).join('; ')}});
      const {user} = (await ask('GET', '/api/me')).json;
      for (const {_id, owner} of (await ask('GET', '/api/notes')).json)
        if (owner === user._id)
          assert.equal((await ask('DELETE', `/api/notes/${_id}`)).status, 200);
    }
  }

  async function write({title, body, tags}) {
    await page.fill('#title', title);
    if (body !== undefined)
      await page.fill('#body', body);
    if (tags !== undefined)
      await page.fill('#tags', tags);
  }

  async function save() {
    await page.click('.save');
    await eventually(state, 'Saved');
  }

  it('serves the Brunch build as it stands, to anybody', async () => {
    const types = {js: /javascript/, css: /^text\/css/, svg: /^image\/svg\+xml/, html: /^text\/html/};
    const files = readdirSync(built, {recursive: true}).filter((name) => /\.\w+$/.test(name) && name !== 'index.html');
    assert.deepEqual(files.sort(), ['javascripts/app.js', 'javascripts/vendor.js', 'stylesheets/app.css']);
    for (const name of files) {
      const answer = await request('GET', `${server.base}/${name}`);
      assert.equal(answer.status, 200);
      assert.equal(answer.text, readFileSync(join(built, name), 'utf8'));
      assert.match(answer.headers['content-type'], types[name.split('.').pop()]);
      const again = await request('GET', `${server.base}/${name}`, {headers: {'If-None-Match': answer.headers.etag}});
      assert.equal(again.status, 304);
    }
    const icon = await request('GET', `${server.base}/icon.svg`);
    assert.equal(icon.text, readFileSync(join(example, 'static/icon.svg'), 'utf8'), 'of the second folder');
    assert.equal((await request('GET', `${server.base}/javascripts/none.js`)).status, 404);
  });

  it('shows the index, which is Brunch\'s file as a template, to those who have signed in alone', async () => {
    const html = {headers: {Accept: 'text/html'}};
    for (const [asked, next] of [['/', '/'], ['/tags/a?q=b', '/tags/a?q=b']]) {
      const answer = await request('GET', server.base + asked, html);
      assert.equal(answer.status, 303);
      assert.equal(decodeURIComponent(answer.headers.location), `/login?next=${next}`);
    }
    const raw = await request('GET', `${server.base}/index.html`, html);
    assert.ok([303, 308, 301, 302].includes(raw.status));
    assert.doesNotMatch(raw.text, /\{\{/);
    const missing = await request('GET', `${server.base}/no/such.page`, html);
    assert.equal(missing.status, 404);
    assert.match(missing.headers['content-type'], /^text\/html/);
    assert.match(missing.text, /<h1>Not found<\/h1>/);
    const api = await request('GET', `${server.base}/api/notes`);
    assert.equal(api.status, 401);
    assert.match(api.headers['content-type'], /^application\/problem\+json/);
    assert.doesNotMatch(api.headers['www-authenticate'], /Basic/i);
    const unknown = await request('GET', `${server.base}/api/nothing`, html);
    assert.equal(unknown.status, 404);
    assert.match(unknown.headers['content-type'], /json/);
  });

  it('makes an account, and says what is wrong with a name or a password', async () => {
    await enter('nobody');
    assert.match(page.url(), /\/login\?next=/);
    await shot('login');
    await page.click('text=Make an account');
    await signIn('Ann', 'short');
    await page.locator('[role=alert]').waitFor();
    assert.match(await page.textContent('[role=alert]'), /password/);
    assert.equal((await page.inputValue('#username')).toLowerCase(), 'ann');
    assert.equal(await page.inputValue('#password'), '', 'a password is not sent back');
    complained(problem(422));
    await shot('sign-up-refused');

    await signIn('ann');
    await page.locator('.account summary').waitFor();
    assert.equal(await page.textContent('.account summary span'), 'ann');
    assert.equal(await path(), '/');
    await page.locator('.none:visible').waitFor();
    const cookie = (await context.cookies()).find(({name}) => name === 'session');
    assert.equal(cookie.httpOnly, true);
    assert.equal(cookie.sameSite, 'Lax');
    states.ann = await context.storageState();
    await context.close();

    await enter('nobody', '/sign-up');
    await signIn('ANN');
    await page.locator('[role=alert]').waitFor();
    assert.match(await page.textContent('[role=alert]'), /taken/);
    complained(problem(409));
    await signIn('bob');
    await page.locator('.account summary').waitFor();
    states.bob = await context.storageState();
  });

  it('signs in with the right password alone, and says the same of an unknown name', async () => {
    const said = [];
    await enter('nobody', '/login');
    for (const [name, secret] of [['ann', 'wrong password'], ['nobody', password]]) {
      await signIn(name, secret);
      await eventually(() => page.inputValue('#password'), '');
      said.push(await page.textContent('[role=alert]'));
      complained(problem(401));
    }
    assert.equal(said[0], said[1]);
    await shot('login-refused');
    await signIn('ann');
    await page.locator('.account summary').waitFor();
  });

  it('leads through the sign-in to the page that was asked for', async () => {
    await enter('ann');
    const [{_id}] = await make({title: 'deep'});
    await context.close();
    await enter('nobody', `/notes/${_id}`);
    assert.equal(await path(), `/login?next=${encodeURIComponent(`/notes/${_id}`)}`);
    await signIn('ann');
    await page.locator('#title').waitFor();
    assert.equal(await path(), `/notes/${_id}`);
    assert.equal(await page.inputValue('#title'), 'deep');
    assert.equal(await page.title(), 'deep – Notes');
  });

  it('writes, changes and deletes a note: POST, then PATCH, then DELETE', async () => {
    await enter('ann');
    await page.click('text=New note');
    await write({title: 'Bread', body: 'flour\nwater', tags: 'Food,  home, food'});
    assert.equal(await state(), 'Not saved');
    await save();
    const [, id] = /^\/notes\/([0-9a-f]{24})$/.exec(await path());
    await eventually(titles, ['Bread']);
    assert.deepEqual(take(/POST|PUT|PATCH|DELETE/), ['POST /api/notes 201']);
    assert.equal(await page.inputValue('#tags'), 'food, home');

    await page.fill('#title', 'Bread & <b>butter</b>');
    await save();
    await eventually(titles, ['Bread & <b>butter</b>']);
    assert.deepEqual(take(/POST|PUT|PATCH|DELETE/), [`PATCH /api/notes/${id} 200`]);
    await shot('note');

    await page.reload();
    await page.locator('#title').waitFor();
    assert.equal(await page.inputValue('#title'), 'Bread & <b>butter</b>');
    assert.equal(await page.inputValue('#body'), 'flour\nwater');
    assert.equal(await page.locator('#list b').count(), 0, 'markup in a title is text');

    await page.click('.delete');
    await page.click('.keep');
    await page.click('.delete');
    await shot('sure');
    await page.click('.really');
    await eventually(titles, []);
    assert.equal(await path(), '/');
    assert.deepEqual(take(/POST|PUT|PATCH|DELETE/), [`DELETE /api/notes/${id} 200`]);
    await page.goBack();
    await page.locator('text=No such note').waitFor();
    complained(problem(404));
  });

  it('counts tags, lists by tag, and takes a tag from every note', async () => {
    await enter('ann');
    await make({title: 'one', tags: ['a/b', 'x']}, {title: 'two', tags: ['x']}, {title: 'three'});
    await page.reload();
    const ways = () => page.locator('.ways li').allTextContents()
      .then((all) => all.map((text) => text.trim().replace(/\s+/g, ' ')));
    await eventually(ways, ['All notes', 'a/b 1', 'x 2']);
    assert.deepEqual(take(/tags/), [], 'the page brought them along');

    await page.click('.ways >> text=a/b');
    await eventually(titles, ['one']);
    assert.equal(await path(), '/tags/a%2Fb');
    await page.click('.ways >> text=x');
    await eventually(async () => (await titles()).sort(), ['one', 'two']);
    assert.equal(await page.getAttribute('.ways [aria-current]', 'href'), '/tags/x');
    await page.reload();
    await eventually(async () => (await titles()).sort(), ['one', 'two']);
    take();

    page.once('dialog', (dialog) => dialog.accept());
    await page.click('.untag');
    await eventually(ways, ['All notes', 'a/b 1']);
    assert.deepEqual(take(/DELETE/), ['DELETE /api/tags/x 200']);
    await eventually(async () => (await titles()).sort(), ['one', 'three', 'two']);
  });

  it('searches, sorts and pages on the server', async () => {
    await enter('ann');
    await make(...Array.from({length: 45}, (_, i) => ({title: `note ${String(i).padStart(2, '0')}`,
      body: i % 9 === 0 ? 'A rare Word' : 'plain', edited: new Date(Date.UTC(2026, 0, 1, 0, i)).toISOString()})));
    await page.reload();
    await eventually(async () => (await titles()).slice(0, 2), ['note 44', 'note 43']);
    assert.equal((await titles()).length, 20);
    assert.equal(await page.textContent('.list h2 small'), '45');
    assert.match(await page.textContent('.pager'), /1 of 3/);
    await shot('list');

    await page.click('text=Next');
    await eventually(async () => (await titles())[0], 'note 24');
    assert.equal(await path(), '/?page=2');
    await page.click('text=Next');
    await eventually(async () => (await titles()).length, 5);
    assert.equal(await page.locator('.pager a').count(), 1);
    await page.goBack();
    await eventually(async () => (await titles())[0], 'note 24');

    await page.selectOption('#sort', 'title');
    await eventually(async () => (await titles())[0], 'note 00');
    await page.fill('#q', 'word RARE');
    await page.press('#q', 'Enter');
    await eventually(titles, ['note 00', 'note 09', 'note 18', 'note 27', 'note 36']);
    await page.reload();
    await eventually(async () => (await titles()).length, 5);
    assert.equal(await page.inputValue('#q'), 'word RARE');
    await page.fill('#q', 'no such thing');
    await page.press('#q', 'Enter');
    await page.locator('.none:visible').waitFor();
  });

  it('shows nothing of one user to another', async () => {
    await enter('ann');
    const [{_id}] = await make({title: 'private', body: 'secret', tags: ['mine']});
    await context.close();
    await enter('bob');
    await page.locator('.none:visible').waitFor();
    assert.doesNotMatch(await page.content(), /private|secret|mine/);
    await page.goto(`${server.base}/notes/${_id}`);
    await page.locator('text=No such note').waitFor();
    complained(problem(404));
    for (const [method, options] of [['patch', {data: {title: 'x'}}], ['put', {data: {title: 'x'}}], ['delete', {}]])
      assert.equal((await context.request[method](`${server.base}/api/notes/${_id}`, options)).status(), 404);
    assert.equal((await context.request.post(`${server.base}/api/notes`, {data: {title: 'x', owner: _id}})).status(), 422);
    const list = await context.request.get(`${server.base}/api/notes?q=secret&page=1`);
    assert.deepEqual([await list.json(), list.headers()['x-total-count']], [[], '0']);
    assert.deepEqual(await (await context.request.get(`${server.base}/api/tags`)).json(), {items: []});
    await context.close();
    await enter('ann');
    await eventually(titles, ['private']);
  });

  it('shares by role, to be read and not to be changed', async () => {
    const made = spawnSync(join(process.env.SACRUM_EXAMPLES, 'notes/notes'),
      [...database(), ...folders, '--add-user', 'tess'], {input: `${password}\n`, encoding: 'utf8', timeout: 30_000});
    assert.equal(made.status, 0, made.stderr);

    await enter('ann', '/new');
    await write({title: 'for the team', tags: 'plan'});
    await page.check('text=the team');
    await save();
    const note = await path();
    await context.close();

    await enter('bob', note);
    await page.locator('text=No such note').waitFor();
    complained(problem(404));
    await context.close();

    await enter('nobody', note);
    await signIn('tess');
    await page.locator('#title').waitFor();
    assert.equal(await page.inputValue('#title'), 'for the team');
    await page.locator('text=ann shares this note with you').waitFor();
    assert.equal(await page.getAttribute('#title', 'readonly'), '');
    assert.equal(await page.locator('.save, .delete, fieldset').count(), 0);
    await page.locator('.ways >> text=ann').click();
    await eventually(titles, ['for the team']);
    assert.match(await page.textContent('.ways'), /plan\s+1/);
    await shot('shared');
    const refused = await context.request.patch(`${server.base}/api${note}`, {data: {title: 'x'}});
    assert.equal(refused.status(), 403);
    assert.equal((await context.request.delete(`${server.base}/api/tags/plan`)).status(), 200);
    await context.close();

    await enter('ann', note);
    await page.locator('#title').waitFor();
    assert.equal(await page.inputValue('#tags'), 'plan', 'nobody takes a tag from another\'s note');
  });

  it('says at the field what is wrong with it', async () => {
    await enter('ann', '/new');
    await write({title: '', body: 'text', tags: `${'x'.repeat(31)}, ok`});
    await page.click('.save');
    await page.locator('#title-error:visible').waitFor();
    assert.equal(await page.getAttribute('#title', 'aria-invalid'), 'true');
    assert.ok(await page.textContent('#tags-error'));
    assert.equal(await page.evaluate(() => document.activeElement.id), 'title');
    complained(problem(422));
    await shot('invalid');
    await write({title: 'now', tags: 'ok'});
    await save();
    assert.equal(await page.locator('[aria-invalid]').count(), 0);
  });

  it('notices that a note was changed elsewhere, and loses neither text', async () => {
    await enter('ann');
    const [{_id}] = await make({title: 'shared fate', body: 'first'});
    const elsewhere = (body) => context.request.patch(`${server.base}/api/notes/${_id}`, {data: {body}});
    await page.goto(`${server.base}/notes/${_id}`);
    await page.locator('#body').waitFor();
    await elsewhere('theirs');
    await page.fill('#body', 'mine');
    await page.click('.save');
    await page.locator('#notice >> text=changed elsewhere').waitFor();
    assert.equal(await page.inputValue('#body'), 'mine');
    await shot('conflict');
    await page.click('text=Keep mine');
    await eventually(state, 'Saved');
    complained(problem(409));

    await elsewhere('theirs again');
    await page.fill('#body', 'mine again');
    await page.click('.save');
    await page.click('text=Show theirs');
    await eventually(() => page.inputValue('#body'), 'theirs again');
    complained(problem(409));

    await context.request.delete(`${server.base}/api/notes/${_id}`);
    await page.fill('#body', 'still here');
    await page.click('.save');
    await page.click('text=Save as a new note');
    await eventually(state, 'Saved');
    assert.notEqual(await path(), `/notes/${_id}`);
    complained(problem(404));
  });

  it('keeps what was written when the server cannot be reached, and tries again', async () => {
    await enter('ann', '/new');
    await write({title: 'far away'});
    await context.setOffline(true);
    await page.click('.save');
    await page.locator('#notice >> text=cannot be reached').waitFor();
    await shot('unreachable');
    await context.setOffline(false);
    await page.click('text=Try again');
    await eventually(state, 'Saved');
    assert.equal(await page.isVisible('#notice'), false);
    complained(/ERR_INTERNET_DISCONNECTED/);
  });

  it('keeps what was written when the session has ended, through a new sign-in', async () => {
    await enter('ann');
    const [{_id}] = await make({title: 'half done', body: 'a'});
    await page.goto(`${server.base}/notes/${_id}`);
    await page.fill('#body', 'a, b and c');
    await context.clearCookies();
    await page.click('.save');
    await page.locator('#notice >> text=session has ended').waitFor();
    assert.equal(await page.inputValue('#body'), 'a, b and c', 'the page stays as it is');
    await shot('ended');
    complained(problem(401));

    await page.click('text=Sign in again');
    assert.equal(await path(), `/login?next=${encodeURIComponent(`/notes/${_id}`)}`);
    await signIn('ann');
    await eventually(state, 'Not saved: restored from this browser');
    assert.equal(await page.inputValue('#body'), 'a, b and c');
    await save();
    await page.reload();
    await eventually(() => page.inputValue('#body'), 'a, b and c');
    assert.equal(await state(), '');
    states.ann = await context.storageState();
  });

  it('shows nothing any more after signing out, not even by the back button', async () => {
    await enter('bob');
    await make({title: 'for my eyes'});
    await page.goto(`${server.base}/`);
    await eventually(titles, ['for my eyes']);
    await page.click('text=for my eyes');
    await page.fill('#body', 'a draft');
    page.once('dialog', (dialog) => dialog.accept());
    await page.click('.account summary');
    await page.click('text=Sign out');
    await page.locator('#password').waitFor();
    for (let i = 0; i < 2; i++) {
      await page.goBack();
      await page.locator('#password').waitFor();
      assert.doesNotMatch(await page.content(), /for my eyes/);
    }
    assert.equal(await page.evaluate(() => localStorage.length), 0, 'no draft stays');
    assert.equal((await context.request.get(`${server.base}/api/notes`)).status(), 401);
    await signIn('bob');
    await page.locator('.account summary').waitFor();
    states.bob = await context.storageState();
  });

  it('can be used by the keyboard alone', async () => {
    const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.textContent.trim());
    await enter('ann');
    await page.locator('.none:visible').waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'Skip to the note');
    for (let i = 0; i < 10 && await focused() !== 'New note'; i++)
      await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await eventually(focused, 'title');
    await page.keyboard.type('typed');
    await page.keyboard.press('Tab');
    await page.keyboard.type('and saved');
    await page.keyboard.press('Control+s');
    await eventually(state, 'Saved');
    await eventually(focused, 'body');
    await page.keyboard.press('Escape');
    await eventually(path, '/');
    await page.keyboard.press('/');
    assert.equal(await focused(), 'q');
    await page.keyboard.type('typed');
    await page.keyboard.press('Enter');
    await eventually(path, '/?q=typed');
    await page.locator('#list li a').first().focus();
    await page.keyboard.press('Enter');
    await page.locator('.delete').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await eventually(titles, []);
  });

  it('fits a telephone: one thing at a time, and nothing beside it', async () => {
    await enter('ann', '/', {viewport: {width: 360, height: 640}});
    const [{_id}] = await make({title: 'long '.repeat(30), body: 'x'.repeat(300),
      tags: ['a-tag-of-thirty-characters-yes', 'b']});
    const overflow = () => page.evaluate(() => [document.documentElement, ...document.querySelectorAll('#list, #main')]
      .map((el) => el.scrollWidth - el.clientWidth).filter((n) => n > 0));
    for (const [where, seen, hidden] of [['/', '#list', '#main'], [`/notes/${_id}`, '#main', '#list'], ['/new', '#main', '#list']]) {
      await page.goto(server.base + where);
      await page.locator(`${seen} :is(h2, #title)`).first().waitFor();
      assert.equal(await page.isVisible(hidden), false);
      assert.deepEqual(await overflow(), []);
      await shot(`narrow-${seen.slice(1)}`);
    }
    await page.click('.back');
    await page.locator('#list li').first().waitFor();
    await context.close();
    for (const where of ['/login', '/sign-up', '/no/such.page']) {
      await enter('nobody', where, {viewport: {width: 360, height: 640}});
      assert.deepEqual(await overflow(), []);
      complaints.splice(0);
      await context.close();
    }
  });

  it('sends pages that no script but its own can run in', async () => {
    await enter('ann');
    const [{_id}] = await make({title: '</script><script>window.pwned=1</script>', body: '<img src=x onerror="window.pwned=2">',
      tags: ['</script><script>alert(1)']});
    const answer = await page.goto(`${server.base}/notes/${_id}`);
    await page.locator('#title').waitFor();
    assert.match(answer.headers()['content-security-policy'], /default-src 'self'/);
    assert.equal(answer.headers()['cache-control'], 'no-store');
    assert.equal(answer.headers()['x-content-type-options'], 'nosniff');
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    assert.equal(await page.locator('.ways li').count(), 2);
  });

  it('refuses what another site makes a browser send', async () => {
    await enter('ann');
    const [{_id}] = await make({title: 'stays'});
    for (const headers of [{'Sec-Fetch-Site': 'cross-site'}, {Origin: 'https://evil.example'}])
      assert.equal((await context.request.delete(`${server.base}/api/notes/${_id}`, {headers})).status(), 403);
    const token = await page.getAttribute('meta[name=csrf-token]', 'content');
    assert.equal((await context.request.delete(`${server.base}/api/notes/${_id}`,
      {headers: {'Sec-Fetch-Site': 'cross-site', 'X-CSRF-Token': token}})).status(), 200);
  });
});

describe('the table of the article\'s points', () => {
  const page = readFileSync(join(root, 'docs/guide/article.md'), 'utf8');

  it('has them all, and names tests that there are', () => {
    const rows = page.split('\n').filter((line) => /^\| A\d+ /.test(line));
    assert.equal(rows.length, 10);
    for (const row of rows) {
      const tests = row.split('|').at(-2);
      const named = [...tests.matchAll(/(\w+): ((?:“[^”]+”(?:, )?)+)/g)];
      assert.ok(named.length, row);
      for (const [, file, names] of named) {
        const text = readFileSync(join(root, 'tests/e2e', `${file}.test.mjs`), 'utf8').replaceAll("\\'", "'");
        for (const [, name] of names.matchAll(/“([^”]+)”/g))
          assert.ok(text.includes(`it('${name}'`), `${file} has no test “${name}”`);
      }
    }
  });
});
