// SPDX-License-Identifier: MIT
// The short links, by HTTP and in Chromium.
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {existsSync, readFileSync} from 'node:fs';
import http from 'node:http';
import {join} from 'node:path';
import {pipeline} from 'node:stream/promises';
import {after, before, describe, it} from 'node:test';
import {chromium} from 'playwright-core';
import {request, Server} from './server.mjs';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const skip = !existsSync(executablePath) && `there is no ${executablePath}`;
const head = 'code,url,title,team,hits\r\n';

describe('custom_view', {timeout: 120_000}, () => {
  let server;

  before(async () => { server = await Server.start({example: 'custom_view'}); });
  after(() => server.close());

  const ask = (method, path, options) => request(method, server.base + path, options);
  const csv = (path, text) => ask('POST', path, {headers: {'Content-Type': 'text/csv'}, body: text});

  it('takes a team, which links need', async () => {
    const refused = await ask('POST', '/api/links', {body: {url: 'https://a.example/', team: 'post'}});
    assert.equal(refused.status, 422);
    assert.deepEqual(refused.json.errors, {team: ['there is no such team']});
    assert.equal((await ask('POST', '/api/teams', {body: {id: 'post', name: 'The post'}})).status, 201);
    assert.equal((await ask('POST', '/api/teams', {body: {id: 'aid', name: 'First aid'}})).status, 201);
  });

  it('makes a code, or takes one', async () => {
    const made = await ask('POST', '/api/links', {body: {url: 'https://a.example/', team: 'post'}});
    assert.equal(made.status, 201);
    assert.match(made.json.code, /^[a-z0-9]{6}$/);
    assert.equal(made.headers.location, `/${made.json.code}`);

    const body = {url: 'https://b.example/x?y=1', team: 'post', code: 'b', title: 'A "b"'};
    assert.deepEqual((await ask('POST', '/api/links', {body})).json, {code: 'b', path: '/b'});
    assert.equal((await ask('POST', '/api/links', {body})).status, 409);
    for (const code of ['a/b', 'api', 'x'.repeat(33), 'ü'])
      assert.ok((await ask('POST', '/api/links', {body: {...body, code}})).json.errors.code);
  });

  it('names every field that is wrong', async () => {
    const {status, json} = await ask('POST', '/api/links', {body: {url: 'javascript:alert(1)', color: 1}});
    assert.equal(status, 422);
    assert.deepEqual(Object.keys(json.errors).sort(), ['color', 'team', 'url']);
  });

  it('takes the form of a page without a script', async () => {
    const headers = {'Content-Type': 'application/x-www-form-urlencoded'};
    const made = await ask('POST', '/api/links',
      {headers, body: 'url=https%3A%2F%2Fc.example%2F&title=&code=c&team=post'});
    assert.equal(made.status, 303);
    assert.equal(made.headers.location, '/');
    assert.equal((await ask('POST', '/api/links', {headers, body: 'url=x&team=post'})).status, 422);
  });

  it('redirects, and counts everybody once', async () => {
    const answers = await Promise.all(Array.from({length: 50}, () => ask('GET', '/b')));
    assert.ok(answers.every(({status, headers}) =>
      status === 302 && headers.location === 'https://b.example/x?y=1'));
    assert.equal((await ask('GET', '/api/links/b')).json.hits, 50);
    assert.equal((await ask('GET', '/none')).status, 404);
  });

  it('leaves counters alone that a client sends back', async () => {
    const link = (await ask('GET', '/api/links/b')).json;
    assert.equal((await ask('PUT', '/api/links/b', {body: {...link, title: 'B'}})).status, 200);
    assert.equal((await ask('PUT', '/api/links/b', {body: {...link, hits: 1}})).status, 422);
  });

  it('says of a removed link that it was there', async () => {
    assert.equal((await ask('DELETE', '/api/links/c')).status, 200);
    assert.equal((await ask('GET', '/c')).status, 410);
    assert.equal((await ask('DELETE', '/api/links/c')).status, 404);
  });

  it('joins teams and links', async () => {
    const {json} = await ask('GET', '/report?min_hits=1');
    assert.deepEqual(json, {
      teams: [
        {team: 'aid', name: 'First aid', links: 0, hits: 0, best: null},
        {team: 'post', name: 'The post', links: 1, hits: 50, best: 'b'},
      ],
      homeless: 0,
    });
    assert.equal((await ask('GET', '/report?min_hits=x')).json.code, 'bad_parameter');
  });

  it('takes CSV in, and gives the same back', async () => {
    const table = `${head}"q1","https://q.example/","with ""quotes"", and\r\na line","aid",3\r\n` +
      '"q2","https://q.example/2","ünïcode","aid",0\r\n';
    assert.deepEqual((await csv('/import?check=1', table)).json, {read: 2, stored: 0});
    assert.equal((await ask('GET', '/api/links/q1')).status, 404);
    assert.deepEqual((await csv('/import', table)).json, {read: 2, stored: 2});
    const got = await ask('GET', '/links.csv');
    assert.equal(got.headers['content-type'], 'text/csv; charset=utf-8');
    assert.match(got.headers['content-disposition'], /^attachment; filename="links.csv"/);
    assert.ok(got.text.startsWith(head));
    assert.ok(got.text.includes(table.slice(head.length)));
  });

  it('takes columns in any order, without those that may be missing', async () => {
    assert.deepEqual((await csv('/import', 'team,code,url\naid,r1,http://r.example/')).json,
      {read: 1, stored: 1});
    assert.equal((await ask('GET', '/api/links/r1')).json.hits, 0);
  });

  it('says which record of a table is wrong', async () => {
    const good = 's1,https://s.example/,,aid,0\r\n';
    for (const [text, says] of [
      ['code,adress\r\n', /record 1: the first line names the columns/],
      [`${head}${good}b b,https://s.example/,,aid,0\r\n`, /record 3: code/],
      [`${head}s2,ftp://s.example/,,aid,0\r\n`, /record 2: url/],
      [`${head}s2,https://s.example/,,aid,many\r\n`, /record 2: hits/],
      [`${head}s2,https://s.example/,,aid,99999999999999999999\r\n`, /record 2: hits/],
      [`${head}s2,https://s.example/,,aid\r\n`, /record 2: it has fewer fields/],
      [`${head}s2,https://s.example/,,aid,0,1\r\n`, /record 2: it has more fields/],
      [`${head}s2,https://s.example/,"open`, /record 2: its quotes/],
      [`${head}s2,https://s.example/,${'x'.repeat(300_000)},aid,0\r\n`, /record 2: it is too long/],
      [`${head}${good}${good}`, /record 3: its code is taken; 0 links were stored/],
      [`${head}${good}q1,https://s.example/,,aid,0\r\n`, /record 3: its code is taken/],
    ]) {
      const {status, json} = await csv('/import', text);
      assert.equal(status, 422, text.slice(0, 80));
      assert.match(json.detail, says);
    }
    assert.equal((await ask('GET', '/api/links/s1')).status, 404, 'nothing of a refused batch is stored');
    const latin = Buffer.from(`${head}s2,https://s.example/,\xfc,aid,0\r\n`, 'latin1');
    assert.match(JSON.parse((await send('/import', [latin])).text).detail, /record 2: it is not UTF-8/);
    assert.equal((await ask('POST', '/import', {body: {}})).status, 415);
  });

  /** Posts pieces of CSV as they come. */
  async function send(path, pieces) {
    const out = http.request(server.base + path, {method: 'POST', headers: {'Content-Type': 'text/csv'}});
    const [[answer]] = await Promise.all([once(out, 'response'), pipeline(pieces, out)]);
    let text = '';
    for await (const chunk of answer)
      text += chunk;
    return {status: answer.statusCode, text};
  }

  /** Records by the megabyte, as they are asked for. */
  async function* records(bytes) {
    const title = 'x'.repeat(150);
    yield Buffer.from(head);
    for (let n = 0, made = 0; made < bytes;) {
      let text = '';
      while (text.length < 1 << 16) {
        text += `z${String(n).padStart(8, '0')},https://z.example/${n},${title},aid,${n % 10}\r\n`;
        n++;
      }
      made += text.length;
      yield Buffer.from(text);
    }
  }

  const peak = () =>
    Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1]) / 1024;
  const anonymous = () =>
    Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1]) / 1024;

  it('takes 100 MB in and gives them back in constant memory', {timeout: 110_000}, async () => {
    const size = 100_000_000;
    const before = anonymous();
    let most = before;
    const watch = setInterval(() => { most = Math.max(most, anonymous()); }, 20);
    const {status, text} = await send('/import', records(size));
    assert.equal(status, 200, text);
    const {stored} = JSON.parse(text);
    assert.ok(stored > 400_000);

    const answer = await new Promise((resolve, reject) =>
      http.get(`${server.base}/links.csv`, resolve).on('error', reject));
    let got = 0;
    for await (const chunk of answer)
      got += chunk.length;
    clearInterval(watch);
    assert.ok(got > size, `${got} bytes`);
    assert.ok(most - before < 16, `${before} MiB before, ${most} at most; with the file's pages ${peak()}`);
  });

  it('wants its key where it was given one', async () => {
    const locked = await Server.start({example: 'custom_view', arguments: ['--key', 'open sesame']});
    const team = (authorization) => request('POST', `${locked.base}/api/teams`,
      {headers: authorization ? {Authorization: authorization} : {}, body: {id: 'a', name: 'A'}});
    try {
      for (const wrong of [undefined, 'Bearer', 'Bearer ', 'Bearer open', 'Bearer open sesame!', 'Basic open sesame'])
        assert.equal((await team(wrong)).status, 401);
      assert.equal((await team()).headers['www-authenticate'], 'Bearer');
      assert.equal((await team('Bearer open sesame')).status, 201);
      assert.equal((await request('GET', `${locked.base}/api/teams`)).status, 200);
      assert.equal((await request('POST', `${locked.base}/import`,
        {headers: {'Content-Type': 'text/csv'}, body: head})).status, 401);
    } finally {
      await locked.close();
    }
  });
});

describe('the page of custom_view', {timeout: 60_000, skip}, () => {
  let server, browser, page;
  const complaints = [];

  before(async () => {
    server = await Server.start({example: 'custom_view'});
    browser = await chromium.launch({executablePath, args: ['--no-sandbox', '--disable-gpu'], headless: true});
    page = await browser.newPage({viewport: {width: 900, height: 900}});
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error')
        complaints.push(message.text());
    });
    await page.goto(server.base);
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  async function shot(name) {
    if (process.env.SACRUM_SHOTS)
      await page.screenshot({path: join(process.env.SACRUM_SHOTS, `${name}.png`), fullPage: true});
  }

  it('makes, shows and removes links', async () => {
    await page.fill('#team input', 'The Post');
    await page.click('#team button');
    await page.locator('#make option').waitFor({state: 'attached'});
    await page.fill('#make [name=url]', 'https://example.org/a/long/address');
    await page.fill('#make [name=title]', 'An <b>example</b>');
    await page.fill('#make [name=code]', 'ex');
    await page.click('#make button');
    await page.locator('#notice.good').waitFor();
    assert.equal(await page.textContent('#notice'), `It is ${server.base}/ex`);
    assert.equal(await page.textContent('#links small'), 'An <b>example</b>');

    await page.setInputFiles('#import [type=file]', {
      name: 'links.csv', mimeType: 'text/csv',
      buffer: Buffer.from(`${head}im,https://example.com/,imported,the-post,7\r\n`),
    });
    await page.click('#import button');
    await page.getByText('Imported: 1 link.').waitFor();
    assert.deepEqual(await page.locator('#report td').allTextContents(), ['The Post', '2', '7', 'im']);
    await shot('custom_view');
    await page.setViewportSize({width: 360, height: 800});
    await shot('custom_view-narrow');

    await page.click('[aria-label="Remove ex"]');
    await page.locator('#links tr').nth(1).waitFor({state: 'detached'});
    assert.deepEqual(complaints, []);
  });

  it('shows what a server refuses', async () => {
    await page.fill('#make [name=url]', 'https://example.org/');
    await page.fill('#make [name=code]', 'report');
    await page.click('#make button');
    await page.locator('#notice:not(.good):visible').waitFor();
    assert.match(await page.textContent('#notice'), /^code: /);
  });
});
