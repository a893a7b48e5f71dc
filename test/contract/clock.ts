import { Milliseconds } from "../../src/core/domain/units.js";
import type { Behaviour } from "./behaviour.js";
import type { ContractHost } from "./host.js";
import { suiteOf } from "./kit.js";

const behaviour = suiteOf("clock");
const ms = Milliseconds;

/** Names of the timers that fired, in order. */
function fired(host: ContractHost): readonly string[] {
  return host.delivered.flatMap(({ event }) => (event.kind === "timer" ? [event.timer] : []));
}

/** Long enough for every timer of these behaviours, even on a slow processor. */
async function wait(host: ContractHost): Promise<void> {
  await host.sleep(ms(800));
}

export const CLOCK: readonly Behaviour[] = [
  behaviour("each timer fires once, earliest first", ["now, soon, later"], async (host) => {
    const { clock } = host.ports;
    clock.arm("later", ms(400));
    clock.arm("soon", ms(150));
    clock.arm("now", ms(0));
    await wait(host);
    return [fired(host).join(", ")];
  }),
  behaviour("a timer never fires before its time", ["150 ms or more"], async (host) => {
    const from = host.ports.clock.now();
    host.ports.clock.arm("t", ms(150));
    const at = await host.until("t", () => (fired(host).length > 0 ? host.ports.clock.now() : undefined), ms(5_000));
    return [at - from >= 150 ? "150 ms or more" : `${String(at - from)} ms`];
  }),
  behaviour("a re-armed timer fires once, at the later time", ["other, t"], async (host) => {
    const { clock } = host.ports;
    clock.arm("t", ms(50));
    clock.arm("t", ms(500));
    clock.arm("other", ms(250));
    await wait(host);
    return [fired(host).join(", ")];
  }),
  behaviour("a disarmed timer does not fire; disarming an unknown timer does nothing", ["other"], async (host) => {
    const { clock } = host.ports;
    clock.arm("t", ms(100));
    clock.arm("other", ms(150));
    clock.disarm("t");
    clock.disarm("nobody");
    await wait(host);
    return [fired(host).join(", ")];
  }),
  behaviour("a 30-day timer does not fire today", ["none"], async (host) => {
    host.ports.clock.arm("month", ms(30 * 24 * 3_600_000));
    await wait(host);
    const lines = fired(host);
    host.ports.clock.disarm("month");
    return lines.length === 0 ? ["none"] : lines;
  }),
  behaviour("timers are distinguished by their full names", ["a b, a"], async (host) => {
    const { clock } = host.ports;
    clock.arm("a b", ms(100));
    clock.arm("a", ms(250));
    await wait(host);
    return [fired(host).join(", ")];
  }),
  behaviour("both clocks advance", ["monotonic: advances", "wall: advances"], async (host) => {
    const { clock } = host.ports;
    const [now, wall] = [clock.now(), clock.wallTime()];
    await host.sleep(ms(200));
    const advance = (from: number, to: number): string => (to - from >= 150 ? "advances" : `${String(to - from)} ms`);
    return [`monotonic: ${advance(now, clock.now())}`, `wall: ${advance(wall, clock.wallTime())}`];
  }),
];
