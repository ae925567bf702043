/** Who may learn what: the matrix of docs/privacy-matrix.md as data, and a search for what leaked. */
import { hubOf, type NodeId } from '../src/units/ids.ts';
import type { World } from './world.ts';

/** One kind of data with the texts by which it is recognised, and who may hold it. */
export interface Datum {
  name: string;
  /** Long enough not to come about by chance in a digest. */
  signs: string[];
  mayKnow: (party: NodeId) => boolean;
}

export interface Leak {
  datum: string;
  party: NodeId;
  sign: string;
}

/** All that ever reached each party: its store, and every frame that was sent to it. */
export type Material = ReadonlyMap<NodeId, string[]>;

export function materialOf(world: World): Map<NodeId, string[]> {
  const material = new Map<NodeId, string[]>();
  const of = (party: NodeId) => {
    const known = material.get(party) ?? [];
    material.set(party, known);
    return known;
  };
  for (const node of [...world.hubs.values(), ...world.agents.values()]) {
    of(node.id).push(...node.store.texts());
  }
  // On the way between two hubs a frame may be seen by whoever runs the servers of either: both
  // are parties of it anyway. What was sent is looked at, whether or not it arrived.
  for (const { frame, text } of world.posted) of(frame.to).push(text);
  return material;
}

export function leaksOf(data: readonly Datum[], material: Material): Leak[] {
  return data.flatMap(({ name, signs, mayKnow }) =>
    [...material].flatMap(([party, texts]) => {
      if (mayKnow(party)) return [];
      const seen = signs.filter((sign) => texts.some((text) => text.includes(sign)));
      return seen.map((sign) => ({ datum: name, party, sign }));
    }),
  );
}

export function isHub(party: NodeId): boolean {
  return !party.includes('.');
}

/** The participant and its hub. */
export function ownSide(participant: NodeId): (party: NodeId) => boolean {
  return (party) => party === participant || party === hubOf(participant);
}
