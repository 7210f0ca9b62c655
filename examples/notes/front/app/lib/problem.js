// SPDX-License-Identifier: MIT
// What a failed request has to say, for people.
exports.text = (xhr) => {
  const problem = xhr.responseJSON ?? {};
  if (!xhr.status)
    return 'The server cannot be reached.';
  if (xhr.status === 429 || xhr.status === 503)
    return 'The server is busy.';
  return problem.detail || problem.title || `The server failed (${xhr.status}).`;
};

// Whether the same request may go well later.
exports.passes = ({status}) => !status || status === 429 || status >= 500;
