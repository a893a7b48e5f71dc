/** A CDC and its hosts for one test. All end with the test. */
import { onTestFinished } from "vitest";
import { Cdc, type Options } from "../../lab/cdc/cdc.js";
import { TestHost } from "./nvme-tcp-host.js";

/** Runs `cleanup` when the test is over; the last one added runs first. */
export function after(cleanup: () => Promise<void> | void): void {
  onTestFinished(cleanup);
}

export async function startCdc(options: Options = {}): Promise<Cdc> {
  const cdc = await Cdc.start(options);
  after(() => cdc.close());
  return cdc;
}

export function portOf(cdc: Cdc, index = 0): number {
  return cdc.ports[index]!.port;
}

/** A host that has only a TCP connection. */
export async function dial(cdc: Cdc): Promise<TestHost> {
  return keep(await TestHost.dial(portOf(cdc)));
}

/** A host whose controller is ready. */
export async function live(
  cdc: Cdc,
  options: { hostnqn?: string; subnqn?: string; kato?: number; index?: number } = {},
): Promise<TestHost> {
  return keep(await TestHost.live(portOf(cdc, options.index), options));
}

function keep(host: TestHost): TestHost {
  after(() => host.end());
  return host;
}
