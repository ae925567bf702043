/** Requests and documents of an admitted participant with a valid key, but not with good intent. */
import type { Message } from '@sparegrid/core/messages';
import type { BuyOrder } from '@sparegrid/core/order/buy-order';
import {
  type DocumentType,
  type SignedDocument,
  signDocument,
} from '@sparegrid/core/units/document';
import type { ParticipantId } from '@sparegrid/core/units/ids';
import { canonicalJson, type JsonValue } from '@sparegrid/core/units/json';
import type { Keyring } from '../kernel/keyring.ts';
import type { Rng } from '../kernel/rng.ts';
import { makeOrder } from '../workload/orders.ts';
import { sealTask } from '../workload/seal.ts';

interface Mischief {
  rng: Rng;
  keyring: Keyring;
  id: ParticipantId;
  wallMs: number;
  /** Text of a frame that was overheard. */
  overheard: string;
}

/** Replaces a value in the JSON text, so that what no typed code could write can be signed. */
type Tamper = (text: string) => string;

const NUMBER_TAMPERS: readonly string[] = [
  '-1',
  '-4096',
  '9007199254740993',
  '1e308',
  '0.5',
  '"1"',
  'null',
];

/** One bad message; every one of them must be refused by a code. */
export function badRequest(mischief: Mischief): Message {
  const { rng, overheard } = mischief;
  const order = /"?(o-[0-9a-f]{32})/.exec(overheard)?.[1] ?? `o-${'1'.repeat(32)}`;
  switch (rng.between(0, 7)) {
    case 0:
      return request(rng, { op: 'order.get', order });
    case 1:
      return request(rng, { op: 'order.cancel', order });
    case 2:
      return submit(mischief, strangerOrder(mischief));
    case 3:
      return { type: 'offer', document: badOffer(mischief) };
    case 4:
      return { type: 'resource', document: badSpec(mischief) };
    default:
      return submit(mischief, badOrder(mischief));
  }
}

const SEALED = sealTask('{"command":["x"],"env":{}}');

function request(rng: Rng, body: Extract<Message, { type: 'request' }>['request']): Message {
  return { type: 'request', requestId: `m${rng.hex(8)}`, request: body };
}

function submit({ rng }: Mischief, document: SignedDocument): Message {
  return request(rng, { op: 'order.submit', document, taskPrivate: SEALED });
}

function plainOrder({ rng, keyring, id, wallMs }: Mischief): BuyOrder {
  const { order } = makeOrder(rng, id, wallMs);
  const privateDigest = keyring.cryptoOf(id).digest(SEALED);
  return { ...order, lessee: id, task: { public: order.task.public, privateDigest } };
}

/** Somebody else's order: wrong lessee, or the right lessee but the wrong signature. */
function strangerOrder(mischief: Mischief): SignedDocument {
  const { rng, keyring, id } = mischief;
  const order = plainOrder(mischief);
  const crypto = keyring.cryptoOf(id);
  if (rng.chance(500)) {
    const value = { ...order, lessee: `p1.${id.split('.')[1]}` } as unknown as JsonValue;
    return signDocument(crypto, id, 'buy-order', value);
  }
  const document = signDocument(crypto, id, 'buy-order', order as unknown as JsonValue);
  return { ...document, payload: document.payload.replace('"durationMs":', '"durationMs":1') };
}

/** An order whose form is right but which promises nothing sensible, or whose form is wrong. */
function badOrder(mischief: Mischief): SignedDocument {
  const { rng } = mischief;
  const order = plainOrder(mischief);
  const bad = rng.pick<BuyOrder | Tamper>([
    { ...order, count: { min: 0, max: 1 } },
    { ...order, count: { min: 3, max: 2 } },
    { ...order, count: { min: 1, max: 4_000_000_000 } },
    { ...order, durationMs: 0 },
    { ...order, durationMs: 2 ** 52 },
    { ...order, expiresAtMs: 1 },
    { ...order, expiresAtMs: 2 ** 52 },
    { ...order, maxLessors: 0 },
    { ...order, task: { ...order.task, privateDigest: `sha256:${'0'.repeat(64)}` } },
    tamperNumber(rng, 'cpuMillicores'),
    tamperNumber(rng, 'memoryBytes'),
    tamperNumber(rng, 'storageBytes'),
    tamperNumber(rng, 'durationMs'),
    (text) => text.replace('"limitMicroPerReplicaHour":"', '"limitMicroPerReplicaHour":"-'),
    (text) => text.replace('"budgetMicro":"', '"budgetMicro":"1e'),
    (text) => text.replace('{"budgetMicro"', '{"surprise":1,"budgetMicro"'),
    (text) => text.replace('"kind":"', '"kind":"x'),
  ]);
  return typeof bad === 'function'
    ? tampered(mischief, 'buy-order', order as unknown as JsonValue, bad)
    : tampered(mischief, 'buy-order', bad as unknown as JsonValue, (text) => text);
}

function tamperNumber(rng: Rng, field: string): Tamper {
  const value = rng.pick(NUMBER_TAMPERS);
  return (text) => text.replace(new RegExp(`"${field}":\\d+`), `"${field}":${value}`);
}

/** Signs a text that no honest node would write. */
function tampered(
  { keyring, id }: Mischief,
  type: DocumentType,
  value: JsonValue,
  tamper: Tamper,
): SignedDocument {
  const crypto = keyring.cryptoOf(id);
  const payloadType = `application/vnd.sparegrid.${type}+json`;
  const payload = tamper(canonicalJson(value));
  const text = `DSSEv1 ${payloadType.length} ${payloadType} ${Buffer.byteLength(payload)} ${payload}`;
  return { payloadType, payload, signatures: [{ keyId: id, signature: crypto.sign(text) }] };
}

/** An offer of what is not there: mallory never registered a machine. */
function badOffer(mischief: Mischief): SignedDocument {
  const { rng, id, wallMs } = mischief;
  const amounts = {
    cpuMillicores: 1_000_000,
    memoryBytes: 2 ** 50,
    storageBytes: 2 ** 50,
    bandwidthBitsPerSecond: 2 ** 40,
  };
  const asks = {
    cpuMicroPerCoreHour: 1n,
    memoryMicroPerGibHour: 1n,
    storageMicroPerGibHour: 1n,
    bandwidthMicroPerGbitHour: 1n,
    deviceMicroPerHour: 1n,
  };
  const performance = { score: 9_000, flops: [] };
  const offer: JsonValue = {
    participant: rng.chance(500) ? id : `p2.${id.split('.')[1]}`,
    revision: 1_000_000,
    termsRevision: 1_000_000,
    provision: 'single',
    efficiencyPermille: 1000,
    capabilities: { kinds: ['job'], architectures: ['amd64'], egress: true, capabilities: [] },
    imagePolicy: { allow: [] },
    validUntilMs: wallMs + 3_600_000,
    lots: [{ id: 'm0', amounts, devices: [], asks, performance, labels: {} }],
  };
  return tampered(
    mischief,
    'sell-order',
    offer,
    rng.chance(500) ? (text) => text : tamperNumber(rng, 'cpuMillicores'),
  );
}

/** Resource information in somebody else's name, or of impossible size. */
function badSpec(mischief: Mischief): SignedDocument {
  const { rng, id } = mischief;
  const other = `p2.${id.split('.')[1]}`;
  const machine = {
    id: 'm0',
    processor: { model: 'x', architecture: 'amd64', cpuMillicores: 1000, megahertz: 1 },
    memory: { model: 'x', memoryBytes: 1 },
    storage: { model: 'x', storageBytes: 1 },
    gpu: [],
    flops: [],
    bandwidthBitsPerSecond: 1,
  };
  const isOther = rng.chance(500);
  const spec: JsonValue = {
    participant: isOther ? other : id,
    revision: 1_000_000,
    organization: { id: `org-${other}`, name: 'x', kind: 'company' },
    provision: 'single',
    machines: [machine],
    serverCluster: null,
    distributed: null,
  };
  return tampered(
    mischief,
    'resource-spec',
    spec,
    isOther
      ? (text) => text
      : (text) =>
          text.replace(
            '"cpuMillicores":1000',
            `"cpuMillicores":${rng.pick(['-1', '1e308', '0.5', 'null'])}`,
          ),
  );
}
