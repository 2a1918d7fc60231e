// Adaptive Cards, a subset of version 1.5: what Teams messages commonly hold. Inputs and actions are
// drawn and do nothing; pictures are drawn where the emulator has them.

import { bdi, el, link, picture } from './dom.js';

const DEEPEST = 20;
const MOST = 500;

const list = (value) => (Array.isArray(value) ? value : []);
const text = (value) => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '');
const word = (value) => text(value).toLowerCase().replace(/[^a-z]/g, '');

// Bold, italic (with `_` between words only) and links. Each part ends before the next sign of its kind, so
// that no text takes a time that grows with the square of its length.
const MARKS = /\*\*(?!\s)([^*]+)(?<!\s)\*\*|\*(?!\s)([^*]+)(?<!\s)\*|(?<!\w)_(?!\s)([^_]+)(?<!\s)_(?!\w)|\[([^[\]]*)\]\(([^[\])\s]*)\)/g;

/** The Markdown of text blocks; beyond so many parts the text is as it is written. */
function marked(written) {
  const source = written.replace(/\r\n?/g, '\n');
  const nodes = [];
  let at = 0;
  for (const match of source.matchAll(MARKS)) {
    if (nodes.length > MOST) break;
    nodes.push(source.slice(at, match.index));
    const [, strong, star, underscore, title, url] = match;
    const em = star ?? underscore;
    if (strong !== undefined) nodes.push(el('strong', { text: strong }));
    else if (em !== undefined) nodes.push(el('em', { text: em }));
    else nodes.push(link(url, title));
    at = match.index + match[0].length;
  }
  nodes.push(source.slice(at));
  return nodes;
}

const more = () => el('p', { class: 'note', text: 'the rest of the card is not drawn' });

class Drawing {
  constructor() {
    this.count = 0;
  }

  /** Counts one more, and says whether that is too many or too deep. */
  isSpent(depth) {
    this.count += 1;
    return depth > DEEPEST || this.count > MOST;
  }

  /** Says once that something is left out. */
  rest(depth) {
    return this.count === MOST + 1 || depth === DEEPEST + 1 ? more() : null;
  }

  /** An element with what it does when it is pressed. */
  pressed(element, item, depth) {
    const { selectAction } = item;
    if (selectAction === null || typeof selectAction !== 'object') return element;
    const does = el('bdi', { class: 'note' }, ' when pressed: ', this.action(selectAction, depth + 1));
    if (element.tagName === 'IMG' || element.tagName === 'TABLE') return el('div', {}, element, does);
    element.append(does);
    return element;
  }

  all(items, depth) {
    return list(items).map((item) => this.one(item, depth + 1));
  }

  one(item, depth) {
    if (this.isSpent(depth)) return this.rest(depth);
    if (item === null || typeof item !== 'object' || item.isVisible === false) return null;
    const draw = DRAWN[text(item.type)];
    if (draw) return this.pressed(draw(item, this, depth), item, depth);
    const fallback = item.fallback;
    if (fallback && typeof fallback === 'object') return this.one(fallback, depth + 1);
    return el('p', { class: 'note' }, bdi(text(item.type) || 'element'), ' is not drawn');
  }

  actions(items, depth) {
    const drawn = list(items).map((item) => this.action(item, depth + 1));
    return drawn.length ? el('div', { class: 'actions' }, drawn) : null;
  }

  action(item, depth) {
    if (this.isSpent(depth)) return this.rest(depth);
    if (item === null || typeof item !== 'object') return null;
    const title = text(item.title) || text(item.type);
    if (item.type === 'Action.OpenUrl') return el('span', { class: 'action' }, link(text(item.url), title));
    if (item.type === 'Action.ShowCard') {
      return el('details', { class: 'menu' }, el('summary', {}, bdi(title)), this.whole(item.card, depth + 1));
    }
    return el('button', { type: 'button', class: 'action', disabled: true, title: text(item.type), text: title });
  }

  whole(card, depth) {
    if (card === null || typeof card !== 'object') return el('p', { class: 'note', text: 'a card that cannot be read' });
    return this.pressed(el('div', { class: 'card' }, this.all(card.body, depth), this.actions(card.actions, depth)), card, depth);
  }
}

const field = (item, input) => el('label', { class: 'field' }, text(item.label) || text(item.placeholder) || text(item.id) || 'input', ' ', input);
const written = (item) => (item.isMultiline === true
  ? field(item, el('textarea', { disabled: true, placeholder: text(item.placeholder), text: text(item.value) }))
  : input('text')(item));
const input = (type) => (item) => field(item, el('input', { type, disabled: true, value: text(item.value), placeholder: text(item.placeholder) }));

/** What is to choose from, with what is chosen. */
function choices(item) {
  const multiple = item.isMultiSelect === true;
  const chosen = multiple ? text(item.value).split(',') : [text(item.value)];
  const all = list(item.choices).slice(0, MOST);
  const isChosen = (choice) => chosen.includes(text(choice?.value));
  // A list of one always shows one as chosen.
  const none = multiple || all.some(isChosen) ? null : el('option', { text: text(item.placeholder) });
  const select = el('select', { disabled: true, multiple }, none,
    all.map((choice) => el('option', { selected: isChosen(choice), text: text(choice?.title) })));
  const drawn = field(item, select);
  return list(item.choices).length > MOST ? el('div', {}, drawn, more()) : drawn;
}

const DRAWN = {
  TextBlock: (item) => {
    const names = ['block', `size-${word(item.size) || 'default'}`, `color-${word(item.color) || 'default'}`];
    if (word(item.weight) === 'bolder') names.push('bolder');
    if (item.isSubtle === true) names.push('subtle');
    return el('p', { class: names.join(' '), dir: 'auto' }, marked(text(item.text)));
  },
  RichTextBlock: (item, drawing, depth) => el('div', {}, el('p', { class: 'block', dir: 'auto' }, list(item.inlines).slice(0, MOST).map((run) => {
    if (typeof run === 'string') return run;
    const tag = word(run?.weight) === 'bolder' ? 'strong' : run?.italic === true ? 'em' : 'span';
    return drawing.pressed(el(tag, { text: text(run?.text) }), run ?? {}, depth);
  })), list(item.inlines).length > MOST ? more() : null),
  Image: (item) => picture(text(item.url), text(item.altText)),
  ImageSet: (item, drawing, depth) => el('div', { class: 'columns' }, drawing.all(list(item.images).map((image) => ({ ...image, type: 'Image' })), depth)),
  Container: (item, drawing, depth) => el('div', { class: `container ${word(item.style)}` }, drawing.all(item.items, depth)),
  ColumnSet: (item, drawing, depth) => el('div', { class: 'columns' }, list(item.columns).map((column) => drawing.one({ ...column, type: 'Column' }, depth + 1))),
  Column: (item, drawing, depth) => el('div', { class: item.width === 'auto' ? 'column auto' : 'column' }, drawing.all(item.items, depth)),
  FactSet: (item) => {
    const facts = list(item.facts);
    const drawn = facts.slice(0, MOST).flatMap((fact) => [
      el('dt', {}, bdi(text(fact?.title))), el('dd', { dir: 'auto' }, marked(text(fact?.value)))]);
    return el('div', {}, el('dl', { class: 'facts' }, drawn), facts.length > MOST ? more() : null);
  },
  Table: (item, drawing, depth) => el('table', {}, el('tbody', {}, list(item.rows).map((row) => el('tr', {},
    list(row?.cells).map((cell) => drawing.pressed(el('td', {}, drawing.all(cell?.items, depth)), cell ?? {}, depth)))))),
  ActionSet: (item, drawing, depth) => drawing.actions(item.actions, depth),
  'Input.Text': (item, drawing, depth) => (item.inlineAction ? el('div', {}, written(item), drawing.action(item.inlineAction, depth + 1)) : written(item)),
  'Input.Number': input('number'),
  'Input.Date': input('date'),
  'Input.Time': input('time'),
  'Input.Toggle': (item) => el('div', {}, item.label ? el('p', { class: 'small', dir: 'auto', text: text(item.label) }) : null,
    el('label', { class: 'toggle' },
      el('input', { type: 'checkbox', disabled: true, checked: text(item.value) === (text(item.valueOn) || 'true') }), ' ', text(item.title))),
  'Input.ChoiceSet': choices,
};

/** A card as a whole; its `fallbackText` where it cannot be drawn. */
export function card(content) {
  if (content === null || typeof content !== 'object') {
    return el('p', { class: 'note', text: 'a card that cannot be read' });
  }
  const drawn = new Drawing().whole(content, 0);
  const [major, minor] = text(content.version).split('.').map(Number);
  if (major > 1 || (major === 1 && minor > 5)) {
    drawn.prepend(el('p', { class: 'note' }, 'version ', bdi(text(content.version)), ' of cards is drawn as 1.5'));
  }
  if (!drawn.hasChildNodes()) drawn.append(el('p', { dir: 'auto', text: text(content.fallbackText) || 'an empty card' }));
  return drawn;
}
