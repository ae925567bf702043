/** Reports of changes, through loss, delay and hubs that forget: what the hub knows is what the agent said. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Reported, type Status, takeReport } from '../hub/reported.ts';
import type { ContainerStatus } from '../messages.ts';
import { ReportChanges } from './report-changes.ts';

const IDS = Array.from({ length: 5 }, (_, part) => `a1.${part}.0`);

type Event =
  | { kind: 'changes' | 'forgets'; at: number }
  | { kind: 'reports' | 'hub-restarts' }
  | { kind: 'takes' | 'loses'; at: number }
  | { kind: 'acknowledges'; at: number };

const at = fc.nat({ max: 20 });
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ kind: fc.constantFrom('changes' as const, 'forgets' as const), at }),
  fc.record({ kind: fc.constantFrom('reports' as const, 'reports' as const) }),
  fc.record({ kind: fc.constantFrom('takes' as const, 'takes' as const, 'loses' as const), at }),
  fc.record({ kind: fc.constant('acknowledges' as const), at }),
  fc.record({ kind: fc.constant('hub-restarts' as const) }),
);

/** An agent and its hub with messages between them that come late, twice, in any order or never. */
class Pair {
  readonly #changes = new ReportChanges();
  readonly #running = new Map<string, ContainerStatus>();
  /** All that the agent ran when it made the report of that number. */
  readonly #truth = new Map<number, string[]>();
  readonly reports: Status[] = [];
  acks: number[] = [];
  #seq = 0;
  #attempts = 0;
  hub: { seq: number; reported: Reported } = { seq: 0, reported: new Map() };

  change(id: string): void {
    this.#attempts += 1;
    const idle = { exitCode: null, reason: null, started: true, exitedAgoMs: null } as const;
    this.#running.set(id, { id, attempt: this.#attempts, state: 'running', ...idle });
    this.#changes.changed(id);
  }

  forget(id: string): void {
    if (this.#running.delete(id)) this.#changes.changed(id);
  }

  report(): Status {
    this.#seq += 1;
    const { since, ids } = this.#changes.next(this.#seq);
    const named = since === null ? [...this.#running.keys()] : ids;
    const containers = named.flatMap((id) => this.#running.get(id) ?? []);
    const gone = named.filter((id) => !this.#running.has(id));
    const report: Status = {
      ...{ type: 'status', seq: this.#seq, epoch: 1, revision: 1 },
      ...{ since, containers, gone },
    };
    this.#truth.set(this.#seq, namesOf(this.#running.values()));
    this.reports.push(report);
    return report;
  }

  /** As the hub does: what was overtaken is left, what builds on something unknown is asked for whole. */
  take(report: Status | undefined): void {
    if (!report || report.seq <= this.hub.seq) return;
    if ((report.since ?? 0) > this.hub.seq) return this.#changes.startOver();
    takeReport(this.hub.reported, report, 0);
    this.hub.seq = report.seq;
    this.acks.push(report.seq);
    expect(namesOf(this.hub.reported.values())).toEqual(this.#truth.get(report.seq));
  }

  /** Words of its earlier life are refused from then on, and it welcomes the agent. */
  restartHub(): void {
    this.hub = { seq: 0, reported: new Map() };
    this.acks = [];
    this.#changes.startOver();
  }

  acknowledge(seq: number | undefined): string[] {
    return seq === undefined ? [] : this.#changes.acknowledged(seq);
  }
}

function namesOf(statuses: Iterable<ContainerStatus>): string[] {
  return [...statuses].map(({ id, attempt }) => `${id} ${attempt}`).sort();
}

function pick<T>(list: readonly T[], number: number): T | undefined {
  return list[number % Math.max(1, list.length)];
}

describe('reports of changes', () => {
  it('leave the hub with what the agent ran when it made the report that was taken last', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 80 }), (events) => {
        const pair = new Pair();
        for (const one of events) {
          if (one.kind === 'changes') pair.change(pick(IDS, one.at) as string);
          else if (one.kind === 'forgets') pair.forget(pick(IDS, one.at) as string);
          else if (one.kind === 'reports') pair.report();
          else if (one.kind === 'takes') pair.take(pick(pair.reports, one.at));
          else if (one.kind === 'loses') pair.reports.splice(one.at, 1);
          else if (one.kind === 'acknowledges') pair.acknowledge(pick(pair.acks, one.at));
          else pair.restartHub();
        }
        // Once nothing is lost any more, two reports are enough.
        pair.take(pair.report());
        const last = pair.report();
        pair.take(last);
        expect(pair.hub.seq).toBe(last.seq);
      }),
      { numRuns: 5_000 },
    );
  });

  it('name what went before an earlier report was acknowledged, though a full one left it out', () => {
    const pair = new Pair();
    pair.change(IDS[0] as string);
    pair.take(pair.report());
    pair.forget(IDS[0] as string);
    pair.report();
    pair.acknowledge(1);
    const third = pair.report();
    expect(third).toMatchObject({ since: 1, gone: [IDS[0]] });
    pair.take(third);
  });

  it('name nothing that was acknowledged', () => {
    const pair = new Pair();
    for (const id of IDS) pair.change(id);
    pair.take(pair.report());
    pair.acknowledge(1);
    pair.change(IDS[0] as string);
    pair.forget(IDS[1] as string);
    const { since, containers, gone } = pair.report();
    expect({ since, changed: containers.map(({ id }) => id), gone }).toEqual({
      since: 1,
      changed: [IDS[0]],
      gone: [IDS[1]],
    });
  });
});
