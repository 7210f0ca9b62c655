// SPDX-License-Identifier: MIT
'use strict';

const $ = (id) => document.getElementById(id);
const form = $('ask');
const {method, url, body} = form.elements;

function element(name, text, className = '') {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}

/* What a field's rules say, as [text, whether it is a promise of the server's]. */
function rules(field) {
  const said = [];
  for (const name of ['required', 'unique', 'indexed', 'searchable'])
    if (field[name])
      said.push([name, true]);
  for (const name of ['nullable', 'read_only', 'write_once', 'secret', 'sparse', 'unfiltered', 'open'])
    if (field[name])
      said.push([name.replace('_', ' ')]);
  if (field.one_of)
    said.push([field.one_of.join(' | ')]);
  for (const [name, sign] of [['min', '≥'], ['max', '≤'], ['min_length', 'length ≥'], ['max_length', 'length ≤']])
    if (field[name] !== undefined)
      said.push([`${sign} ${field[name]}`]);
  if (field.pattern)
    said.push([`/${field.pattern}/`]);
  if (field.default !== undefined)
    said.push([`default ${JSON.stringify(field.default)}`]);
  if (field.expires !== undefined)
    said.push([`gone ${field.expires} s later`]);
  if (field.computed)
    said.push(['computed']);
  return said;
}

function type(field) {
  if (field.type === 'array')
    return field.items ? `array of ${type(field.items)}` : 'array';
  return field.type ?? (field.computed === 'url' ? 'url' : 'any');
}

/* Fields with those of documents in them, by dotted names. */
function* rows(fields, before = '') {
  for (const [name, field] of Object.entries(fields ?? {})) {
    yield [before + name, field];
    yield* rows(field.fields, `${before}${name}.`);
    yield* rows(field.items?.fields, `${before}${name}.`);
  }
}

/* A value that a field takes. */
function sample(field) {
  if (field.default !== undefined && !/\(\)$/.test(field.default))
    return field.default;
  if (field.one_of)
    return field.one_of[0];
  switch (field.type) {
    case 'bool': return false;
    case 'int': case 'int64': case 'double': return Number(field.min ?? field.max ?? 1);
    case 'decimal': return '1.00';
    case 'date': return new Date().toISOString();
    case 'objectid': return '0123456789abcdef01234567';
    case 'uuid': return crypto.randomUUID?.() ?? '00000000-0000-4000-8000-000000000000';
    case 'binary': return 'AAAA';
    case 'array': return [];
    case 'document': return document_of(field.fields);
    default: return 'text';
  }
}

function document_of(fields, all = false) {
  return Object.fromEntries(Object.entries(fields ?? {})
    .filter(([, field]) => !field.computed && !field.read_only && (all || field.required))
    .map(([name, field]) => [name, sample(field)]));
}

const least = (field) => field.min ?? (field.type === 'date' ? '2026-01-01' : 0);

function* examples({path, id_key = '_id', id_type, fields, update_operators: operators}, id) {
  const all = Object.entries(fields ?? {}).filter(([, f]) => !f.computed && !f.secret && !f.unfiltered);
  const number = all.find(([, f]) => ['int', 'int64', 'double', 'date'].includes(f.type));
  const text = all.find(([, f]) => f.type === 'string');
  const made = document_of(fields);

  if (id_type === 'string' || id_type === 'int')
    made[id_key] = id_type === 'int' ? 1 : 'one';
  yield ['GET', `${path}?per_page=10`, 'a page, with its links and the count'];
  if (number && text)
    yield ['GET', `${path}?${number[0]}[gte]=${least(number[1])}&sort=-${number[0]},${text[0]}`,
      'a filter and an order'];
  if (all.some(([, f]) => f.searchable))
    yield ['GET', `${path}?q=text`, 'words, in the searchable fields'];
  if (text)
    yield ['GET', `${path}?where=${JSON.stringify({[text[0]]: {$in: ['a', 'b']}})}`, 'as MongoDB filters'];
  yield ['POST', path, 'a new one', made];
  if (text)
    yield ['PATCH', `${path}/${id}`, 'some fields of one', {[text[0]]: sample(text[1])}];
  if (operators?.includes('$inc') && number && number[1].type !== 'date')
    yield ['PATCH', `${path}/${id}`, `with ${operators.join(' ')}`, {$inc: {[number[0]]: 1}}];
  yield ['DELETE', `${path}/${id}`, 'one'];
}

function fill(how, where, what) {
  method.value = how;
  url.value = where;
  body.hidden = !['POST', 'PUT', 'PATCH'].includes(how);
  if (what)
    body.value = JSON.stringify(what, null, 2);
}

async function show(collection) {
  const id = await look(collection) ?? 'ID';

  $('about').hidden = false;
  $('path').textContent = collection.path;
  $('description').textContent = collection.description ?? '';
  $('fields').replaceChildren();
  for (const [name, field] of rows(collection.fields)) {
    const row = $('fields').insertRow();
    row.insertCell().append(element('code', name));
    row.insertCell().textContent = type(field);
    row.insertCell().append(...rules(field).map(([text, strong]) => element('span', text, strong ? 'chip strong' : 'chip')));
  }
  if (collection.open)
    $('fields').insertRow().insertCell().append(element('span', 'any other field', 'chip'));
  $('examples').replaceChildren(...[...examples(collection, id)].map(([how, where, why, what]) => {
    const button = element('button', '');
    button.type = 'button';
    button.append(element('b', how), ` ${where}  `, element('small', why));
    button.addEventListener('click', () => fill(how, where, what));
    return button;
  }));
  for (const tab of $('tabs').children)
    tab.setAttribute('aria-selected', String(tab.textContent === collection.name));
  fill('GET', `${collection.path}?per_page=10`);
}

/* Shows how many there are, and gives the id of one. */
async function look({path, id_key = '_id'}) {
  const response = await fetch(`${path}?per_page=1&count=exact`);
  const total = response.headers.get('X-Total-Count');
  $('count').textContent = total === null ? '' : `${total} ${total === '1' ? 'document' : 'documents'}`;
  return response.ok ? (await response.json())[0]?.[id_key] : undefined;
}

let shown;

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const began = performance.now();
  const options = {method: method.value};
  if (!body.hidden && body.value.trim()) {
    options.body = body.value;
    options.headers = {'Content-Type': /^\s*\{\s*"\$/.test(body.value)
      ? 'application/vnd.sacrum.update+json' : 'application/json'};
  }
  try {
    const response = await fetch(url.value, options);
    const text = await response.text();
    const json = (response.headers.get('Content-Type') ?? '').includes('json') && text;
    $('status').textContent = `${response.status} ${response.statusText}, ${(performance.now() - began).toFixed(0)} ms`;
    $('status').className = response.ok ? '' : 'bad';
    $('answer').textContent = json ? JSON.stringify(JSON.parse(text), null, 2) : text;
    await look(shown);
  } catch (error) {
    $('status').textContent = error.message;
    $('status').className = 'bad';
    $('answer').textContent = '';
  }
  $('status').hidden = false;
  $('answer').hidden = !$('answer').textContent;
});

method.addEventListener('change', () => { body.hidden = !['POST', 'PUT', 'PATCH'].includes(method.value); });

async function start() {
  const {collections} = await (await fetch('/api')).json();
  $('tabs').replaceChildren(...collections.map((collection) => {
    const tab = element('button', collection.name);
    tab.type = 'button';
    tab.setAttribute('role', 'tab');
    tab.addEventListener('click', () => show(shown = collection));
    return tab;
  }));
  await show(shown = collections[0]);
  form.requestSubmit();
}

start();
