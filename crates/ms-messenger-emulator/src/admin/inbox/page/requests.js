// The newest requests about messages: also those that stored nothing.

import { get } from './api.js';
import { arrange, byId, el, soon, time } from './dom.js';

const PAGE = 50;
const MOST = 500;
const STATES = { '': 'all', stored: 'stored', not_stored: 'not stored', fault: 'fault', rejected: 'rejected', unanswered: 'no response' };

export class Requests {
  constructor({ onopen, onproblem }) {
    this.root = byId('requests');
    this.onopen = onopen;
    this.onproblem = onproblem;
    this.shown = PAGE;
    this.state = el('select', { onchange: () => this.load() },
      Object.entries(STATES).map(([value, text]) => el('option', { value, text })));
    this.table = el('tbody');
    // By what they show.
    this.rows = new Map();
    this.more = el('button', {
      type: 'button', hidden: true, text: 'Show more',
      onclick: () => { this.shown = Math.min(this.shown + PAGE, MOST); this.load(); },
    });
    const head = ['Number', 'Time', 'Platform', 'Operation', 'Client was told', 'Stored'];
    this.root.append(
      el('label', { class: 'field' }, 'Outcome ', this.state),
      el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Requests' },
        el('table', {}, el('caption', { class: 'hidden', text: 'Requests about messages, the newest first' }),
          el('thead', {}, el('tr', {}, head.map((text) => el('th', { scope: 'col', text })))), this.table), this.more));
    this.reload = soon(100, () => (this.root.hidden ? null : this.load()));
  }

  async load(platform = this.platform) {
    this.platform = platform;
    const run = (this.run ?? 0) + 1;
    this.run = run;
    try {
      const rows = [];
      let before = null;
      do {
        const page = await get('inbox/exchanges', { platform, state: this.state.value, before, limit: Math.min(this.shown - rows.length, 200) });
        if (run !== this.run) return;
        rows.push(...page.exchanges);
        before = page.next;
      } while (before !== null && rows.length < this.shown);
      const focused = document.activeElement?.dataset?.number;
      const known = this.rows;
      this.rows = new Map(rows.map((exchange) => {
        const text = JSON.stringify(exchange);
        return [text, known.get(text) ?? this.row(exchange)];
      }));
      if (!rows.length) this.rows.set('', el('tr', {}, el('td', { colspan: 6, text: 'No requests yet.' })));
      arrange(this.table, [...this.rows.values()]);
      if (focused) this.table.querySelector(`[data-number="${CSS.escape(focused)}"]`)?.focus();
      this.more.hidden = before === null || this.shown >= MOST;
    } catch (problem) {
      this.onproblem(problem);
    }
  }

  row(exchange) {
    const { number, status, rows } = exchange;
    const told = status === null ? 'no response' : String(status);
    const kind = status === null || status >= 400 ? 'bad' : 'good';
    return el('tr', {},
      el('td', {}, el('button', { type: 'button', class: 'open', 'data-number': number, 'aria-label': `Details of request ${number}`, onclick: () => this.onopen(number), text: `#${number}` })),
      el('td', {}, time(exchange.received_at)),
      el('td', {}, el('span', { class: `platform ${exchange.platform}`, text: exchange.platform })),
      el('td', { text: exchange.operation }),
      el('td', {}, el('span', { class: `badge ${kind}`, text: told }), exchange.has_fault ? el('span', { class: 'badge bad', text: 'fault' }) : null),
      el('td', { text: rows.length ? rows.map((seq) => `#${seq}`).join(' ') : 'nothing' }));
  }
}
