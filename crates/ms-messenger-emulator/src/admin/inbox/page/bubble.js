// A message as a bubble.

import { bdi, el, link, picture, time } from './dom.js';
import { card } from './card.js';
import { htmlOf } from './html.js';

const FACES = { like: '👍', heart: '❤️', laugh: '😆', surprised: '😮', sad: '😢', angry: '😠' };

const button = ({ title, detail, url }) => {
  const content = [bdi(title), detail ? el('small', {}, ' ', bdi(detail)) : null];
  return el('li', { class: 'button' }, url ? link(url, ...content.filter(Boolean)) : content);
};

const PARTS = {
  text: ({ text, cut }) => el('div', {}, el('p', { class: 'text', dir: 'auto', text }),
    cut ? el('p', { class: 'note', text: `the beginning of ${cut} characters; its details have the whole` }) : null),
  html: ({ html }) => htmlOf(html),
  picture: ({ media, alt }) => picture(media, alt),
  heading: ({ text }) => el('p', { class: 'heading', dir: 'auto', text }),
  small: ({ text }) => el('p', { class: 'small', dir: 'auto', text }),
  note: ({ text }) => el('p', { class: 'note', dir: 'auto', text }),
  quote: ({ sender, text }) => el('blockquote', {}, bdi(sender, { class: 'sender' }), el('p', { dir: 'auto', text })),
  card: (part) => card(part.card),
  buttons: ({ buttons }) => el('ul', { class: 'buttons', 'aria-label': 'Buttons' }, buttons.map(button)),
  menu: ({ title, sections }) => el('details', { class: 'menu' },
    el('summary', {}, bdi(title)),
    sections.map((section) => el('section', {},
      el('p', { class: 'heading' }, bdi(section.title)),
      el('ul', { class: 'buttons' }, section.rows.map(button))))),
  file: ({ name, media, media_type, url }) => {
    const label = [el('span', { 'aria-hidden': 'true', text: '📎 ' }), bdi(name), media_type ? ` (${media_type})` : null];
    if (media) return el('p', { class: 'file' }, el('a', { href: media, download: '' }, label));
    return el('p', { class: 'file' }, url ? link(url, ...label.filter(Boolean)) : label);
  },
};

/** The parts of a message, in order. */
export function parts(item) {
  if (item.deleted_at) return [el('p', { class: 'note', text: 'This message was deleted.' })];
  return item.parts.map((part) => (PARTS[part.type] ?? (() => null))(part));
}

function badges(item) {
  const told = item.exchange;
  const all = [];
  const add = (kind, text) => all.push(el('li', { class: `badge ${kind}`, text }));
  if (item.duplicate_of) add('bad', `duplicate of #${item.duplicate_of}`);
  if (told?.has_fault) add('bad', 'fault');
  if (told && told.status === null) add('bad', 'client got no response');
  if (told?.status >= 400) add('bad', `client was told ${told.status}`);
  else if (told?.status) add('good', `told ${told.status}`);
  if (item.replays) add('warn', `replayed ×${item.replays}`);
  if (item.edited_at) add('warn', 'edited');
  if (item.deleted_at) add('warn', 'deleted');
  if (item.delivery) add(item.delivery === 'Failed' ? 'bad' : 'plain', item.delivery.toLowerCase());
  if (item.importance && item.importance.toLowerCase() !== 'normal') add('warn', item.importance);
  return all;
}

const reaction = ({ emoji, by }) => el('li', { title: by.join(', ') },
  el('span', { text: FACES[emoji] ?? emoji }), by.length > 1 ? ` ${by.length}` : null,
  el('span', { class: 'hidden', text: ` from ${by.join(', ')}` }));

/** The article of a message; `place` is the title of its conversation, where that is not known already. */
export function bubble(item, { place, onopen }) {
  const id = `m${item.seq}`;
  const isReceived = item.states.includes('injected');
  const sender = item.sender.name || item.sender.id || 'unknown sender';
  const found = badges(item);
  return el('article', {
    role: 'article',
    class: `bubble ${isReceived ? 'received' : 'sent'}${item.duplicate_of ? ' duplicate' : ''}`,
    'data-seq': item.seq, tabindex: '-1', 'aria-labelledby': `${id}-head`,
  },
  el('div', { class: 'line', id: `${id}-head` },
    bdi(sender, { class: 'sender', title: item.sender.id }),
    el('span', { class: `platform ${item.platform}`, text: item.platform }),
    time(item.received_at),
    el('button', {
      type: 'button', class: 'open', 'aria-label': `Details of message ${item.seq}`, onclick: () => onopen(item.seq), text: `#${item.seq}`,
    })),
  place ? el('p', { class: 'place small' }, 'in ', el('a', { href: `#/c/${encodeURIComponent(item.platform)}/${encodeURIComponent(item.conversation)}` }, bdi(place, { title: item.conversation }))) : null,
  item.reply_to ? el('p', { class: 'small' }, 'in reply to ', bdi(item.reply_to)) : null,
  item.subject ? el('p', { class: 'heading', dir: 'auto', text: item.subject }) : null,
  el('div', { class: 'body' }, parts(item)),
  item.reactions.length ? el('ul', { class: 'reactions', 'aria-label': 'Reactions' }, item.reactions.map(reaction)) : null,
  found.length ? el('ul', { class: 'badges', 'aria-label': 'State' }, found) : null);
}
