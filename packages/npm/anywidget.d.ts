/** For anywidget: `_esm` of a widget whose traits are the attributes of `<char-loom>`; `start_with` stands for `start-with`. */
export interface WidgetModel {
  get(name: string): unknown;
  on(name: string, listener: () => void): void;
  off(name: string, listener: () => void): void;
}
declare const widget: {
  /** Draws the tag into `el`; what it answers with takes it away again. */
  render(context: { model: WidgetModel; el: HTMLElement }): () => void;
};
export default widget;
