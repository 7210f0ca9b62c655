// SPDX-License-Identifier: MIT
// What every request has in common: the CSRF token, and the end of the session.
const $ = require('jquery');
const {mediator} = require('chaplin');

exports.start = () => {
  $.ajaxSetup({headers: {'X-CSRF-Token': $('meta[name=csrf-token]').attr('content')}});

  // A page stays when its session ends; what is in it too.
  $(document).ajaxError((event, xhr) => {
    if (xhr.status === 401)
      mediator.header.notice({
        text: 'Your session has ended. What you wrote is kept in this browser.',
        links: [{text: 'Sign in again', href: exports.login()}],
      });
  });

  // Back after signing out: nothing that a browser has kept of the page is shown.
  window.addEventListener('pageshow', (event) => {
    if (event.persisted)
      location.reload();
  });
};

exports.login = () => `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
