// Dialogs with forms.

import { el, soon } from './dom.js';

let count = 0;
// What redraws the dialogs that are open.
const drawings = new Set();

/** The emulator has changed: the dialogs that are open show what is there now. */
export const refreshDialogs = () => drawings.forEach((redraw) => redraw());

/** A labelled field. */
export function field(label, control, hint) {
  return el('label', { class: 'field' }, label, ' ', control, hint ? el('small', { text: hint }) : null);
}

/** Options of a select, from texts or `[value, text]`. */
export const options = (all) => all.map((one) => {
  const [value, text] = Array.isArray(one) ? one : [one, one];
  return el('option', { value, text });
});

/** The whole number of a field. */
export const number = (text, name) => {
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value)) throw new Error(`${name}: must be a whole number`);
  return value;
};

/**
 * Opens a dialog. `onsubmit` gets the values of its form; what it returns is said, and a problem is shown
 * beside the form. `act` does the same for another button. `draw` puts what the emulator has into the content,
 * at the beginning and whenever it has changed.
 */
export function dialog({ title, content, submit, danger, onsubmit, closes, draw, onclose }) {
  count += 1;
  const id = `dialog-${count}`;
  const problem = el('p', { class: 'problem', role: 'alert' });
  const said = el('p', { class: 'said', role: 'status' });
  const button = submit ? el('button', { type: 'submit', class: danger ? 'danger' : 'primary', text: submit }) : null;
  let isBusy = false;
  const act = async (work) => {
    problem.textContent = '';
    said.textContent = '';
    try {
      said.textContent = (await work()) ?? '';
      return true;
    } catch (failure) {
      problem.textContent = failure.message;
      return false;
    }
  };
  const form = el('form', {
    onsubmit: async (event) => {
      event.preventDefault();
      // A button that is disabled would lose the focus.
      if (!onsubmit || isBusy) return;
      isBusy = true;
      const isDone = await act(() => onsubmit(Object.fromEntries(new FormData(form)), form));
      isBusy = false;
      if (isDone && closes) box.close();
    },
  }, content, problem, said, el('div', { class: 'actions' }, button,
    el('button', { type: 'button', onclick: () => box.close(), text: 'Close' })));
  let lost = null;
  const follow = async () => {
    try {
      await draw();
      if (lost !== null && problem.textContent === lost) problem.textContent = '';
      lost = null;
    } catch (failure) {
      lost = failure.message;
      problem.textContent = lost;
    }
  };
  const redraw = soon(80, follow);
  const box = el('dialog', {
    'aria-labelledby': id,
    onclose: () => {
      drawings.delete(redraw);
      onclose?.();
      box.remove();
    },
  }, el('h2', { id, text: title }), form);
  document.body.append(box);
  box.showModal();
  if (draw) {
    drawings.add(redraw);
    follow();
  }
  return { box, form, act, redraw };
}
