// One message, or one request, in all detail.

import { get } from './api.js';
import { parts } from './bubble.js';
import { bdi, byId, count, el, soon, time } from './dom.js';
import { changes } from './change.js';

// Longer bodies are shown as they are.
const PRETTY = 200_000;

function pretty(text) {
  if (text.length > PRETTY) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function body(content) {
  if (!content || content.text === '') return el('p', { class: 'small', text: 'no body' });
  const cut = content.length === null ? null : el('p', { class: 'small', text: `the beginning of ${content.length} bytes` });
  return el('div', {}, el('pre', { tabindex: '0', text: pretty(content.text) }), cut);
}

function headers(all) {
  const pairs = Array.isArray(all) ? all : Object.entries(all ?? {});
  return el('details', {}, el('summary', { text: count(pairs.length, 'header') }),
    el('dl', { class: 'facts' }, pairs.flatMap(([name, value]) => [el('dt', {}, bdi(name)), el('dd', {}, bdi(value))])));
}

const section = (title, ...content) => el('section', {}, el('h3', { text: title }), ...content);

function request(asked) {
  if (!asked) return section('Request', el('p', { class: 'small', text: 'It was not read completely.' }));
  return section('Request', el('p', { class: 'mono' }, bdi(`${asked.method} ${asked.path}`)), headers(asked.headers), body(asked.body));
}

function fault(found) {
  if (!found) return null;
  return el('div', { class: 'fault' }, el('p', { class: 'badge bad', text: `fault: ${found.kind}` }), el('pre', { tabindex: '0', text: JSON.stringify(found, null, 2) }));
}

function response(exchange, isInjected = false) {
  const title = 'What the client was told';
  if (isInjected) return section(title, el('p', { class: 'small', text: 'No client sent it: the other side did.' }));
  if (!exchange) return section(title, el('p', { class: 'small', text: 'This exchange was not recorded, or is not kept any more.' }));
  const told = exchange.response;
  if (!told) return section(title, fault(exchange.fault), el('p', { class: 'note', text: 'The client got no response.' }));
  const bad = told.status >= 400 ? 'bad' : 'good';
  return section(title, fault(exchange.fault), el('p', {}, el('span', { class: `badge ${bad}`, text: `status ${told.status}` })), headers(told.headers), body(told.body));
}

function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return el('dl', { class: 'facts' }, shown.flatMap(([name, value]) => [el('dt', { text: name }),
    el('dd', {}, value instanceof Node ? value : bdi(String(value)))]));
}

/** The panel beside the messages. */
export class Detail {
  constructor({ onproblem }) {
    this.root = byId('detail');
    this.body = byId('detail-body');
    this.title = byId('detail-title');
    this.onproblem = onproblem;
    byId('close-detail').addEventListener('click', () => this.close());
    this.refresh = soon(150, () => this.reread());
  }

  async message(seq) {
    await this.show(`Message ${seq}`, () => get('inbox/message', { seq }), (item) => [
      facts([
        ['Platform', item.platform], ['Operation', item.operation], ['Conversation', item.conversation],
        ['Sender', item.sender.name ? el('span', {}, bdi(item.sender.name), ' (', bdi(item.sender.id), ')') : item.sender.id],
        ['Message id', item.message_id], ['Received', time(item.received_at)],
        ['Client request id', item.ledger.request_id], ['Idempotency key', item.ledger.idempotency_key],
        ['Replays', item.replays || null], ['Duplicate of', item.duplicate_of ? this.link(item.duplicate_of) : null],
        ['Edited', item.edited_at ? time(item.edited_at) : null], ['Deleted', item.deleted_at ? time(item.deleted_at) : null],
      ]),
      item.change ? section('As its sender', changes(item.change, () => this.message(seq))) : null,
      section('As it is now', el('div', { class: 'body' }, parts(item))),
      item.edited_at || item.deleted_at ? section('As it was sent', el('pre', { tabindex: '0', text: item.ledger.text })) : null,
      response(item.exchange, item.states.includes('injected')),
      section('What is stored', item.stored
        ? el('pre', { tabindex: '0', text: JSON.stringify(item.stored, null, 2) })
        : el('p', { class: 'small', text: 'Only the ledger keeps it.' })),
      request(item.request),
    ]);
  }

  async exchange(number) {
    await this.show(`Request ${number}`, () => get('inbox/exchange', { number }), (exchange) => {
      const rows = exchange.rows.length ? el('span', {}, exchange.rows.map((seq) => [this.link(seq), ' '])) : 'nothing';
      return [
        facts([['Platform', exchange.platform], ['Operation', exchange.operation], ['Received', time(exchange.received_at)], ['Stored', rows]]),
        response(exchange),
        request(exchange.request),
      ];
    });
  }

  link(seq) {
    return el('button', { type: 'button', class: 'open', onclick: () => this.message(seq), text: `message #${seq}` });
  }

  async show(title, load, draw) {
    if (this.root.hidden) this.before = document.activeElement;
    const run = (this.run ?? 0) + 1;
    this.run = run;
    try {
      const found = await load();
      if (run !== this.run) return;
      this.shown = { load, draw };
      this.title.textContent = title;
      this.put(found);
      this.root.hidden = false;
      document.body.classList.add('with-detail');
      this.body.scrollTop = 0;
      this.title.focus();
    } catch (problem) {
      this.onproblem(problem);
    }
  }

  put(found) {
    this.shown.text = JSON.stringify(found);
    this.body.replaceChildren(...this.shown.draw(found).flat().filter(Boolean));
  }

  /** What is shown may have changed. A reader stays where they are. */
  async reread() {
    if (this.root.hidden) return;
    const { run, shown } = this;
    try {
      const found = await shown.load();
      if (run !== this.run || this.root.hidden || JSON.stringify(found) === shown.text) return;
      const opened = () => [...this.body.querySelectorAll('details')];
      const states = opened().map((one) => one.open);
      const top = this.body.scrollTop;
      const focused = this.body.contains(document.activeElement) ? document.activeElement : null;
      this.put(found);
      opened().forEach((one, n) => { one.open = states[n] ?? false; });
      this.body.scrollTop = top;
      if (focused) (focused.id && byId(focused.id) ? byId(focused.id) : this.title).focus({ preventScroll: true });
    } catch {
      // What is shown is still what was read; the next change reads it again.
    }
  }

  close() {
    if (this.root.hidden) return;
    this.root.hidden = true;
    document.body.classList.remove('with-detail');
    if (this.before?.isConnected) this.before.focus();
    else byId('timeline').focus();
  }
}
