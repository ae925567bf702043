/**
 * A hub and its standby over one database, under load: kill -9, a stop and a cut of the process that
 * serves. Nothing acknowledged is lost, nothing is sold twice, and who was replaced changes nothing.
 */
import type { OrderView } from '@sparegrid/core/messages';
import { hasNatsServer } from '@sparegrid/link/nats/for-tests';
import type { Client } from '@sparegrid/sdk/client';
import { draftForTests } from '@sparegrid/sdk/draft-for-tests';
import type { OrderDraft } from '@sparegrid/sdk/order-draft';
import { awaitsKey } from '@sparegrid/sdk/task-keys';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hasPostgres } from '../../packages/link/test/private-postgres.ts';
import { type Links, type ProcessName, StandbyNetwork } from './standby-network.ts';

const ORDERS_PER_FAULT = 60;
const ACKNOWLEDGED_BEFORE = 20;
const IN_FLIGHT = 8;
const CORES_PER_LESSOR = 160;
const LESSORS = 4;
const FAULT_MS_MAX = 90_000;
const GIB = 2 ** 30;

const LINKS: readonly { links: Links; has: boolean }[] = [
  { links: 'sockets', has: hasPostgres() },
  { links: 'nats', has: hasPostgres() && hasNatsServer() },
];

for (const { links, has } of LINKS) {
  describe.skipIf(!has)(
    `a hub with a standby, over ${links}${links === 'nats' ? ' and HTTP' : ''}`,
    () => {
      let network: StandbyNetwork;
      let client: Client;
      let serving: ProcessName = 'h1-a';
      let waiting: ProcessName = 'h1-b';
      const acknowledged: string[] = [];
      /** Told when it does not come within the time of a test. */
      let awaited = '';

      beforeAll(async () => {
        network = await StandbyNetwork.open(links);
        await Promise.all([network.start('h1-a').ready, network.start('h2').ready]);
        await network.start('h1-b').waiting;
        await network.startLessors();
        client = await network.connect();
        while ((await client.offers()).length < LESSORS);
      }, 180_000);

      afterEach(({ task }) => {
        if (task.result?.state === 'fail') process.stderr.write(`it waited for ${awaited}\n`);
      });
      afterAll(async () => {
        await client?.close();
        await network?.close();
      }, 120_000);

      /**
       * Orders one after the other on each of several lines; `act` happens in the midst of it.
       *
       * @returns the longest time after it in which no order was acknowledged.
       */
      async function orderWhile(act: () => void): Promise<number> {
        let [next, count, longestMs, lastMs] = [0, 0, 0, Number.POSITIVE_INFINITY];
        const line = async () => {
          while (next < ORDERS_PER_FAULT) {
            next += 1;
            awaited = `order ${next} of ${ORDERS_PER_FAULT}, with ${serving} serving at first`;
            acknowledged.push(await client.submitOrder(draft(), { timeoutMs: null }));
            count += 1;
            longestMs = Math.max(longestMs, performance.now() - lastMs);
            if (count >= ACKNOWLEDGED_BEFORE) lastMs = performance.now();
            if (count === ACKNOWLEDGED_BEFORE) act();
          }
        };
        await Promise.all(Array.from({ length: IN_FLIGHT }, line));
        [serving, waiting] = [waiting, serving];
        awaited = `${serving} to serve`;
        await network.process(serving).ready;
        return longestMs;
      }

      async function isConserved(sold: ReadonlyMap<string, number>): Promise<boolean> {
        const offers = await client.offers();
        const accounted = offers.map(({ offer }) => {
          const free = offer.lots.reduce(
            (sum, { amounts }) => sum + amounts.cpuMillicores / 1000,
            0,
          );
          return free + (sold.get(offer.participant) ?? 0);
        });
        awaited = `rows: ${JSON.stringify(accounted)} cores of ${LESSORS} lessors`;
        return offers.length === LESSORS && accounted.every((cores) => cores === CORES_PER_LESSOR);
      }

      /** Every acknowledged order is there and runs; what is sold and what is free is what there is. */
      async function expectAllRunning(): Promise<void> {
        let views: OrderView[];
        do {
          views = await Promise.all(acknowledged.map((id) => client.getOrder(id)));
          const notYet = views.filter(({ state }) => state !== 'running').slice(0, 3);
          awaited = `orders: ${notYet.map(({ id, state, lastCode }) => `${id} ${state} ${lastCode}`)}`;
          await Promise.all(views.filter(awaitsKey).map(({ id }) => client.release(id)));
        } while (views.some(({ state }) => state !== 'running' && state !== 'failed'));
        expect(views.filter(({ state }) => state === 'failed')).toEqual([]);
        const sold = new Map<string, number>();
        for (const { agreements } of views) {
          // Parts of an agreement that was given up never ran and have no outcome.
          const standing = agreements.filter(({ negotiation }) => negotiation === 'FINALIZED');
          for (const { lessor, outcome, replicas } of standing.flatMap(({ parts }) => parts)) {
            if (outcome === null) sold.set(lessor, (sold.get(lessor) ?? 0) + replicas);
          }
        }
        // Rows of another hub come a little later than its word on an agreement.
        while (!(await isConserved(sold)));
        expect([...sold.values()].reduce((sum, cores) => sum + cores, 0)).toBe(acknowledged.length);
      }

      it(
        'goes on after kill -9 of the process that serves',
        async () => {
          const { ended } = network.process(serving);
          const silentMs = await orderWhile(() => network.process(serving).child.kill('SIGKILL'));
          await ended;
          // Told, not demanded: on a busy machine starting to serve takes as long as that takes.
          process.stderr.write(`taken over ${Math.round(silentMs)} ms after kill -9\n`);
          await expectAllRunning();
          await network.start(waiting).waiting;
        },
        FAULT_MS_MAX,
      );

      it(
        'goes on when that process is stopped; woken up, it ends and has changed nothing',
        async () => {
          const { child, ended } = network.process(serving);
          await orderWhile(() => child.kill('SIGSTOP'));
          await expectAllRunning();
          child.kill('SIGCONT');
          awaited = 'the process that was stopped to end';
          const { code, said } = await ended;
          expect(code).toBe(70);
          // After a long stop its clock says first that the database gave no answer in time.
          expect(said).toMatch(/^STORE_(FENCED|LOST): /m);
          await expectAllRunning();
          await network.start(waiting).waiting;
        },
        FAULT_MS_MAX,
      );

      it(
        'goes on when that process is cut off from the database, which hears of it late',
        async () => {
          const { ended } = network.process(serving);
          const cut = network.proxy(serving);
          await orderWhile(() => cut.cut());
          await expectAllRunning();
          cut.mend();
          const { code, said } = await ended;
          expect(code).toBe(70);
          expect(said).toMatch(/^STORE_(FENCED|LOST): /m);
          await expectAllRunning();
          await network.start(waiting).waiting;
        },
        FAULT_MS_MAX,
      );

      it(
        'is handed over at once when the process that serves is told to end',
        async () => {
          const { child, ended } = network.process(serving);
          await orderWhile(() => child.kill('SIGTERM'));
          expect(await ended).toMatchObject({ code: 0 });
          await expectAllRunning();
        },
        FAULT_MS_MAX,
      );

      it(
        'ends a standby that is told to end',
        async () => {
          const started = network.start(waiting);
          const { child, ended } = started;
          await started.waiting;
          child.kill('SIGTERM');
          expect(await ended).toMatchObject({ code: 0 });
        },
        FAULT_MS_MAX,
      );
    },
  );
}

function draft(): OrderDraft {
  return draftForTests({
    kind: 'service',
    replica: { cpuMillicores: 1_000, memoryBytes: GIB },
    task: {
      public: { image: 'bench:none', architecture: null, egress: false, capabilities: [] },
      private: { command: [], env: {} },
    },
    durationMs: 3_600_000,
    expiresAtMs: Date.now() + 3_600_000,
    disconnect: { stopAfterMs: 3_600_000, onLoss: 'continue' },
  });
}
