/** Styles shared by the components: controls, cards and text. Colours come from theme/tokens.css. */
import { css } from 'lit';

export const shared = css`
  :host {
    display: block;
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  * {
    box-sizing: border-box;
  }
  h2,
  h3,
  p,
  figure,
  dl,
  dd,
  ul,
  ol {
    margin: 0;
    padding: 0;
  }
  ul,
  ol {
    list-style: none;
  }
  h2 {
    font-size: 15px;
    font-weight: 650;
    letter-spacing: 0.005em;
  }
  h3 {
    font-size: 13px;
    font-weight: 600;
  }
  button,
  input,
  select,
  textarea {
    font: inherit;
    color: inherit;
    letter-spacing: inherit;
    font-weight: 400;
  }
  button,
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 6px;
    max-width: 100%;
    min-height: 32px;
    padding: 3px 12px;
    border: 1px solid var(--line);
    border-radius: 8px;
    background: var(--surface);
    cursor: pointer;
    font-size: 14px;
    white-space: nowrap;
    transition: background-color 0.12s;
  }
  a.button {
    color: inherit;
    text-decoration: none;
  }
  button:hover:not(:disabled),
  .button:hover {
    background: var(--surface-2);
    border-color: var(--line-2);
  }
  button:disabled {
    cursor: default;
    opacity: 0.45;
  }
  button.primary {
    background: var(--accent);
    border-color: var(--accent);
    color: var(--accent-ink);
    font-weight: 600;
  }
  button.primary:hover:not(:disabled) {
    background: var(--accent-hover);
    border-color: var(--accent-hover);
  }
  button.quiet {
    border-color: transparent;
    background: transparent;
    color: var(--ink-2);
  }
  button.link {
    min-height: 24px;
    padding: 0;
    border: 0;
    background: none;
    color: var(--accent);
    text-decoration: underline;
    text-underline-offset: 2px;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  input[type='text'],
  input[type='number'],
  input:not([type]),
  select,
  textarea {
    width: 100%;
    min-width: 0;
    max-width: 100%;
    min-height: 32px;
    padding: 3px 9px;
    border: 1px solid var(--line);
    border-radius: 8px;
    background: var(--surface);
    font-size: 14px;
  }
  input:hover,
  select:hover,
  textarea:hover {
    border-color: var(--line-2);
  }
  input[aria-invalid='true'] {
    border-color: var(--warm);
  }
  input[type='checkbox'] {
    width: 16px;
    height: 16px;
    margin: 0;
    accent-color: var(--accent);
  }
  input[type='range'] {
    width: 100%;
    margin: 0;
    accent-color: var(--accent);
  }
  select {
    padding-right: 4px;
  }
  .card {
    min-width: 0;
    overflow-wrap: break-word;
    padding: 16px 18px;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
    box-shadow: var(--shadow);
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    justify-content: space-between;
    gap: 4px 12px;
    margin-bottom: 10px;
  }
  /* A child of a row or grid is by default never narrower than its longest word. */
  .head > *,
  .row > *,
  .stack > * {
    min-width: 0;
  }
  .head.tight {
    margin: 0;
  }
  .muted {
    color: var(--ink-2);
  }
  .small {
    font-size: 12.5px;
    line-height: 1.45;
  }
  .number {
    font-variant-numeric: tabular-nums;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
  }
  .stack {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 12px;
  }
  .problem {
    color: var(--warm);
  }
  details > summary {
    width: fit-content;
    padding: 2px 0;
    color: var(--ink-2);
    cursor: pointer;
    font-size: 13px;
    border-radius: 4px;
  }
  details > summary:hover {
    color: var(--ink);
  }
  details[open] > summary {
    margin-bottom: 10px;
  }
  table {
    width: 100%;
    border-collapse: collapse;
    font-size: 13px;
  }
  th,
  td {
    padding: 4px 8px 4px 0;
    border-bottom: 1px solid var(--line);
    text-align: left;
    font-weight: 400;
  }
  thead th {
    color: var(--ink-2);
    font-size: 12px;
  }
  tbody tr:last-child > * {
    border-bottom: 0;
  }
  td.number,
  th.number {
    text-align: right;
  }
  .sr {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  @container (max-width: 720px) {
    button,
    .button {
      white-space: normal;
    }
  }
  @media (pointer: coarse) {
    button,
    .button,
    input[type='text'],
    input[type='number'],
    input:not([type]),
    select {
      min-height: 40px;
    }
    /* Smaller text in a field makes phones zoom in. */
    input,
    select,
    textarea {
      font-size: 16px !important;
    }
  }
  /* On paper: what was found, whole, without what one presses. */
  @media print {
    button,
    .button,
    input,
    select,
    textarea,
    details:not([open]),
    cl-options,
    .stepper,
    .segments {
      display: none !important;
    }
    .card {
      break-inside: avoid;
      padding: 8px 0;
      border: 0;
    }
    .text,
    .scroll,
    .excerpt {
      height: auto !important;
      max-height: none !important;
      overflow: visible !important;
      mask-image: none !important;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    * {
      transition: none !important;
      animation: none !important;
    }
  }
`;

/** A share of the whole: `<span class="meter"><i style="width:…"></i></span>`. */
export const meter = css`
  .meter {
    height: 8px;
    border-radius: 2px;
    background: var(--surface-2);
  }
  .meter i {
    display: block;
    height: 100%;
    border-radius: 2px;
    background: var(--run-2);
  }
`;

/** Buttons of which one is pressed, side by side. */
export const segments = css`
  .segments {
    display: grid;
    grid-auto-flow: column;
    grid-auto-columns: minmax(0, 1fr);
    padding: 2px;
    border: 1px solid var(--line);
    border-radius: 9px;
    background: var(--surface-2);
  }
  .segments button {
    min-height: 28px;
    border: 0;
    border-radius: 7px;
    background: none;
    color: var(--ink-2);
  }
  .segments button[aria-pressed='true'] {
    background: var(--accent);
    color: var(--accent-ink);
    font-weight: 600;
  }
`;

/** A value between a button for less and one for more. */
export const stepper = css`
  .stepper {
    display: grid;
    grid-template-columns: 34px minmax(0, 1fr) 34px;
    align-items: center;
    gap: 4px;
    text-align: center;
  }
  .stepper button {
    padding: 0;
    color: var(--ink-2);
    font-size: 16px;
  }
`;
