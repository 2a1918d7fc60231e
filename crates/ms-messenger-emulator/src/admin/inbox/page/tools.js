// The tools: messages of the other side, clocks, reset.

import { get, post, put } from './api.js';
import { byId, el } from './dom.js';
import { dialog, field, number, options } from './forms.js';

/** What a form for a platform says: its names for the fields are those of the document. */
const FIELDS = {
  'acs-chat': { from: 'Sender (raw id)', to: 'Conversation (thread)', hint: 'The sender joins the thread.' },
  'acs-messages': { from: 'From (phone number)', to: 'Conversation', hint: 'Without a conversation it comes from a phone number to the channel.' },
  'msgraph-chat': { from: 'Sender (object id)', to: 'Conversation (chat or channel)', hint: 'The sender joins the conversation.' },
  ucwa: { from: 'From (SIP address)', to: 'To (SIP address)', hint: 'The recipient must be signed in.' },
};
const OTHERS = { from: 'Sender', to: 'Conversation', hint: '' };

/** The ids of the seeded world that a platform takes, with the names of the people. */
function seeded({ acs, graph, ucwa }, platform) {
  const people = (users, id, name) => (users ?? []).map((one) => [one[id], one[name]]);
  const known = (...all) => all.filter((id) => id).map((id) => [id, id]);
  switch (platform) {
    case 'acs-chat': return { from: people(acs?.users, 'id', 'name'), to: known(acs?.thread_id) };
    case 'acs-messages': return { from: known('+14255550123'), to: known(acs?.conversation_id) };
    case 'msgraph-chat': return { from: people(graph?.users, 'id', 'display_name'), to: known(graph?.chat_id, graph?.channel_id) };
    case 'ucwa': return { from: people(ucwa?.users, 'sip', 'name'), to: people(ucwa?.users, 'sip', 'name') };
    default: return { from: [], to: [] };
  }
}

/** A message of the other side on any platform, also into a conversation that is new. */
export function openMessage(world) {
  const platforms = world.platforms.filter((one) => one.has_injections).map((one) => one.name);
  const platform = el('select', { name: 'platform' }, options(platforms));
  const conversation = el('input', { name: 'conversation', list: 'known-to', autocomplete: 'off', maxlength: 1000 });
  const sender = el('input', { name: 'sender', list: 'known-from', required: true, autocomplete: 'off', maxlength: 1000 });
  const lists = { from: el('datalist', { id: 'known-from' }), to: el('datalist', { id: 'known-to' }) };
  const hint = el('p', { class: 'small' });
  let ids = {};
  const explain = () => {
    const texts = FIELDS[platform.value] ?? OTHERS;
    sender.parentElement.firstChild.textContent = texts.from;
    conversation.parentElement.firstChild.textContent = texts.to;
    hint.textContent = texts.hint;
    const known = seeded(ids, platform.value);
    for (const [name, list] of Object.entries(lists)) {
      list.replaceChildren(...known[name].map(([value, label]) => el('option', { value, label })));
    }
  };
  dialog({
    title: 'A message of the other side',
    submit: 'Send',
    content: [
      field('Platform', platform), field('Conversation', conversation), field('Sender', sender), lists.from, lists.to,
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
    draw: async () => {
      const found = await get('world');
      // A list that is open stays open.
      if (JSON.stringify(found) === JSON.stringify(ids)) return;
      ids = found;
      explain();
    },
  });
  platform.addEventListener('change', explain);
  explain();
}

/** The clock of UCWA's durations, and that of the services. */
export function openClock() {
  const now = el('p', { class: 'small' });
  const offset = el('input', { name: 'offset_ms', inputmode: 'numeric' });
  let drawn = '';
  const show = (clock) => {
    now.textContent = `The time of the services is ${clock.now}, ${clock.offset_ms} ms from that of this machine`;
    // What is being typed stays.
    if (offset.value === drawn) offset.value = String(clock.offset_ms);
    drawn = String(clock.offset_ms);
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
          onclick: () => opened.act(async () => {
            show(await put('clock', { offset_ms: number(offset.value, 'offset_ms') }));
            return 'set';
          }),
        })),
    ],
    draw: async () => show(await get('clock')),
    onsubmit: async (values) => {
      const made = await post('ucwa/clock', { advance_s: number(values.advance_s, 'advance_s') });
      return `UCWA is ${made.advanced_s} s ahead`;
    },
  });
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
    // The first participant is most often the client under test. Nobody sends to themselves.
    const people = [...conversation.people.slice(1), ...conversation.people.slice(0, 1)]
      .filter(({ id }) => id !== conversation.inject.to);
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
