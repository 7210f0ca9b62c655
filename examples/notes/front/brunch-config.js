// SPDX-License-Identifier: MIT
module.exports = {
  files: {
    javascripts: {
      joinTo: {
        'javascripts/vendor.js': /^(?!app)/,
        'javascripts/app.js': /^app/,
      },
    },
    stylesheets: {joinTo: 'stylesheets/app.css'},
  },
  // The pages' policy (CSP) allows no script in a page that could start the app.
  modules: {autoRequire: {'javascripts/app.js': ['initialize']}},
  // Chaplin's unminified file has a require of its own, which Brunch takes for its.
  npm: {aliases: {chaplin: 'chaplin/chaplin.min.js'}},
  paths: {public: process.env.NOTES_PUBLIC || 'public'},
  sourceMaps: false,
};
