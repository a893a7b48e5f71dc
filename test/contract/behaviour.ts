/** One behaviour of a port, expected and observed: the unit of the contract suite. */
import type { ContractHost, MeasuredKernel } from "./host.js";

/** The suites, one per port. Opening, reading and deleting through handles belong to sysfs, admin commands to fabrics. */
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

/** What was observed, as lines of text, without anything that differs between runs (times, sequence numbers, serials). */
export type Observation = readonly string[];

/** The same on every kernel, or one per kernel. */
export type Expected = Observation | Readonly<Record<MeasuredKernel, Observation>>;

/** A difference between the simulation and the kernels that no decision of the core depends on. */
interface Difference {
  readonly simulated: Expected;
  /** Why nothing depends on it, as sentences for docs/fidelity.md. */
  readonly reason: string;
}

export interface Behaviour {
  readonly port: PortName;
  /** A sentence without its full stop, unique within its port. */
  readonly name: string;
  readonly expected: Expected;
  /** The kernels that can show it. Default: all. */
  readonly kernels?: readonly MeasuredKernel[];
  readonly differs?: Difference;
  run(host: ContractHost): Promise<Observation>;
}

/** One behaviour, as observed in one world. */
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

/** Runs a behaviour. A timeout or another error becomes its observation. */
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
