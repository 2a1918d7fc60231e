// The emulator's admin API.

/** What the emulator says is wrong with a request. */
export class Problem extends Error {}

async function read(response) {
  const text = await response.text();
  let body = null;
  try {
    body = text ? JSON.parse(text) : null;
  } catch {
    // Not JSON: the status says enough.
  }
  if (response.ok) return body;
  throw new Problem(body?.error?.message ?? `the emulator responded with ${response.status}`);
}

async function call(method, path, body) {
  let response;
  try {
    response = await fetch(`/_emulator/${path}`, {
      method,
      cache: 'no-store',
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Problem('the emulator does not respond');
  }
  return read(response);
}

/** GETs a path; parameters without a value are left out. */
export function get(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== '' && value !== null && value !== undefined) query.set(name, value);
  }
  const text = query.toString();
  return call('GET', text ? `${path}?${text}` : path);
}

export const post = (path, body) => call('POST', path, body);
export const put = (path, body) => call('PUT', path, body);
export const remove = (path) => call('DELETE', path);
