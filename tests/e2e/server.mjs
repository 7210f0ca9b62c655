// SPDX-License-Identifier: MIT
// An example as a child process, and plain HTTP to talk to it.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import {tmpdir} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';

export const here = dirname(fileURLToPath(import.meta.url));
export const root = resolve(here, '../..');

export const temporary = (name) => mkdtempSync(join(tmpdir(), `sacrum-${name}-`));

export async function freePort() {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const {port} = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

/** The address that a child prints when it is ready. */
export function ready(child, ms = 10_000) {
  let said = '';
  return new Promise((resolve, reject) => {
    const fail = (how) => {
      clearTimeout(timer);
      reject(new Error(`the program ${how}; it said: ${said || 'nothing'}`));
    };
    const timer = setTimeout(() => fail(`was not ready after ${ms} ms`), ms);
    child.on('error', (error) => fail(`did not start (${error.message})`));
    child.on('exit', (code, signal) => fail(`ended with ${code ?? signal}`));
    child.stderr.on('data', (chunk) => { said += chunk; });
    child.stdout.on('data', (chunk) => {
      said += chunk;
      const line = /^\w+: (http:\S+)$/m.exec(said);
      if (line) {
        clearTimeout(timer);
        resolve(line[1]);
      }
    });
  });
}

/** Sends a signal and gives the exit code; a child that stays is killed and is a failure. */
export async function end(child, signal, ms = 5000) {
  let late = false;
  if (child.exitCode !== null || child.signalCode !== null)
    return child.exitCode ?? child.signalCode;
  const exit = once(child, 'exit');
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, ms);
  child.kill(signal);
  const [code, by] = await exit;
  clearTimeout(timer);
  assert.ok(!late, `still running ${ms} ms after ${signal}`);
  return code ?? by;
}

export class Server {
  /** Starts an example on a database of its own. Options: example, arguments. */
  static async start({example = 'todo', arguments: more = []} = {}) {
    const server = new Server();
    server.example = example;
    server.more = more;
    server.folder = temporary(example);
    server.port = await freePort();
    await server.run();
    return server;
  }

  get base() {
    return `http://127.0.0.1:${this.port}`;
  }

  get todos() {
    return `${this.base}/api/todos`;
  }

  async run() {
    const {SACRUM_EXAMPLES, SACRUM_VENDOR} = process.env;
    assert.ok(SACRUM_EXAMPLES && SACRUM_VENDOR, 'SACRUM_EXAMPLES and SACRUM_VENDOR must be set');
    const args = [
      '--listen', `127.0.0.1:${this.port}`,
      '--database', `lmdb:${join(this.folder, 'data.db')}`,
      '--public', join(root, 'examples', this.example, 'public'),
      ...(this.example === 'todo' ? ['--vendor', SACRUM_VENDOR] : []),
      ...this.more,
    ];
    this.child = spawn(join(SACRUM_EXAMPLES, this.example, this.example), args, {stdio: ['ignore', 'pipe', 'pipe']});
    try {
      assert.equal(await ready(this.child), `${this.base}/`);
    } catch (error) {
      this.child.kill('SIGKILL');
      throw error;
    }
  }

  async restart() {
    await this.end();
    await this.run();
  }

  async end() {
    assert.equal(await end(this.child, 'SIGTERM'), 0, 'exit code after SIGTERM');
  }

  /** Ends the program and removes its database. */
  async close() {
    try {
      await this.end();
    } finally {
      rmSync(this.folder, {recursive: true, force: true});
    }
  }
}

/**
 * One request, with exactly these headers; a body that is no string goes as JSON.
 * Gives status, headers and text, and json where the answer has any.
 */
export async function request(method, url, {headers = {}, body} = {}) {
  const json = body !== undefined && typeof body !== 'string';
  const out = http.request(url, {
    method,
    agent: false,
    headers: {...(json && {'Content-Type': 'application/json'}), ...headers},
    signal: AbortSignal.timeout(10_000),
  });
  out.end(json ? JSON.stringify(body) : body);
  const [answer] = await once(out, 'response');
  let text = '';
  for await (const chunk of answer.setEncoding('utf8'))
    text += chunk;
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text,
    json: /json/.test(answer.headers['content-type']) && text ? JSON.parse(text) : undefined,
  };
}
