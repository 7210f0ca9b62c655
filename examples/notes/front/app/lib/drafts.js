// SPDX-License-Identifier: MIT
// Text that is not saved yet, kept by the browser: it outlives a session that has ended, a
// server that cannot be reached, and a closed window. Each user meets their own.
const prefix = () => `notes.draft.${exports.owner}.`;

exports.owner = null;

exports.get = (id) => {
  try {
    return JSON.parse(localStorage.getItem(prefix() + id));
  } catch {
    return null;
  }
};

exports.put = (id, draft) => {
  try {
    localStorage.setItem(prefix() + id, JSON.stringify(draft));
  } catch {
    // full, or forbidden: the text is in the page still
  }
};

exports.remove = (id) => localStorage.removeItem(prefix() + id);

const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(prefix()));

exports.any = () => keys().length > 0;
exports.clear = () => keys().forEach((key) => localStorage.removeItem(key));
