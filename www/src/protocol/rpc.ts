/** Calls over one port, in both directions: whoever gets a call answers it with a value. Only plain data crosses. */
export interface Port {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
}

export type Handlers = Record<string, (...args: any[]) => unknown>;

interface Open {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class Rpc {
  private readonly open = new Map<number, Open>();
  private last = 0;

  constructor(
    private readonly port: Port,
    handlers: Handlers,
  ) {
    port.addEventListener('message', async ({ data }) => {
      if (data?.call) {
        try {
          port.postMessage({ reply: data.id, value: await handlers[data.call]!(...data.args) });
        } catch (error) {
          console.error(error);
          port.postMessage({ reply: data.id, error: String(error) });
        }
      } else if (data?.reply) {
        const { resolve, reject } = this.open.get(data.reply)!;
        this.open.delete(data.reply);
        if ('error' in data) reject(new Error(data.error));
        else resolve(data.value);
      }
    });
  }

  call(name: string, ...args: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.port.postMessage({ call: name, id: ++this.last, args });
      this.open.set(this.last, { resolve, reject });
    });
  }
}
