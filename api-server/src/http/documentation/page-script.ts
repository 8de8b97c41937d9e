/**
 * Sends the requests of the page's forms to the server that the page came from. Text inside TypeScript: the service has
 * no files to find at run time, whichever way it is packed.
 */
export const PAGE_SCRIPT = String.raw`'use strict';
/** The page is BASE/docs, also behind a proxy that serves the API under a path. */
const base = new URL('.', location.href);
/** Browsers lay out a longer text only slowly. */
const ANSWER_CHARACTERS_MAX = 100_000;
/** The API answers within five seconds; a slow network may need longer. */
const ANSWER_MS_MAX = 30_000;

for (const example of document.querySelectorAll('[data-address]')) {
  const address = base.href.replace(/\/$/, '');
  example.textContent = example.textContent.replaceAll(example.dataset.address, address);
}

document.addEventListener('submit', (event) => {
  event.preventDefault();
  void send(event.target);
});

async function send(form) {
  const outcome = form.querySelector('.outcome');
  const button = form.querySelector('button');
  const request = requestOf(form);
  outcome.textContent = 'Sending …';
  show(form.querySelector('.sent'), commandOf(request));
  show(form.querySelector('.received'), '');
  button.disabled = true;
  const begun = performance.now();
  try {
    const { method, url, headers, body } = request;
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    const response = await fetch(url, { method, headers, body, signal });
    const text = await response.text();
    outcome.textContent = response.status + ' ' + response.statusText + ', ' + Math.round(performance.now() - begun) + ' ms';
    show(form.querySelector('.received'), readable(text));
  } catch (error) {
    outcome.textContent = 'No answer: ' + error.message;
  } finally {
    button.disabled = false;
  }
}

function requestOf(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  const headers = {};
  let body;
  for (const [name, value] of new FormData(form)) {
    const [place, key] = name.split(':');
    if (place === 'path') path = path.replace('{' + key + '}', encodeURIComponent(value));
    else if (place === 'body' && value.trim() !== '') {
      body = value;
      headers['Content-Type'] = 'application/json';
    } else if (place === 'query' && value !== '') query.set(key, value);
    else if (place === 'header' && value !== '') headers[key] = value;
  }
  const credential = document.getElementById('credential').value.trim();
  if (credential !== '') headers.Authorization = 'Bearer ' + credential;
  const url = new URL('.' + path, base);
  url.search = query;
  return { method: form.dataset.method, url, headers, body };
}

/** The same request for a shell; the key stays on the page. */
function commandOf({ method, url, headers, body }) {
  const quoted = (text) => "'" + text.replaceAll("'", "'\\''") + "'";
  const parts = ['curl' + (method === 'GET' ? '' : ' -X ' + method), quoted(url.href)];
  for (const [name, value] of Object.entries(headers)) {
    parts.push(name === 'Authorization' ? '-H "Authorization: Bearer $KEY"' : '-H ' + quoted(name + ': ' + value));
  }
  if (body !== undefined) parts.push('-d ' + quoted(body));
  return parts.join(' ');
}

function readable(text) {
  let shown = text;
  try {
    shown = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // Not JSON, as /metrics.
  }
  if (shown.length <= ANSWER_CHARACTERS_MAX) return shown;
  return shown.slice(0, ANSWER_CHARACTERS_MAX) + '\n… ' + (shown.length - ANSWER_CHARACTERS_MAX) + ' more characters';
}

function show(box, text) {
  box.hidden = text === '';
  box.firstElementChild.textContent = text;
}
`;
