// SPDX-License-Identifier: MIT
// The codec against npm's bson: documents of every type, each way, by way of bson2json.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {before, describe, it} from 'node:test';
import {BSON} from 'bson';

const {EJSON} = BSON;
const examples = process.env.SACRUM_EXAMPLES;
const program = join(examples, 'bson2json/bson2json');
const generate = join(examples, '../tests/generate');
const count = 10_000;
const exact = {promoteValues: false, promoteBuffers: false, bsonRegExp: true, useBigInt64: false};

const run = (file, args, input) => {
  const done = spawnSync(file, args, {input, maxBuffer: 1 << 30});
  assert.equal(done.status, 0, done.stderr?.toString());
  return done.stdout;
};

const split = bytes => {
  const out = [];
  for (let at = 0; at < bytes.length; at += bytes.readInt32LE(at))
    out.push(bytes.subarray(at, at + bytes.readInt32LE(at)));
  return out;
};

// It prints doubles as JavaScript does.
const double = (_, text) =>
  `{"$numberDouble":"${Object.is(Number(text), -0) ? '-0' : Number(text)}"}`;
const normal = text => text.replace(/\{"\$numberDouble":"([^"]*)"\}/g, double);

const lines = text => text.toString().split('\n').slice(0, -1);

describe('codec against npm bson', {skip: !existsSync(generate) && `there is no ${generate}`}, () => {
  let stream, docs;

  before(() => {
    stream = run(generate, [count]);
    docs = split(stream);
    assert.equal(docs.length, count);
  });

  const same = (got, want) => {
    assert.equal(got.length, count);
    for (let i = 0; i < count; i++) {
      let at = 0;
      while (at < got[i].length && got[i][at] === want[i][at])
        at++;
      at = Math.max(0, at - 60);
      assert.equal(got[i].slice(at, at + 160), want[i].slice(at, at + 160), `document ${i}`);
    }
  };

  it('writes what it writes', () => {
    same(lines(run(program, ['--quiet'], stream)).map(normal),
      docs.map(doc => normal(EJSON.stringify(BSON.deserialize(doc, exact), {relaxed: false}))));
  });

  it('reads what it writes', () => {
    const texts = docs.map(doc => EJSON.stringify(BSON.deserialize(doc, exact), {relaxed: false}));
    const read = split(run(program, ['--quiet', '--reverse'], texts.join('\n')));

    assert.equal(read.length, count);
    read.forEach((bytes, i) => assert.ok(bytes.equals(docs[i]), `document ${i}: ${texts[i]}`));
  });

  it('is read by it', () => {
    lines(run(program, ['--quiet'], stream)).forEach((text, i) =>
      assert.ok(docs[i].equals(BSON.serialize(EJSON.parse(text, {relaxed: false}))), text));
  });

  it('knows what it cannot hold: a DBPointer is read as a reference, undefined as null', () => {
    const text = '{"p":{"$dbPointer":{"$ref":"c","$id":{"$oid":"0123456789abcdef01234567"}}},' +
      '"u":{"$undefined":true}}';
    const bytes = run(program, ['--quiet', '--reverse'], text);

    assert.equal(run(program, ['--quiet'], bytes).toString(), text + '\n');
    assert.equal(EJSON.stringify(BSON.deserialize(bytes, exact), {relaxed: false}),
      '{"p":{"$ref":"c","$id":{"$oid":"0123456789abcdef01234567"}},"u":null}');
  });
});
