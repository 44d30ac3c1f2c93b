/* The public pages: the large-type switch, the ask box and the questions that go into <tax-chat>, the copy button. */
(() => {
  'use strict';
  const KEY = 'tax-chat:large';  // shared with <tax-chat>, so that one switch serves both
  const root = document.documentElement;

  function storedLarge() {
    try {
      return localStorage.getItem(KEY) === 'true';
    } catch (denied) {
      return false;
    }
  }

  function storeLarge(on) {
    try {
      localStorage.setItem(KEY, String(on));
    } catch (denied) {
      // The switch then holds for this page only.
    }
  }

  function showLarge(on) {
    root.toggleAttribute('data-large', on);
    for (const button of document.querySelectorAll('[data-large-switch]')) button.setAttribute('aria-pressed', String(on));
    for (const chat of document.querySelectorAll('tax-chat')) chat.toggleAttribute('large', on);
  }

  // Before the first paint: the page must not jump for those who read large type.
  root.toggleAttribute('data-large', storedLarge());

  document.addEventListener('DOMContentLoaded', () => {
    const chat = document.querySelector('tax-chat');
    showLarge(storedLarge());
    document.addEventListener('tax-chat-large', (event) => showLarge(event.detail.large));

    // A chat inside a scrolling page is a trap for thumbs: on phones it becomes a button and a full screen.
    if (chat && chat.hasAttribute('data-page-on-desktop')) {
      const phone = matchMedia('(max-width: 900px)');
      const place = () => chat.setAttribute('mode', phone.matches ? 'launcher' : 'page');
      phone.addEventListener ? phone.addEventListener('change', place) : phone.addListener(place);
      place();
      if (location.hash === '#chat') customElements.whenDefined('tax-chat').then(() => chat.open());
    }

    document.addEventListener('click', (event) => {
      const target = event.target.closest('[data-large-switch], [data-ask], [data-copy]');
      if (!target) return;
      if (target.matches('[data-large-switch]')) {
        const on = !root.hasAttribute('data-large');
        storeLarge(on);
        showLarge(on);
      } else if (target.dataset.ask) {
        chat.ask(target.dataset.ask);
      } else {
        copy(target);
      }
    });

    const form = document.querySelector('[data-ask-form]');
    if (form) {
      form.addEventListener('submit', (event) => {
        event.preventDefault();
        const field = form.elements.question;
        const question = field.value.trim();
        if (!question) {
          field.focus();
          return;
        }
        field.value = '';
        chat.ask(question);
      });
    }
  });

  async function copy(button) {
    const source = document.getElementById(button.dataset.copy);
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = '已复制';
    } catch (insecure) {
      // Plain http has no clipboard: select the text for a manual copy.
      getSelection().selectAllChildren(source);
      button.textContent = '已选中，请按 Ctrl+C';
    }
    setTimeout(() => { button.textContent = before; }, 3000);
  }
})();
