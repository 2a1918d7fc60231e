// The one place where HTML becomes a part of the document. The emulator has sanitised it; the policy
// of the page lets no other script write HTML.

const passed = { createHTML: (html) => html };
const policy = globalThis.trustedTypes?.createPolicy('inbox-html', passed) ?? passed;

/** The sanitised HTML of a message. */
export function htmlOf(html) {
  const target = document.createElement('div');
  target.className = 'html';
  target.innerHTML = policy.createHTML(html);
  for (const mention of target.querySelectorAll('at')) mention.className = 'mention';
  for (const emoji of target.querySelectorAll('emoji')) {
    emoji.textContent = emoji.getAttribute('alt') ?? '';
  }
  for (const image of target.querySelectorAll('img')) {
    image.className = 'picture';
    image.loading = 'lazy';
    if (!image.alt) image.alt = 'picture';
    if (!image.getAttribute('src')) image.replaceWith(`[picture: ${image.alt}]`);
  }
  return target;
}
