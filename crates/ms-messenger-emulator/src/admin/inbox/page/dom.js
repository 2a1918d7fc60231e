// Builds the document. Whatever comes from a message is a text node or a checked attribute.

const LINKS = /^(https?:|mailto:)/i;

/** An element with attributes, listeners (`onclick` …) and children; null children are left out. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on') && typeof value === 'function') {
      element.addEventListener(name.slice(2), value);
    } else if (name === 'text') {
      element.textContent = String(value);
    } else if (!name.startsWith('on')) {
      element.setAttribute(name, value === true ? '' : String(value));
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/** Text in its own direction, so that it cannot turn what stands beside it. */
export const bdi = (text, attributes = {}) => el('bdi', { ...attributes, text });

/** A link that leads outside; text where the address is no link. */
export function link(url, ...children) {
  const content = children.length ? children : [String(url)];
  if (!LINKS.test(String(url))) return el('span', {}, ...content);
  const attributes = { href: url, target: '_blank', rel: 'noopener noreferrer nofollow' };
  return el('a', attributes, ...content);
}

/** A picture that the emulator has; a note where it is elsewhere, since nothing is loaded from outside. */
export function picture(src, alt) {
  if (typeof src === 'string' && src.startsWith('/_emulator/inbox/media?')) {
    return el('img', { src, alt: alt || 'picture', loading: 'lazy', class: 'picture' });
  }
  return el('span', { class: 'placeholder' }, 'picture: ', link(src || '', bdi(alt || src || 'none')));
}

export const byId = (id) => document.getElementById(id);

/** The time of day, with the date where it is not today's. */
export function time(text) {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return bdi(text ?? '');
  const isToday = at.toDateString() === new Date().toDateString();
  const day = isToday ? {} : { month: 'short', day: 'numeric' };
  const shown = at.toLocaleString(undefined, {
    ...day, hour: '2-digit', minute: '2-digit', second: '2-digit',
  });
  return el('time', { datetime: text, title: text, text: shown });
}

/** Calls `work` once, `ms` after the last call: for what a person types. */
export function later(ms, work) {
  let timer = null;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...args), ms);
  };
}

/** Calls `work` within `ms` of a call however many follow, and never twice at the same time: for news. */
export function soon(ms, work) {
  let isWaiting = false;
  let isWorking = false;
  let isWanted = false;
  const begin = () => {
    isWaiting = true;
    setTimeout(async () => {
      isWaiting = false;
      isWorking = true;
      try {
        await work();
      } finally {
        isWorking = false;
        if (isWanted) begin();
        isWanted = false;
      }
    }, ms);
  };
  return () => {
    if (isWorking) isWanted = true;
    else if (!isWaiting) begin();
  };
}

/** Gives `root` these children in this order. It moves no more than it must: a click on an element that is taken
    out and put back is lost. */
export function arrange(root, elements) {
  const wanted = new Set(elements);
  for (const child of [...root.children]) if (!wanted.has(child)) child.remove();
  elements.forEach((element, n) => {
    if (root.children[n] !== element) root.insertBefore(element, root.children[n] ?? null);
  });
}

/** A number and its noun. */
export const count = (number, noun) => `${number} ${noun}${number === 1 ? '' : 's'}`;
