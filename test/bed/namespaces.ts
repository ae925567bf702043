/** Hosts as network namespaces on one bridge, with cuts between them; all gone when the test is. */
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import type { Writable } from 'node:stream';

/** True when hosts can be made here; else says loudly that they cannot. */
export function hasNamespaces(): boolean {
  const probe = `sgprobe${process.pid}`;
  const made = ip('netns', 'add', probe).status === 0;
  const can = made && inside(probe, 'iptables', '-w', '-L', '-n').status === 0;
  if (made) ip('netns', 'del', probe);
  if (!can) {
    process.stderr.write(
      '\nNOT TESTED: cuts and kills between hosts; network namespaces need root, ip and iptables\n',
    );
  }
  return can;
}

/** Addresses of one: its hosts, the test itself, and the two that stand for the network. */
const NETWORK_SIZE = 16;

/** How a cut looks: packets vanish one way or both, or the cable of the second host is out. */
export type CutKind = 'one-way' | 'two-way' | 'link-down';

/**
 * A process of its own removes everything when ours is gone, however it went: namespaces outlive
 * whoever made them, and what runs in them does, too.
 */
const GUARDIAN = `
read -r _
for name in "$@"; do
  for pid in $(ip netns pids "$name"); do kill -9 "$pid"; done
  ip netns del "$name"
done
`;

export class Namespaces {
  readonly #prefix = `sg${process.pid}`;
  readonly #hosts: readonly string[];
  readonly #guardian: Writable;
  readonly #gone: Promise<void>;

  /** @param hosts  short names, in the order of their addresses. */
  constructor(hosts: readonly string[]) {
    this.#hosts = hosts;
    const names = ['net', ...hosts].map((host) => this.#named(host));
    const args = ['-c', GUARDIAN, 'guardian', ...names];
    // Of a session of its own: Ctrl-C is for us, and it hears of it by our end.
    const guardian = spawn('sh', args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    this.#guardian = guardian.stdin;
    this.#gone = new Promise((resolve) => guardian.once('exit', () => resolve()));
    this.#build();
  }

  /** Ends all processes of all hosts and removes the hosts. */
  async remove(): Promise<void> {
    this.#guardian.end();
    await this.#gone;
  }

  addressOf(host: string): string {
    return addressIn(this.#network, this.#hosts.indexOf(host) + 1);
  }

  /** The command line that runs a program on that host. */
  command(host: string, program: string, args: readonly string[]): [string, string[]] {
    return ['ip', ['netns', 'exec', this.#named(host), program, ...args]];
  }

  /** Until {@link heal}: nothing of `from` arrives at `to`, with `two-way` also the other way round. */
  cut(from: string, to: string, kind: CutKind): void {
    if (kind === 'link-down') return must(ip('-n', this.#named(to), 'link', 'set', 'eth0', 'down'));
    this.#drop(from, to);
    if (kind === 'two-way') this.#drop(to, from);
  }

  /** Every cut is over. */
  heal(): void {
    for (const host of this.#hosts) {
      must(inside(this.#named(host), 'iptables', '-w', '-F', 'INPUT'));
      must(ip('-n', this.#named(host), 'link', 'set', 'eth0', 'up'));
    }
  }

  /** Each packet of the host waits as long; false where the kernel has no `netem`. */
  delay(host: string, ms: number): boolean {
    const args = ['qdisc', 'replace', 'dev', 'eth0', 'root', 'netem', 'delay', `${ms}ms`];
    return inside(this.#named(host), 'tc', ...args).status === 0;
  }

  #drop(from: string, to: string): void {
    const rule = ['-w', '-A', 'INPUT', '-s', this.addressOf(from), '-j', 'DROP'];
    must(inside(this.#named(to), 'iptables', ...rule));
  }

  /** Number of the network: one per test process, also of those that run beside this one. */
  get #network(): number {
    return process.pid % (65_536 / NETWORK_SIZE);
  }

  #named(host: string): string {
    return `${this.#prefix}-${host}`;
  }

  #build(): void {
    const net = this.#named('net');
    must(ip('netns', 'add', net));
    must(ip('-n', net, 'link', 'add', 'bridge', 'type', 'bridge'));
    must(ip('-n', net, 'link', 'set', 'bridge', 'up'));
    for (const host of this.#hosts) {
      const name = this.#named(host);
      must(ip('netns', 'add', name));
      const near = `to-${host}`.slice(0, 15);
      const ends = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', name];
      must(ip('link', 'add', near, 'netns', net, ...ends));
      this.#plug(net, near);
      must(ip('-n', name, 'addr', 'add', `${this.addressOf(host)}/28`, 'dev', 'eth0'));
      for (const device of ['lo', 'eth0']) must(ip('-n', name, 'link', 'set', device, 'up'));
    }
    // The test itself is one more host, with one end of its cable in the bridge's namespace.
    const own = this.#prefix;
    must(ip('link', 'add', 'to-test', 'netns', net, 'type', 'veth', 'peer', 'name', own));
    this.#plug(net, 'to-test');
    must(ip('addr', 'add', `${addressIn(this.#network, NETWORK_SIZE - 2)}/28`, 'dev', own));
    must(ip('link', 'set', own, 'up'));
  }

  #plug(net: string, device: string): void {
    must(ip('-n', net, 'link', 'set', device, 'master', 'bridge', 'up'));
  }
}

function addressIn(network: number, host: number): string {
  const number = network * NETWORK_SIZE + host;
  return `10.213.${number >> 8}.${number & 255}`;
}

function ip(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync('ip', args, { encoding: 'utf8' });
}

function inside(name: string, program: string, ...args: string[]): SpawnSyncReturns<string> {
  return ip('netns', 'exec', name, program, ...args);
}

function must({ status, stderr }: SpawnSyncReturns<string>): void {
  if (status !== 0) throw new Error(`network of the test: ${stderr}`);
}
