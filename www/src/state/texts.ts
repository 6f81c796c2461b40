/** Which text is trained on: choosing, opening and reading it again. */
import type { Encoding, SessionInfo } from '../protocol/engine.ts';
import type { TextSource, TextView } from '../protocol/messages.ts';
import type { App } from './app.ts';
import type { PageEvent } from './machine.ts';

export class TextControl {
  /** Whether the user or the link chose the text: then another language does not change it. */
  chosen = false;
  private reading: Promise<unknown> = Promise.resolve();

  constructor(private readonly app: App) {}

  /** When nothing is being read. */
  async idle(): Promise<void> {
    await this.reading;
  }

  openCorpus(id: string): Promise<boolean> {
    return this.read({ kind: 'corpus', id });
  }

  /** The user's choice. */
  openText(source: TextSource, event: PageEvent = source.kind === 'corpus' ? 'text' : source.kind): Promise<void> {
    const act = async () => {
      if (!(await this.read(source))) return;
      this.chosen = true;
      this.app.links.write();
    };
    return this.app.question.put({ event, name: nameOf(source), act });
  }

  private read(source: TextSource): Promise<boolean> {
    const answer = this.readNow(source);
    this.reading = answer;
    return answer;
  }

  private async readNow(source: TextSource): Promise<boolean> {
    const { app } = this;
    const before = app.state.phase;
    app.store.set({ reading: nameOf(source) });
    app.enter('reads');
    try {
      const { text, info, resumed } = await app.client.openText(source, app.state.config!);
      app.store.set({ text });
      if (resumed) this.wentOn(info, text);
      else app.run.begun(info);
      return true;
    } catch (error) {
      app.return(before === 'training' ? 'paused' : before);
      app.notices.problem(error);
      return false;
    } finally {
      app.store.set({ reading: null });
    }
  }

  /** A model that could only write has found a text to train on. */
  private wentOn(info: SessionInfo, text: TextView): void {
    this.app.models.adopt({ info, text, unfit: null, view: undefined });
    this.app.notices.add('info', info.exact ? 'notice.resumed' : 'notice.otherText', {
      epoch: info.position?.epoch ?? 0,
      step: info.position?.step ?? 0,
    });
  }

  setEncoding(encoding: Encoding): Promise<void> {
    const act = async () => {
      if (await this.reread(encoding)) await this.app.run.begin();
    };
    return this.app.question.put({ event: 'encoding', name: encoding.toUpperCase(), act });
  }

  /** The text under the options that are drawn. */
  async reread(encoding: Encoding | null): Promise<boolean> {
    try {
      this.app.store.set({ text: await this.app.client.rereadText(this.app.state.config!.text, encoding) });
      return true;
    } catch (error) {
      this.app.notices.problem(error);
      return false;
    }
  }

  /** A dropped, pasted or picked file: a model where its name says so, else a text. */
  openFile(file: File, event: PageEvent = 'file'): Promise<void> {
    if (/\.safetensors$/i.test(file.name)) return this.app.models.importModel(file);
    return this.openText({ kind: 'file', file }, event);
  }
}

function nameOf(source: TextSource): string {
  return source.kind === 'corpus' ? source.id : source.kind === 'file' ? source.file.name : '';
}
