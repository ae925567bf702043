/** Durable reservations that PostgreSQL alone makes: the cheapest free offer, locked and marked. */
import { Client } from 'pg';
import { PrivatePostgres } from '../../packages/link/test/private-postgres.ts';

const CLIENTS = 8;

/** A private server with `offers` rows, `fsync` on. */
export class PostgresLoop {
  readonly #server: PrivatePostgres;
  readonly #clients: Client[];

  private constructor(server: PrivatePostgres, clients: Client[]) {
    this.#server = server;
    this.#clients = clients;
  }

  static async open(offers: number): Promise<PostgresLoop> {
    const server = await PrivatePostgres.start();
    const { host, port, database, user, password } = await server.database();
    await server.execute(
      `CREATE TABLE offer (id int PRIMARY KEY, price bigint NOT NULL, sold boolean NOT NULL,
         lessor text NOT NULL);
       INSERT INTO offer SELECT n, 20000 + (n * 7919::bigint) % 1000003, false, 'p' || n % 100000
         FROM generate_series(1, ${offers}) n;
       CREATE INDEX offer_free ON offer (price) WHERE NOT sold;
       ANALYZE offer;
       CHECKPOINT`,
      database,
    );
    const clients: Client[] = [];
    for (let number = 0; number < CLIENTS; number += 1) {
      const client = new Client({ host, port, user, database, password: password ?? '' });
      await client.connect();
      clients.push(client);
    }
    return new PostgresLoop(server, clients);
  }

  /** Reservations per second over so many milliseconds. */
  async measure(ms: number): Promise<number> {
    const startedAt = performance.now();
    let reserved = 0;
    const work = async (client: Client) => {
      while (performance.now() - startedAt < ms) {
        const { rowCount } = await client.query({
          name: 'reserve',
          text: `UPDATE offer SET sold = true WHERE id = (SELECT id FROM offer WHERE NOT sold
                 ORDER BY price LIMIT 1 FOR UPDATE SKIP LOCKED)`,
        });
        reserved += rowCount ?? 0;
      }
    };
    await Promise.all(this.#clients.map(work));
    return (reserved * 1_000) / (performance.now() - startedAt);
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.end()));
    await this.#server.remove();
  }
}
