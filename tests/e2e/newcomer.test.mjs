// SPDX-License-Identifier: MIT
// The first command of somebody new: examples/run.
import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import {mkdirSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, it} from 'node:test';
import {end, freePort, ready, request, root, temporary} from './server.mjs';

const command = join(root, 'examples/run');
const building = 10 * 60_000;

describe('examples/run', {timeout: building}, () => {
  let folder, cwd;

  before(() => {
    folder = temporary('newcomer');
    cwd = join(folder, 'a folder with spaces');
    mkdirSync(cwd);
  });
  after(() => rmSync(folder, {recursive: true, force: true}));

  function isAlive(pid) {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  }

  async function run(database, test) {
    const port = await freePort();
    // a process group of its own shows what it leaves behind
    const child = spawn(command, ['--listen', `127.0.0.1:${port}`, '--database', database],
      {cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe']});
    let errors = '';
    child.stderr.on('data', (chunk) => { errors += chunk; });
    try {
      const address = await ready(child, building);
      assert.equal(address, `http://127.0.0.1:${port}/`);
      await test(address);
      assert.equal(await end(child, 'SIGINT'), 0);
      assert.equal(isAlive(-child.pid), false, 'no process is left');
      await assert.rejects(request('GET', address), {code: 'ECONNREFUSED'});
      return errors;
    } finally {
      if (isAlive(-child.pid))
        process.kill(-child.pid, 'SIGKILL');
    }
  }

  it('serves the app, its libraries and its API, and stops at Ctrl-C', () =>
    run(`lmdb:${join(cwd, 'todo.db')}`, async (address) => {
      const page = await request('GET', address);
      assert.equal(page.status, 200);
      assert.match(page.headers['content-type'], /^text\/html/);
      assert.equal(page.text, readFileSync(join(root, 'examples/todo/public/index.html'), 'utf8'));

      for (const name of ['jquery', 'underscore', 'backbone']) {
        const script = await request('GET', `${address}vendor/${name}.js`);
        assert.equal(script.status, 200);
        assert.match(script.headers['content-type'], /javascript/);
      }

      const list = await request('GET', `${address}api/todos`);
      assert.equal(list.status, 200);
      assert.deepEqual(list.json, []);
      assert.equal((await request('POST', `${address}api/todos`, {body: {title: 'a'}})).status, 201);
    }));

  it('finds the data again when it is run again, and then has nothing to say', async () => {
    const errors = await run('lmdb:todo.db', async (address) => {
      const {json} = await request('GET', `${address}api/todos`);
      assert.deepEqual(json.map(({title}) => title), ['a']);
    });
    assert.equal(errors, '');
  });

  for (const [args, named] of [
    [['--listen'], '--listen'],
    [['--listen', '8080'], '--listen'],
    [['--listen', '127.0.0.1:70000'], '--listen'],
    [['--database', 'todo.db'], '--database'],
    [['--origin', 'example.org'], '--origin'],
    [['--frobnicate'], '--frobnicate'],
    [['no such example'], 'no such example'],
    [['todo', 'todo'], 'todo'],
  ]) {
    it(`refuses ${args.join(' ')}, naming it`, () => {
      const {status, stdout, stderr} = spawnSync(command, args, {cwd, encoding: 'utf8', timeout: 10_000});
      assert.equal(status, 2);
      assert.equal(stdout, '');
      assert.ok(stderr.includes(named), stderr);
    });
  }

  it('lists the examples that there are when asked for another', () => {
    const {stderr} = spawnSync(command, ['nonsense'], {cwd, encoding: 'utf8', timeout: 10_000});
    assert.match(stderr, /\btodo\b/);
  });

  it('says how it is used', () => {
    const {status, stdout} = spawnSync(command, ['--help'], {cwd, encoding: 'utf8', timeout: 10_000});
    assert.equal(status, 0);
    for (const option of ['--listen', '--database', '--origin'])
      assert.ok(stdout.includes(option));
  });
});
