/** Names of nodes and things: plain strings with a stated form. */

/** A hub: lower-case letters, digits and `-`, no dot. Example `h1`. */
export type HubId = string;
/** A participant: `<name>.<hub>`, so that no hub can speak for another hub's participant. */
export type ParticipantId = string;
/** A hub or a participant. */
export type NodeId = string;
/** `o-` and the first 32 hex digits of the digest of the signed buy order. */
export type OrderId = string;
/** `<order id>-<attempt>`; made by the first hub, unique because the attempt is durable. */
export type AgreementId = string;
/** `<agreement id>.<part number>`. */
export type PartId = string;
/** `<part id>.<replica number within the part>`. */
export type ContainerId = string;

const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export function isHubId(text: string): boolean {
  return NAME.test(text);
}

export function isParticipantId(text: string): boolean {
  const dot = text.indexOf('.');
  return dot > 0 && NAME.test(text.slice(0, dot)) && NAME.test(text.slice(dot + 1));
}

/** A name that a hub gave to one of its participants for a while, instead of its own. */
export function isPseudonym(participant: ParticipantId): boolean {
  return /^p[0-9a-f]{16}\./.test(participant);
}

/** The hub whose subnet the participant belongs to; meaningful only for a valid participant id. */
export function hubOf(participant: ParticipantId): HubId {
  return participant.slice(participant.indexOf('.') + 1);
}

export function orderIdOf(orderDigest: string): OrderId {
  return `o-${orderDigest.slice('sha256:'.length, 'sha256:'.length + 32)}`;
}

export function partIdOf(agreement: AgreementId, part: number): PartId {
  return `${agreement}.${part}`;
}

export function containerIdOf(part: PartId, replica: number): ContainerId {
  return `${part}.${replica}`;
}

export function partOfContainer(container: ContainerId): PartId {
  return container.slice(0, container.lastIndexOf('.'));
}

/** Order by code units: the published tie-break order everywhere. */
export function compareIds(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
