// The inbox of the emulator: what is shown, and what changes it.

import { get } from './app/api.js';
import { Conversations, hashOf } from './app/conversations.js';
import { Detail } from './app/detail.js';
import { bdi, byId, el, later } from './app/dom.js';
import { openFaults } from './app/faults.js';
import { options, refreshDialogs } from './app/forms.js';
import { listenToKeys, openKeys } from './app/keys.js';
import { listen } from './app/live.js';
import { Requests } from './app/requests.js';
import { openSignIns } from './app/sign_ins.js';
import { Timeline } from './app/timeline.js';
import { Answer, openClock, openMessage, openReset } from './app/tools.js';

const announcer = byId('announcer');
const onproblem = (problem) => {
  byId('problem').textContent = problem.message;
};
const detail = new Detail({ onproblem });
const conversations = new Conversations({
  onload: () => {
    timeline.retitle();
    head().catch(onproblem);
  },
  onproblem,
});
const timeline = new Timeline({
  onopen: (seq) => detail.message(seq),
  onfound: (text) => { announcer.textContent = text; },
  titleOf: (platform, id) => conversations.titleOf(platform, id),
  onproblem,
});
const requests = new Requests({ onopen: (number) => detail.exchange(number), onproblem });
const answer = new Answer({ onproblem });
const filters = byId('filters');
const title = byId('title');
const people = byId('people');
let shown = { view: 'all' };
let source = null;
let starts = 0;

function connection(state, text = state) {
  const place = byId('connection');
  place.dataset.state = state;
  place.textContent = text;
}

/** The view that the address names. */
function route() {
  const [, view, platform, id] = location.hash.split('/');
  if (view === 'requests') return { view };
  try {
    if (view === 'c' && platform && id) {
      return { view, platform: decodeURIComponent(platform), id: decodeURIComponent(id) };
    }
  } catch {
    // An address that cannot be read is none.
  }
  return { view: 'all' };
}

function query() {
  const { search, platform, sender, state } = filters.elements;
  const wanted = { search: search.value.trim(), sender: sender.value.trim(), state: state.value, platform: platform.value };
  if (shown.view === 'c') return { ...wanted, platform: shown.platform, conversation: shown.id };
  return wanted;
}

/** The beginning of a name, which may have any length. */
const short = (text) => (text.length > 200 ? `${text.slice(0, 200)}…` : text);

function name(text) {
  if (title.textContent === text) return;
  title.textContent = text;
  document.title = `${short(text)} · Emulator inbox`;
}

/** What stands above the messages, and the form below them: again when the conversation has changed. */
async function head() {
  const { view, platform, id } = shown;
  if (view !== 'c') return;
  const found = await conversations.one(platform, id);
  if (shown.id !== id || shown.platform !== platform || !found) return;
  name(found.title || found.id);
  people.replaceChildren(found.platform, ...found.people.flatMap((one) => [' · ', bdi(one.name || one.id)]));
  byId('senders').replaceChildren(...options([...new Set(found.people.map((one) => one.name || one.id))]));
  answer.show(found);
}

async function show() {
  shown = route();
  byId('problem').textContent = '';
  const isList = shown.view === 'requests';
  timeline.root.hidden = isList;
  requests.root.hidden = !isList;
  filters.hidden = isList;
  filters.elements.platform.parentElement.hidden = shown.view === 'c';
  conversations.mark(shown.view === 'c' ? hashOf(shown.platform, shown.id) : null);
  for (const [name, view] of [['view-all', 'all'], ['view-requests', 'requests']]) {
    if (shown.view === view) byId(name).setAttribute('aria-current', 'page');
    else byId(name).removeAttribute('aria-current');
  }
  name({ all: 'All messages', requests: 'Requests' }[shown.view] ?? shown.id);
  people.textContent = '';
  byId('senders').replaceChildren();
  answer.show(null);
  const heading = head().catch(onproblem);
  if (isList) {
    byId('jump').hidden = true;
    await requests.load();
  } else {
    await timeline.open(query(), shown.view === 'all');
  }
  await heading;
}

function announce(messages) {
  const last = messages.at(-1);
  if (!last) return;
  const more = messages.length > 1 ? ` and ${messages.length - 1} more` : '';
  announcer.textContent = `${short(last.sender)} on ${last.platform}: ${last.text || last.kind}${more}`;
}

function news(data) {
  conversations.reload();
  requests.reload();
  if (data.messages.length && !timeline.root.hidden) timeline.news(data.newest);
  if (data.exchanges || data.changes) {
    timeline.refresh();
    detail.refresh();
  }
  if (data.changes) refreshDialogs();
  const here = data.messages.filter((one) => shown.view !== 'c' || (one.platform === shown.platform && one.conversation === shown.id));
  announce(here);
}

/** Another world, or another emulator at this address: what is shown of the old one is gone. */
function again() {
  detail.close();
  refreshDialogs();
  start();
}

/** Loads everything again. */
async function start() {
  starts += 1;
  const run = starts;
  source?.close();
  let cursor;
  // What is typed meanwhile loads the list again.
  do cursor = await conversations.load(); while (cursor === undefined);
  if (run !== starts) return;
  if (cursor === null) {
    connection('waiting');
    setTimeout(start, 2000);
    return;
  }
  source = listen(cursor, { news, state: (state) => connection(state), reset: again, refused: start });
  await show();
}

const filtered = later(200, () => {
  if (timeline.root.hidden) return;
  byId('problem').textContent = '';
  timeline.open(query(), shown.view === 'all');
});
filters.addEventListener('submit', (event) => event.preventDefault());
filters.addEventListener('input', filtered);
filters.addEventListener('change', filtered);
filters.addEventListener('reset', () => setTimeout(filtered));
// A page that the browser keeps for going back holds no connection.
addEventListener('pagehide', () => source?.close());
addEventListener('pageshow', (event) => { if (event.persisted) start(); });
addEventListener('hashchange', () => {
  detail.close();
  // In a narrow window the messages are below the conversations.
  document.querySelector('main').scrollIntoView();
  show();
});
// Its address is none of a view.
document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault();
  (timeline.root.hidden ? requests.root.querySelector('.scroll') : timeline.root).focus();
});
listenToKeys({ timeline, detail });

async function begin() {
  const world = await get('inbox/world');
  filters.elements.platform.append(...options(world.platforms.filter((one) => one.has_injections).map((one) => one.name)));
  filters.elements.state.append(...options(world.states));
  byId('open-answer').addEventListener('click', () => openMessage(world));
  byId('open-faults').addEventListener('click', () => openFaults(world));
  byId('open-sign-ins').addEventListener('click', () => openSignIns());
  byId('open-clock').addEventListener('click', () => openClock());
  byId('open-reset').addEventListener('click', () => openReset());
  byId('open-keys').addEventListener('click', () => openKeys());
  document.querySelector('header').append(el('p', { class: 'small version', text: world.version }));
  await start();
}

begin().catch(onproblem);
