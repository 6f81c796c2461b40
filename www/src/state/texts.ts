/** Which text is trained on: choosing, opening and reading it again. */
import { asFailure } from '../client/client.ts';
import type { Encoding, SessionInfo } from '../protocol/engine.ts';
import type { Failure, TextSource, TextView } from '../protocol/messages.ts';
import type { App } from './app.ts';
import type { PageEvent } from './machine.ts';
import { corpusOf } from './presets.ts';

export class TextControl {
  /** Whether the user or the link chose the text: then another language does not change it. */
  chosen = false;
  private reading: Promise<unknown> = Promise.resolve();
  /** Where the present text came from; null where a stored model brought it. */
  private source: TextSource | null = null;

  constructor(private readonly app: App) {}

  /** When nothing is being read. */
  async idle(): Promise<void> {
    await this.reading;
  }

  /** `refused` is told of a failure in place of the user. */
  openCorpus(id: string, refused?: (failure: Failure) => void): Promise<boolean> {
    return this.read({ kind: 'corpus', id }, refused);
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

  private read(source: TextSource, refused?: (failure: Failure) => void): Promise<boolean> {
    const answer = this.readNow(source, refused);
    this.reading = answer;
    return answer;
  }

  private async readNow(source: TextSource, refused?: (failure: Failure) => void): Promise<boolean> {
    const { app } = this;
    const before = app.state.phase;
    app.store.set({ reading: nameOf(source) });
    app.enter('reads');
    try {
      const { text, info, resumed } = await app.client.openText(source, app.state.config!);
      app.store.set({ text });
      app.notices.clear('text', 'model', 'run');
      if (resumed) this.wentOn(info, text);
      else app.run.begun(info);
      this.source = source;
      return true;
    } catch (error) {
      app.return(before === 'training' ? 'paused' : before);
      if (refused) refused(asFailure(error));
      else app.notices.problem(error, 'text');
      return false;
    } finally {
      app.store.set({ reading: null });
    }
  }

  /** Reads the present text once more, for an engine that has lost it. */
  again(): Promise<boolean> {
    return this.source ? this.read(this.source) : this.openCorpus(corpusOf(this.app.state.boot!, this.app.state.preset));
  }

  /** A model brought its text along. */
  adopted({ kind, name }: TextView): void {
    this.source = kind === 'corpus' ? { kind, id: name } : null;
  }

  /** A model that could only write has found a text to train on. */
  private wentOn(info: SessionInfo, text: TextView): void {
    this.app.models.adopt({ info, text, unfit: null, view: undefined, copy: false });
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
      this.app.notices.clear('text');
      return true;
    } catch (error) {
      this.app.options.blame(null, error);
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
