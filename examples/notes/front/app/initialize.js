// SPDX-License-Identifier: MIT
const $ = require('jquery');
const Chaplin = require('chaplin');
const Notes = require('models/notes');
const People = require('models/people');
const Tags = require('models/tags');
const User = require('models/user');
const drafts = require('lib/drafts');
const routes = require('routes');
const session = require('lib/session');
const HeaderView = require('views/header-view');

// What the server has put into the page saves the first requests.
const boot = JSON.parse(document.getElementById('boot').textContent);
const {mediator} = Chaplin;

mediator.user = new User(boot.user);
mediator.tags = new Tags(boot.tags, {parse: true});
mediator.people = new People();
mediator.notes = new Notes();
mediator.header = new HeaderView();

drafts.owner = mediator.user.id;
session.start();

new Chaplin.Application({
  title: 'Notes',
  routes,
  controllerSuffix: '-controller',
  scrollTo: false, // panes scroll by themselves
});

// What has changed elsewhere. An unchanged list costs a 304 without a body.
$(window).on('focus', () => mediator.notes.refresh());
