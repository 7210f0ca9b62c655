// SPDX-License-Identifier: MIT
// serve: collections out of a JSON file, and databases carried from one store to another.
import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdirSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, it} from 'node:test';
import {BSON} from 'bson';
import {chromium} from 'playwright-core';
import {end, request, root, Server, temporary} from './server.mjs';

const program = join(process.env.SACRUM_EXAMPLES, 'serve/serve');
const skip = !existsSync(program) && `there is no ${program}`;
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const library = join(root, 'examples/serve/library.json');
const built = existsSync(program) && /libmongoc/.test(spawnSync(program, ['--version'], {encoding: 'utf8'}).stdout);
const mongodb = process.env.SACRUM_TEST_MONGODB_URI || process.env.SACRUM_TEST_MONGODB_JAVA;

const run = (...args) => {
  const {status, stdout, stderr} = spawnSync(program, args, {encoding: 'utf8', timeout: 60_000});
  /* The driver's own line, where a process of the same id was killed once and left its counters. */
  return {status, out: stdout, err: stderr.replace(/^.*mongoc: Falling back to malloc.*\n/m, '')};
};

const must = (...args) => {
  const done = run(...args);
  assert.equal(done.status, 0, `${args.join(' ')}: ${done.err}`);
  return done;
};

describe('serve, its configuration', {skip, timeout: 120_000}, () => {
  let folder, number = 0;

  before(() => { folder = temporary('serve'); });
  after(() => rmSync(folder, {recursive: true, force: true}));

  const refused = (text) => {
    const file = join(folder, `${number++}.json`);
    writeFileSync(file, typeof text === 'string' ? text : JSON.stringify(text, null, 1));
    const {status, err} = run('--config', file, '--database', `lmdb:${folder}/x.db`, '--listen', '127.0.0.1:0');
    assert.notEqual(status, 0, `taken: ${text}`);
    assert.ok(!err.includes('runtime error'), err);
    return err.replaceAll(file, 'FILE').trimEnd();
  };
  const fields = (of, more = {}) => ({collections: {a: {fields: of, ...more}}});

  it('is asked for', () => {
    const {status, err} = run();
    assert.equal(status, 2);
    assert.match(err, /^usage: serve --config FILE/);
    assert.match(run('--config', `${folder}/none`).err, /none: No such file/);
    assert.match(run('sing').err, /there is no command sing/);
    assert.match(run('copy', 'lmdb:a').err, /copy needs where from and where to/);
  });

  it('names the line and the column of what is no JSON', () => {
    assert.match(refused('{\n  "collections": {,}\n}'), /^serve: FILE: .*line 2.*column 19/);
    assert.match(refused(''), /^serve: FILE: /);
    assert.match(refused('[]'), /^serve: FILE: /);
  });

  it('names line and path of what is wrong', () => {
    const wrong = [
      [{}, 1, 'declares no collections'],
      [{collection: {}}, 2, 'collection: no such member; there is: .*collections'],
      [{collections: []}, 2, 'collections: must be an object'],
      [{collections: {}}, 1, 'declares no collections'],
      [{collections: {a: {}}}, 3, 'collections.a: needs "fields"'],
      [{collections: {a: {fields: [], bulk: 1}}}, 4, 'collections.a.fields: must be an object'],
      [fields({}, {bulk: 1}), 5, 'collections.a.bulk: must be true or false'],
      [fields({}, {limits: {per_page: -1}}), 6, 'collections.a.limits.per_page: must be an integer'],
      [fields({}, {limits: {per_page: 1.5}}), 6, 'collections.a.limits.per_page: must be an integer'],
      [fields({}, {methods: ['GET', 'COPY']}), 5, 'collections.a.methods: COPY is none of'],
      [fields({}, {id_type: 'serial'}), 5, 'collections.a.id_type: must be one of objectid, uuid, int, string'],
      [fields({}, {indexes: [{}]}), 6, 'collections.a.indexes\\[0\\]: has no keys'],
      [fields({}, {update_operators: ['$inc', 7]}), 7, 'update_operators\\[1\\]: must be a string'],
      [fields({t: {type: 'strnig'}}), 6, 'collections.a.fields.t.type: must be one of any, string'],
      [fields({t: {type: 'string', requird: true}}), 7, 'collections.a.fields.t.requird: no such member; there is: type, required'],
      [fields({t: {min: true}}), 6, 'fields.t.min: must be a number'],
      [fields({t: {one_of: []}}), 6, 'fields.t.one_of: must be an array of values'],
      [fields({t: {type: 'array', items: {type: 'int', max_length: 'x'}}}), 9, 'fields.t.items.max_length: must be an integer'],
      [{workers: 99999, collections: {}}, 2, 'workers: must be an integer from 0 to 10000'],
      [{log: 'loud', collections: {}}, 2, 'log: must be one of error, warning, info, debug'],
      [{cors: {origin: []}, collections: {}}, 3, 'cors.origin: no such member; there is: origins'],
    ];
    for (const [config, line, text] of wrong)
      assert.match(refused(config), new RegExp(`^serve: FILE:${line}: .*${text}`));
    assert.match(refused('{"log": "info",\n"log": "info"}'), /FILE:1: log: is there twice/);
  });

  it('passes on what the library says of a table', () => {
    assert.match(refused(fields({'a.b': {}})), /^serve: collections\.a: .*a\.b/);
    assert.match(refused(fields({a: {type: 'string', pattern: '('}})), /collections\.a: /);
    assert.match(refused(fields({a: {type: 'int', min: 'x'}})), /collections\.a: /);
  });

  it('nests no deeper than it can read', () => {
    const deep = '{"items":'.repeat(90) + '{}' + '}'.repeat(90);
    assert.match(refused(`{"collections":{"a":{"fields":{"a":${deep}}}}}`), /nested too deeply|levels|deep/);
  });

  it('says what it is made of', () => {
    const {out} = must('--version');
    assert.match(out, /^serve of sacrum \d/);
    for (const of of ['libmicrohttpd', 'LMDB', 'libbson', 'cJSON', 'PCRE2', 'OpenSSL'])
      assert.match(out, new RegExp(`^${of}.* \\d`, 'm'));
    assert.match(must('--help').out, /^usage: /);
  });
});

describe('serve, the library', {skip, timeout: 120_000}, () => {
  let server;

  before(async () => { server = await Server.start({example: 'serve', arguments: ['--config', library]}); });
  after(() => server.close());

  const ask = (method, path, options) => request(method, server.base + path, options);
  const titles = async (query) => {
    const {status, json, text} = await ask('GET', `/api/books${query}`);
    assert.equal(status, 200, text);
    return json.map(({title}) => title);
  };

  it('tells what it serves', async () => {
    const {status, json} = await ask('GET', '/api');
    assert.equal(status, 200);
    assert.deepEqual(json.collections.map(({name, path}) => [name, path]),
      [['books', '/api/books'], ['loans', '/api/loans']]);
    assert.equal(json.collections[0].fields.title.required, true);
  });

  it('takes books, many at a time, and refuses what is none', async () => {
    const books = [
      {title: 'Faust', author: 'Goethe', year: 1808, language: 'de', topics: ['devil', 'drama']},
      {title: 'Die Räuber', author: 'Schiller', year: 1781, language: 'de', topics: ['drama']},
      {title: 'Candide', author: 'Voltaire', year: 1759, language: 'fr', isbn: '9780140440041'},
      {title: 'Emma', author: 'Austen', year: 1815, shelf: {room: 'B', row: 2}},
    ];
    const made = await ask('POST', '/api/books', {body: books});
    assert.equal(made.status, 201, made.text);
    assert.equal(made.json.length, 4);
    assert.equal(made.json[3].language, 'en');
    assert.match(made.json[3].added, /^2\d{3}-.*Z$/);
    assert.equal(made.json[3].url, `${server.base}/api/books/${made.json[3]._id}`);

    const bad = {title: '', year: 1200, language: 'xx', isbn: '1', shelf: {}, added: 'x', color: 1};
    const refused = await ask('POST', '/api/books', {body: bad});
    assert.equal(refused.status, 422);
    assert.deepEqual(Object.keys(refused.json.errors).sort(),
      ['added', 'author', 'color', 'isbn', 'language', 'shelf.room', 'title', 'year']);
    const twice = await ask('POST', '/api/books', {body: {...books[2], title: 'Again'}});
    assert.equal(twice.status, 409);
  });

  it('reads, replaces, changes and removes one', async () => {
    const body = {title: 'Woyzeck', author: 'Büchner', year: 1836};
    const {json: {_id}} = await ask('POST', '/api/books', {body});
    const path = `/api/books/${_id}`;
    assert.equal((await ask('GET', path)).json.author, 'Büchner');
    assert.equal((await ask('PATCH', path, {body: {year: 1837}})).json.year, 1837);
    assert.equal((await ask('PUT', path, {body: {title: 'Lenz', author: 'Büchner'}})).json.year, undefined);
    const headers = {'Content-Type': 'application/vnd.sacrum.update+json'};
    const changed = await ask('PATCH', path, {headers, body: '{"$push": {"topics": "snow"}}'});
    assert.equal(changed.status, 200, changed.text);
    assert.deepEqual(changed.json.topics, ['snow']);
    assert.equal((await ask('PATCH', path, {headers, body: '{"$set": {"title": "x"}}'})).status, 400);
    assert.equal((await ask('DELETE', path)).status, 200);
    assert.equal((await ask('GET', path)).status, 404);
  });

  it('filters, sorts, searches and pages', async () => {
    assert.deepEqual(await titles('?year[gte]=1800&sort=-year'), ['Emma', 'Faust']);
    assert.deepEqual(await titles('?language=de&sort=title'), ['Die Räuber', 'Faust']);
    assert.deepEqual(await titles('?topics=drama&sort=author,-year'), ['Faust', 'Die Räuber']);
    assert.deepEqual(await titles('?shelf.room=B'), ['Emma']);
    assert.deepEqual(await titles('?q=volt'), ['Candide']);
    assert.deepEqual(await titles(`?sort=year&where=${encodeURIComponent('{"year": {"$lt": 1800}}')}`),
      ['Candide', 'Die Räuber']);
    assert.deepEqual(await titles('?title[regex]=^E'), ['Emma']);
    const page = await ask('GET', '/api/books?sort=year&per_page=3');
    assert.equal(page.headers['x-total-count'], '4');
    assert.match(page.headers.link, /rel="?next"?/);
    assert.equal((await ask('GET', '/api/books?color=1')).status, 400);
    assert.equal((await ask('GET', '/api/books?per_page=101')).status, 400);
  });

  it('keeps the second collection by its own rules', async () => {
    const [{_id: book}] = (await ask('GET', '/api/books?title=Faust')).json;
    const loan = {book, reader: 'Anna', due: '2099-01-01T00:00:00Z'};
    const made = await ask('POST', '/api/loans', {body: loan});
    assert.equal(made.status, 201, made.text);
    assert.match(made.json.id, /^[0-9a-f]{8}-[0-9a-f]{4}-/);
    assert.equal(made.json.returned, false);
    const path = `/api/loans/${made.json.id}`;
    assert.equal((await ask('PATCH', path, {body: {returned: true}})).status, 428);
    const headers = {'If-Match': made.headers.etag};
    const changed = await ask('PATCH', path, {headers, body: {returned: true}});
    assert.equal(changed.json.returned, true);
    assert.notEqual(changed.json._rev, made.json._rev);
    assert.equal((await ask('PATCH', path, {headers, body: {returned: false}})).status, 412);
  });

  it('made the indexes that the file declares', async () => {
    await server.end();
    const {out} = must('indexes', `lmdb:${server.folder}/data.db`);
    for (const line of ['books: author_1_year_-1: author,-year', 'books: isbn_1: isbn, unique, sparse',
      'books: title_1: title', 'books: topics_1: topics', 'loans: book_1: book',
      'loans: due_1: due, expires 31536000 s later'])
      assert.ok(out.split('\n').includes(line), `${line}\n${out}`);
    const checked = must('check', `lmdb:${server.folder}/data.db`).out;
    assert.match(checked, /^books: 4 documents$/m);
    assert.match(checked, /All documents are sound/);
    await server.run();
  });

  it('shows itself in a browser', {skip: !existsSync(executablePath) && `there is no ${executablePath}`}, async () => {
    const browser = await chromium.launch({executablePath, args: ['--no-sandbox']});
    try {
      const page = await browser.newPage({viewport: {width: 1000, height: 1300}});
      const problems = [];
      page.on('pageerror', (error) => problems.push(error.message));
      page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
      await page.goto(server.base);
      await page.getByText('4 documents').waitFor();
      await page.locator('#answer').getByText('"Goethe"').waitFor();
      if (process.env.SACRUM_SHOTS)
        await page.screenshot({path: join(process.env.SACRUM_SHOTS, 'serve.png'), fullPage: true});
      await page.getByRole('button', {name: /^POST/}).click();
      await page.getByRole('button', {name: 'Send'}).click();
      await page.getByText('201').waitFor();
      await page.getByText('5 documents').waitFor();
      await page.getByRole('tab', {name: 'loans'}).click();
      await page.getByText('1 document', {exact: true}).waitFor();
      assert.deepEqual(problems, []);
    } finally {
      await browser.close();
    }
  });
});

describe('serve, from store to store', {skip, timeout: 300_000}, () => {
  const count = 120_000;
  let folder;

  const uri = (name) => `lmdb:${join(folder, name)}`;
  const summary = ({out}) => /^serve: (\d+) collections, (\d+) documents \((\d+) written now\), (\d+) indexes.*, checksum ([0-9a-f]{16})$/m.exec(out);

  before(() => {
    folder = temporary('carry');
    mkdirSync(join(folder, 'dump/shop'), {recursive: true});
    const docs = Array.from({length: count}, (_, i) => BSON.serialize({_id: i, name: `number ${i}`, odd: i % 2 === 1}));
    writeFileSync(join(folder, 'dump/shop/numbers.bson'), Buffer.concat(docs));
    writeFileSync(join(folder, 'dump/shop/numbers.metadata.json'), JSON.stringify({indexes: [
      {v: 2, key: {_id: 1}, name: '_id_'}, {v: 2, key: {odd: 1, name: -1}, name: 'odd and name'},
      {v: 2, key: {place: '2dsphere'}, name: 'places', '2dsphereIndexVersion': 3}]}));
    writeFileSync(join(folder, 'dump/shop/words.bson'), BSON.serialize({_id: 'a', n: 1}));
  });
  after(() => rmSync(folder, {recursive: true, force: true}));

  it('restores a dump and says what it leaves out', () => {
    const done = must('restore', join(folder, 'dump'), uri('a.db'));
    assert.deepEqual(summary(done).slice(1, 5), ['2', String(count + 1), String(count + 1), '1']);
    assert.match(done.out, /\(1 left out\)/);
    assert.match(done.err, /numbers: index places is left out/);
    assert.match(done.err, /^serve: numbers: copying$/m);
    assert.match(done.err, /^serve: numbers: comparing/m);
    assert.match(must('check', uri('a.db')).out, new RegExp(`^numbers: ${count} documents$`, 'm'));
    assert.match(must('indexes', uri('a.db')).out, /^numbers: odd and name: odd,-name$/m);
  });

  it('copies, once', () => {
    const from = summary(must('copy', uri('a.db'), uri('b.db')));
    assert.equal(Number(from[2]), count + 1);
    const again = run('copy', uri('a.db'), uri('b.db'));
    assert.equal(again.status, 1);
    assert.match(again.err, /the target holds 120000 documents; --resume goes on/);
    const resumed = summary(must('copy', uri('a.db'), uri('b.db'), '--resume'));
    assert.deepEqual([resumed[3], resumed[5]], ['0', from[5]]);
    assert.deepEqual(summary(must('copy', uri('a.db'), uri('c.db'), '--collections', 'words', '--no-indexes')).slice(1, 5),
      ['1', '1', '1', '0']);
  });

  for (const signal of ['SIGINT', 'SIGKILL']) {
    it(`goes on after ${signal} in the middle`, async () => {
      const target = uri(`${signal}.db`);
      const child = spawn(program, ['copy', uri('a.db'), target], {stdio: ['ignore', 'pipe', 'pipe']});
      for (let said = ''; !said.includes('numbers: copying');)
        said += (await once(child.stderr, 'data'))[0];
      const how = await end(child, signal);
      assert.equal(how, signal === 'SIGINT' ? 1 : signal);
      const done = summary(must('copy', uri('a.db'), target, '--resume'));
      assert.equal(Number(done[2]), count + 1);
      assert.ok(Number(done[3]) > 1, `all was there already: ${done[0]}`);
      assert.equal(done[5], summary(must('copy', uri('a.db'), uri('b.db'), '--resume'))[5]);
    });
  }

  it('dumps and restores, each name by itself', () => {
    const dumped = must('dump', uri('a.db'), join(folder, 'out'));
    assert.match(dumped.out, new RegExp(`in ${folder}/out/a$`, 'm'));
    assert.deepEqual(readdirSync(join(folder, 'out/a')).sort(),
      ['numbers.bson', 'numbers.metadata.json', 'words.bson', 'words.metadata.json']);
    const back = must('restore', join(folder, 'out'), uri('d.db'));
    assert.equal(summary(back)[5], summary(dumped)[5]);
    must('dump', uri('c.db'), join(folder, 'out'), '--database', 'small');
    assert.match(run('restore', join(folder, 'out'), uri('e.db')).err, /several databases: name one with --database/);
    must('restore', join(folder, 'out'), uri('e.db'), '--database', 'small');
  });

  it('names what it cannot read or open', () => {
    writeFileSync(join(folder, 'out/small/words.bson'), 'short');
    assert.match(run('restore', join(folder, 'out'), uri('f.db'), '--database', 'small').err,
      /words\.bson: byte 0: /);
    assert.match(run('check', 'mysql://secret@host/x').err, /a database is lmdb:FILE/);
    assert.ok(!run('check', 'mysql://secret@host/x').err.includes('secret'));
    assert.match(run('copy', uri('none/none.db'), uri('g.db')).err, /none/);
  });

  it('grows to MongoDB and comes back', {skip: !(built && mongodb) && 'no SACRUM_TEST_MONGODB_JAVA or no libmongoc'}, () => {
    const [, hosts, options] = /^([^:]+:\/\/[^/?]+)[^?]*(\?.*)?$/.exec(mongodb);
    const name = `${hosts}/sacrum_test_serve_${process.pid}${options ?? ''}`;
    const to = summary(must('copy', uri('c.db'), name));
    assert.equal(to[2], '1');
    const dump = join(folder, 'mongo');
    assert.equal(summary(must('dump', name, dump))[5], to[5]);
    assert.equal(summary(must('copy', name, uri('home.db')))[5], to[5]);
    assert.equal(summary(must('copy', uri('c.db'), uri('home.db'), '--resume'))[3], '0');
  });
});
