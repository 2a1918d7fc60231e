// The keyboard.

import { byId, el } from './dom.js';
import { dialog } from './forms.js';

const KEYS = [
  ['/', 'search the messages'],
  ['c', 'find a conversation'],
  ['j or ↓', 'next message'],
  ['k or ↑', 'previous message'],
  ['Enter', 'details of the message'],
  ['a', 'reply'],
  ['g', 'newest messages'],
  ['Escape', 'close the details'],
  ['?', 'this list'],
];

export function openKeys() {
  dialog({
    title: 'Keyboard',
    content: [el('dl', { class: 'facts' }, KEYS.flatMap(([key, text]) => [el('dt', {}, el('kbd', { text: key })), el('dd', { text })]))],
  });
}

const isTyping = (target) => target.closest?.('input, textarea, select, dialog') !== null;

/** Listens to the keys of the page. */
export function listenToKeys({ timeline, detail }) {
  const acts = {
    '/': () => byId('filters').elements.search.focus(),
    c: () => byId('find').focus(),
    j: () => timeline.move(1),
    k: () => timeline.move(-1),
    a: () => { if (!byId('answer').hidden) byId('answer').elements.text.focus(); },
    g: () => byId('jump').click(),
    '?': openKeys,
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape' && !document.querySelector('dialog[open]')) {
      detail.close();
      return;
    }
    if (isTyping(event.target)) return;
    const article = event.target.closest?.('article');
    if (article && event.target === article && event.key === 'Enter') {
      event.preventDefault();
      detail.message(Number(article.dataset.seq));
      return;
    }
    const inFeed = event.target.closest?.('#timeline');
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const act = inFeed && step ? () => timeline.move(step) : acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
