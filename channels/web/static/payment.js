/*! The payment page: looks for news of the order and shows it in place, so that it is read aloud once, when it changes. */
(() => {
  'use strict';
  const EVERY_MS = 5000;
  const place = document.querySelector('[data-order]');

  async function look() {
    try {
      const response = await fetch(location.href, { cache: 'no-store' });
      if (!response.ok) return;
      const page = new DOMParser().parseFromString(await response.text(), 'text/html');
      const fresh = page.querySelector('[data-order]');
      if (!fresh || fresh.dataset.order === place.dataset.order) return;
      place.dataset.order = fresh.dataset.order;
      place.toggleAttribute('data-waiting', fresh.hasAttribute('data-waiting'));
      place.replaceChildren(...fresh.childNodes);
    } catch (unreachable) {
      // the next look comes soon
    }
  }

  async function follow() {
    if (!document.hidden) await look();
    if (place.hasAttribute('data-waiting')) setTimeout(follow, EVERY_MS);
  }

  if (place && place.hasAttribute('data-waiting')) setTimeout(follow, EVERY_MS);
})();
