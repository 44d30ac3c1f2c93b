/*!
 * <tax-chat>: the hub's chat window as one dependency-free web component (ES2020, no build step).
 *
 *   <script src="https://hub.example/static/tax-chat.js" defer></script>
 *   <tax-chat heading="智能税务助手"></tax-chat>
 *
 * Attributes  hub, mode="launcher|page", theme="auto|light|dark", large, heading, bureau, attachments, nonce
 * Methods     open(), close(), ask(text)
 * Events      tax-chat-large {large}, tax-chat-unread {count}
 *
 * Read it in this order: Store, Api, Conversation and Tray (all state and network, no DOM), rendering of one message,
 * TaxChat (the element), styles.
 */
(() => {
  'use strict';
  if (customElements.get('tax-chat')) return;

  const script = document.currentScript;
  const SCRIPT_ORIGIN = script && script.src ? new URL(script.src).origin : location.origin;
  const SCRIPT_NONCE = (script && script.nonce) || '';

  const POLL_MS = 3000;
  const PING_MS = 25000;
  const SILENCE_MS = 60000;
  const REPLY_EXPECTED_MS = 90000;
  const BANNER_DELAY_MS = 1200;
  const BACKOFF_CEILING_MS = 30000;
  const SERVER_ERROR_ATTEMPTS = 5;
  const MAX_TEXT = 2000;
  const MAX_FILES = 3;
  const MEGABYTE = 1024 * 1024;
  const IMAGE = /\.(jpe?g|png|webp|gif|bmp)$/i;
  const DOCUMENT = /\.(pdf|ofd|docx?|xlsx?|txt|csv|xml|zip)$/i;
  const TIME_ZONE = 'Asia/Shanghai';

  const DEFAULT_GREETING = '您好，我是智能税务助手。请直接输入您想问的税费问题。';
  const DISCLAIMER = '智能助手答复仅供参考，以正式文件和主管税务机关答复为准';

  // ---------------------------------------------------------------------------------------------- Store

  /** localStorage under one prefix; falls back to memory where storage is denied or full. */
  class Store {
    constructor(prefix) {
      this.prefix = prefix;
      this.memory = new Map();
    }

    get(name) {
      const key = this.prefix + name;
      if (this.memory.has(key)) return this.memory.get(key);
      try {
        return JSON.parse(localStorage.getItem(key));
      } catch (denied) {
        return null;
      }
    }

    set(name, value) {
      const key = this.prefix + name;
      try {
        localStorage.setItem(key, JSON.stringify(value));
        this.memory.delete(key);
      } catch (denied) {
        this.memory.set(key, value);
      }
    }

    remove(name) {
      const key = this.prefix + name;
      this.memory.delete(key);
      try {
        localStorage.removeItem(key);
      } catch (denied) {
        // Nothing was stored there either.
      }
    }

    /** All values whose name starts with `start`. */
    list(start) {
      const wanted = this.prefix + start;
      const keys = new Set(this.memory.keys());
      try {
        for (let i = 0; i < localStorage.length; i += 1) keys.add(localStorage.key(i));
      } catch (denied) {
        // Memory is all there is.
      }
      return [...keys].filter((key) => key.startsWith(wanted)).map((key) => this.get(key.slice(this.prefix.length)));
    }
  }

  // ------------------------------------------------------------------------------------------------ Api

  class ApiError extends Error {
    constructor(status, detail, retryAfterMs) {
      super(detail);
      this.status = status;
      this.retryAfterMs = retryAfterMs;
    }

    get gone() { return [401, 404, 410].includes(this.status); }

    get temporary() { return this.status === 0 || this.status === 408 || this.status === 425 || this.status >= 500; }
  }

  /** The hub's REST API; every failure is an ApiError, status 0 when the network gave no answer. */
  class Api {
    constructor(hub) {
      this.base = `${hub}/api/v1`;
      this.streamBase = this.base.replace(/^http/, 'ws');
    }

    async request(method, path, { token, body, timeout = 15000 } = {}) {
      const abort = new AbortController();
      const timer = setTimeout(() => abort.abort(), timeout);
      const headers = { Accept: 'application/json' };
      if (token) headers.Authorization = `Bearer ${token}`;
      if (body) headers['Content-Type'] = 'application/json';
      let response;
      let payload = null;
      try {
        response = await fetch(this.base + path, {
          method, headers, body: body && JSON.stringify(body), signal: abort.signal, credentials: 'omit', cache: 'no-store',
        });
        const text = await response.text();
        if (text) payload = parseJson(text);
      } catch (unreachable) {
        throw new ApiError(0, '网络不通，请检查网络连接');
      } finally {
        clearTimeout(timer);
      }
      if (response.ok) return payload;
      throw refusal(response.status, payload, response.headers.get('Retry-After'));
    }

    /** Uploads a file and tells its progress, which fetch cannot; `done` is the hub's answer, `abort` ends it. */
    upload(path, { token, file, onProgress }) {
      const request = new XMLHttpRequest();
      const done = new Promise((resolve, reject) => {
        request.open('POST', this.base + path);
        request.setRequestHeader('Accept', 'application/json');
        request.setRequestHeader('Authorization', `Bearer ${token}`);
        request.timeout = 180000;
        request.upload.onprogress = (event) => { if (event.lengthComputable) onProgress(event.loaded / event.total); };
        request.onload = () => {
          const payload = parseJson(request.responseText);
          if (request.status === 201 && payload) resolve(payload);
          else reject(refusal(request.status, payload, request.getResponseHeader('Retry-After')));
        };
        request.onerror = () => reject(new ApiError(0, '网络不通，请检查网络连接'));
        request.ontimeout = request.onerror;
        request.onabort = () => reject(new ApiError(0, '已取消'));
        const form = new FormData();
        form.append('file', file, file.name);
        request.send(form);
      });
      return { done, abort: () => request.abort() };
    }

    /** A file as it was uploaded. */
    async download(path, token) {
      let response;
      try {
        response = await fetch(this.base + path, { headers: { Authorization: `Bearer ${token}` }, credentials: 'omit', cache: 'no-store' });
        if (response.ok) return await response.blob();
      } catch (unreachable) {
        throw new ApiError(0, '网络不通，请检查网络连接');
      }
      throw refusal(response.status, parseJson(await response.text()), null);
    }
  }

  function refusal(status, payload, header) {
    const detail = payload && typeof payload.detail === 'string' ? payload.detail : '服务暂时不可用，请稍后再试';
    return new ApiError(status, detail, retryAfter(header));
  }

  function parseJson(text) {
    try {
      return JSON.parse(text);
    } catch (malformed) {
      return null;
    }
  }

  /** Retry-After is seconds or an HTTP date; null when absent. */
  function retryAfter(header) {
    if (!header) return null;
    const seconds = Number(header);
    const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
    return Number.isFinite(wait) ? Math.max(wait, 0) : null;
  }

  /** crypto.randomUUID exists on secure origins only; intranet hubs may be plain http. */
  function uuid() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  }

  // --------------------------------------------------------------------------------------- Conversation

  /** An entry of the transcript from a message of the API. `key` stays the same from optimistic to confirmed. */
  function entryFrom(message) {
    return {
      key: message.client_message_id || message.id,
      id: message.id,
      clientId: message.client_message_id || null,
      author: message.author,
      text: message.text || '',
      buttons: message.buttons || [],
      citations: message.citations || [],
      related: message.related || [],
      attachments: message.attachments || [],
      createdAt: Date.parse(message.created_at) || Date.now(),
      status: message.author === 'user' ? 'sent' : null,
      note: '',
      attempts: 0,
    };
  }

  function entryFromOutbox(item) {
    const entry = entryFrom({ ...item, id: null, author: 'user' });
    return { ...entry, payload: item.payload || null, status: item.failed ? 'failed' : 'waiting', note: item.note || '' };
  }

  /**
   * One citizen's conversation: transcript, outbox, connection. It knows no DOM and calls `onChange` after every change.
   *
   * Nothing typed is lost: an entry lives in the outbox (storage) until the hub has confirmed its client_message_id.
   * Nothing is doubled: entries are matched by id and client_message_id, whichever path they come by.
   * Entry status: waiting → sending → sent, or failed (only a tap sends it again).
   */
  class Conversation {
    constructor(api, store, onChange) {
      this.api = api;
      this.store = store;
      this.onChange = onChange;
      this.stopped = true;
      this.failures = 0;
      this.streamFailures = 0;
      this.trouble = null;
      this.clear();
    }

    clear() {
      this.session = null;
      this.entries = [];
      this.cursor = null;
      this.state = 'with_bot';
      this.queue = null;
      this.notice = '';
      this.typingUntil = 0;
      this.loaded = false;
      this.toRate = false;
    }

    get answered() { return this.entries.some((entry) => entry.id && entry.author !== 'user'); }

    start() {
      if (!this.stopped) return;
      this.stopped = false;
      this.session = this.store.get('session');
      this.loadOutbox();
      this.listeners = [
        [window, 'online', () => this.resume()],
        [window, 'offline', () => { this.closeStream(); this.lost('network'); this.showTrouble(); }],
        [window, 'storage', (event) => this.onStorage(event)],
        [document, 'visibilitychange', () => { if (!document.hidden && this.trouble) this.resume(); this.poll(); }],
      ];
      for (const [target, type, handler] of this.listeners) target.addEventListener(type, handler);
      this.resume();
    }

    stop() {
      this.stopped = true;
      this.closeStream();
      for (const timer of [this.retryTimer, this.pollTimer, this.drainTimer, this.troubleTimer]) clearTimeout(timer);
      for (const [target, type, handler] of this.listeners || []) target.removeEventListener(type, handler);
      this.clear();
    }

    loadOutbox() {
      const items = this.store.list('outbox:').filter((item) => item && item.client_message_id);
      items.sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
      for (const item of items) {
        if (!this.entries.some((entry) => entry.clientId === item.client_message_id)) this.entries.push(entryFromOutbox(item));
      }
    }

    /** Another tab of the same site began, cleared or erased the conversation. */
    onStorage(event) {
      if (event.key !== `${this.store.prefix}session`) return;
      const session = this.store.get('session');
      if ((session && session.conversation_id) === (this.session && this.session.conversation_id)) return;
      this.closeStream();
      this.clear();
      this.session = session;
      this.loadOutbox();
      this.changed();
      this.resume();
    }

    get withHuman() { return this.state === 'with_agent' || this.state === 'waiting_for_agent'; }

    /** The hub has the citizen's words and the bot has not answered yet. */
    get awaitingReply() {
      const confirmed = this.entries.filter((entry) => entry.status !== 'waiting' && entry.status !== 'failed');
      const last = confirmed[confirmed.length - 1];
      if (!last || last.author !== 'user' || this.withHuman) return false;
      return last.status === 'sending' || Date.now() - (last.sentAt || 0) < REPLY_EXPECTED_MS;
    }

    get typing() { return this.awaitingReply || this.typingUntil > Date.now(); }

    changed() {
      if (this.stopped) return;
      this.onChange();
      this.poll();
    }

    // Sending

    send(text, payload, attachments = []) {
      const item = { client_message_id: uuid(), text, payload: payload || undefined, attachments, created_at: new Date().toISOString() };
      this.store.set(`outbox:${item.client_message_id}`, item);
      this.entries.push(entryFromOutbox(item));
      this.notice = '';
      this.changed();
      this.drain();
    }

    retry(entry) {
      entry.status = 'waiting';
      entry.note = '';
      entry.attempts = 0;
      this.changed();
      this.drain();
    }

    /** Sends what waits, oldest first and one at a time, so that the hub sees the order in which it was written. */
    async drain() {
      clearTimeout(this.drainTimer);
      if (this.draining || this.stopped) return;
      this.draining = true;
      try {
        for (;;) {
          const entry = this.entries.find((candidate) => candidate.status === 'waiting');
          if (!entry || !(await this.deliver(entry))) break;
        }
      } finally {
        this.draining = false;
      }
    }

    /** True when the next entry may follow. */
    async deliver(entry) {
      entry.status = 'sending';
      entry.note = '';
      this.changed();
      let session = null;
      try {
        session = await this.ensureSession();
        const body = { text: entry.text, client_message_id: entry.clientId };
        if (entry.payload) body.payload = entry.payload;
        if (entry.attachments.length) body.attachments = entry.attachments.map((one) => one.id);
        const reply = await this.api.request('POST', `/conversations/${session.conversation_id}/messages`, {
          token: session.token, body, timeout: 60000,
        });
        if (session !== this.session) return true;
        this.confirm(entry);
        this.merge(reply.messages || []);
        this.applyState(reply);
        this.regained();
        this.openStream();
        return true;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (session !== this.session || entry.status === 'sent') return true;
        return this.deliveryFailed(entry, error);
      } finally {
        this.changed();
      }
    }

    deliveryFailed(entry, error) {
      entry.attempts += 1;
      if (error.gone && entry.attempts === 1) {
        this.forget();
        entry.status = 'waiting';
        return true;
      }
      if (error.status === 429) {
        const wait = error.retryAfterMs === null ? 5000 : error.retryAfterMs;
        entry.status = 'waiting';
        entry.note = `${error.message}（${Math.ceil(wait / 1000)} 秒后自动发送）`;
        this.drainTimer = setTimeout(() => this.drain(), wait + 200);
        return false;
      }
      if (error.temporary && (error.status === 0 || entry.attempts < SERVER_ERROR_ATTEMPTS)) {
        entry.status = 'waiting';
        this.lost(error.status === 0 ? 'network' : 'server', entry.attempts, error.retryAfterMs);
        return false;
      }
      entry.status = 'failed';
      entry.note = error.message;
      this.store.set(`outbox:${entry.clientId}`, {
        client_message_id: entry.clientId, text: entry.text, payload: entry.payload || undefined, attachments: entry.attachments,
        created_at: new Date(entry.createdAt).toISOString(), failed: true, note: error.message,
      });
      return true;
    }

    confirm(entry) {
      if (entry.status === 'sent') return;
      entry.status = 'sent';
      entry.note = '';
      entry.sentAt = Date.now();
      this.store.remove(`outbox:${entry.clientId}`);
    }

    /** Begins a conversation on the first message, so that a mere page view leaves no record. */
    async ensureSession() {
      if (!this.session) this.session = this.store.get('session');
      if (this.session) return this.session;
      const begun = await this.api.request('POST', '/conversations', { body: { channel: 'web', locale: 'zh-CN', consent: true } });
      const other = this.store.get('session');  // a second tab may have been quicker
      this.session = other || { conversation_id: begun.conversation_id, token: begun.token };
      if (!other) {
        this.store.set('session', this.session);
        this.store.set('read', '');
      }
      return this.session;
    }

    // Receiving

    merge(messages) {
      for (const message of messages) {
        const known = this.entries.find((entry) => (
          entry.id === message.id || (message.client_message_id && entry.clientId === message.client_message_id)
        ));
        if (!known) {
          this.insert(entryFrom(message));
        } else if (!known.id) {
          this.confirm(known);
          known.id = message.id;
          known.createdAt = Date.parse(message.created_at) || known.createdAt;
        }
        if (message.author !== 'user') this.typingUntil = 0;
      }
    }

    /** Keeps the hub's order; what has not been sent yet stays at the end. The phone's own clock is never compared. */
    insert(entry) {
      let index = this.entries.length;
      while (index > 0) {
        const before = this.entries[index - 1];
        const later = before.id && before.createdAt > entry.createdAt;
        if (before.status !== 'waiting' && !later) break;
        index -= 1;
      }
      this.entries.splice(index, 0, entry);
    }

    applyState({ state, queue }) {
      if (state && state !== this.state) {
        const served = this.state === 'with_agent' && (state === 'with_bot' || state === 'resolved');
        if (this.withHuman && state === 'with_bot') this.notice = '人工服务已结束，智能助手继续为您服务。';
        else if (state === 'resolved') this.notice = '本次咨询已结束。如有新的问题，可以继续提问。';
        else this.notice = '';
        this.state = state;
        if (served) this.toRate = true;
      }
      this.queue = queue || null;
    }

    /** Fetches everything after the cursor. Only gapless sources move the cursor: this and, once caught up, the stream. */
    catchUp() {
      if (!this.catching) this.catching = this.fetchNew().finally(() => { this.catching = null; });
      return this.catching;
    }

    async fetchNew() {
      const session = this.session;
      let after = this.cursor;
      for (;;) {
        const query = after ? `?after=${encodeURIComponent(after)}` : '';
        const page = await this.api.request('GET', `/conversations/${session.conversation_id}/messages${query}`, {
          token: session.token,
        });
        if (session !== this.session) return;
        const messages = page.messages || [];
        this.merge(messages);
        if (messages.length) this.cursor = messages[messages.length - 1].id;
        this.applyState(page);
        this.loaded = true;
        this.changed();
        if (!page.next || page.next === after) return;
        after = page.next;
      }
    }

    /** Where no WebSocket passes (old proxies, some in-app browsers): ask again, but only while something is expected. */
    poll() {
      const expected = this.awaitingReply || (this.withHuman && !document.hidden);
      if (!expected || !this.session || this.streamReady || this.trouble || this.stopped) {
        clearTimeout(this.pollTimer);
        this.pollTimer = null;
      } else if (!this.pollTimer) {
        this.pollTimer = setTimeout(() => {
          this.pollTimer = null;
          this.catchUp().then(() => this.poll(), (error) => this.receivingFailed(error));
        }, POLL_MS);
      }
    }

    // Connection

    /** Brings the transcript up to date, sends what waits, opens the stream. Safe to call at any time. */
    async resume() {
      clearTimeout(this.retryTimer);
      if (this.resuming || this.stopped) return;
      this.resuming = true;
      try {
        if (this.session) await this.catchUp();
        const untried = !this.session && this.entries.some((entry) => entry.status === 'waiting');
        if (!untried && navigator.onLine !== false) this.regained();
        this.changed();
      } catch (error) {
        this.receivingFailed(error);
        if (!error.gone) return;
      } finally {
        this.resuming = false;
      }
      this.openStream();
      await this.drain();
      this.changed();
    }

    receivingFailed(error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.gone) {
        this.forget();
        this.changed();
      } else {
        this.lost(error.status === 0 ? 'network' : 'server', undefined, error.retryAfterMs);
      }
    }

    /** Exponential back-off with jitter, so that a restarted hub is not stormed. */
    lost(trouble, attempt = (this.failures += 1), wait = null) {
      this.nextTrouble = trouble;
      if (!this.trouble && !this.troubleTimer) this.troubleTimer = setTimeout(() => this.showTrouble(), BANNER_DELAY_MS);
      const ceiling = Math.min(BACKOFF_CEILING_MS, 500 * 2 ** attempt);
      clearTimeout(this.retryTimer);
      this.retryTimer = setTimeout(() => this.resume(), Math.max(wait || 0, ceiling * (0.5 + Math.random() / 2)));
    }

    /** Short losses heal unseen: the banner comes after a delay. */
    showTrouble() {
      clearTimeout(this.troubleTimer);
      this.troubleTimer = null;
      this.trouble = this.nextTrouble;
      this.changed();
    }

    regained() {
      clearTimeout(this.troubleTimer);
      this.troubleTimer = null;
      this.failures = 0;
      this.trouble = null;
    }

    openStream() {
      if (this.socket || !this.session || this.stopped || typeof WebSocket === 'undefined') return;
      const session = this.session;
      let socket;
      try {
        socket = new WebSocket(`${this.api.streamBase}/conversations/${session.conversation_id}/stream`);
      } catch (forbidden) {
        return;
      }
      this.socket = socket;
      this.heardAt = Date.now();
      // The token travels in the first frame: addresses end up in proxy logs.
      socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', token: session.token, after: this.cursor }));
      socket.onmessage = (event) => { if (socket === this.socket) this.onFrame(parseJson(event.data) || {}); };
      socket.onclose = () => { if (socket === this.socket) this.streamLost(); };
      this.pingTimer = setInterval(() => {
        if (Date.now() - this.heardAt > SILENCE_MS) socket.close();
        else if (socket.readyState === WebSocket.OPEN) socket.send('{"type":"ping"}');
      }, PING_MS);
    }

    onFrame(frame) {
      this.heardAt = Date.now();
      if (frame.type === 'ready') {
        this.streamReady = true;
        this.streamFailures = 0;
        this.applyState(frame);
        this.catchUp().then(() => { this.gapless = this.streamReady; }, (error) => this.receivingFailed(error));
      } else if (frame.type === 'message' && frame.message) {
        this.merge([frame.message]);
        if (this.gapless) this.cursor = frame.message.id;
      } else if (frame.type === 'typing') {
        if (frame.author !== 'user') this.typingUntil = Date.now() + 6000;
        setTimeout(() => this.changed(), 6100);
      } else if (frame.type === 'state') {
        this.applyState(frame);
      } else if (frame.type === 'error') {
        // The REST answer says whether the conversation is gone or only the stream refused.
        this.catchUp().catch((error) => this.receivingFailed(error));
      } else {
        return;
      }
      this.changed();
    }

    streamLost() {
      const wasReady = this.streamReady;
      this.closeStream();
      if (this.stopped) return;
      if (wasReady) {
        this.lost('network');
      } else {
        // REST works or not: the retry finds out. Meanwhile poll() bridges.
        this.streamFailures += 1;
        const wait = Math.min(60000, 2000 * 2 ** this.streamFailures) * (0.5 + Math.random() / 2);
        setTimeout(() => this.openStream(), wait);
      }
      this.changed();
    }

    closeStream() {
      clearInterval(this.pingTimer);
      const socket = this.socket;
      this.socket = null;
      this.streamReady = false;
      this.gapless = false;
      if (socket) socket.close();
    }

    // Ending

    /** The hub no longer knows this conversation: go on with a new one and keep only what was never sent. */
    forget() {
      this.closeStream();
      const unsent = this.entries.filter((entry) => !entry.id && entry.status !== 'sent');
      this.clear();
      this.entries = unsent;
      this.store.remove('session');
      this.store.remove('read');
    }

    /** Clears this device; the record at the hub stays until it expires or is erased. */
    reset() {
      this.closeStream();
      for (const item of this.store.list('outbox:')) if (item) this.store.remove(`outbox:${item.client_message_id}`);
      this.clear();
      this.store.remove('session');
      this.store.remove('read');
      this.regained();
      this.changed();
    }

    async erase() {
      const session = this.session;
      if (session) {
        // else the stream would report the end of the conversation before we do
        this.closeStream();
        try {
          await this.api.request('DELETE', `/conversations/${session.conversation_id}`, { token: session.token });
        } catch (error) {
          if (!error.gone) {
            this.openStream();
            throw error;
          }
        }
      }
      this.reset();
    }

    rate(score, comment) {
      const body = comment ? { score, comment } : { score };
      return this.api.request('PUT', `/conversations/${this.session.conversation_id}/rating`, { token: this.session.token, body });
    }

    file(id) {
      return this.api.download(`/conversations/${this.session.conversation_id}/attachments/${id}`, this.session.token);
    }

    exportRecord() {
      return this.api.request('GET', `/conversations/${this.session.conversation_id}/export`, { token: this.session.token });
    }
  }

  // ----------------------------------------------------------------------------------------------- Tray

  /** The files of the next message: chosen first, uploaded when it is sent, each taken out or tried again by itself. */
  class Tray {
    constructor(conversation, onChange) {
      this.conversation = conversation;
      this.onChange = onChange;
      this.items = [];
      this.busy = false;
    }

    /** Takes what may be sent; what to say about the rest. */
    add(files) {
      let refused = '';
      for (const file of files) {
        const image = file.type.startsWith('image/') || IMAGE.test(file.name);
        const limit = image ? 10 : 20;
        if (!image && !DOCUMENT.test(file.name)) refused = `“${file.name}”的格式不能发送。可以发送图片、PDF、Word、Excel或OFD文件。`;
        else if (file.size > limit * MEGABYTE) refused = `“${file.name}”超过了${limit}MB，请压缩后再选择。`;
        else if (this.items.length >= MAX_FILES) refused = `一次最多发送${MAX_FILES}个附件。`;
        else this.items.push({ file, key: uuid(), progress: null, note: '', refused: false, uploaded: null, abort: null });
      }
      this.onChange();
      return refused;
    }

    /** Takes one out, also from the hub where it lies there already. */
    remove(item) {
      this.items = this.items.filter((other) => other !== item);
      if (item.abort) item.abort();
      const { session, api } = this.conversation;
      if (item.uploaded && session) {
        const path = `/conversations/${session.conversation_id}/attachments/${item.uploaded.id}`;
        // what stays there is erased within a day
        api.request('DELETE', path, { token: session.token }).catch(() => {});
      }
      this.onChange();
    }

    clear() {
      for (const item of this.items) if (item.abort) item.abort();
      this.items = [];
      this.onChange();
    }

    /** Uploads what has not been uploaded; the files as the hub knows them, or null while one of them is not there. */
    async upload() {
      if (this.busy) return null;
      this.busy = true;
      try {
        const session = await this.conversation.ensureSession();
        await Promise.all(this.items.map((item) => this.uploadOne(item, session)));
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        for (const item of this.items) if (!item.uploaded) item.note = error.message;
      } finally {
        this.busy = false;
        this.onChange();
      }
      return this.items.every((item) => item.uploaded) ? this.items.map((item) => item.uploaded) : null;
    }

    async uploadOne(item, session) {
      if (item.uploaded && item.talk === session.conversation_id) return;
      Object.assign(item, { progress: 0, note: '', refused: false, uploaded: null, talk: session.conversation_id });
      this.onChange();
      const sending = this.conversation.api.upload(`/conversations/${session.conversation_id}/attachments`, {
        token: session.token, file: item.file, onProgress: (share) => { item.progress = share; this.onChange(); },
      });
      item.abort = sending.abort;
      try {
        item.uploaded = await sending.done;
      } catch (error) {
        item.note = error.message;
        item.refused = [409, 413, 422].includes(error.status);
        if (error.gone) this.conversation.forget();
      } finally {
        Object.assign(item, { progress: null, abort: null });
        this.onChange();
      }
    }
  }

  // ------------------------------------------------------------------------------------------ Rendering

  /** Builds an element; strings become text nodes, so data can never become markup. */
  function h(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, '');
      else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }

  /** Element.replaceChildren, which older phones lack. */
  function fill(element, ...children) {
    element.textContent = '';
    element.append(...children);
  }

  const ICONS = {
    chat: 'M4 5.5A2.5 2.5 0 0 1 6.5 3h11A2.5 2.5 0 0 1 20 5.5v8a2.5 2.5 0 0 1-2.5 2.5H11l-4.5 4v-4A2.5 2.5 0 0 1 4 13.5zM8 8h8M8 11.5h5',
    send: 'M4 12 20 4.5 15.5 20l-3.6-6.2zM11.9 13.8 20 4.5',
    close: 'M6 6l12 12M18 6 6 18',
    more: 'M5 12h.01M12 12h.01M19 12h.01',
    person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c.8-3.6 3.9-5.5 7.5-5.5s6.7 1.9 7.5 5.5',
    headset: 'M4.5 14v-2a7.5 7.5 0 0 1 15 0v2M4.5 13.5h2.6v5H6a1.5 1.5 0 0 1-1.5-1.5zM19.5 13.5h-2.6v5H18a1.5 1.5 0 0 0 1.5-1.5zM18 18.5c0 1.6-1.6 2.5-4 2.5',
    download: 'M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14',
    trash: 'M5 7h14M9.5 7V4.5h5V7M7 7l.8 13h8.4L17 7M10.5 11v5.5M13.5 11v5.5',
    restart: 'M5 12a7 7 0 1 0 2.2-5.1M5 4v4.5h4.5',
    clip: 'm19 11.5-7.3 7.3a4.6 4.6 0 0 1-6.5-6.5l7.7-7.7a3.1 3.1 0 0 1 4.4 4.4l-7.5 7.5a1.5 1.5 0 0 1-2.2-2.2l6.8-6.8',
    scroll: 'M12 5v13M6.5 12.5 12 18l5.5-5.5',
    book: 'M5 4.5h9.5A2.5 2.5 0 0 1 17 7v13H7.5A2.5 2.5 0 0 1 5 17.5zM5 17.5A2.5 2.5 0 0 1 7.5 15H17M8.5 8.5h5',
    star: 'm12 4 2.4 5.1 5.6.7-4.1 3.8 1.1 5.5-5-2.8-5 2.8 1.1-5.5L4 9.8l5.6-.7z',
    chevron: 'm8 10 4 4 4-4',
  };

  function icon(name) {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('aria-hidden', 'true');
    svg.setAttribute('class', `icon icon-${name}`);
    path.setAttribute('d', ICONS[name]);
    svg.append(path);
    return svg;
  }

  const LINK = /https?:\/\/[^\s<>"'，。；：！？、（）《》【】“”]+/g;

  /** Text with its addresses as links: https, and plain http of this very site (a hub inside a tax network). */
  function inline(text) {
    const parts = [];
    let end = 0;
    for (const match of text.matchAll(LINK)) {
      const url = match[0].replace(/[.,;:!?)]+$/, '');
      if (url.startsWith('http:') && !url.startsWith(`${window.location.origin}/`)) continue;
      parts.push(text.slice(end, match.index), link(url, url));
      end = match.index + url.length;
    }
    parts.push(text.slice(end));
    return parts;
  }

  function link(url, text) {
    return h('a', { href: url, target: '_blank', rel: 'noopener noreferrer' }, text);
  }

  /** Paragraphs at blank lines, line breaks kept, runs of "- " lines as a list. */
  function prose(text) {
    const blocks = [];
    for (const paragraph of text.replace(/\r\n?/g, '\n').split(/\n{2,}/)) {
      let open = null;
      for (const line of paragraph.split('\n')) {
        const item = /^\s*[-•]\s+(.*)$/.exec(line);
        const tag = item ? 'UL' : 'P';
        if (!open || open.tagName !== tag) {
          open = h(tag);
          blocks.push(open);
        } else if (!item) {
          open.append(h('br'));
        }
        if (item) open.append(h('li', null, ...inline(item[1])));
        else open.append(...inline(line));
      }
    }
    return blocks;
  }

  const day = (moment) => new Date(moment).toLocaleDateString('sv-SE', { timeZone: TIME_ZONE });

  function clock(moment) {
    const time = new Date(moment).toLocaleTimeString('zh-CN', { timeZone: TIME_ZONE, hour: '2-digit', minute: '2-digit', hour12: false });
    return day(moment) === day(Date.now()) ? time : `${day(moment)} ${time}`;
  }

  function validity({ effective_from: from, effective_to: to }) {
    if (from && to) return `${from} 至 ${to}`;
    if (from) return `${from} 至今`;
    return to ? `至 ${to}` : null;
  }

  const AUTHORITY = {
    law: '法律',
    administrative_regulation: '行政法规',
    department_rule: '部门规章',
    normative_document: '规范性文件',
    guidance: '工作指引',
  };

  function citationItem(citation) {
    const title = citation.title || citation.document_number || '依据文件';
    const linked = /^https:\/\//.test(citation.url || '');
    const facts = [['文号', citation.document_number], ['条款', citation.article], ['有效期', validity(citation)], ['效力', AUTHORITY[citation.authority] || citation.authority]];
    const list = h('dl');
    for (const [name, value] of facts) if (value) list.append(h('div', null, h('dt', null, name), h('dd', null, value)));
    return h('li', null, h('div', { class: 'citation-title' }, linked ? link(citation.url, title) : title), list);
  }

  function citations(entry) {
    if (!entry.citations.length) return null;
    return h('details', { class: 'citations' },
      h('summary', null, icon('book'), `依据 ${entry.citations.length} 条`, icon('chevron')),
      h('ol', null, ...entry.citations.map(citationItem)));
  }

  /** What the hub writes in place of words; the file itself is shown. */
  const LABELS = /^(\[(图片|文件|附件)\])+$/;

  function bytes(size) {
    return size < MEGABYTE ? `${Math.max(1, Math.round(size / 1024))} KB` : `${(size / MEGABYTE).toFixed(1)} MB`;
  }

  function attachmentItem(attachment, saveFile) {
    const name = attachment.name || attachment.title || '附件';
    const shown = attachment.size ? `${name}（${bytes(attachment.size)}）` : name;
    if (attachment.id) return h('li', null, icon('clip'), h('button', { type: 'button', class: 'saved-file', title: '保存附件', onclick: () => saveFile(attachment) }, shown));
    return h('li', null, icon('clip'), /^https:\/\//.test(attachment.url || '') ? link(attachment.url, name) : shown);
  }

  const SCORES = [[5, '非常满意'], [4, '满意'], [3, '基本满意'], [2, '不满意'], [1, '非常不满意']];
  const SPEAKER = { user: '您', bot: '智能助手', agent: '人工坐席', system: '系统提示' };

  /** The talk as text to keep or to send on, times in China. */
  function transcript(record) {
    const when = (moment) => new Date(moment).toLocaleString('zh-CN', { timeZone: TIME_ZONE, hour12: false });
    const lines = record.messages.map((message) => {
      const cited = (message.citations || []).map((citation) => (
        `依据：${[citation.title, citation.document_number, citation.article].filter(Boolean).join(' ')}`));
      const speaker = message.author === 'agent' && message.author_name ? `人工坐席 ${message.author_name}` : SPEAKER[message.author];
      return [`[${when(message.created_at)}] ${speaker}：`, message.text, ...cited].join('\r\n');
    });
    return ['税费咨询记录', `咨询编号：${record.conversation_id}`, DISCLAIMER, '', lines.join('\r\n\r\n'), ''].join('\r\n');
  }

  function save(text, type, suffix) {
    const blob = new Blob(['\ufeff'.repeat(Number(suffix === 'txt')), text], { type: `${type};charset=utf-8` });
    saveBlob(blob, `咨询记录-${day(Date.now())}.${suffix}`);
  }

  function saveBlob(blob, name) {
    const url = URL.createObjectURL(blob);
    h('a', { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  }

  /** One message. `say(text, payload)` sends what a button or chip stands for, `saveFile(attachment)` saves a file. */
  function entryNode(entry, say, saveFile) {
    const words = entry.attachments.length && LABELS.test(entry.text) ? '' : entry.text;
    const bubble = h('div', { class: 'bubble' }, ...(words || !entry.attachments.length ? prose(words) : []));
    if (entry.attachments.length) bubble.append(h('ul', { class: 'attachments' }, ...entry.attachments.map((one) => attachmentItem(one, saveFile))));
    const cited = citations(entry);
    if (cited) bubble.append(cited);
    const body = h('div', { class: 'body' }, h('span', { class: 'visually-hidden' }, `${SPEAKER[entry.author] || '系统提示'}：`));
    if (entry.author === 'agent') body.append(h('span', { class: 'human', 'aria-hidden': 'true' }, icon('person'), '人工坐席'));
    body.append(bubble);
    if (entry.buttons.length) {
      body.append(h('div', { class: 'buttons' }, ...entry.buttons.map((button) => (
        h('button', { type: 'button', onclick: () => say(button.title, button.payload) }, button.title)))));
    }
    if (entry.related.length) {
      body.append(h('div', { class: 'related' }, h('span', { class: 'label' }, '相关问题'), ...entry.related.map((related) => (
        h('button', { type: 'button', class: 'chip', onclick: () => say(related.title) }, related.title)))));
    }
    if (entry.author !== 'system') body.append(h('div', { class: 'meta' }));
    const avatar = entry.author === 'bot' || entry.author === 'agent';
    return h('div', { class: 'entry', 'data-author': entry.author },
      avatar ? h('span', { class: 'avatar', 'aria-hidden': 'true' }, icon(entry.author === 'bot' ? 'chat' : 'person')) : null, body);
  }

  function statusNode(entry, retry) {
    if (entry.status === 'failed') {
      const text = `发送失败 点此重试${entry.note ? `（${entry.note}）` : ''}`;
      return h('button', { type: 'button', class: 'retry', onclick: () => retry(entry) }, text);
    }
    return { sending: '发送中', waiting: entry.note || '待发送，网络恢复后自动发送', sent: '已送达' }[entry.status] || '';
  }

  // -------------------------------------------------------------------------------------------- Element

  const FOCUSABLE = 'a[href], button:not([disabled]), textarea, input, summary, [tabindex="0"]';
  const phone = matchMedia('(max-width: 600px)');

  class TaxChat extends HTMLElement {
    static get observedAttributes() { return ['large', 'heading', 'bureau', 'mode', 'attachments']; }

    connectedCallback() {
      if (!this.parts) this.build();
      if (this.settings.get('large') && !this.large) this.large = true;
      this.conversation.start();
      this.onViewport = () => this.fitViewport();
      this.onVisibility = () => this.update();
      this.onOnline = () => { if (this.visible) this.loadSite(); };
      window.addEventListener('online', this.onOnline);
      document.addEventListener('visibilitychange', this.onVisibility);
      if (window.visualViewport) window.visualViewport.addEventListener('resize', this.onViewport);
      if (this.visible) this.loadSite();
      this.update();
    }

    disconnectedCallback() {
      this.conversation.stop();
      this.nodes.clear();
      fill(this.parts.log);
      window.removeEventListener('online', this.onOnline);
      document.removeEventListener('visibilitychange', this.onVisibility);
      if (window.visualViewport) window.visualViewport.removeEventListener('resize', this.onViewport);
    }

    attributeChangedCallback() { if (this.parts) this.update(); }

    get hub() { return (this.getAttribute('hub') || SCRIPT_ORIGIN).replace(/\/+$/, ''); }

    get pageMode() { return this.getAttribute('mode') === 'page'; }

    get visible() { return this.pageMode || this.isOpen; }

    get large() { return this.hasAttribute('large'); }

    set large(on) {
      if (Boolean(on) !== this.large) this.toggleAttribute('large', Boolean(on));
    }

    /** Opens the panel and puts the question; before consent it is only filled in, under the privacy notice. */
    ask(text) {
      const noticed = this.visible || this.store.get('consent');
      this.open();
      if (noticed) {
        this.say(text);
      } else {
        this.parts.input.value = text.slice(0, MAX_TEXT);
        this.fitInput();
        this.parts.send.focus();
      }
    }

    open() {
      if (this.visible) return;
      this.isOpen = true;
      this.returnFocus = document.activeElement;
      this.loadSite();
      this.fitViewport();
      this.update();
      this.scrollToEnd();
      // A phone's keyboard would hide the greeting and the suggestions.
      (matchMedia('(pointer: coarse)').matches ? this.parts.panel : this.parts.input).focus();
    }

    close() {
      if (!this.isOpen) return;
      this.isOpen = false;
      this.closeMenu();
      this.update();
      const target = this.returnFocus && this.returnFocus !== document.body && this.returnFocus.isConnected ? this.returnFocus : null;
      (target && target !== this ? target : this.parts.launcher).focus();
    }

    build() {
      this.settings = new Store('tax-chat:');
      this.store = new Store(`tax-chat:${this.hub}:`);
      this.api = new Api(this.hub);
      this.conversation = new Conversation(this.api, this.store, () => this.scheduleUpdate());
      this.tray = new Tray(this.conversation, () => this.scheduleUpdate());
      this.nodes = new Map();
      this.isOpen = false;
      this.site = null;
      const root = this.attachShadow({ mode: 'open' });
      applyStyles(root, this.nonce || SCRIPT_NONCE);

      const iconButton = (name, label, onclick, extra) => (
        h('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick, ...extra }, icon(name)));
      const parts = {};
      parts.badge = h('span', { class: 'badge', hidden: true });
      parts.launcher = h('button', { type: 'button', class: 'launcher', 'aria-haspopup': 'dialog', onclick: () => this.open() },
        icon('chat'), h('span', { class: 'launcher-text' }, '问税'), parts.badge);
      parts.title = h('h2', { class: 'title', id: 'title' });
      parts.subtitle = h('p', { class: 'subtitle' });
      parts.sandbox = h('span', { class: 'sandbox', hidden: true }, '演示环境');
      parts.size = h('button', { type: 'button', class: 'icon-button size', title: '大字显示', onclick: () => this.toggleLarge() }, '大字');
      parts.menuButton = iconButton('more', '更多操作', () => this.toggleMenu(), { 'aria-haspopup': 'menu', 'aria-expanded': 'false' });
      parts.close = iconButton('close', '关闭', () => this.close(), { class: 'icon-button close' });
      parts.menu = h('div', { class: 'menu', role: 'menu', 'aria-label': '更多操作', hidden: true, onkeydown: (event) => this.onMenuKey(event) });
      parts.banner = h('div', { class: 'banner', role: 'status', hidden: true });
      parts.strip = h('div', { class: 'strip', role: 'status', hidden: true });
      parts.rate = h('button', { type: 'button', class: 'rate', hidden: true, onclick: () => this.rate() }, '请您评价刚才的人工服务');
      parts.greeting = h('div', { class: 'greeting' });
      parts.log = h('div', { class: 'log', role: 'log', 'aria-live': 'off', 'aria-label': '对话记录' });
      parts.typing = h('div', { class: 'typing', role: 'status', hidden: true },
        h('span', { class: 'dots', 'aria-hidden': 'true' }, h('i'), h('i'), h('i')), h('span', { class: 'typing-text' }));
      parts.scroll = h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': '对话内容', onscroll: () => this.onScroll() },
        parts.greeting, parts.log, parts.typing);
      parts.newer = h('button', { type: 'button', class: 'newer', hidden: true, onclick: () => this.scrollToEnd() }, icon('scroll'), '有新消息');
      parts.consent = h('p', { class: 'consent', id: 'consent' },
        '本服务由智能助手应答，对话内容加密保存，请勿输入密码、验证码。使用即表示同意',
        h('a', { href: `${this.hub}/privacy`, target: '_blank', rel: 'noopener' }, '《隐私说明》'), '。');
      parts.human = h('button', { type: 'button', class: 'human-button', 'aria-label': '转人工', onclick: () => this.say('转人工') },
        icon('headset'), h('span', { 'aria-hidden': 'true' }, '人工'));
      parts.input = h('textarea', {
        class: 'input', id: 'input', rows: '1', maxlength: String(MAX_TEXT), placeholder: '请输入您的问题', 'aria-label': '请输入您的问题',
        'aria-describedby': 'consent', enterkeyhint: 'send', autocomplete: 'off',
        onkeydown: (event) => this.onInputKey(event), oninput: () => { this.fitInput(); this.store.set('draft', parts.input.value); },
        onpaste: (event) => this.takeFiles(event, event.clipboardData),
      });
      parts.file = h('input', {
        type: 'file', hidden: true, multiple: true, accept: 'image/*,.pdf,.ofd,.doc,.docx,.xls,.xlsx,.txt,.csv,.xml,.zip', 'aria-label': '选择附件',
        onchange: () => { this.choose([...parts.file.files]); parts.file.value = ''; },
      });
      parts.attach = iconButton('clip', '选择附件', () => parts.file.click(), { class: 'icon-button attach' });
      parts.fileNote = h('p', { class: 'file-note', role: 'status', hidden: true });
      parts.tray = h('ul', { class: 'tray', 'aria-label': '待发送的附件', hidden: true });
      parts.send = h('button', { type: 'submit', class: 'send', 'aria-label': '发送', title: '发送' }, icon('send'));
      parts.form = h('form', { class: 'composer', onsubmit: (event) => { event.preventDefault(); this.submit(); } },
        parts.human, parts.attach, parts.input, parts.send);
      parts.confirm = h('div', { class: 'confirm', hidden: true });
      parts.panel = h('section', {
        class: 'panel', tabindex: '-1', 'aria-labelledby': 'title', onkeydown: (event) => this.onPanelKey(event),
        ondragover: (event) => { if (this.hasAttribute('attachments')) event.preventDefault(); },
        ondrop: (event) => this.takeFiles(event, event.dataTransfer),
      },
      h('header', { class: 'header' },
        h('span', { class: 'mark', 'aria-hidden': 'true' }, icon('chat')),
        h('div', { class: 'titles' }, parts.title, h('div', { class: 'subtitle-row' }, parts.sandbox, parts.subtitle)),
        parts.size, parts.menuButton, parts.close, parts.menu),
      parts.banner, parts.strip, parts.rate,
      h('div', { class: 'middle' }, parts.scroll, parts.newer),
      h('div', { class: 'bottom' }, parts.fileNote, parts.tray, parts.consent, parts.form, parts.file, h('p', { class: 'footer' }, DISCLAIMER)),
      parts.confirm);
      this.parts = parts;
      parts.input.value = this.store.get('draft') || '';
      root.append(parts.launcher, parts.panel);
    }

    async loadSite() {
      if (this.site || this.loadingSite) return;
      this.loadingSite = true;
      try {
        this.site = await this.api.request('GET', '/site');
      } catch (error) {
        // The window works without it; the next opening or reconnection asks again.
      } finally {
        this.loadingSite = false;
      }
      this.update();
    }

    // Acting

    async submit() {
      const { input } = this.parts;
      input.focus();
      if (!input.value.trim() && !this.tray.items.length) return;
      let attachments = [];
      if (this.tray.items.length) {
        this.consent();
        setText(this.parts.fileNote, '');
        attachments = await this.tray.upload();
        // the words wait for their files; each file says what is wrong with it
        if (!attachments) return;
        this.tray.clear();
      }
      const text = input.value.trim();
      input.value = '';
      this.fitInput();
      this.store.remove('draft');
      if (text || attachments.length) this.say(text, undefined, attachments);
    }

    consent() {
      if (!this.store.get('consent')) this.store.set('consent', new Date().toISOString());
    }

    say(text, payload, attachments) {
      this.consent();
      this.follow = true;
      this.conversation.send(text.slice(0, MAX_TEXT), payload, attachments);
    }

    toggleLarge() {
      this.large = !this.large;
      this.settings.set('large', this.large);
      this.dispatchEvent(new CustomEvent('tax-chat-large', { bubbles: true, composed: true, detail: { large: this.large } }));
    }

    choose(files) {
      setText(this.parts.fileNote, this.tray.add(files));
      this.parts.input.focus();
    }

    /** Files that were pasted or dropped; pasted text goes its own way. */
    takeFiles(event, transfer) {
      if (!this.hasAttribute('attachments') || !transfer || !transfer.files.length) return;
      event.preventDefault();
      this.choose([...transfer.files]);
    }

    async saveFile(attachment) {
      try {
        saveBlob(await this.conversation.file(attachment.id), attachment.name || '附件');
      } catch (error) {
        this.tell(`附件没有取到：${error.message}`);
      }
    }

    /** The record as programs read it, or as people do. */
    async exportRecord(readable) {
      try {
        const record = await this.conversation.exportRecord();
        if (readable) save(transcript(record), 'text/plain', 'txt');
        else save(JSON.stringify(record, null, 2), 'application/json', 'json');
      } catch (error) {
        this.tell(`导出失败：${error.message}`);
      }
    }

    async eraseRecord() {
      try {
        await this.conversation.erase();
        this.forgetView();
        this.tell('您的咨询记录已删除。');
      } catch (error) {
        this.tell(`删除失败：${error.message}`);
      }
    }

    forgetView() {
      this.parts.input.value = '';
      this.fitInput();
      this.tray.clear();
      for (const name of ['draft', 'consent']) this.store.remove(name);
      this.update();
    }

    tell(text) {
      this.conversation.notice = text;
      this.update();
    }

    // Menu and confirmation

    menuItems() {
      const recorded = Boolean(this.conversation.session);
      const items = [];
      if (!this.conversation.withHuman) items.push(['headset', '转人工', () => this.say('转人工')]);
      items.push(['restart', '清空对话', () => this.confirm('清空这台设备上的对话？', '将开始新的咨询。已保存的记录不会删除，清空后在这台设备上不能再查看。', '清空',
        () => { this.conversation.reset(); this.forgetView(); })]);
      if (recorded && this.conversation.answered) items.push(['star', '评价服务', () => this.rate()]);
      if (recorded) {
        items.push(['scroll', '下载聊天记录', () => this.exportRecord(true)]);
        items.push(['download', '导出我的记录', () => this.exportRecord(false)]);
        items.push(['trash', '删除我的记录', () => this.confirm('删除这次咨询的全部记录？', '服务器和这台设备上的对话都会删除，不能恢复。', '删除', () => this.eraseRecord())]);
      }
      return items;
    }

    toggleMenu() {
      if (!this.parts.menu.hidden) {
        this.closeMenu();
        return;
      }
      fill(this.parts.menu, ...this.menuItems().map(([name, label, act]) => (
        h('button', { type: 'button', role: 'menuitem', onclick: () => { this.closeMenu(); act(); } }, icon(name), label))));
      this.parts.menu.hidden = false;
      this.parts.menuButton.setAttribute('aria-expanded', 'true');
      this.parts.menu.firstChild.focus();
      this.onOutside = (event) => { if (!event.composedPath().includes(this.parts.menu)) this.closeMenu(false); };
      setTimeout(() => document.addEventListener('pointerdown', this.onOutside));
    }

    closeMenu(refocus = true) {
      if (this.parts.menu.hidden) return;
      this.parts.menu.hidden = true;
      this.parts.menuButton.setAttribute('aria-expanded', 'false');
      document.removeEventListener('pointerdown', this.onOutside);
      if (refocus) this.parts.menuButton.focus();
    }

    onMenuKey(event) {
      const items = [...this.parts.menu.children];
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        event.preventDefault();
        items[(items.indexOf(this.shadowRoot.activeElement) + step + items.length) % items.length].focus();
      } else if (event.key === 'Escape' || event.key === 'Tab') {
        event.preventDefault();
        event.stopPropagation();
        this.closeMenu();
      }
    }

    confirm(question, explanation, verb, act) {
      const { confirm, menuButton } = this.parts;
      const end = (agreed) => {
        confirm.hidden = true;
        fill(confirm);
        menuButton.focus();
        if (agreed) act();
      };
      const cancel = h('button', { type: 'button', class: 'plain', onclick: () => end(false) }, '取消');
      fill(confirm, h('div', {
        class: 'confirm-box', role: 'alertdialog', 'aria-modal': 'true', 'aria-labelledby': 'confirm-question', 'aria-describedby': 'confirm-text',
        onkeydown: (event) => {
          if (event.key === 'Escape') end(false);
          else if (event.key === 'Tab') this.cycleFocus(event, confirm);
          if (event.key === 'Escape' || event.key === 'Tab') event.stopPropagation();
        },
      },
      h('h3', { id: 'confirm-question' }, question), h('p', { id: 'confirm-text' }, explanation),
      h('div', { class: 'confirm-buttons' }, cancel, h('button', { type: 'button', class: 'danger', onclick: () => end(true) }, verb))));
      confirm.hidden = false;
      cancel.focus();
    }

    // Satisfaction

    /** Asks how satisfied the person is; once given, a verdict can be given anew from the menu. */
    rate() {
      this.conversation.toRate = false;
      const { confirm, menuButton } = this.parts;
      const end = () => {
        confirm.hidden = true;
        fill(confirm);
        this.update();
        menuButton.focus();
      };
      const trouble = h('p', { role: 'alert', hidden: true });
      const comment = h('textarea', { class: 'rating-comment', rows: '2', maxlength: '500', placeholder: '还想说点什么？（选填）', 'aria-label': '补充意见（选填）' });
      const scores = h('div', { class: 'rating', role: 'radiogroup', 'aria-labelledby': 'confirm-question' },
        ...SCORES.map(([score, title]) => h('label', null, h('input', { type: 'radio', name: 'score', value: score }), h('span', null, title))));
      const submit = h('button', { type: 'submit', class: 'primary' }, '提交评价');
      const form = h('form', {
        class: 'confirm-box', role: 'dialog', 'aria-modal': 'true', 'aria-labelledby': 'confirm-question',
        onkeydown: (event) => {
          if (event.key === 'Escape') end();
          else if (event.key === 'Tab') this.cycleFocus(event, confirm);
          if (event.key === 'Escape' || event.key === 'Tab') event.stopPropagation();
        },
        onsubmit: async (event) => {
          event.preventDefault();
          const chosen = form.elements.score.value;
          if (!chosen) {
            setText(trouble, '请先选择满意程度。');
            return;
          }
          submit.disabled = true;
          try {
            await this.conversation.rate(Number(chosen), comment.value.trim());
            end();
            this.tell('感谢您的评价。');
          } catch (error) {
            submit.disabled = false;
            setText(trouble, `评价没有提交成功：${error.message}`);
          }
        },
      },
      h('h3', { id: 'confirm-question' }, '您对这次服务满意吗？'), scores, comment, trouble,
      h('div', { class: 'confirm-buttons' }, h('button', { type: 'button', class: 'plain', onclick: end }, '暂不评价'), submit));
      fill(confirm, form);
      confirm.hidden = false;
      form.querySelector('input').focus();
    }

    // Keyboard and size

    onInputKey(event) {
      // 229 is how Safari marks the Enter that ends a composition.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.submit();
    }

    onPanelKey(event) {
      if (this.pageMode || event.isComposing) return;
      if (event.key === 'Escape') {
        event.stopPropagation();
        this.close();
      } else if (event.key === 'Tab') {
        this.cycleFocus(event, this.parts.panel);
      }
    }

    cycleFocus(event, box) {
      const stops = [...box.querySelectorAll(FOCUSABLE)].filter((element) => element.offsetParent !== null);
      const first = stops[0];
      const last = stops[stops.length - 1];
      const active = this.shadowRoot.activeElement;
      if (event.shiftKey && (active === first || active === box)) {
        event.preventDefault();
        last.focus();
      } else if (!event.shiftKey && active === last) {
        event.preventDefault();
        first.focus();
      }
    }

    fitInput() {
      const { input } = this.parts;
      input.style.height = 'auto';
      input.style.height = `${Math.min(input.scrollHeight, 132)}px`;
    }

    /** iOS lays fixed boxes under its keyboard; the visual viewport tells what is left. */
    fitViewport() {
      const viewport = window.visualViewport;
      if (!viewport || this.pageMode || !this.isOpen) return;
      this.parts.panel.style.setProperty('--viewport-height', phone.matches ? `${viewport.height}px` : '');
    }

    onScroll() {
      const { scroll, newer } = this.parts;
      this.atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60;
      if (this.atEnd) newer.hidden = true;
    }

    scrollToEnd() {
      this.parts.newer.hidden = true;
      this.parts.scroll.scrollTop = this.parts.scroll.scrollHeight;
    }

    // Showing

    scheduleUpdate() {
      if (this.updateDue) return;
      this.updateDue = true;
      Promise.resolve().then(() => { this.updateDue = false; this.update(); });
    }

    update() {
      if (!this.isConnected) return;
      this.updateFrame();
      this.updateNotices();
      this.updateGreeting();
      this.updateLog();
      this.updateTray();
      this.updateUnread();
    }

    updateFrame() {
      const { parts, site, conversation } = this;
      const bureau = this.getAttribute('bureau') || (site && site.bureau && site.bureau.name) || '';
      const service = { with_agent: '人工坐席服务中', waiting_for_agent: '正在转接人工' }[conversation.state] || '智能助手在线';
      parts.title.textContent = this.getAttribute('heading') || '智能税务助手';
      parts.subtitle.textContent = [service, bureau].filter(Boolean).join(' · ');
      parts.sandbox.hidden = !(site && site.sandbox);
      parts.launcher.hidden = this.pageMode || this.isOpen;
      parts.panel.hidden = !this.visible;
      parts.close.hidden = this.pageMode;
      parts.panel.setAttribute('role', this.pageMode ? 'region' : 'dialog');
      parts.panel.toggleAttribute('aria-modal', false);
      if (this.isOpen && !this.pageMode && phone.matches) parts.panel.setAttribute('aria-modal', 'true');
      parts.size.setAttribute('aria-pressed', String(this.large));
      parts.human.hidden = conversation.withHuman;
      parts.attach.hidden = !this.hasAttribute('attachments');
      parts.consent.hidden = Boolean(this.store.get('consent'));
    }

    updateNotices() {
      const { parts, conversation } = this;
      const trouble = { network: '网络已断开，正在重连…', server: '服务暂时不可用，正在重连…' }[conversation.trouble] || '';
      setText(parts.banner, trouble);
      setText(parts.strip, this.stripText());
      parts.strip.dataset.state = conversation.state;
      parts.rate.hidden = !conversation.toRate;
      parts.typing.hidden = !conversation.typing || Boolean(conversation.trouble);
      setText(parts.typing.lastChild, parts.typing.hidden ? '' : `${conversation.withHuman ? '人工坐席' : '智能助手'}正在输入`);
    }

    stripText() {
      const { state, queue, notice } = this.conversation;
      if (state === 'with_agent') return notice || '人工坐席正在为您服务，智能助手已暂停应答。';
      if (state !== 'waiting_for_agent') return notice;
      if (!queue) return '正在为您转接人工，请稍候。';
      const ahead = queue.position > 1 ? `前面还有 ${queue.position - 1} 位` : '您是下一位';
      const minutes = Math.ceil((queue.wait_seconds || 0) / 60);
      return `正在为您转接人工：${ahead}${minutes ? `，预计等待 ${minutes} 分钟` : ''}。`;
    }

    updateGreeting() {
      const { parts, site, conversation } = this;
      const text = (site && site.greeting) || DEFAULT_GREETING;
      const asked = conversation.entries.some((entry) => entry.author === 'user');
      const questions = asked || !site ? [] : site.suggested_questions || [];
      const shown = JSON.stringify([text, questions]);
      if (parts.greeting.dataset.shown === shown) return;
      parts.greeting.dataset.shown = shown;
      const node = entryNode(entryFrom({ id: 'greeting', author: 'bot', text }), () => {});
      if (questions.length) {
        node.querySelector('.body').append(h('div', { class: 'suggestions' }, h('span', { class: 'label' }, '大家常问'), ...questions.map((question) => (
          h('button', { type: 'button', class: 'chip', onclick: () => this.say(question) }, question)))));
      }
      fill(parts.greeting, node);
    }

    updateLog() {
      const { parts, conversation, nodes } = this;
      const present = new Set(conversation.entries.map((entry) => entry.key));
      for (const [key, node] of nodes) {
        if (!present.has(key)) {
          node.remove();
          nodes.delete(key);
        }
      }
      let added = null;
      let position = parts.log.firstChild;
      const lastQuestion = conversation.entries.map((entry) => entry.author).lastIndexOf('user');
      conversation.entries.forEach((entry, index) => {
        let node = nodes.get(entry.key);
        if (!node) {
          node = entryNode(entry, (text, payload) => this.say(text, payload), (file) => this.saveFile(file));
          nodes.set(entry.key, node);
          added = entry;
        }
        this.updateEntry(entry, node, index < lastQuestion);
        if (node === position) position = position.nextSibling;
        else parts.log.insertBefore(node, position);
      });
      // A reload must not read the whole history aloud.
      if (conversation.loaded || !conversation.session) setTimeout(() => parts.log.setAttribute('aria-live', 'polite'));
      if (added) this.showNewest(added);
      else if (this.follow && !parts.typing.hidden) this.scrollToEnd();
    }

    updateEntry(entry, node, answered) {
      // A form's buttons die with the answer; those under a cited answer are offers and stay.
      for (const button of node.querySelectorAll('.buttons button')) button.disabled = answered && !entry.citations.length;
      const mark = `${entry.status}|${entry.note}|${entry.createdAt}`;
      if (node.dataset.mark === mark) return;
      node.dataset.mark = mark;
      if (entry.status) node.dataset.status = entry.status;
      const meta = node.querySelector('.meta');
      if (!meta) return;
      fill(meta, h('time', { datetime: new Date(entry.createdAt).toISOString() }, clock(entry.createdAt)));
      if (entry.status) meta.append(h('span', { class: 'status' }, statusNode(entry, (failed) => this.conversation.retry(failed))));
    }

    /** Follows the talk, but keeps the beginning of a long answer in view and never drags a reader away. */
    showNewest(entry) {
      const { scroll, newer, log } = this.parts;
      if (this.follow || this.atEnd !== false || entry.author === 'user') {
        const asked = [...log.querySelectorAll('[data-author=user]')].pop();
        const end = scroll.scrollHeight - scroll.clientHeight;
        scroll.scrollTop = asked ? Math.min(end, asked.offsetTop - 12) : end;
      } else {
        newer.hidden = false;
      }
      this.follow = false;
      this.onScroll();
    }

    /** Rows stay the same elements, so that a button keeps its focus while the progress moves. */
    updateTray() {
      const { parts, tray } = this;
      parts.tray.hidden = !tray.items.length;
      const rows = new Map([...parts.tray.children].map((row) => [row.dataset.key, row]));
      for (const item of tray.items) {
        const row = rows.get(item.key) || parts.tray.appendChild(this.trayRow(item));
        rows.delete(item.key);
        const [bar, note, again] = ['progress', '.note', '.again'].map((name) => row.querySelector(name));
        bar.hidden = item.progress === null;
        bar.value = item.progress || 0;
        setText(note, item.note);
        again.hidden = !item.note || item.refused;
      }
      for (const row of rows.values()) row.remove();
      parts.send.disabled = tray.busy;
    }

    trayRow(item) {
      return h('li', { 'data-key': item.key }, icon('clip'),
        h('div', { class: 'what' }, h('span', { class: 'file-name' }, item.file.name), h('span', { class: 'file-size' }, bytes(item.file.size)),
          h('progress', { max: '1', 'aria-label': `正在上传${item.file.name}` }), h('p', { class: 'note', role: 'alert' })),
        h('button', { type: 'button', class: 'again', onclick: () => this.submit() }, '重试'),
        h('button', { type: 'button', class: 'icon-button', 'aria-label': `移除${item.file.name}`, title: '移除', onclick: () => this.tray.remove(item) }, icon('close')));
    }

    updateUnread() {
      const { conversation, parts } = this;
      const heard = conversation.entries.filter((entry) => entry.id && entry.author !== 'user');
      const newest = heard.length ? heard[heard.length - 1].id : '';
      if (newest && this.visible && !document.hidden && this.store.get('read') !== newest) this.store.set('read', newest);
      const read = this.store.get('read');
      const unread = read === null ? 0 : heard.length - 1 - heard.findIndex((entry) => entry.id === read);
      parts.badge.hidden = !unread;
      parts.badge.textContent = unread > 99 ? '99+' : String(unread);
      parts.launcher.setAttribute('aria-label', unread ? `问税：打开智能咨询，${unread} 条未读消息` : '问税：打开智能咨询');
      if (unread !== this.unread) {
        this.unread = unread;
        this.dispatchEvent(new CustomEvent('tax-chat-unread', { bubbles: true, composed: true, detail: { count: unread } }));
      }
    }
  }

  function setText(element, text) {
    if (element.textContent !== text) element.textContent = text;
    element.hidden = !text;
  }

  // --------------------------------------------------------------------------------------------- Styles

  const DARK = `
    --surface: #161d27; --raised: #1d2633; --sunken: #121821; --line: #313d4e; --text: #e8edf4; --muted: #a3b1c4;
    --brand: #7db8f5; --brand-strong: #1d4f86; --on-brand: #ffffff; --tint: #20344d; --on-tint: #cfe4fb;
    --agent: #1c3a2e; --on-agent: #d3f0e1; --agent-mark: #7fd1a6; --warn: #4a3512; --on-warn: #ffdf9e;
    --bad: #ff9d94; --shadow: 0 12px 40px rgba(0, 0, 0, .55);`;

  const CSS = `
    :host {
      --surface: #ffffff; --raised: #f1f5fa; --sunken: #f8fafc; --line: #d5dee9; --text: #17202c; --muted: #55647a;
      --brand: #0f5aa6; --brand-strong: #0f4c8f; --on-brand: #ffffff; --tint: #e6f0fb; --on-tint: #0c4a8a;
      --agent: #e4f4ec; --on-agent: #143d2a; --agent-mark: #17694a; --warn: #fff3d6; --on-warn: #6b4700;
      --bad: #b3261e; --shadow: 0 12px 40px rgba(16, 42, 77, .22);
      --s: 13px; --m: 16px; --l: 17px; --control: 46px; --radius: 16px;
      display: block; color: var(--text); color-scheme: light; font: 400 var(--m)/1.65 -apple-system, BlinkMacSystemFont,
        "PingFang SC", "HarmonyOS Sans SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif;
      text-align: left; -webkit-text-size-adjust: 100%;
    }
    :host([large]) { --s: 17px; --m: 21px; --l: 22px; --control: 54px; }
    @media (prefers-color-scheme: dark) { :host(:not([theme=light])) { color-scheme: dark; ${DARK} } }
    :host([theme=dark]) { color-scheme: dark; ${DARK} }
    *, *::before, *::after { box-sizing: border-box; }
    [hidden] { display: none !important; }
    button, textarea { font: inherit; color: inherit; letter-spacing: inherit; }
    button { border: 0; background: none; padding: 0; cursor: pointer; -webkit-tap-highlight-color: transparent; }
    button:disabled { cursor: default; opacity: .55; }
    a { color: var(--brand); text-underline-offset: 2px; overflow-wrap: anywhere; }
    p, ul, ol, dl, dd, h2, h3 { margin: 0; padding: 0; }
    :focus:not(:focus-visible) { outline: none; }
    :focus-visible { outline: 3px solid var(--brand); outline-offset: 2px; }
    .icon { width: 22px; height: 22px; flex: none; fill: none; stroke: currentColor; stroke-width: 1.7;
      stroke-linecap: round; stroke-linejoin: round; }
    .visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

    .launcher { position: fixed; z-index: 2147483000; right: max(24px, env(safe-area-inset-right));
      bottom: max(24px, env(safe-area-inset-bottom)); display: inline-flex; align-items: center; gap: 8px; min-height: 56px;
      padding: 0 22px 0 18px; border-radius: 28px; background: var(--brand-strong); color: #fff; font-weight: 600;
      font-size: var(--l); box-shadow: var(--shadow); transition: transform .15s ease; }
    .launcher:hover { transform: translateY(-2px); }
    .launcher:focus-visible { outline-color: var(--brand); outline-offset: 3px; }
    .badge { position: absolute; top: -6px; right: -4px; min-width: 24px; height: 24px; padding: 0 7px; border-radius: 12px;
      background: #c62f25; color: #fff; font-size: 13px; font-weight: 700; line-height: 24px; text-align: center; }

    .panel { display: flex; flex-direction: column; position: relative; overflow: hidden; background: var(--surface);
      border: 1px solid var(--line); border-radius: var(--radius); }
    :host([mode=page]) { height: 100%; }
    :host([mode=page]) .panel { width: 100%; height: 100%; min-height: 320px; }
    :host(:not([mode=page])) .panel { position: fixed; z-index: 2147483000; right: 24px; bottom: 24px; width: 420px;
      height: min(720px, calc(100vh - 48px)); box-shadow: var(--shadow); animation: rise .18s ease-out; }
    :host([large]:not([mode=page])) .panel { width: 500px; }
    @keyframes rise { from { opacity: 0; transform: translateY(12px); } }

    .header { display: flex; align-items: center; gap: 4px; padding: 10px 8px 10px 16px; background: var(--brand-strong);
      color: #fff; position: relative; z-index: 2; flex: none; }
    .header :focus-visible { outline-color: #fff; outline-offset: -3px; }
    .mark { display: grid; place-items: center; width: 40px; height: 40px; margin-right: 8px; border-radius: 12px;
      background: rgba(255, 255, 255, .16); flex: none; }
    .titles { flex: 1; min-width: 0; }
    .subtitle-row { display: flex; align-items: center; gap: 8px; min-width: 0; margin-top: 1px; }
    .title { font-size: var(--l); font-weight: 650; line-height: 1.35; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
    .subtitle { font-size: var(--s); line-height: 1.4; color: #dbe8f7; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
    .sandbox { flex: none; padding: 0 7px; border-radius: 999px; background: #ffd978; color: #4d3500; font-size: 12px; font-weight: 600;
      line-height: 1.6; }
    .icon-button { display: inline-grid; place-items: center; width: 44px; height: 44px; flex: none; border-radius: 12px; }
    .header .icon-button:hover, .header .icon-button[aria-expanded=true] { background: rgba(255, 255, 255, .14); }
    .size { width: auto; min-width: 44px; padding: 0 8px; font-size: 15px; font-weight: 600; }
    .size[aria-pressed=true] { background: #fff; color: #0f4c8f; }
    .header .size[aria-pressed=true]:hover { background: #eaf2fb; }
    .icon-more { stroke-width: 3; }
    .menu { position: absolute; top: calc(100% - 4px); right: 12px; min-width: 190px; padding: 6px; border-radius: 14px;
      background: var(--surface); color: var(--text); border: 1px solid var(--line); box-shadow: var(--shadow); }
    .menu button { display: flex; align-items: center; gap: 10px; width: 100%; min-height: 46px; padding: 6px 12px; border-radius: 10px;
      text-align: left; }
    .menu button:hover, .menu button:focus-visible { background: var(--raised); }
    .menu button:focus-visible { outline-color: var(--brand); outline-offset: -3px; }
    .menu .icon { color: var(--muted); }

    .banner, .strip { flex: none; padding: 8px 16px; font-size: calc(var(--s) + 1px); line-height: 1.5; text-align: center; }
    .banner { background: var(--warn); color: var(--on-warn); }
    .strip { background: var(--tint); color: var(--on-tint); }
    .strip[data-state=with_agent] { background: var(--agent); color: var(--on-agent); }

    .middle { position: relative; flex: 1; min-height: 0; }
    .scroll { position: absolute; inset: 0; overflow-y: auto; overscroll-behavior: contain; padding: 20px 16px 12px;
      scrollbar-width: thin; scrollbar-color: var(--line) transparent; }
    .scroll:focus-visible { outline-offset: -3px; }
    .entry { display: flex; gap: 10px; margin-bottom: 18px; }
    .entry .body { min-width: 0; max-width: min(84%, 680px); }
    .entry[data-author=user] { justify-content: flex-end; }
    .entry[data-author=user] .body { display: flex; flex-direction: column; align-items: flex-end; }
    .entry[data-author=system] { justify-content: center; }
    .avatar { display: grid; place-items: center; width: 34px; height: 34px; border-radius: 50%; flex: none; background: var(--tint); color: var(--brand); }
    .avatar .icon { width: 19px; height: 19px; }
    [data-author=agent] > .avatar { background: var(--agent); color: var(--agent-mark); }
    .human { display: inline-flex; align-items: center; gap: 4px; margin-bottom: 4px; padding: 1px 10px 1px 7px; border-radius: 999px;
      background: var(--agent); color: var(--agent-mark); font-size: var(--s); font-weight: 600; }
    .human .icon { width: 15px; height: 15px; stroke-width: 2; }
    .bubble { width: fit-content; max-width: 100%; padding: 10px 14px; border-radius: 6px 16px 16px 16px; background: var(--raised);
      overflow-wrap: anywhere; }
    .bubble > * + * { margin-top: .55em; }
    .bubble ul { padding-left: 1.25em; }
    .bubble li + li { margin-top: .2em; }
    [data-author=user] .bubble { border-radius: 16px 6px 16px 16px; background: var(--brand-strong); color: var(--on-brand); }
    [data-author=user] .bubble a { color: inherit; }
    [data-author=agent] .bubble { background: var(--agent); color: var(--on-agent); }
    [data-author=system] .bubble { padding: 4px 14px; border-radius: 14px; background: var(--sunken); border: 1px solid var(--line); color: var(--muted);
      font-size: var(--s); text-align: center; }
    .meta { display: flex; gap: 8px; margin-top: 4px; font-size: var(--s); line-height: 1.4; color: var(--muted); }
    .meta:empty { display: none; }
    .retry { min-height: 44px; margin: -10px 0; color: var(--bad); text-align: right; text-decoration: underline; text-underline-offset: 3px; }
    [data-status=waiting] .bubble, [data-status=failed] .bubble { opacity: .75; }
    .attachments { list-style: none; padding: 0 !important; }
    .attachments li { display: flex; align-items: center; gap: 6px; }
    .saved-file { min-height: 44px; text-align: left; text-decoration: underline; text-underline-offset: 3px; overflow-wrap: anywhere; }
    .tray { list-style: none; margin-bottom: 8px; max-height: 30vh; overflow-y: auto; }
    .tray li { display: flex; align-items: center; gap: 10px; padding: 2px 2px 2px 12px; border: 1px solid var(--line); border-radius: 12px;
      background: var(--sunken); font-size: calc(var(--s) + 1px); line-height: 1.5; }
    .tray li + li { margin-top: 6px; }
    .tray .icon { width: 18px; height: 18px; color: var(--muted); }
    .what { flex: 1; min-width: 0; padding: 6px 0; }
    .file-name { overflow-wrap: anywhere; }
    .file-size { margin-left: 8px; color: var(--muted); white-space: nowrap; }
    .what progress { display: block; width: 100%; height: 6px; margin-top: 4px; accent-color: var(--brand); }
    .what .note { color: var(--bad); }
    .again { min-height: 44px; padding: 0 10px; color: var(--brand); font-weight: 600; }

    .citations { margin-top: 10px !important; border-top: 1px solid var(--line); font-size: calc(var(--s) + 1px); }
    .citations summary { display: inline-flex; align-items: center; gap: 6px; min-height: 44px; margin-bottom: -8px; cursor: pointer; list-style: none;
      color: var(--brand); font-weight: 600; border-radius: 8px; }
    .citations summary::-webkit-details-marker { display: none; }
    .citations summary .icon { width: 18px; height: 18px; }
    .citations summary .icon:last-child { transition: transform .15s ease; }
    .citations[open] summary .icon:last-child { transform: rotate(180deg); }
    .citations ol { list-style: none; margin-top: 8px; }
    .citations li { padding: 10px 12px; border-radius: 10px; background: var(--surface); border: 1px solid var(--line); }
    .citations li + li { margin-top: 8px; }
    .citation-title { font-weight: 600; line-height: 1.5; }
    .citations dl { margin-top: 4px; color: var(--muted); }
    .citations dl div { display: flex; gap: 10px; }
    .citations dt { flex: none; min-width: 4.2em; }
    .citations dd { color: var(--text); }

    .buttons, .related, .suggestions { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 10px; }
    .label { flex-basis: 100%; font-size: var(--s); color: var(--muted); line-height: 1.3; }
    .buttons button { min-height: 44px; padding: 6px 18px; border-radius: 12px; background: var(--tint); color: var(--on-tint); font-weight: 600;
      text-align: left; line-height: 1.45; }
    .buttons button:not(:disabled):hover { box-shadow: inset 0 0 0 1.5px var(--brand); }
    .chip { min-height: 44px; padding: 6px 16px; border: 1px solid var(--line); border-radius: 22px; background: var(--surface); color: var(--brand);
      text-align: left; line-height: 1.45; }
    .chip:hover { border-color: var(--brand); background: var(--sunken); }

    .typing { display: flex; align-items: center; gap: 10px; margin: 0 0 12px 44px; color: var(--muted); font-size: var(--s); }
    .dots { display: inline-flex; gap: 5px; padding: 13px 14px; border-radius: 6px 16px 16px 16px; background: var(--raised); }
    .dots i { width: 7px; height: 7px; border-radius: 50%; background: var(--muted); animation: blink 1.2s infinite; }
    .dots i:nth-child(2) { animation-delay: .2s; }
    .dots i:nth-child(3) { animation-delay: .4s; }
    @keyframes blink { 0%, 60%, 100% { opacity: .3; } 30% { opacity: 1; } }
    .newer { position: absolute; left: 50%; bottom: 12px; transform: translateX(-50%); display: inline-flex; align-items: center; gap: 6px;
      min-height: 44px; padding: 0 18px 0 14px; border-radius: 22px; background: var(--brand-strong); color: #fff; font-size: var(--s);
      font-weight: 600; box-shadow: var(--shadow); }

    .bottom { flex: none; padding: 8px 12px max(8px, env(safe-area-inset-bottom)); border-top: 1px solid var(--line); background: var(--surface); }
    .consent, .file-note { margin: 2px 4px 8px; font-size: var(--s); line-height: 1.55; color: var(--muted); }
    .composer { display: flex; align-items: flex-end; gap: 4px; }
    .composer .icon-button { color: var(--brand); }
    .human-button { display: grid; place-items: center; align-content: center; min-width: var(--control); min-height: var(--control); border-radius: 12px; flex: none;
      color: var(--brand); font-size: calc(var(--s) - 1px); font-weight: 600; line-height: 1.2; }
    .human-button:hover, .composer .icon-button:hover { background: var(--raised); }
    .input { flex: 1; min-width: 0; min-height: var(--control); max-height: 132px; padding: 9px 14px; border: 1px solid var(--muted); border-radius: 14px;
      background: var(--sunken); line-height: 1.6; resize: none; }
    .input::placeholder { color: var(--muted); opacity: 1; }
    .input:focus { outline: none; border-color: var(--brand); box-shadow: 0 0 0 2px var(--brand); }
    .send { display: grid; place-items: center; width: var(--control); height: var(--control); margin-left: 4px; flex: none; border-radius: 14px; background: var(--brand-strong);
      color: #fff; }
    .send:hover { filter: brightness(1.12); }
    .footer { margin-top: 7px; font-size: calc(var(--s) - 1px); line-height: 1.4; color: var(--muted); text-align: center; }

    .confirm { position: absolute; inset: 0; z-index: 3; display: grid; place-items: center; padding: 20px; background: rgba(10, 20, 35, .55); }
    .confirm-box { width: 100%; max-width: 360px; max-height: 100%; overflow-y: auto; padding: 22px; border-radius: 18px; background: var(--surface); box-shadow: var(--shadow); }
    .confirm-box h3 { font-size: var(--l); line-height: 1.45; }
    .confirm-box p { margin-top: 8px; color: var(--muted); font-size: calc(var(--s) + 1px); }
    .confirm-buttons { display: flex; gap: 10px; margin-top: 20px; }
    .confirm-buttons button { flex: 1; min-height: 48px; border-radius: 12px; font-weight: 600; }
    .plain { background: var(--raised) !important; }
    .primary { background: var(--brand-strong) !important; color: #fff; }
    .rating { display: grid; gap: 6px; margin-top: 14px; }
    .rating label { display: flex; align-items: center; gap: 10px; min-height: 44px; padding: 4px 12px; border: 1px solid var(--line);
      border-radius: 12px; cursor: pointer; }
    .rating label:hover, .rating label:focus-within { border-color: var(--brand); }
    .rating input { width: 20px; height: 20px; margin: 0; flex: none; accent-color: var(--brand); }
    .rating-comment { width: 100%; margin-top: 10px; padding: 8px 12px; border: 1px solid var(--muted); border-radius: 12px;
      background: var(--sunken); resize: vertical; }
    .confirm-box [role=alert] { color: var(--bad); }
    .rate { flex: none; min-height: 44px; background: var(--agent); color: var(--on-agent); font-size: calc(var(--s) + 1px);
      text-decoration: underline; text-underline-offset: 3px; }
    .danger { background: #b3261e !important; color: #fff; }

    @media (max-width: 600px) {
      :host(:not([mode=page])) .panel, :host([large]:not([mode=page])) .panel { inset: 0 0 auto 0; width: 100%; height: var(--viewport-height, 100vh);
        border: 0; border-radius: 0; padding-top: env(safe-area-inset-top);
        background: var(--surface); }
      :host([mode=page]) .panel { border-left: 0; border-right: 0; border-radius: 0; }
      .entry .body { max-width: 88%; }
      .entry[data-author=bot] .body, .entry[data-author=agent] .body { max-width: calc(100% - 44px); }
      .launcher { right: 16px; bottom: max(16px, env(safe-area-inset-bottom)); }
      .scroll { padding: 16px 12px 8px; }
      .mark { display: none; }
      .header { padding-left: 16px; }
    }
    @media (max-width: 600px) {
      @supports (height: 100dvh) { :host(:not([mode=page])) .panel, :host([large]:not([mode=page])) .panel { height: var(--viewport-height, 100dvh); } }
    }
    @media (prefers-reduced-motion: reduce) {
      *, *::before, *::after { animation: none !important; transition: none !important; }
      .dots i { opacity: .7; }
    }
    @media (forced-colors: active) {
      .bubble, .launcher, .send, .chip, .buttons button { border: 1px solid CanvasText; }
    }
  `;

  /** Constructed sheets pass `style-src 'self'`; browsers without them get a <style> that carries the page's nonce. */
  function applyStyles(root, nonce) {
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
      root.adoptedStyleSheets = [sheet];
    } catch (unsupported) {
      root.append(h('style', { nonce: nonce || null }, CSS));
    }
  }

  customElements.define('tax-chat', TaxChat);
})();
