/** Writes an instance of the joint programme in its own format, number by number. */
import type { JointInstance } from '@sparegrid/core/joint/instance';

const CHUNK_CHARACTERS = 262_144;
const LINE_CHARACTERS = 90;

/** Pieces of the file, in order. What the reader fills in by itself is left out. */
export function* jointText(instance: JointInstance): Generator<string> {
  const { form, orders, lessors, dimensions, need, penalty, capacity, first, lessor } = instance;
  yield `{"form": "${form}",\n"orders": ${orders},\n"lessors": ${lessors}`;
  if (form === 'practical') yield `,\n"dimensions": ${dimensions}`;
  yield* columnText('need', need);
  if (form === 'practical') {
    yield* columnText('least', instance.least);
    yield* columnText('budget', instance.budget);
    yield* columnText('lessorsMost', instance.lessorsMost);
    yield* columnText('request', instance.request);
  }
  yield* columnText('penalty', penalty);
  yield* columnText('capacity', capacity);
  yield* columnText('first', first);
  yield* columnText('lessor', lessor);
  if (form === 'literal') {
    yield* columnText('weight', instance.weight);
    yield* columnText('cost', instance.unitCost);
  } else {
    yield* columnText('unitCost', instance.unitCost);
    yield* columnText('fixedCost', instance.fixedCost);
  }
  yield '\n}\n';
}

/** Lines stay short, so that a refusal that names a line says something. */
function* columnText(name: string, column: Int32Array | Float64Array): Generator<string> {
  let text = `,\n"${name}": [`;
  let lineStart = 0;
  for (let at = 0; at < column.length; at += 1) {
    const value = column[at] as number;
    if (at > 0) text += ',';
    if (text.length - lineStart > LINE_CHARACTERS) {
      text += '\n';
      lineStart = text.length;
    }
    text += Number.isFinite(value) ? value : 'null';
    if (text.length < CHUNK_CHARACTERS) continue;
    yield text;
    text = '';
    lineStart = 0;
  }
  yield `${text}]`;
}
