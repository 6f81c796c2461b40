/** What was pasted, until it has been accepted: it outlives a reload. */
const KEY = 'charloom.draft';

export function draft(): string {
  try {
    return sessionStorage.getItem(KEY) ?? '';
  } catch {
    return '';
  }
}

/** Storage may be denied, or too small for this text: then the draft lasts as long as the page. */
export function keepDraft(text: string): void {
  try {
    if (text) sessionStorage.setItem(KEY, text);
    else sessionStorage.removeItem(KEY);
  } catch {
    // The sheet itself still holds it.
  }
}
