// SPDX-License-Identifier: MIT
// Backbone and its companions, run as a page of the server would run them.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {JSDOM} from 'jsdom';
import {here} from './server.mjs';

/** A window at `base` in which these files of node_modules have been run. */
export function openWindow(base, scripts) {
  const {window} = new JSDOM('<!DOCTYPE html>', {url: base, runScripts: 'outside-only'});
  window.fetch = (url, options) => fetch(new URL(url, base), options);
  for (const script of scripts)
    window.eval(readFileSync(join(here, 'node_modules', script), 'utf8'));
  return window;
}

export function defineTodos({Backbone}, url = '/api/todos') {
  const Todo = Backbone.Model.extend({idAttribute: '_id', urlRoot: url});
  const Todos = Backbone.Collection.extend({model: Todo, url});
  return {Todo, Todos};
}

/**
 * Makes a call of Backbone, which takes options, and gives how it ended:
 * {ended: 'success' | 'error', response}, where an error's response is what
 * the client's ajax function makes of it.
 */
export function outcome(call, ms = 5000) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`neither success nor error after ${ms} ms`)), ms);
    const done = (ended) => (model, response, options) => {
      clearTimeout(timer);
      resolve({ended, response, xhr: ended === 'error' ? response : options.xhr});
    };
    const result = call({success: done('success'), error: done('error')});
    // a promise that repeats the error to nobody would end the process
    result?.catch?.(() => {});
  });
}

/** Objects of another window's making, as this one's. */
export const plain = (value) => JSON.parse(JSON.stringify(value));
