// Fault rules.

import { get, post, remove } from './api.js';
import { bdi, el } from './dom.js';
import { dialog, field, number, options } from './forms.js';

const ACTIONS = {
  status: { text: 'status, nothing stored', fields: ['status', 'retry'] },
  status_after_store: { text: 'status after storing', fields: ['status', 'retry'] },
  delay: { text: 'delay the response', fields: ['ms'] },
  close: { text: 'close the connection', fields: ['when'] },
  reset: { text: 'reset the connection', fields: ['when'] },
  cut_body: { text: 'cut the response', fields: ['after_bytes'] },
  malformed_body: { text: 'malformed response', fields: [] },
  late_store: { text: 'store late', fields: ['ms', 'then'] },
};

// What the client receives of a request that is stored late.
const THEN = [
  ['answer', 'its response, once it is stored'],
  ['status', 'a status, at once'],
  ['close', 'a closed connection'],
  ['reset', 'a reset connection'],
  ['silence', 'nothing'],
];

/** The fields of a kind; those of a status, too, where that is what the client receives. */
const fieldsOf = ({ kind, then }) => {
  const { fields } = ACTIONS[kind];
  return fields.includes('then') && then === 'status' ? [...fields, 'status', 'retry'] : fields;
};

function action(values) {
  const made = { kind: values.kind };
  for (const name of fieldsOf(values)) {
    if (name === 'when' || name === 'then') made[name] = values[name];
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

/** The fields of a fault: which are shown depends on its kind. */
function does() {
  const kind = el('select', { name: 'kind' }, options(Object.entries(ACTIONS).map(([name, one]) => [name, one.text])));
  const then = el('select', { name: 'then' }, options(THEN));
  const fields = {
    ms: field('Milliseconds', el('input', { name: 'ms', inputmode: 'numeric', value: '1000' })),
    then: field('Client receives', then),
    status: field('Status', el('input', { name: 'status', inputmode: 'numeric', value: '503' })),
    retry: field('Retry-After', el('input', { name: 'retry', placeholder: 'none' })),
    when: field('When', el('select', { name: 'when' }, options(['before_read', 'after_read', 'after_store']))),
    after_bytes: field('After bytes', el('input', { name: 'after_bytes', inputmode: 'numeric', value: '10' })),
  };
  const show = () => {
    const shown = fieldsOf({ kind: kind.value, then: then.value });
    for (const [name, one] of Object.entries(fields)) one.hidden = !shown.includes(name);
  };
  kind.addEventListener('change', show);
  then.addEventListener('change', show);
  show();
  return el('fieldset', {}, el('legend', { text: 'Does' }), field('Fault', kind), Object.values(fields));
}

/** The fault rules: those that there are, and a form for one more. */
export function openFaults(world) {
  const rules = el('ol', { class: 'rules', 'aria-label': 'Fault rules' });
  const draw = (document) => {
    rules.replaceChildren(...document.rules.map((one) => el('li', {}, el('code', {}, bdi(JSON.stringify(one))))));
    if (!document.rules.length) rules.append(el('li', { class: 'small', text: 'No fault rules.' }));
  };
  const platform = el('select', { name: 'platform' }, options([['', 'any'], ...world.platforms.map((one) => one.name)]));
  const operations = el('datalist', { id: 'operations' });
  const known = () => {
    const found = world.platforms.find((one) => one.name === platform.value);
    const all = found ? found.operations : world.platforms.flatMap((one) => one.operations);
    operations.replaceChildren(...options([...new Set(all)]));
  };
  platform.addEventListener('change', known);
  known();
  const opened = dialog({
    title: 'Faults',
    submit: 'Add rule',
    content: [
      rules,
      el('fieldset', {}, el('legend', { text: 'Applies to' }), field('Platform', platform),
        field('Operation', el('input', { name: 'operation', list: 'operations', value: 'send', autocomplete: 'off' })), operations,
        field('Every nth request', el('input', { name: 'every', inputmode: 'numeric', placeholder: 'each' })),
        field('At most, times', el('input', { name: 'times', inputmode: 'numeric', value: '1' }))),
      does(),
      el('button', {
        type: 'button', text: 'Remove all rules',
        onclick: () => opened.act(async () => {
          await remove('faults');
          draw(await get('faults'));
          return 'removed';
        }),
      }),
    ],
    onsubmit: async (values) => {
      draw(await post('faults', { rules: [rule(values)] }));
      return 'added';
    },
    draw: async () => draw(await get('faults')),
  });
}
