// What is new, as the emulator reports it.

/**
 * Listens from `cursor` on; the browser reconnects by itself and says where it was.
 * `on` has `news`, `reset`, `refused` and `state`, which is given `live`, `waiting`.
 */
export function listen(cursor, on) {
  const source = new EventSource(`/_emulator/events?after=${encodeURIComponent(cursor)}`);
  source.addEventListener('open', () => on.state('live'));
  source.addEventListener('news', (event) => on.news(JSON.parse(event.data)));
  source.addEventListener('reset', () => on.reset());
  source.addEventListener('error', () => {
    on.state('waiting');
    // A refusal ends the source for good.
    if (source.readyState === EventSource.CLOSED) {
      setTimeout(() => on.refused(), 2000);
      source.close();
    }
  });
  return source;
}
