import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Names } from './names.ts';

/** So many that blocks and buckets grow, and few enough that most are held and released again. */
const participant = fc
  .tuple(fc.nat({ max: 150 }), fc.constantFrom('h1', 'h2', 'h3'))
  .map(([number, hub]) => `p${number}.${hub}`);
const step = fc.record({ who: participant, holds: fc.boolean() });

/** Names with their users in a plain table beside. */
class Both {
  readonly names = new Names();
  readonly users = new Map<string, { number: number; count: number }>();

  happen(who: string, holds: boolean): void {
    const known = this.users.get(who);
    expect(this.names.find(who)).toBe(known?.number ?? -1);
    if (holds) {
      const number = this.names.hold(who);
      if (known) expect(number).toBe(known.number);
      this.users.set(who, { number, count: (known?.count ?? 0) + 1 });
    } else if (known) {
      this.names.release(known.number);
      if (known.count === 1) this.users.delete(who);
      else this.users.set(who, { number: known.number, count: known.count - 1 });
    }
  }

  check(): void {
    expect(this.names.held).toBe(this.users.size);
    const taken = new Set<string>();
    for (const [who, { number }] of this.users) {
      const hub = who.slice(who.indexOf('.') + 1);
      const own = this.names.of(hub);
      const place = own.find(who);
      expect(this.names.find(who)).toBe(number);
      expect(this.names.list[number]).toBe(who);
      expect(this.names.placeOf(number)).toBe(place);
      expect(own.at(place)).toBe(who);
      // Columns of one hub have no places for names of others.
      expect(place).toBeLessThan(151);
      taken.add(`${hub} ${place}`);
      const other = this.names.of(hub === 'h1' ? 'h2' : 'h1');
      expect(other.find(who)).toBe(-1);
      expect(() => other.hold(who)).toThrow('broken invariant');
    }
    expect(taken.size).toBe(this.users.size);
  }
}

it('a name has its number and its place as long as somebody holds it', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 1500, size: 'max' }), (steps) => {
      const both = new Both();
      for (const { who, holds } of steps) both.happen(who, holds);
      both.check();
      for (const [who, { count }] of both.users) {
        for (let left = count; left > 0; left -= 1) both.names.release(both.names.find(who));
      }
      both.users.clear();
      both.check();
    }),
    { numRuns: 60 },
  );
});
