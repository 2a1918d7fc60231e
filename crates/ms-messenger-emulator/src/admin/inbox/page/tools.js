// The tools: messages of the other side, faults, sign-ins, clocks, reset.

import { get, post, put, remove } from './api.js';
import { bdi, byId, el, time } from './dom.js';
import { dialog, field, options } from './forms.js';

const number = (text, name) => {
  const value = Number(text);
  if (text === '' || !Number.isSafeInteger(value)) throw new Error(`${name}: must be a whole number`);
  return value;
};

/** A message of the other side on any platform, also into a conversation that is new. */
export function openMessage(world) {
  const platforms = world.platforms.filter((one) => one.has_injections).map((one) => one.name);
  const platform = el('select', { name: 'platform' }, options(platforms));
  const conversation = el('input', { name: 'conversation', autocomplete: 'off', maxlength: 1000 });
  const hint = el('p', { class: 'small' });
  const explain = () => {
    const isCall = platform.value === 'ucwa';
    conversation.parentElement.firstChild.textContent = isCall ? 'To (SIP address)' : 'Conversation';
    hint.textContent = isCall
      ? 'The recipient must be signed in.'
      : platform.value === 'acs-messages' ? 'Without a conversation it comes from a phone number to the channel.' : 'The sender joins the conversation.';
  };
  dialog({
    title: 'A message of the other side',
    submit: 'Send',
    content: [
      field('Platform', platform), field('Conversation', conversation),
      field('Sender', el('input', { name: 'sender', required: true, autocomplete: 'off', maxlength: 1000 })),
      field('Text', el('textarea', { name: 'text', rows: 3, required: true, maxlength: 20000 })), hint,
    ],
    onsubmit: async (values) => {
      const { text, sender } = values;
      const place = values.conversation.trim();
      const document = { platform: values.platform, text };
      if (values.platform === 'ucwa') Object.assign(document, { from: sender, to: place, action: 'message' });
      else if (values.platform === 'acs-messages') Object.assign(document, { from: sender }, place ? { conversation: place } : {});
      else Object.assign(document, { sender, conversation: place });
      const made = await post('inject', document);
      return `stored in ${made.conversation}`;
    },
  });
  platform.addEventListener('change', explain);
  explain();
}

const ACTIONS = {
  status: { text: 'status, nothing stored', fields: ['status', 'retry'] },
  status_after_store: { text: 'status after storing', fields: ['status', 'retry'] },
  delay: { text: 'delay the response', fields: ['ms'] },
  close: { text: 'close the connection', fields: ['when'] },
  reset: { text: 'reset the connection', fields: ['when'] },
  cut_body: { text: 'cut the response', fields: ['after_bytes'] },
  malformed_body: { text: 'malformed response', fields: [] },
  late_store: { text: 'store late, response in time', fields: ['ms'] },
};

function action(values) {
  const made = { kind: values.kind };
  for (const name of ACTIONS[values.kind].fields) {
    if (name === 'when') made.when = values.when;
    else if (name === 'retry') {
      if (values.retry !== '') made.headers = { 'Retry-After': values.retry };
    } else made[name] = number(values[name], name);
  }
  return made;
}

function rule(values) {
  const match = {};
  if (values.platform) match.platform = values.platform;
  if (values.operation) match.operation = values.operation;
  if (values.every) match.every = number(values.every, 'every');
  const made = { match, action: action(values) };
  if (values.times) made.times = number(values.times, 'times');
  return made;
}

/** The fault rules: those that there are, and a form for one more. */
export async function openFaults(world) {
  const rules = el('ol', { class: 'rules', 'aria-label': 'Fault rules' });
  const draw = (document) => {
    rules.replaceChildren(...document.rules.map((one) => el('li', {}, el('code', {}, bdi(JSON.stringify(one))))));
    if (!document.rules.length) rules.append(el('li', { class: 'small', text: 'No fault rules.' }));
  };
  const platform = el('select', { name: 'platform' }, options([['', 'any'], ...world.platforms.map((one) => one.name)]));
  const operations = el('datalist', { id: 'operations' });
  const known = () => {
    const found = world.platforms.find((one) => one.name === platform.value);
    operations.replaceChildren(...options(found?.operations ?? []));
  };
  platform.addEventListener('change', known);
  const kind = el('select', { name: 'kind' }, options(Object.entries(ACTIONS).map(([name, one]) => [name, one.text])));
  const fields = {
    status: field('Status', el('input', { name: 'status', inputmode: 'numeric', value: '503' })),
    retry: field('Retry-After', el('input', { name: 'retry', placeholder: 'none' })),
    ms: field('Milliseconds', el('input', { name: 'ms', inputmode: 'numeric', value: '1000' })),
    when: field('When', el('select', { name: 'when' }, options(['before_read', 'after_read', 'after_store']))),
    after_bytes: field('After bytes', el('input', { name: 'after_bytes', inputmode: 'numeric', value: '10' })),
  };
  const show = () => {
    for (const [name, one] of Object.entries(fields)) one.hidden = !ACTIONS[kind.value].fields.includes(name);
  };
  kind.addEventListener('change', show);
  show();
  const opened = dialog({
    title: 'Faults',
    submit: 'Add rule',
    content: [
      rules,
      el('fieldset', {}, el('legend', { text: 'Applies to' }), field('Platform', platform),
        field('Operation', el('input', { name: 'operation', list: 'operations', value: 'send', autocomplete: 'off' })), operations,
        field('Every nth request', el('input', { name: 'every', inputmode: 'numeric', placeholder: 'each' })),
        field('At most, times', el('input', { name: 'times', inputmode: 'numeric', value: '1' }))),
      el('fieldset', {}, el('legend', { text: 'Does' }), field('Fault', kind), Object.values(fields)),
      el('button', {
        type: 'button', text: 'Remove all rules',
        onclick: async () => {
          try {
            await remove('faults');
            draw(await get('faults'));
            opened.problem.textContent = '';
            opened.said.textContent = 'removed';
          } catch (problem) {
            opened.problem.textContent = problem.message;
          }
        },
      }),
    ],
    onsubmit: async (values) => {
      draw(await post('faults', { rules: [rule(values)] }));
      return 'added';
    },
  });
  try {
    draw(await get('faults'));
  } catch (problem) {
    opened.problem.textContent = problem.message;
  }
}

/** Sign-ins that wait for a decision. */
export async function openSignIns() {
  const waiting = el('ul', { class: 'rules', 'aria-label': 'Sign-ins' });
  const code = el('input', { name: 'user_code', required: true, autocomplete: 'off', maxlength: 100 });
  const user = el('select', { name: 'user' });
  const draw = async () => {
    const { sign_ins: all, users } = await get('entra/sign-ins');
    if (!user.options.length) user.append(...options(users));
    waiting.replaceChildren(...all.map((one) => el('li', {},
      el('button', { type: 'button', class: 'open', onclick: () => { code.value = one.user_code; user.focus(); }, text: one.user_code }),
      ' ', bdi(one.state), ', client ', bdi(one.client), ', expires ', time(one.expires_at), el('br'), el('small', {}, bdi(one.scopes)))));
    if (!all.length) waiting.append(el('li', { class: 'small', text: 'No device sign-in is waiting.' }));
  };
  const decide = async (path, values) => {
    await post(`entra/${path}`, { user_code: values.user_code, user: values.user });
    await draw();
  };
  const opened = dialog({
    title: 'Sign-ins',
    submit: 'Approve',
    content: [
      waiting, field('Code', code), field('As', user),
      el('button', {
        type: 'button', text: 'Decline',
        onclick: async () => {
          opened.problem.textContent = '';
          try {
            await decide('decline', { user_code: code.value, user: user.value });
            opened.said.textContent = 'declined';
          } catch (problem) {
            opened.problem.textContent = problem.message;
          }
        },
      }),
    ],
    onsubmit: async (values) => {
      await decide('approve', values);
      return 'approved';
    },
  });
  try {
    await draw();
  } catch (problem) {
    opened.problem.textContent = problem.message;
  }
}

/** The clock of UCWA's durations, and that of the services. */
export async function openClock() {
  const now = el('p', { class: 'small' });
  const offset = el('input', { name: 'offset_ms', inputmode: 'numeric' });
  const draw = (clock) => {
    now.textContent = `The time of the services is ${clock.now}, ${clock.offset_ms} ms from that of this machine`;
    offset.value = String(clock.offset_ms);
  };
  const opened = dialog({
    title: 'Clocks',
    submit: 'Advance UCWA',
    content: [
      el('fieldset', {}, el('legend', { text: 'Skype for Business (UCWA)' }),
        field('Seconds to advance', el('input', { name: 'advance_s', inputmode: 'numeric', value: '30', required: true }),
          'Holds, invitations, inactivity and tickets move on at once.')),
      el('fieldset', {}, el('legend', { text: 'All services' }), now, field('Offset in milliseconds', offset),
        el('button', {
          type: 'button', text: 'Set offset',
          onclick: async () => {
            opened.problem.textContent = '';
            try {
              draw(await put('clock', { offset_ms: number(offset.value, 'offset_ms') }));
              opened.said.textContent = 'set';
            } catch (problem) {
              opened.problem.textContent = problem.message;
            }
          },
        })),
    ],
    onsubmit: async (values) => {
      const made = await post('ucwa/clock', { advance_s: number(values.advance_s, 'advance_s') });
      return `UCWA is ${made.advanced_s} s ahead`;
    },
  });
  try {
    draw(await get('clock'));
  } catch (problem) {
    opened.problem.textContent = problem.message;
  }
}

/** Back to the seeded world. */
export function openReset() {
  dialog({
    title: 'Reset',
    submit: 'Reset everything',
    danger: true,
    closes: true,
    content: [el('p', { text: 'All messages, requests, files, sign-ins and fault rules are removed.' })],
    onsubmit: async () => {
      await post('reset');
    },
  });
}

/** The form below a conversation, by which its participants reply. */
export class Answer {
  constructor({ onproblem }) {
    this.onproblem = onproblem;
    // What was typed and not sent, by conversation.
    this.drafts = new Map();
    this.form = byId('answer');
    this.problem = this.form.querySelector('.problem');
    const { text } = this.form.elements;
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.send();
    });
    text.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        if (text.value !== '') this.form.requestSubmit();
      }
    });
  }

  /** Shows the form for a conversation, or hides it. */
  show(conversation) {
    const { sender, text } = this.form.elements;
    if (keyOf(conversation) !== keyOf(this.conversation)) {
      if (text.value !== '') this.drafts.set(keyOf(this.conversation), text.value);
      text.value = this.drafts.get(keyOf(conversation)) ?? '';
      this.drafts.delete(keyOf(conversation));
      this.problem.textContent = '';
    }
    this.conversation = conversation;
    this.form.hidden = !conversation?.inject;
    if (this.form.hidden) return;
    const before = sender.value;
    // The first participant is most often the client under test.
    const people = [...conversation.people.slice(1), ...conversation.people.slice(0, 1)];
    const shown = JSON.stringify(people);
    // A list that is open stays open.
    if (shown === this.shown) return;
    this.shown = shown;
    sender.replaceChildren(...options(people.map(({ id, name }) => [id, name || id])));
    if (people.some(({ id }) => id === before)) sender.value = before;
  }

  async send() {
    const { sender, text } = this.form.elements;
    const { inject, sender_member: member } = this.conversation;
    const sent = text.value;
    const to = keyOf(this.conversation);
    // At once: a second Enter has nothing to send, and what is typed from here on is the next message.
    text.value = '';
    text.focus();
    this.problem.textContent = '';
    try {
      await post('inject', { ...inject, [member]: sender.value, text: sent });
    } catch (problem) {
      const restored = (now) => [sent, now].filter((one) => one).join('\n');
      if (to === keyOf(this.conversation)) {
        text.value = restored(text.value);
        this.problem.textContent = problem.message;
      } else {
        this.drafts.set(to, restored(this.drafts.get(to)));
        this.onproblem(problem);
      }
    }
  }
}

/** What tells conversations apart. */
const keyOf = (conversation) => (conversation ? `${conversation.platform} ${conversation.id}` : null);
