/** Asking over HTTP in Node without `fetch`, whose first use costs a short-lived process 50 ms. */
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { HttpAsk } from './http-ask.ts';

export const askByNode: HttpAsk = async (url, { method = 'GET', headers, body = '', signal }) => {
  // An import would look at every export, and one of them loads all of `fetch`.
  const { request } = process.getBuiltinModule(
    url.startsWith('https:') ? 'node:https' : 'node:http',
  );
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const asked = request(url, { method, headers, signal }, resolve);
  asked.on('error', reject);
  asked.end(body);
  const answer = await promise;
  const status = answer.statusCode ?? 0;
  return {
    ok: status >= 200 && status < 300,
    status,
    text: () => text(answer),
    pieces: () => answer,
  };
};
