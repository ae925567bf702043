/** The wire parser: the same frames however the stream is cut, and nothing kept that is too large. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeWire, WIRE_BYTES_MAX, type WireItem, WireParser } from './wire.ts';

const frames = fc.array(
  fc.record({
    text: fc.string({ unit: 'binary', maxLength: 50 }),
    signature: fc.base64String({ maxLength: 90 }),
  }),
  { maxLength: 20 },
);

function parse(bytes: Buffer, cuts: readonly number[]): WireItem[] {
  const parser = new WireParser();
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let at = 0;
  return ends.flatMap((end) => {
    const chunk = bytes.subarray(at, end);
    at = end;
    return parser.push(chunk);
  });
}

test('frames come out as they went in, under any chunking', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat()), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map(({ text, signature }) => encodeWire(text, signature)));
      expect(parse(bytes, cuts)).toEqual(sent.map((frame) => ({ kind: 'frame', ...frame })));
    }),
  );
});

test('random bytes give frames or coded refusals, the same under any chunking', () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    // Small lengths, so that frames are completed.
    fc.array(fc.constantFrom(0, 0, 0, 1, 5, 0xff)).map((array) => Uint8Array.from(array)),
  );
  fc.assert(
    fc.property(noise, fc.array(fc.nat()), (array, cuts) => {
      const bytes = Buffer.from(array);
      const items = parse(bytes, cuts);
      expect(items).toEqual(parse(bytes, []));
      for (const item of items) {
        if (item.kind === 'refused') expect(item.refusal.code).toMatch(/^LINK_/);
      }
    }),
  );
});

test('a frame of bad form does not hide the next one', () => {
  const bad = [
    Buffer.from([0, 0, 0, 0]),
    Buffer.from([0, 0, 0, 1, 0]),
    Buffer.from([0, 0, 0, 3, 0, 9, 65]),
    Buffer.from([0, 0, 0, 3, 0, 0, 0xff]),
  ];
  const items = parse(Buffer.concat([...bad, encodeWire('ok', 's')]), [3, 5, 8]);
  const refused = { kind: 'refused', fatal: false, refusal: { code: 'LINK_MALFORMED' } };
  expect(items).toMatchObject([...bad.map(() => refused), { kind: 'frame', text: 'ok' }]);
});

test('a length above the limit ends the stream before its bytes are there', () => {
  const parser = new WireParser();
  const length = Buffer.alloc(4);
  length.writeUInt32BE(WIRE_BYTES_MAX + 1);
  expect(parser.push(length)).toMatchObject([
    { kind: 'refused', fatal: true, refusal: { code: 'LINK_TOO_LARGE' } },
  ]);
  expect(parser.push(encodeWire('late', 's'))).toEqual([]);
});

test('keeps a byte order mark, because what is verified must be what was sent', () => {
  expect(parse(encodeWire('\ufeffx', ''), [])).toEqual([
    { kind: 'frame', text: '\ufeffx', signature: '' },
  ]);
});
