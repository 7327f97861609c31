// What the browser keeps for a page. Where storage is blocked or full, the values live in memory until the page is left.

function storage(name) {
  const memory = new Map();
  return {
    get(key) {
      try {
        return window[name].getItem(key) ?? memory.get(key) ?? null;
      } catch {
        return memory.get(key) ?? null;
      }
    },
    /** Whether the value survives a reload. */
    set(key, value) {
      try {
        window[name].setItem(key, value);
        memory.delete(key);
        return true;
      } catch {
        memory.set(key, value);
        return false;
      }
    },
    remove(key) {
      memory.delete(key);
      try {
        window[name].removeItem(key);
      } catch {
        // Blocked: nothing was stored.
      }
    },
  };
}

/** Kept until the tab is closed. */
export const tab = storage('sessionStorage');

/** Kept for all tabs. */
export const browser = storage('localStorage');

/** The secret in the address's fragment, taken out of the address bar; null without a fragment, empty if it cannot be read. */
export function takeFragment() {
  if (location.hash.length < 2) return null;
  let secret = '';
  try {
    secret = decodeURIComponent(location.hash.slice(1));
  } catch {
    // Cut off within an escape: no secret.
  }
  history.replaceState(history.state, '', location.pathname + location.search);
  // A header can carry visible ASCII only.
  return /^[\x21-\x7e]+$/.test(secret) ? secret : '';
}
