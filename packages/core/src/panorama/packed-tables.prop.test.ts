import fc from 'fast-check';
import { expect, it } from 'vitest';
import { amounts, asks, lot, lotGpu, resourceSpec, sellOrder } from '../../test/fixtures.ts';
import type { SellOrder } from '../order/sell-order.ts';
import type { ParticipantId } from '../units/ids.ts';
import { figuresOf } from './figures.ts';
import { Names } from './names.ts';
import { PackedTables } from './packed-tables.ts';
import type { PanoramaRow } from './row.ts';
import { joinRow, splitRow, suits } from './row-form.ts';

/** Numbers whose written forms have all lengths, and all units. */
const number = fc.oneof(
  fc.nat({ max: 300 }),
  fc.integer({ min: 0, max: 2 ** 32 }),
  fc.integer({ min: 0, max: 2 ** 12 }).map((count) => count * 2 ** 20),
  fc.integer({ min: 0, max: 2 ** 20 }).map((count) => count * 10 ** 6),
  fc.constantFrom(2 ** 20, 10 ** 6, 2 ** 50, 2 ** 52 - 1, 2 ** 52),
);
const participant = fc.constantFrom('ann.h1', 'bea.h1', 'cid.h1');
const offer = fc
  .record({
    participant,
    numbers: fc.array(number, { minLength: 6, maxLength: 6 }),
    lots: fc.nat({ max: 3 }),
    devices: fc.nat({ max: 3 }),
    ask: fc.oneof(number.map(BigInt), fc.constant(2n ** 52n + 1n), fc.constant(10n ** 29n)),
    region: fc.constantFrom('eu', 'us'),
  })
  .map(({ participant: who, numbers, lots, devices, ask, region }): SellOrder => {
    const [revision = 0, termsRevision = 0, validUntilMs = 0, cpu = 0, memory = 0, score = 0] =
      numbers;
    return sellOrder(who, {
      ...{ revision, termsRevision, validUntilMs },
      lots: Array.from({ length: lots }, (_, at) =>
        lot(`m${at}`, {
          amounts: amounts({ cpuMillicores: cpu, memoryBytes: memory }),
          devices: Array.from({ length: devices }, (_none, id) => lotGpu(`g${id}`, 250 * id)),
          asks: asks({ cpuMicroPerCoreHour: ask }),
          performance: { score, flops: [] },
          labels: { region },
        }),
      ),
    });
  });

type Operation =
  | { do: 'set' | 'share' | 'figures'; offer: SellOrder }
  | { do: 'resource'; who: ParticipantId; revision: number }
  | { do: 'leave'; who: ParticipantId };

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('set', 'share', 'figures'), offer }) },
  fc.record({ do: fc.constant('resource' as const), who: participant, revision: number }),
  fc.record({ do: fc.constant('leave' as const), who: participant }),
);

/** Rows as plain objects beside the packed ones. */
class Both {
  readonly names = new Names();
  readonly packed = new PackedTables(this.names.of('h1'));
  readonly #plain = new Map<string, PanoramaRow>();
  #revision = 0;

  happen(one: Operation): void {
    this.#revision += 1;
    const revision = this.#revision;
    if (one.do === 'resource') {
      const spec = resourceSpec(one.who, { revision: one.revision });
      return this.#set({ kind: 'resource', participant: one.who, revision, spec });
    }
    if (one.do === 'leave') {
      return this.#set({ kind: 'lease', participant: one.who, revision, offer: null });
    }
    const { participant: who } = one.offer;
    const whole: PanoramaRow = { kind: 'lease', participant: who, revision, offer: one.offer };
    const split = splitRow(whole);
    if (one.do === 'share' && split) {
      const form = this.packed.packed(split.form);
      this.packed.setShared(whole.participant, revision, form, split.figures);
      return this.#note(whole);
    }
    const known = this.#plain.get(`lease ${whole.participant}`);
    const before = known && splitRow(known);
    const figures = figuresOf(one.offer);
    if (one.do !== 'figures' || !before || !figures || !suits(before.form, figures)) {
      return this.#set(whole);
    }
    this.packed.setFigures(whole.participant, revision, figures);
    this.#note(joinRow(whole.participant, revision, before.form, figures));
  }

  #set(row: PanoramaRow): void {
    this.packed.set(row);
    this.#note(row);
  }

  #note(row: PanoramaRow): void {
    this.#plain.set(`${row.kind} ${row.participant}`, row);
  }

  check(): void {
    for (const row of this.#plain.values()) {
      const table = row.kind === 'lease' ? this.packed.leases : this.packed.resources;
      expect(table.get(row.participant)).toEqual(row);
      expect(table.revisionOf(row.participant)).toBe(row.revision);
      expect(table.figuresOf(row.participant)).toEqual(splitRow(row)?.figures);
    }
    const { leases, resources } = this.packed;
    expect([...leases.keys(), ...resources.keys()]).toHaveLength(this.#plain.size);
  }
}

it('packed rows are what was set last, whole, in halves or in figures alone', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const both = new Both();
      for (const one of operations) {
        both.happen(one);
        both.check();
      }
    }),
    { numRuns: 200 },
  );
});
