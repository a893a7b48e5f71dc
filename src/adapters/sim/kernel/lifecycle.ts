/** A controller's life in the kernel: live, lost, reconnecting, reset. */
import { ERRNO } from "../../../core/domain/errno.js";
import { Milliseconds } from "../../../core/domain/units.js";
import type { Cancel } from "../clock.js";
import { touch } from "./controller.js";
import type { Controller } from "./controller.js";
import { LATENCY } from "./latencies.js";
import { reconnectAttempts } from "./options.js";
import { later, scaled, setState } from "./parts.js";
import type { KernelParts } from "./parts.js";
import { attempt, pathState } from "./path.js";
import type { Attempt } from "./path.js";
import { abortPending, giveUp } from "./removal.js";

type Accepted = Extract<Attempt, { kind: "accepted" }>;

/**
 * The host sends a keep-alive every kato/2, and expects its answer within kato (6.12-cloud.s5.log). It sends no more once
 * the target has answered one with an error (nvme_keep_alive_end_io in drivers/nvme/host/core.c; not measured).
 */
function silenceNoticedIn(controller: Controller, now: Milliseconds): Milliseconds | undefined {
  const kato = controller.options.katoSeconds * 1000;
  const { peer } = controller;
  if (kato === 0 || (peer?.role === "discovery" && peer.spec.keepAlive === "ignored")) return undefined;
  const period = kato / 2;
  const sent = Math.ceil((now - controller.keepAliveFrom) / period) * period + controller.keepAliveFrom;
  return Milliseconds(Math.round(sent + kato - now));
}

/** Makes a controller live, with what its target gives it. */
export function becomeLive(parts: KernelParts, controller: Controller, accepted: Accepted): void {
  parts.registry.setPeer(controller, accepted.peer, accepted.listener);
  // A reset still holds its old controller id when the target gives it a new one (6.12-cloud.s1.log).
  parts.registry.exchangeCntlid(controller);
  controller.srcAddr = accepted.srcAddr;
  controller.way = controller.options;
  controller.aen = "armed";
  controller.attempts = 0;
  controller.keepAliveFrom = parts.clock.now();
  setState(parts, controller, "live");
  touch(controller);
}

/**
 * Checks the path of a controller after a change, and schedules when the host notices a loss: at once if the peer
 * closes, with the keep-alive if it is silent. A connection that is well needs no clock event.
 */
export function review(parts: KernelParts, controller: Controller): void {
  if (controller.deletion?.phase === "shutdown") {
    // Now the shutdown command gets through.
    if (pathState(parts, controller) === "well") controller.deletion.finish?.();
    return;
  }
  if (controller.state !== "live" || controller.deletion !== undefined) return;
  const path = pathState(parts, controller);
  if (path === "well") {
    for (const command of controller.pending) command.resend?.();
    if (controller.aen === "owed") sendAen(parts, controller);
    if (controller.notice?.kind !== "silent") return;
    controller.notice.cancel();
    controller.notice = undefined;
    return;
  }
  if (controller.notice?.kind === "loud") return;
  if (path === "dead" && controller.notice !== undefined) return;
  controller.notice?.cancel();
  controller.notice = undefined;
  const kind = path === "broken" ? "loud" : "silent";
  const delay =
    kind === "loud" ? parts.latency.one(LATENCY.lossNoticed) : silenceNoticedIn(controller, parts.clock.now());
  if (delay === undefined) return;
  const cancel = later(parts, delay, controller, () => {
    controller.notice = undefined;
    recover(parts, controller, kind);
  });
  controller.notice = { kind, cancel };
}

/** After this long without a command, the kernel's target drops a DC without a keep-alive (drivers/nvme/target/core.c). */
const DISCOVERY_KATO_MS = 120_000;

/**
 * The host wakes up. CLOCK_MONOTONIC stood still, so nothing of its own expired. A target that heard no keep-alive for kato has
 * dropped the controller, and answers the next packet with a reset (not measured).
 */
export function wake(parts: KernelParts, controller: Controller, asleep: Milliseconds): void {
  const kato = controller.options.katoSeconds * 1000 || DISCOVERY_KATO_MS;
  if (controller.peer === undefined || asleep <= kato) return;
  later(parts, parts.latency.one(LATENCY.lossNoticed), controller, () => {
    recover(parts, controller, "loud");
  });
}

/** How the host notices a loss: the peer closes, a keep-alive gets no answer, or a command gets no answer. */
type LossKind = "loud" | "silent" | "timed-out";

/** A controller lost its peer. It tears down its queues, then reconnects. If it has no attempts, it is removed. */
export function recover(parts: KernelParts, controller: Controller, kind: LossKind): void {
  if (controller.state !== "live" || controller.deletion !== undefined) return;
  controller.notice?.cancel();
  controller.notice = undefined;
  lose(parts, controller);
  const factor = parts.latency.factor();
  const drained = drainedIn(parts, controller, kind);
  if (kind === "loud") abortPending(controller, ERRNO.EINTR);
  else if (kind === "timed-out" || parts.profile.lostCommands === "abort") {
    later(parts, scaled(parts.profile.commandsAborted, factor), controller, () => {
      if (controller.state !== "live") abortPending(controller, ERRNO.EINTR);
    });
  }
  next(
    controller,
    later(parts, scaled(drained, factor), controller, () => {
      if (reconnectAttempts(controller.options) === 0) {
        giveUp(parts, controller, { by: "kernel", cause: "ctrl-loss" });
        return;
      }
      setState(parts, controller, "connecting");
      scheduleAttempt(parts, controller);
    }),
  );
}

/** How long the teardown of the queues takes, nominally. */
function drainedIn(parts: KernelParts, controller: Controller, kind: LossKind): number {
  const { profile, clock } = parts;
  if (kind === "loud") return LATENCY.resettingLoud;
  if (kind === "timed-out") return profile.resettingTimedOut;
  const queues = Math.max(0, controller.options.ioQueues) * profile.resettingSilentPerQueue;
  const drained = profile.resettingSilent + queues;
  if (profile.lostCommands === "abort") return drained;
  const ends = [...controller.pending].map(({ deadline }) => deadline - clock.now() + profile.resettingTimedOut);
  return Math.max(drained, ...ends);
}

/** Discovery log page change notice, as the uevent spells it (6.12-cloud.s2.log). */
const DISCOVERY_AEN = "0x70f002";

/** Sends an AEN of a discovery controller. The next one waits for a read with RAE=0 (6.12-cloud.s2.log). */
export function sendAen(parts: KernelParts, controller: Controller): void {
  controller.aen = "masked";
  later(parts, parts.latency.one(LATENCY.aen), controller, () => {
    if (controller.state === "live") parts.uevents.controller("change", controller, ["NVME_AEN", DISCOVERY_AEN]);
  });
}

function lose(parts: KernelParts, controller: Controller): void {
  parts.registry.releaseCntlid(controller);
  controller.srcAddr = "";
  setState(parts, controller, "resetting");
  touch(controller);
}

function next(controller: Controller, cancel: Cancel): void {
  controller.next?.();
  controller.next = cancel;
}

/** Schedules one attempt, `reconnect_delay` from now. */
export function scheduleAttempt(parts: KernelParts, controller: Controller): void {
  const delay = Milliseconds(controller.options.reconnectDelaySeconds * 1000);
  next(
    controller,
    later(parts, delay, controller, () => {
      tryAgain(parts, controller);
    }),
  );
}

function tryAgain(parts: KernelParts, controller: Controller): void {
  const outcome = attempt(parts, controller.options);
  const factor = parts.latency.factor();
  if (outcome.kind === "accepted") {
    next(
      controller,
      later(parts, scaled(LATENCY.reconnect + outcome.wire, factor), controller, () => {
        reconnected(parts, controller);
      }),
    );
    return;
  }
  next(
    controller,
    later(parts, scaled(costOf(controller, outcome), factor), controller, () => {
      attemptFailed(parts, controller, outcome);
    }),
  );
}

/** How long a failed attempt takes. The neighbour table cuts the first on a dead link short (6.12-cloud.s7.log). */
function costOf(controller: Controller, outcome: Exclude<Attempt, Accepted>): number {
  if (outcome.kind === "rejected") return LATENCY.attemptRefused;
  if (outcome.errno === ERRNO.ETIMEDOUT) {
    return controller.attempts === 0 ? LATENCY.attemptDeadFirst : LATENCY.attemptDead;
  }
  return Math.max(LATENCY.attemptRefused, outcome.after);
}

/** The target forbids another attempt. Without this bit every kernel goes on (nvmf_should_reconnect; not measured). */
const DO_NOT_RETRY = 0x4000;

function attemptFailed(parts: KernelParts, controller: Controller, outcome: Exclude<Attempt, Accepted>): void {
  controller.attempts++;
  const forbidden =
    outcome.kind === "rejected" ? (outcome.status & DO_NOT_RETRY) !== 0 : outcome.errno === ERRNO.EKEYREJECTED;
  if (forbidden && parts.profile.rejectedReconnect === "remove") {
    giveUp(parts, controller, { by: "kernel", cause: "rejected" });
    return;
  }
  const limit = reconnectAttempts(controller.options);
  if (limit !== undefined && controller.attempts >= limit) {
    giveUp(parts, controller, { by: "kernel", cause: "ctrl-loss" });
    return;
  }
  setState(parts, controller, "connecting");
  scheduleAttempt(parts, controller);
}

/**
 * An attempt or a reset ends. A discovery controller sends `rediscover`, then `connected`. An I/O controller sends the
 * `change` of its disks, then `connected` (6.12-cloud.s1.log, 6.12-cloud.s4.log).
 */
function reconnected(parts: KernelParts, controller: Controller): void {
  controller.next = undefined;
  const outcome = attempt(parts, controller.options);
  if (outcome.kind !== "accepted") {
    attemptFailed(parts, controller, outcome);
    return;
  }
  becomeLive(parts, controller, outcome);
  const { subsystem } = controller;
  if (controller.role === "discovery") parts.uevents.controller("change", controller, ["NVME_EVENT", "rediscover"]);
  else if (subsystem !== undefined) {
    for (const namespace of subsystem.namespaces) parts.uevents.block("change", subsystem, namespace);
  }
  later(parts, parts.latency.one(LATENCY.reconnectConnected), controller, () => {
    if (controller.deletion === undefined) parts.uevents.controller("change", controller, ["NVME_EVENT", "connected"]);
  });
  review(parts, controller);
}

/** A write to `reset_controller`. Returns false if the controller is not live: the kernel answers EBUSY. */
export function resetController(parts: KernelParts, controller: Controller): boolean {
  if (controller.state !== "live" || controller.deletion !== undefined || controller.made === "connecting")
    return false;
  if (pathState(parts, controller) === "dead") {
    recover(parts, controller, "silent");
    return true;
  }
  controller.notice?.cancel();
  controller.notice = undefined;
  abortPending(controller, ERRNO.EINTR);
  controller.srcAddr = "";
  setState(parts, controller, "resetting");
  const outcome = attempt(parts, controller.options);
  const factor = parts.latency.factor();
  if (outcome.kind === "accepted") {
    const nominal = controller.role === "discovery" ? LATENCY.resetDiscovery : LATENCY.resetIo;
    const whole = scaled(nominal + outcome.wire, factor);
    later(parts, Milliseconds(Math.floor(whole / 2)), controller, () => {
      if (controller.state === "resetting") setState(parts, controller, "connecting");
    });
    next(
      controller,
      later(parts, whole, controller, () => {
        reconnected(parts, controller);
      }),
    );
    return true;
  }
  next(
    controller,
    later(parts, scaled(LATENCY.resetFailed, factor), controller, () => {
      parts.registry.releaseCntlid(controller);
      attemptFailed(parts, controller, outcome);
    }),
  );
  return true;
}
