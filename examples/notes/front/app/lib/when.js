// SPDX-License-Identifier: MIT
// A date as short as it can be understood.
const formats = {
  today: {hour: '2-digit', minute: '2-digit'},
  year: {day: 'numeric', month: 'short'},
  past: {day: 'numeric', month: 'short', year: 'numeric'},
};

exports.short = (iso, now = new Date()) => {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime()))
    return '';
  const format = date.toDateString() === now.toDateString() ? 'today'
    : date.getFullYear() === now.getFullYear() ? 'year' : 'past';
  return new Intl.DateTimeFormat([], formats[format]).format(date);
};
