// Sign-ins that wait for a decision.

import { get, post } from './api.js';
import { arrange, bdi, el, time } from './dom.js';
import { dialog, field, options } from './forms.js';

/** The sign-ins, as they are asked for, decided and expire. */
class SignIns {
  constructor(onchoose) {
    this.root = el('ul', { class: 'rules', 'aria-label': 'Sign-ins', 'aria-live': 'polite' });
    this.onchoose = onchoose;
    this.none = el('li', { class: 'small', text: 'No device sign-in is waiting.' });
    // By code: the button that has the focus stays.
    this.items = new Map();
    this.runs = 0;
    this.timer = null;
  }

  /** Draws those that there are now. Returns the users that can approve them, unless it was overtaken. */
  async load(onexpiry) {
    this.runs += 1;
    const run = this.runs;
    const [{ sign_ins: all, users }, clock] = await Promise.all([get('entra/sign-ins'), get('clock')]);
    if (run !== this.runs) return null;
    const known = this.items;
    this.items = new Map(all.map((one) => [one.user_code, this.item(one, known.get(one.user_code))]));
    arrange(this.root, all.length ? [...this.items.values()].map(({ item }) => item) : [this.none]);
    clearTimeout(this.timer);
    // Nothing tells of the one that expires next but the clock of the services.
    const expiries = all.map((one) => Date.parse(one.expires_at) - Date.parse(clock.now));
    if (expiries.length) this.timer = setTimeout(onexpiry, Math.max(Math.min(...expiries), 0) + 50);
    return users;
  }

  item(one, known) {
    const state = known?.state ?? el('bdi');
    const text = one.user ? `${one.state} as ${one.user}` : one.state;
    if (state.textContent !== text) state.textContent = text;
    if (known) return known;
    return {
      state,
      item: el('li', {},
        el('button', { type: 'button', class: 'open', onclick: () => this.onchoose(one.user_code), text: one.user_code }),
        ' ', state, ', client ', bdi(one.client), ', expires ', time(one.expires_at), el('br'), el('small', {}, bdi(one.scopes))),
    };
  }

  end() {
    this.runs += 1;
    clearTimeout(this.timer);
  }
}

/** The sign-ins, and a form that approves and declines them. */
export function openSignIns() {
  const code = el('input', { name: 'user_code', required: true, autocomplete: 'off', maxlength: 100 });
  const user = el('select', { name: 'user' });
  const waiting = new SignIns((chosen) => {
    code.value = chosen;
    user.focus();
  });
  const draw = async () => {
    const isIn = waiting.root.contains(document.activeElement);
    const users = await waiting.load(() => opened.redraw());
    if (users && !user.options.length) user.append(...options(users));
    // What had the focus is gone.
    if (isIn && !opened.box.contains(document.activeElement)) code.focus();
  };
  const decide = async (path, values) => {
    await post(`entra/${path}`, { user_code: values.user_code, user: values.user });
    await draw();
  };
  const opened = dialog({
    title: 'Sign-ins',
    submit: 'Approve',
    content: [
      waiting.root, field('Code', code), field('As', user),
      el('button', {
        type: 'button', text: 'Decline',
        onclick: () => opened.act(async () => {
          await decide('decline', { user_code: code.value, user: user.value });
          return 'declined';
        }),
      }),
    ],
    draw,
    onclose: () => waiting.end(),
    onsubmit: async (values) => {
      await decide('approve', values);
      return 'approved';
    },
  });
}
