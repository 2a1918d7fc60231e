// Edits and deletes a message as its sender, the other side of the client under test.

import { post } from './api.js';
import { el } from './dom.js';
import { dialog, field } from './forms.js';

function openEdit(change, onchange) {
  dialog({
    title: 'Edit the message',
    submit: 'Save',
    closes: true,
    content: [field('Text', el('textarea', { name: 'text', rows: 5, required: true, maxlength: 20000, text: change.text }))],
    onsubmit: async ({ text }) => {
      await post('inject', { ...change.edit, text });
      onchange();
    },
  });
}

function openDelete(change, onchange) {
  dialog({
    title: 'Delete the message',
    submit: 'Delete',
    danger: true,
    closes: true,
    content: [el('p', { text: 'Its participants see that it was deleted.' })],
    onsubmit: async () => {
      await post('inject', change.delete);
      onchange();
    },
  });
}

/** The buttons of a message that its sender can change; `onchange` follows each change. */
export function changes(change, onchange) {
  const button = (text, id, open) => el('button', { type: 'button', id, text, onclick: () => open(change, onchange) });
  return el('div', { class: 'actions' }, button('Edit', 'edit-message', openEdit), button('Delete', 'delete-message', openDelete));
}
