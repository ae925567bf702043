/** How a link asks over HTTP: with `fetch` where nothing better is at hand. */

export interface HttpAnswer {
  /** 200 to 299. */
  ok: boolean;
  status: number;
  /** The whole body. */
  text(): Promise<string>;
  /** The body as it comes. Leaving off lets go of the connection. */
  pieces(): AsyncIterable<Uint8Array>;
}

export interface HttpQuestion {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  signal: AbortSignal;
}

/** Follows no redirection. @throws whatever the connection says; the reason of the signal, or its like */
export type HttpAsk = (url: string, question: HttpQuestion) => Promise<HttpAnswer>;

/** In browsers, and everywhere else. */
export const askByFetch: HttpAsk = async (url, question) => {
  const response = await fetch(url, { ...question, redirect: 'error' });
  return {
    ok: response.ok,
    status: response.status,
    text: () => response.text(),
    pieces: () => piecesOf(response.body as ReadableStream<Uint8Array>),
  };
};

async function* piecesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
