/** A dialog: in the middle of a wide window, from below on a phone. */
import { css } from 'lit';

export const sheet = css`
  dialog {
    width: min(680px, 100vw);
    max-width: 100vw;
    max-height: 100dvh;
    padding: 18px 20px;
    overflow: auto;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
    color: var(--ink);
  }
  dialog::backdrop {
    background: rgb(10 15 20 / 45%);
  }
  .body {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 12px;
  }
  label.field {
    display: grid;
    gap: 4px;
    font-size: 13.5px;
    font-weight: 550;
  }
  .end {
    justify-content: flex-end;
  }
  .end .primary {
    min-height: 42px;
  }
  a.primary {
    background: var(--accent);
    border-color: var(--accent);
    color: var(--accent-ink);
    font-weight: 600;
  }
  @media (max-width: 720px) {
    dialog {
      width: 100vw;
      margin: auto 0 0;
      border-radius: 16px 16px 0 0;
    }
    .end > * {
      flex: 1 1 auto;
    }
  }
`;
