// The list of conversations.

import { get } from './api.js';
import { arrange, bdi, byId, count, el, later, soon, time } from './dom.js';

const PAGE = 50;
// Beyond so many, the search finds the others.
const MOST = 400;

export class Conversations {
  constructor({ onload, onproblem }) {
    this.root = byId('conversations');
    this.find = byId('find');
    this.more = byId('more-conversations');
    this.totals = byId('totals');
    this.onload = onload;
    this.onproblem = onproblem;
    this.known = new Map();
    this.entries = new Map();
    this.current = null;
    this.shown = PAGE;
    this.reload = soon(80, () => this.load());
    const search = later(150, () => {
      this.shown = PAGE;
      this.load();
    });
    this.find.addEventListener('input', search);
    this.find.addEventListener('change', search);
    this.more.addEventListener('click', () => {
      this.shown = Math.min(this.shown + PAGE, MOST);
      this.load();
    });
  }

  /** Reads the newest conversations again. Returns where the events continue; null where they could not be
      read, nothing where another call has read them. */
  async load() {
    const search = this.find.value.trim();
    const run = (this.run ?? 0) + 1;
    this.run = run;
    try {
      const all = [];
      let before = null;
      let page;
      do {
        page = await get('conversations', { search, before, limit: Math.min(this.shown - all.length, 200) });
        if (run !== this.run) return undefined;
        all.push(...page.conversations);
        before = page.next;
      } while (page.conversations.length && before !== null && all.length < this.shown);
      this.draw(all, page);
      this.onload();
      return page.cursor;
    } catch (problem) {
      if (run !== this.run) return undefined;
      this.onproblem(problem);
      return null;
    }
  }

  draw(all, page) {
    this.known = new Map(all.map((one) => [hashOf(one.platform, one.id), one]));
    const focused = document.activeElement?.closest?.('#conversations a')?.getAttribute('href');
    const before = this.entries;
    this.entries = new Map(all.map((one) => [hashOf(one.platform, one.id), this.entry(one, before)]));
    arrange(this.root, [...this.entries.values()].map(({ item }) => item));
    if (focused) [...this.root.querySelectorAll('a')].find((a) => a.getAttribute('href') === focused)?.focus();
    this.totals.textContent = `${count(page.messages, 'message')} in ${count(page.total, 'conversation')}`;
    this.more.hidden = page.next === null || this.shown >= MOST;
  }

  /** The item of a conversation, with the link that it had: what is pointed at stays. */
  entry(one, before) {
    const hash = hashOf(one.platform, one.id);
    const text = JSON.stringify(one);
    const known = before.get(hash);
    if (!known) {
      const link = el('a', { href: hash, 'aria-current': hash === this.current ? 'page' : null }, this.lines(one));
      return { text, item: el('li', {}, link), link };
    }
    if (known.text !== text) known.link.replaceChildren(...this.lines(one));
    return { ...known, text };
  }

  lines(one) {
    const { last } = one;
    return [
      el('span', { class: 'line' }, bdi(one.title || one.id, { class: 'name' }), last ? time(last.received_at) : null),
      el('span', { class: 'line' },
        el('span', { class: `platform ${one.platform}`, text: one.platform }),
        last ? el('span', { class: 'preview' }, bdi(last.sender), ': ', bdi(last.is_deleted ? 'deleted' : last.text || 'attachment')) : null,
        one.duplicates ? el('span', { class: 'badge bad', text: count(one.duplicates, 'duplicate') }) : null,
        el('span', { class: 'count', text: String(one.messages) })),
    ];
  }

  /** Marks the conversation that is shown. */
  mark(hash) {
    this.current = hash;
    for (const a of this.root.querySelectorAll('a')) {
      if (a.getAttribute('href') === hash) a.setAttribute('aria-current', 'page');
      else a.removeAttribute('aria-current');
    }
  }

  /** The title of a conversation; its id, where it is not in the list. */
  titleOf(platform, id) {
    return this.known.get(hashOf(platform, id))?.title || id;
  }

  /** One conversation, also when it is not in the list. */
  async one(platform, id) {
    const known = this.known.get(hashOf(platform, id));
    if (known) return known;
    const page = await get('conversations', { platform, id, limit: 1 });
    return page.conversations[0] ?? null;
  }
}

/** The address of a conversation within the page. */
export const hashOf = (platform, id) => `#/c/${encodeURIComponent(platform)}/${encodeURIComponent(id)}`;
