/** What a port is seen to do, and what it is expected to: the unit of the contract suite. */
import type { ContractHost, MeasuredKernel } from "./host.js";

/** The suites, one a port. Opening, reading and deleting through handles are sysfs; admin commands are fabrics. */
export const PORTS = [
  "clock",
  "sysfs",
  "fabrics",
  "udev",
  "network",
  "mdns",
  "dnssd",
  "store",
  "bus",
  "system",
  "log",
] as const;

export type PortName = (typeof PORTS)[number];

/** What was seen: lines of plain text, without what no two runs share (times, sequence numbers, serials). */
export type Observation = readonly string[];

/** The same on every kernel, or by kernel. */
export type Expected = Observation | Readonly<Record<MeasuredKernel, Observation>>;

/** The simulation shows something else, which no decision of the core reads. */
interface Difference {
  readonly simulated: Expected;
  /** Why nothing depends on it: a sentence for docs/fidelity.md. */
  readonly reason: string;
}

export interface Behaviour {
  readonly port: PortName;
  /** A sentence without its full stop, unique in its port. */
  readonly name: string;
  readonly expected: Expected;
  /** Kernels that can show it; absent: all. */
  readonly kernels?: readonly MeasuredKernel[];
  readonly differs?: Difference;
  run(host: ContractHost): Promise<Observation>;
}

/** One behaviour, as seen in one world. */
export interface Row {
  readonly port: PortName;
  readonly name: string;
  readonly observed: Observation;
}

function isByKernel(expected: Expected): expected is Exclude<Expected, Observation> {
  return !Array.isArray(expected);
}

export function expectedOn(expected: Expected, kernel: MeasuredKernel): Observation {
  return isByKernel(expected) ? expected[kernel] : expected;
}

export function runsOn({ kernels }: Behaviour, kernel: MeasuredKernel): boolean {
  return kernels === undefined || kernels.includes(kernel);
}

/** Runs a behaviour. One that waits in vain, or cannot go on, shows so, as everything else does. */
export async function observe(behaviour: Behaviour, host: ContractHost): Promise<Row> {
  const { port, name } = behaviour;
  try {
    return { port, name, observed: await behaviour.run(host) };
  } catch (error) {
    return { port, name, observed: [error instanceof Error ? `${error.name}: ${error.message}` : "failed"] };
  }
}

export function isSame(one: Observation, other: Observation): boolean {
  return one.length === other.length && one.every((line, index) => line === other[index]);
}
