/** Copies a text; answers whether it worked. Pages that are not served over https have no clipboard of their own. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.style.position = 'fixed';
    area.style.opacity = '0';
    // In a modal dialog nothing outside of it can be selected.
    const holder = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
    const focused = document.activeElement as HTMLElement | null;
    holder.append(area);
    area.select();
    const copied = document.execCommand('copy');
    area.remove();
    focused?.focus();
    return copied;
  }
}
