// The messages of a conversation, or of all: a window of the list, which is as long as the ledger.

import { get } from './api.js';
import { bubble } from './bubble.js';
import { byId, count, el, later, soon } from './dom.js';

const PAGE = 50;
// So many messages are in the document at most.
const MOST = 150;
// A page of a filtered list may be empty; so many are asked for in a row.
const PATIENCE = 20;
// Of a filtered list, so many pages are read again when messages have changed: all are not, in a long ledger.
const REREAD = 3;
const NEAR = 400;

/** Lets the keyboard scroll a message that is longer or wider than its place. */
function reachable(element) {
  const body = element.querySelector('.body');
  if (body.scrollHeight > body.clientHeight || body.scrollWidth > body.clientWidth) {
    body.tabIndex = 0;
    body.setAttribute('role', 'group');
    body.setAttribute('aria-label', `Message ${element.dataset.seq}`);
  } else if (body !== document.activeElement) {
    for (const name of ['tabindex', 'role', 'aria-label']) body.removeAttribute(name);
  }
}

// A window that became narrower, or a picture that has come.
const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => reachable(target)));

export class Timeline {
  constructor({ onopen, onfound, titleOf, onproblem }) {
    this.root = byId('timeline');
    this.onfound = onfound;
    this.jump = byId('jump');
    this.onopen = onopen;
    this.titleOf = titleOf;
    this.onproblem = onproblem;
    this.run = 0;
    // What waits for its turn.
    this.waiting = new Set();
    this.forget();
    this.root.addEventListener('scroll', later(60, () => this.scrolled()));
    this.jump.addEventListener('click', () => this.open(this.query, this.showsPlace));
    this.refresh = soon(120, () => this.once('reread'));
    const caughtUp = soon(30, () => this.once('catchUp'));
    this.news = (newest) => {
      this.newest = newest;
      caughtUp();
    };
    this.newest = 0;
  }

  forget() {
    this.root.replaceChildren();
    // A feed has articles; an empty one is a region.
    this.root.setAttribute('role', 'region');
    this.items = [];
    // Where older messages continue, and newer ones; null at either end.
    this.older = null;
    this.newer = null;
    // So far the emulator has been asked for newer ones; with a filter, few of them are shown.
    this.looked = 0;
    this.jump.hidden = true;
  }

  /** Shows the newest messages of a query. */
  async open(query, showsPlace) {
    this.query = query;
    this.showsPlace = showsPlace;
    this.run += 1;
    this.forget();
    await this.guarded(async (run) => {
      const page = await this.pages({ before: null }, run);
      if (!page) return;
      this.older = page.next;
      this.put(page.messages, 'end');
      this.sayEmpty();
      this.toEnd();
      await this.fill(run);
    });
  }

  /** What stands in an empty list. */
  sayEmpty() {
    if (this.items.length) return;
    const text = !this.isFiltered ? 'No messages yet.' : this.older === null ? 'No message matches.' : 'Searching older messages …';
    this.root.setAttribute('role', 'region');
    this.root.replaceChildren(el('p', { class: 'empty', text }));
  }

  /** Loads older messages until there is something to scroll: a page of a filtered list may have few, or none. */
  async fill(run) {
    while (!this.root.hidden && this.older !== null && this.root.scrollHeight <= this.root.clientHeight) {
      const wasAtEnd = this.isAtEnd;
      await this.goBack(run);
      if (run !== this.run) return;
      this.sayEmpty();
      if (wasAtEnd) this.toEnd();
    }
    if (!this.isFiltered) return;
    const found = `${this.older === null ? '' : 'at least '}${count(this.items.length, 'message')} found`;
    this.onfound(this.items.length ? found : 'No message matches.');
  }

  /** One thing at a time; what belongs to an earlier query is dropped. */
  async guarded(work) {
    const run = this.run;
    const before = this.busy;
    let done;
    this.busy = new Promise((resolve) => { done = resolve; });
    await before;
    this.root.setAttribute('aria-busy', 'true');
    try {
      if (run === this.run) await work(run);
    } catch (problem) {
      if (run === this.run) this.onproblem(problem);
    } finally {
      this.root.setAttribute('aria-busy', 'false');
      done();
    }
  }

  /** The same for a method that serves any number of calls at once. */
  async once(name) {
    if (this.waiting.has(name)) return;
    this.waiting.add(name);
    await this.busy;
    this.waiting.delete(name);
    await this.guarded(() => this[name]());
  }

  /** The next page that has messages, if there is one; null when another query has begun. */
  async pages(from, run, limit = PAGE) {
    let place = from;
    let page = { messages: [], next: null };
    for (let n = 0; n < PATIENCE; n += 1) {
      page = await get('inbox/messages', { ...this.query, ...place, limit });
      if (run !== this.run) return null;
      if (page.messages.length || page.next === null) break;
      place = 'after' in place ? { after: page.next } : { before: page.next };
    }
    return page;
  }

  put(messages, where) {
    const fresh = messages.map((item) => ({ item, text: JSON.stringify(item), element: this.draw(item) }));
    if (!fresh.length) return;
    if (!this.items.length) {
      this.root.replaceChildren();
      this.root.setAttribute('role', 'feed');
    }
    const elements = fresh.map((entry) => entry.element);
    if (where === 'end') {
      this.root.append(...elements);
      this.items.push(...fresh);
    } else {
      const height = this.root.scrollHeight;
      this.root.prepend(...elements);
      this.items.unshift(...fresh);
      this.root.scrollTop += this.root.scrollHeight - height;
    }
    for (const element of elements) sizes.observe(element);
    this.trim(where);
    this.reachOne();
  }

  /** The tabulator reaches one of the messages. */
  reachOne() {
    if (this.items.length && !this.root.querySelector('article[tabindex="0"]')) {
      this.items.at(-1).element.tabIndex = 0;
    }
  }

  draw(item) {
    const place = this.showsPlace ? this.titleOf(item.platform, item.conversation) : null;
    return bubble(item, { place, onopen: this.onopen });
  }

  /** Takes messages out of the document at the end that is out of sight. */
  trim(where) {
    const extra = this.items.length - MOST;
    if (extra <= 0) return;
    if (where === 'end') {
      const height = this.root.scrollHeight;
      const top = this.root.scrollTop;
      for (const { element } of this.items.splice(0, extra)) element.remove();
      this.root.scrollTop = top - (height - this.root.scrollHeight);
      this.older = this.items[0].item.seq;
    } else {
      for (const { element } of this.items.splice(-extra)) element.remove();
      this.newer = this.items.at(-1).item.seq;
      this.jump.hidden = false;
    }
  }

  get isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.root;
    return this.newer === null && scrollHeight - scrollTop - clientHeight < 60;
  }

  get isFiltered() {
    const { search, sender, state, platform } = this.query;
    return Boolean(search || sender || state || (this.showsPlace && platform));
  }

  toEnd() {
    this.root.scrollTop = this.root.scrollHeight;
    this.jump.hidden = true;
  }

  scrolled() {
    if (this.root.hidden) return;
    const { scrollHeight, scrollTop, clientHeight } = this.root;
    if (scrollTop < NEAR && this.older !== null) this.guarded((run) => this.goFurtherBack(run));
    else if (scrollHeight - scrollTop - clientHeight < NEAR && this.newer !== null) this.guarded((run) => this.goOn(run));
    if (this.isAtEnd) this.jump.hidden = true;
  }

  async goBack(run) {
    if (this.older === null) return;
    const page = await this.pages({ before: this.older }, run);
    if (!page) return;
    this.older = page.next;
    this.put(page.messages, 'start');
  }

  /** Older messages, until there are more than a reader sees: what does not move makes no event. */
  async goFurtherBack(run) {
    const isNear = () => !this.root.hidden && this.older !== null && this.root.scrollTop < NEAR;
    do await this.goBack(run); while (run === this.run && isNear());
  }

  async goOn(run) {
    if (this.newer === null) return;
    const page = await this.pages({ after: this.newer }, run);
    if (!page) return;
    this.newer = page.next === null ? null : page.messages.at(-1)?.seq ?? page.next;
    this.put(page.messages, 'end');
  }

  /** Messages have arrived. */
  async catchUp() {
    const run = this.run;
    if (this.newer !== null) {
      this.jump.hidden = false;
      return;
    }
    const wasAtEnd = this.isAtEnd || !this.items.length;
    const last = Math.max(this.items.at(-1)?.item.seq ?? 0, this.looked);
    const { newest } = this;
    const page = await this.pages({ after: last }, run);
    if (!page) return;
    if (page.next === null) this.looked = Math.max(this.looked, newest);
    if (!page.messages.length) return;
    if (page.next !== null && wasAtEnd) {
      // Many at once: the newest are shown, not all in between.
      const newest = await this.pages({ before: null }, run);
      if (!newest) return;
      this.forget();
      this.older = newest.next;
      this.put(newest.messages, 'end');
      this.toEnd();
      return;
    }
    if (page.next !== null) this.newer = page.messages.at(-1).seq;
    this.put(page.messages, 'end');
    if (wasAtEnd) this.toEnd();
    else this.jump.hidden = false;
  }

  /** Messages may have changed: those that are shown, and with a filter also which are. */
  async reread() {
    const { run } = this;
    if (this.isFiltered) {
      await this.rereadFiltered(run);
      return;
    }
    if (!this.items.length) return;
    const after = this.items[0].item.seq - 1;
    const page = await get('inbox/messages', { ...this.query, after, limit: MOST });
    if (run !== this.run) return;
    const now = new Map(page.messages.map((item) => [item.seq, item]));
    for (const entry of this.items) this.replace(entry, now.get(entry.item.seq));
  }

  /** Draws a message again that is not what it was. */
  replace(entry, item) {
    const text = item && JSON.stringify(item);
    if (!item || text === entry.text) return;
    const element = this.draw(item);
    element.tabIndex = entry.element.tabIndex;
    const hadFocus = entry.element.contains(document.activeElement);
    entry.element.replaceWith(element);
    sizes.observe(element);
    if (hadFocus) element.focus();
    Object.assign(entry, { item, text, element });
  }

  async rereadFiltered(run) {
    const low = this.older ?? 0;
    const now = new Map();
    let before = this.newer === null ? null : this.newer + 1;
    for (let n = 0; n < REREAD && (before === null || before > low); n += 1) {
      const page = await get('inbox/messages', { ...this.query, before, limit: MOST });
      if (run !== this.run) return;
      for (const item of page.messages) now.set(item.seq, item);
      before = page.next ?? 0;
      if (page.next === null) break;
    }
    this.merge(now, Math.max(low, before ?? 0));
  }

  /** From the message `from` on, shows these and no others. */
  merge(now, from) {
    const wasAtEnd = this.isAtEnd;
    const gone = this.items.filter(({ item }) => item.seq >= from && !now.has(item.seq));
    const hadFocus = gone.some(({ element }) => element.contains(document.activeElement));
    for (const { element } of gone) element.remove();
    this.items = this.items.filter((entry) => !gone.includes(entry));
    for (const entry of this.items) {
      this.replace(entry, now.get(entry.item.seq));
      now.delete(entry.item.seq);
    }
    const fresh = [...now.values()].filter((item) => item.seq >= from).sort((a, b) => a.seq - b.seq);
    for (const item of fresh) this.insert(item);
    this.trim('end');
    this.reachOne();
    this.sayEmpty();
    if (hadFocus) this.root.focus();
    if (wasAtEnd) this.toEnd();
  }

  insert(item) {
    const next = this.items.findIndex((entry) => entry.item.seq > item.seq);
    if (next < 0) {
      this.put([item], 'end');
      return;
    }
    const element = this.draw(item);
    this.items[next].element.before(element);
    sizes.observe(element);
    this.items.splice(next, 0, { item, text: JSON.stringify(item), element });
  }

  /** The titles of conversations are known now, or have changed. */
  retitle() {
    if (!this.showsPlace) return;
    for (const { item, element } of this.items) {
      const title = this.titleOf(item.platform, item.conversation);
      const place = element.querySelector('.place bdi');
      if (place.textContent !== title) place.textContent = title;
    }
  }

  /** Moves the focus by so many messages. */
  move(step) {
    const articles = [...this.root.querySelectorAll('article')];
    if (!articles.length) return;
    const now = articles.findIndex((article) => article.contains(document.activeElement));
    const from = now < 0 ? articles.length - (step > 0 ? 1 : 0) : now;
    const next = articles[Math.min(Math.max(from + step, 0), articles.length - 1)];
    for (const article of articles) article.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
    next.scrollIntoView({ block: 'nearest' });
  }
}
