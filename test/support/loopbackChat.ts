/** A small OpenAI-compatible server on loopback, which answers prompts by a function: what a person runs beside the editor. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LoopbackChat {
  /** `http://127.0.0.1:PORT/v1` */
  readonly url: string;
  /** Prompts, in order. */
  readonly asked: string[];
  /** Headers of the last request. */
  readonly headers: () => IncomingMessage['headers'];
  close(): Promise<void>;
}

export type Reply = (prompt: string) => string | Promise<string> | ((response: ServerResponse) => void);

export async function loopbackChat(reply: Reply, models: readonly string[] = ['tiny-model']): Promise<LoopbackChat> {
  const asked: string[] = [];
  let headers: IncomingMessage['headers'] = {};
  const server = createServer((request, response) => {
    ({ headers } = request);
    const json = (value: unknown): void => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (request.url === '/v1/models') {
      json({ object: 'list', data: models.map((id) => ({ id, object: 'model' })) });
      return;
    }
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { messages } = JSON.parse(Buffer.concat(pieces).toString('utf8')) as { messages: { content: string }[] };
      const prompt = messages.at(-1)!.content;
      asked.push(prompt);
      const found = reply(prompt);
      if (typeof found === 'function') found(response);
      else void Promise.resolve(found).then((content) => json({ choices: [{ index: 0, message: { role: 'assistant', content } }] }));
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`, asked, headers: () => headers,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => { server.close(resolve); });
    },
  };
}

/** The passages that a prompt lists. */
export function passagesIn(prompt: string): string[] {
  return Array.from(prompt.matchAll(/^ (".*?")(?:,)?$/gm), ([, text]) => JSON.parse(text!) as string);
}
