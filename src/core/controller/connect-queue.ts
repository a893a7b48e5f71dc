/**
 * The core-owned connect queue. The kernel serialises connects for the whole host, and a silent peer
 * holds everybody for 10 s (6.12-cloud.s9-serialised.log). So few are in the kernel at once. A tcp address
 * not known to be alive is probed from user space first. Over rdma and fc only a connect shows whether
 * somebody answers. So they, and what the kernel failed to connect last, are suspects until they are seen
 * alive: a suspect goes last and alone, and what is ready waits for one of them at most.
 */
import { hostIdFor } from "../boot/tables.js";
import { encodeConnectOptions } from "../codec/fabrics-options.js";
import { log, newRequest, sayOnce, type Context } from "../state/context.js";
import { assert } from "../domain/assertion.js";
import { isServedSoon, mayFitLater } from "./adoption.js";
import type { ConnectionOptions } from "../domain/connection-options.js";
import { lackingOptions, optionsKnown, whyUnprotected, withoutOptions } from "./kernel-options.js";
import { enterLife, nameOf, wait } from "./life.js";
import { effectiveOptions } from "./options.js";
import type { Controller, ControllerId } from "../state/controller.js";
import { WELL_KNOWN_DISCOVERY_NQN } from "../domain/transport-id.js";
import {
  CONNECTS_IN_KERNEL_MAX,
  FIRST_RETRY,
  LATER_RETRY,
  PROBE_TIMEOUT,
  PROBES_MAX,
  SUSPECT_PATIENCE,
} from "../domain/limits.js";
import { between } from "../domain/units.js";
import { addressKey } from "../kernel/match.js";
import { isDurable } from "../record/saving.js";
import type { CoreState } from "../state/state.js";

/** Addresses are alive or not per way to them: the interface and source address count. */
function aliveKey({ tid }: Controller): string {
  return `${addressKey(tid)} ${tid.hostIface} ${tid.hostTraddr}`;
}

/** A connection to its address is live. Suspects that wait for the same address are suspects no more. */
export function noteAlive(context: Context, controller: Controller): void {
  const { queue, lines } = context.state;
  const key = aliveKey(controller);
  if (queue.alive.has(key)) return;
  queue.alive.add(key);
  for (const id of lines.suspect) {
    const suspect = controllerOf(context.state, id);
    if (aliveKey(suspect) === key && !isSuspect(context, suspect)) makeReady(context, suspect, suspect.why);
  }
}

/** Nothing is known of its address any more: a connect or a probe failed, or the kernel lost its connection. */
export function noteFailed({ state }: Context, controller: Controller): void {
  state.queue.alive.delete(aliveKey(controller));
}

/** Puts a controller in the queue: a tcp address that is not known to be alive is probed first. */
export function enqueue(context: Context, controller: Controller, why: string): void {
  const needsProbe = controller.tid.transport === "tcp" && !context.state.queue.alive.has(aliveKey(controller));
  if (needsProbe) enterLife(context, controller, { at: "queued" }, why);
  else makeReady(context, controller, why);
}

/** The peer answered the probe: it may enter the kernel's queue. */
export function probeAnswered(context: Context, controller: Controller): void {
  makeReady(context, controller, "its address answers");
}

function makeReady(context: Context, controller: Controller, why: string): void {
  enterLife(context, controller, { at: "ready", suspect: isSuspect(context, controller) }, why);
}

function isSuspect({ state }: Context, controller: Controller): boolean {
  if (controller.failures > 0 && controller.lastFailure === "connect") return true;
  switch (controller.tid.transport) {
    case "tcp": // Alive or just probed.
    case "loop": // Inside the host: nobody to wait for.
      return false;
    case "rdma":
    case "fc":
      return !state.queue.alive.has(aliveKey(controller));
  }
}

/** Starts what may start now. Called after every event. */
export function pump(context: Context): void {
  const { state } = context;
  const { queued, probing, ready, suspect, connecting } = state.lines;
  if (state.phase !== "running") return;
  assert(probing.size <= PROBES_MAX && connecting.size <= CONNECTS_IN_KERNEL_MAX, "the connect queue keeps its bounds");
  while (queued.size > 0 && probing.size < PROBES_MAX) startProbe(context, firstOf(state, queued));
  if (ready.size + suspect.size === 0 || !optionsKnown(context)) return;
  while (ready.size > 0 && connecting.size < CONNECTS_IN_KERNEL_MAX) {
    const next = firstOf(state, ready);
    if (!isDurable(context, next.service, next.recordedAt)) return;
    connectUnlessKnown(context, next);
  }
  if (suspect.size === 0 || ready.size + connecting.size > 0) return;
  const last = firstOf(state, suspect);
  // What is being probed may be ready in a moment.
  if (probing.size > 0 && between(last.since, context.ports.clock.now()) < SUSPECT_PATIENCE) return;
  if (isDurable(context, last.service, last.recordedAt)) connectUnlessKnown(context, last);
}

/** What appeared on its address while it waited may be what it wants, or another controller is making that. */
function connectUnlessKnown(context: Context, controller: Controller): void {
  if (mayFitLater(context, controller)) holdBack(context, controller);
  else if (isServedSoon(context, controller))
    wait(context, controller, FIRST_RETRY, "another connect to its address may serve it too");
  else startConnect(context, controller);
}

/** Waits until what stands on its address is known: it is taken up then, or looked for again. */
export function holdBack(context: Context, controller: Controller): void {
  wait(context, controller, FIRST_RETRY, "it is not clear yet what the connection at its address is");
}

function firstOf(state: CoreState, line: ReadonlySet<ControllerId>): Controller {
  const [id] = line;
  return controllerOf(state, id);
}

function controllerOf({ controllers }: CoreState, id: ControllerId | undefined): Controller {
  const controller = id === undefined ? undefined : controllers.get(id);
  assert(controller !== undefined, "a line holds controllers of the state");
  return controller;
}

function startProbe(context: Context, controller: Controller): void {
  const { traddr, trsvcid, hostTraddr, hostIface } = controller.tid;
  const request = newRequest(context, { kind: "probe", controller: controller.id });
  enterLife(context, controller, { at: "probing", request }, controller.why);
  context.ports.network.probe(request, {
    traddr,
    trsvcid,
    hostTraddr,
    hostIface,
    depth: "nvme-tcp",
    timeout: PROBE_TIMEOUT,
  });
}

function startConnect(context: Context, controller: Controller): void {
  const options = effectiveOptions(controller, context.state.identity);
  const asked = connectString(context, controller, options);
  const lacking = lackingOptions(context, asked);
  const unprotected = whyUnprotected(lacking, controller);
  if (unprotected !== undefined) {
    refuse(context, controller, unprotected);
    return;
  }
  const request = newRequest(context, { kind: "connect", controller: controller.id });
  log(context, "debug", "connecting", nameOf(controller));
  enterLife(context, controller, { at: "connecting", request, fate: { kind: "keep" } }, controller.why);
  controller.connectedWith = options;
  context.ports.fabrics.connect(request, withoutOptions(context, asked, lacking));
}

function refuse(context: Context, controller: Controller, because: string): void {
  const why = `${because}, and nothing connects without it`;
  sayOnce(context, `refused ${controller.id} ${because}`, "error", why, nameOf(controller));
  wait(context, controller, LATER_RETRY, why);
}

function connectString({ state }: Context, controller: Controller, options: ConnectionOptions): string {
  const { identity } = state;
  return encodeConnectOptions({
    transportId: controller.tid,
    hostNqn: identity?.hostNqn ?? "",
    hostId: hostIdFor(state, controller.tid.hostNqn),
    discovery: controller.service === "staf" && controller.tid.subsysnqn !== WELL_KNOWN_DISCOVERY_NQN,
    options,
  });
}
