import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareIds,
  containerIdOf,
  hubOf,
  isHubId,
  isParticipantId,
  orderIdOf,
  partIdOf,
} from './ids.ts';

describe('ids', () => {
  it.each(['h1', 'a', 'north-east', 'x'.repeat(63)])('of hubs may be %s', (id) => {
    expect(isHubId(id)).toBe(true);
    expect(isParticipantId(`ann.${id}`)).toBe(true);
  });

  it.each(['', '-a', 'a-', 'H1', 'a.b', 'a b', 'a\n', 'ä', 'x'.repeat(64)])(
    'of hubs may not be %j',
    (id) => {
      expect(isHubId(id)).toBe(false);
      expect(isParticipantId(`ann.${id}`)).toBe(false);
      expect(isParticipantId(`${id}.h1`)).toBe(false);
    },
  );

  it('of participants name their hub', () => {
    expect(hubOf('ann.h1')).toBe('h1');
    expect(isParticipantId('ann')).toBe(false);
  });

  it('are built from each other', () => {
    const order = orderIdOf(`sha256:${'0123456789abcdef'.repeat(4)}`);
    expect(order).toBe('o-0123456789abcdef0123456789abcdef');
    expect(containerIdOf(partIdOf(`${order}-1`, 2), 3)).toBe(`${order}-1.2.3`);
  });

  it('are ordered by code units', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (ids) => {
        expect([...ids].sort(compareIds)).toEqual([...ids].sort());
      }),
    );
  });
});
