// SPDX-License-Identifier: MIT
'use strict';

const $ = (id) => document.getElementById(id);

function say(text, good = false) {
  $('notice').textContent = text;
  $('notice').classList.toggle('good', good);
  $('notice').hidden = !text;
}

/* A problem document in words. */
function words(problem) {
  const fields = Object.entries(problem.errors ?? {}).map(([name, texts]) => `${name}: ${texts.join(', ')}`);
  return fields.length ? fields.join('; ') : problem.detail ?? problem.title;
}

async function ask(method, url, body) {
  const headers = body && !(body instanceof FormData) ? {'Content-Type': 'application/json'} : {};
  const key = sessionStorage.getItem('key');
  if (key)
    headers.Authorization = `Bearer ${key}`;
  const response = await fetch(url, {
    method, headers, body: headers['Content-Type'] ? JSON.stringify(body) : body,
  });
  const json = (response.headers.get('content-type') ?? '').includes('json') ? await response.json() : null;
  if (response.status === 401) {
    const typed = prompt('The key of this service:');
    if (typed) {
      sessionStorage.setItem('key', typed);
      return ask(method, url, body);
    }
  }
  if (!response.ok)
    throw new Error(json ? words(json) : response.statusText);
  return json;
}

function cell(row, ...content) {
  const td = row.insertCell();
  td.append(...content);
  return td;
}

function anchor(href, text) {
  const a = document.createElement('a');
  a.href = href;
  a.textContent = text;
  return a;
}

function showLink(link, names) {
  const row = $('links').insertRow();
  const small = document.createElement('small');
  const remove = document.createElement('button');

  small.textContent = link.title ?? '';
  remove.type = 'button';
  remove.textContent = '×';
  remove.setAttribute('aria-label', `Remove ${link.code}`);
  remove.addEventListener('click', () =>
    act(() => ask('DELETE', `/api/links/${encodeURIComponent(link.code)}`)));
  cell(row, anchor(`/${link.code}`, link.code));
  cell(row, anchor(link.url, link.url), small);
  cell(row, names.get(link.team) ?? link.team);
  cell(row, String(link.hits ?? 0)).className = 'number';
  cell(row, remove);
}

async function show() {
  const [teams, links, report] = await Promise.all(
    [ask('GET', '/api/teams'), ask('GET', '/api/links?per_page=200'), ask('GET', '/report')]);
  const names = new Map(teams.map((team) => [team.id, team.name]));
  const chosen = $('make').elements.team.value;

  $('make').elements.team.replaceChildren(...teams.map((team) => new Option(team.name, team.id)));
  if (names.has(chosen))
    $('make').elements.team.value = chosen;
  $('links').replaceChildren();
  links.forEach((link) => showLink(link, names));
  $('none').hidden = links.length > 0;
  $('report').replaceChildren();
  for (const {name, links: n, hits, best} of report.teams) {
    const row = $('report').insertRow();
    cell(row, name);
    cell(row, String(n)).className = 'number';
    cell(row, String(hits)).className = 'number';
    cell(row, best ? anchor(`/${best}`, best) : '—');
  }
}

async function act(what) {
  say('');
  try {
    const text = await what();
    await show();
    if (typeof text === 'string')
      say(text, true);
  } catch (error) {
    say(error.message);
  }
}

const values = (form) =>
  Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ''));

$('make').addEventListener('submit', (event) => {
  event.preventDefault();
  act(async () => {
    const {path} = await ask('POST', '/api/links', values(event.target));
    ['url', 'title', 'code'].forEach((name) => { event.target.elements[name].value = ''; });
    return `It is ${location.origin}${path}`;
  });
});

$('team').addEventListener('submit', (event) => {
  event.preventDefault();
  act(async () => {
    const {name} = values(event.target);
    await ask('POST', '/api/teams', {id: name.toLowerCase().replace(/[^a-z0-9]+/g, '-'), name});
    event.target.reset();
  });
});

$('import').addEventListener('submit', (event) => {
  event.preventDefault();
  act(async () => {
    const form = new FormData(event.target);
    const query = form.has('check') ? '?check=1' : '';
    form.delete('check');
    const {read, stored} = await ask('POST', `/import${query}`, form);
    event.target.reset();
    const links = (n) => `${n} ${n === 1 ? 'link' : 'links'}`;
    return query ? `Good: ${links(read)}.` : `Imported: ${links(stored)}.`;
  });
});

act(show);
