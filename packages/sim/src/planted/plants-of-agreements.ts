/** Faults in signing, running and ending a lease. */
import type { Plant } from './plant.ts';

const TARGET = 'agreement/target-hub.ts';
const FIRST = 'agreement/first-hub.ts';

export const PLANTS_OF_AGREEMENTS: readonly Plant[] = [
  {
    name: 'desired-change-forgotten',
    what: 'A change of a desired set that the agent has not applied yet counts as told.',
    edits: [
      {
        file: 'hub/desired-sets.ts',
        find: 'if (change.revision <= revision) member.desiredChanges.delete(part);',
        replace: 'if (change.revision >= 0) member.desiredChanges.delete(part);',
      },
    ],
    caughtBy: ['desired.incomplete'],
  },
  {
    name: 'hold-cut-short',
    what: 'A hold is released after half the time that was promised.',
    edits: [
      {
        file: TARGET,
        find: 'nowMs >= part.heldAtMs + part.terms.holdMs) {',
        replace: 'nowMs >= part.heldAtMs + part.terms.holdMs / 2) {',
      },
      {
        file: TARGET,
        find: 'times.push(part.heldAtMs + terms.holdMs);',
        replace: 'times.push(part.heldAtMs + terms.holdMs / 2);',
      },
    ],
    caughtBy: ['hold.too-short'],
  },
  {
    name: 'expired-hold-activated',
    what: 'ACTIVATE brings back a part whose hold has run out.',
    edits: [
      {
        file: TARGET,
        find: "if (part.state === 'held') { part.state = 'active';",
        replace: `if (part.state === 'held' || part.outcome === 'AGREEMENT_HOLD_EXPIRED') {
          part.state = 'active';`,
      },
    ],
    caughtBy: ['part.state-back', 'part.record-changed', 'capacity.oversold'],
  },
  {
    name: 'free-quantity-not-compared',
    what: 'A target hub votes yes without looking at what is free.',
    edits: [
      {
        file: TARGET,
        find: 'if (!inventory.fits(terms.replica, terms.placements)) {',
        replace: 'if (terms.placements.length === 0) {',
      },
    ],
    caughtBy: ['capacity.oversold', 'capacity.device-oversold'],
  },
  {
    name: 'vote-before-durable',
    what: 'A target hub votes yes for a part that it does not record.',
    edits: [
      {
        file: TARGET,
        find: 'this.#index(part); this.#save(part); this.#schedule(part); this.#vote(part, true);',
        replace: 'this.#index(part); this.#schedule(part); this.#vote(part, true);',
      },
    ],
    caughtBy: ['told.vote-yes-not-durable'],
  },
  {
    name: 'agreement-not-recorded',
    what: 'PREPARE leaves before the agreement is on record.',
    edits: [
      {
        file: FIRST,
        find: 'this.agreements.set(agreement.id, agreement); this.#save(agreement);',
        replace: 'this.agreements.set(agreement.id, agreement);',
      },
    ],
    caughtBy: ['told.prepare-not-durable'],
  },
  {
    name: 'committed-without-all-votes',
    what: 'An atomic agreement is committed although a part was refused.',
    edits: [
      {
        file: FIRST,
        find: 'const possible = agreement.atomic ? refused === 0',
        replace: 'const possible = agreement.atomic ? refused < agreement.parts.length',
      },
    ],
    caughtBy: ['decision.atomic-incomplete', 'terms.below-min'],
  },
  {
    name: 'time-out-commits',
    what: 'An atomic agreement is committed when the time for votes is over.',
    edits: [
      {
        file: FIRST,
        find: 'const enough = agreement.atomic ? waiting.length === 0',
        replace: 'const enough = agreement.atomic ? yes.length > 0',
      },
    ],
    caughtBy: ['decision.atomic-incomplete', 'terms.below-min'],
  },
  {
    name: 'commit-after-abort',
    what: 'A late vote makes an aborted agreement a committed one.',
    edits: [
      {
        file: FIRST,
        find: "if (agreement.state === 'aborted' || part.status === 'refused' || part.status === 'closed') {",
        replace: `if (agreement.state === 'aborted' && message.type === 'vote-yes') {
          agreement.state = 'committed';
          part.status = 'yes';
          this.#save(agreement);
          return this.#pump(agreement);
        }
        if (part.status === 'refused' || part.status === 'closed') {`,
      },
    ],
    caughtBy: ['agreement.state-back', 'decision.without-signature', 'decision.atomic-incomplete'],
  },
  {
    name: 'some-started-is-all-started',
    what: 'ALL_STARTED is said when the first part has started.',
    edits: [
      {
        file: FIRST,
        find: "live.every((part) => part.status === 'started')",
        replace: "live.some((part) => part.status === 'started')",
      },
    ],
    caughtBy: ['decision.all-started-too-early'],
  },
  {
    name: 'started-when-one-container-is',
    what: 'A part counts as started when one of its containers runs.',
    edits: [
      {
        file: 'hub/member-desk.ts',
        find: 'if (statuses.every((status) => status?.started)) parts.reportStarted(part);',
        replace: 'if (statuses.some((status) => status?.started)) parts.reportStarted(part);',
      },
    ],
    caughtBy: ['part.started-untrue'],
  },
  {
    name: 'billed-from-activate',
    what: 'The bill counts from ACTIVATE, not from ALL_STARTED.',
    edits: [
      {
        file: TARGET,
        find: 'const ranMs = Math.max(BILLING_MIN_MS, untilMs - part.runningAtMs);',
        replace:
          'const ranMs = Math.max(BILLING_MIN_MS, untilMs - (part.activeAtMs ?? part.runningAtMs));',
      },
    ],
    caughtBy: ['bill.time', 'bill.above-observed'],
  },
  {
    name: 'incomplete-set-billed',
    what: 'An atomic agreement of which a part never ran is billed all the same.',
    edits: [
      {
        file: FIRST,
        find: 'const isVoid = agreement.atomic && agreed.some((part) => part.billedMs === 0);',
        replace: 'const isVoid = agreement.parts.length === 0;',
      },
    ],
    caughtBy: ['bill.not-whole'],
  },
  {
    name: 'released-while-running',
    what: 'A stopping part gives its quantity back before its containers are gone.',
    edits: [
      {
        file: TARGET,
        find: "if (state === 'up' || (state === 'gone' && !applied)) continue;",
        replace: 'void state; void applied;',
      },
    ],
    caughtBy: ['container.runs-after-end'],
  },
  {
    name: 'start-grace-ignored',
    what: 'Neither hub ends a lease that does not start whole, and agents wait ten times as long.',
    edits: [
      {
        file: TARGET,
        find: "if (part.state === 'active' && nowMs >= (part.activeAtMs ?? 0) + part.terms.startGraceMs) {",
        replace: `if (
          part.state === 'active' &&
          nowMs >= (part.activeAtMs ?? 0) + 50 * part.terms.startGraceMs
        ) {`,
      },
      {
        file: TARGET,
        find: "if (part.state === 'active') times.push((part.activeAtMs ?? 0) + terms.startGraceMs);",
        replace: '',
      },
      {
        file: 'participant/containers.ts',
        find: 'return record.startedAtMs + 2 * record.desired.startGraceMs;',
        replace: 'return record.startedAtMs + 20 * record.desired.startGraceMs;',
      },
      {
        file: FIRST,
        find: "if (agreement.state === 'committed' && nowMs >= decidedAtMs + this.#graceMs(agreement)) {",
        replace: "if (agreement.state === 'committed' && nowMs < decidedAtMs) {",
      },
    ],
    caughtBy: ['container.past-start-grace', 'part.past-start-grace'],
  },
  {
    name: 'settled-more-than-metered',
    what: 'The first hub settles one micro-credit more than was metered.',
    edits: [
      {
        file: FIRST,
        find: 'part.settleMicro ??= isVoid ? 0n : settlementOf(part);',
        replace: 'part.settleMicro ??= isVoid ? 0n : settlementOf(part) + 1n;',
      },
    ],
    caughtBy: ['bill.not-whole'],
  },
  {
    name: 'settlement-forgotten',
    what: 'A target hub confirms a settlement without recording it.',
    edits: [
      {
        file: TARGET,
        find: 'part.settledMicro = costMicro; part.endAcknowledged = true; this.#save(part);',
        replace: 'part.endAcknowledged = true; this.#save(part);',
      },
    ],
    caughtBy: ['told.settled-not-durable', 'end.part-unsettled'],
  },
  {
    name: 'lingering-sold',
    what: 'What containers take that nobody could end is sold to the next one.',
    edits: [
      {
        file: TARGET,
        find: 'if (lingers) part.lingers = true;',
        replace: 'if (lingers) this.#returnQuantity(part);',
      },
    ],
    caughtBy: ['container.runs-after-end', 'machine.overloaded'],
  },
  {
    name: 'lease-leaks',
    what: 'The quantity of an ended part stays frozen.',
    edits: [
      {
        file: TARGET,
        find: 'this.#lessors.inventory(lessor)?.release(replica, placements);',
        replace: '',
      },
    ],
    caughtBy: ['row.not-conserved', 'end.stock-not-free'],
  },
  {
    name: 'agent-ignores-duration',
    what: 'Neither the agent nor the hub ends a lease when its duration is over.',
    edits: [
      {
        file: 'participant/containers.ts',
        find: 'return (runningAtMs ?? 0) + desired.durationMs - this.#warningMs(desired);',
        replace: 'return (runningAtMs ?? 0) + 100 * desired.durationMs;',
      },
      {
        file: TARGET,
        find: 'if (nowMs >= (part.runningAtMs ?? 0) + part.terms.durationMs) {',
        replace: 'if (nowMs >= (part.runningAtMs ?? 0) + 100 * part.terms.durationMs) {',
      },
      {
        file: TARGET,
        find: 'times.push((part.runningAtMs ?? 0) + terms.durationMs);',
        replace: '',
      },
    ],
    caughtBy: ['container.past-duration'],
  },
  {
    name: 'agent-ignores-disconnection',
    what: 'An agent that is cut off runs its containers for as long as it likes.',
    edits: [
      {
        file: 'participant/containers.ts',
        find: 'if (nowMs >= disconnectedSinceMs + desired.stopAfterMs)',
        replace: 'if (nowMs >= disconnectedSinceMs + 100 * desired.stopAfterMs)',
      },
      {
        file: 'participant/containers.ts',
        find: 'next = Math.min(next, end, disconnectedSinceMs + desired.stopAfterMs);',
        replace: 'next = Math.min(next, end);',
      },
    ],
    caughtBy: ['container.past-disconnect', 'container.runs-after-end'],
  },
  {
    name: 'container-started-again',
    what: 'An agent does not remember which containers it has run.',
    edits: [
      {
        file: 'participant/containers.ts',
        find: 'if (this.#past.has(desired.id)) return;',
        replace: '',
      },
      {
        file: 'participant/containers.ts',
        find: `const older =
          message.epoch < this.epoch ||
          (message.epoch === this.epoch && message.revision < this.revision);`,
        replace: 'const older = false;',
      },
    ],
    caughtBy: ['container.started-twice', 'container.unasked'],
  },
];
