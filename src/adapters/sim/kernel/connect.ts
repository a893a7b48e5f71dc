/** `/dev/nvme-fabrics`: connects, one at a time per host, and the option line, which waits behind them. */
import { encodeConnectReply } from "../../../core/codec/fabrics-options.js";
import { ERRNO } from "../../../core/domain/errno.js";
import type { Milliseconds } from "../../../core/domain/units.js";
import type { Actor } from "../observation.js";
import type { KernelSpec, MadeBy } from "../spec.js";
import { forget, viewOf } from "./controller.js";
import type { Controller } from "./controller.js";
import { LATENCY } from "./latencies.js";
import { becomeLive, review } from "./lifecycle.js";
import { connectTarget, parseConnectOptions } from "./options.js";
import type { ConnectOptions } from "./options.js";
import { later, scaled } from "./parts.js";
import type { KernelParts } from "./parts.js";
import { attempt } from "./path.js";
import type { Attempt } from "./path.js";
import { vanish } from "./removal.js";

/** The result of a connect string and the read after it, or of a read of the option line. */
export type FabricsResult =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly errno: number };

/** One write of a connect string. */
interface ConnectCall {
  readonly by: Actor;
  readonly madeBy: MadeBy;
  readonly text: string;
  readonly done: (result: FabricsResult) => void;
}

type Job = (release: () => void) => void;

type Accepted = Extract<Attempt, { kind: "accepted" }>;

/** The most callers that may wait at once. A bound of the simulation, not of the kernel. */
const WAITING_MAX = 100_000;

export class FabricsDevice {
  readonly #parts: KernelParts;
  readonly #waiting: Job[] = [];
  #head = 0;
  #held: "free" | "held" = "free";
  /** Without it, an open is ENOENT. */
  presence: "present" | "absent";
  #attributesAfter: Milliseconds;

  /** `attributesAfter`: how much later than `connected` a new controller's attributes fill in. */
  constructor(parts: KernelParts, spec: Pick<KernelSpec, "fabricsDevice" | "attributesAfter">) {
    this.#parts = parts;
    this.presence = spec.fabricsDevice ?? "present";
    this.#attributesAfter = spec.attributesAfter;
  }

  setAttributesAfter(delay: Milliseconds): void {
    this.#attributesAfter = delay;
  }

  /** Reads the option line. Before 5.17: EINVAL. */
  readOptions(done: (result: FabricsResult) => void): void {
    const { clock, profile } = this.#parts;
    if (this.#isAbsent(done)) return;
    clock.after(LATENCY.syscall, () => {
      this.#enter((release) => {
        release();
        const line = profile.optionLine;
        done(line === undefined ? { ok: false, errno: ERRNO.EINVAL } : { ok: true, text: line });
      });
    });
  }

  connect(call: ConnectCall): void {
    if (this.#isAbsent(call.done)) return;
    const { clock, fabric, observe, profile } = this.#parts;
    const parsed = parseConnectOptions(call.text, profile);
    const target = parsed.ok ? parsed.options : connectTarget(call.text);
    const peer = target && fabric.find(target.transport, target.traddr, target.trsvcid, target.nqn);
    observe({ kind: "connect-begin", by: call.by, options: call.text, peer: peer?.id });
    const factor = this.#parts.latency.factor();
    clock.after(scaled(LATENCY.connectBefore, factor), () => {
      if (!parsed.ok && parsed.errno === ERRNO.ENOMEM) {
        this.#reply(call, factor, { ok: false, errno: parsed.errno }, undefined);
        return;
      }
      this.#enter((release) => {
        const errno = parsed.ok ? this.#refusal(parsed.options) : parsed.errno;
        if (!parsed.ok || errno !== 0) {
          release();
          this.#reply(call, factor, { ok: false, errno }, undefined);
          return;
        }
        clock.after(scaled(LATENCY.connectAdd, factor), () => {
          new Connect(
            this.#parts,
            { call, options: parsed.options, factor, attributesAfter: this.#attributesAfter },
            {
              release,
              reply: (result, uid) => {
                this.#reply(call, factor, result, uid);
              },
            },
          ).begin();
        });
      });
    });
  }

  #isAbsent(done: (result: FabricsResult) => void): boolean {
    if (this.presence === "present") return false;
    this.#parts.clock.after(LATENCY.syscall, () => {
      done({ ok: false, errno: ERRNO.ENOENT });
    });
    return true;
  }

  /** The checks of the kernel before it makes a controller (6.12.s3.log). Returns 0 or the errno. */
  #refusal(options: ConnectOptions): number {
    const { network, profile, registry } = this.#parts;
    if (profile.hostIdentity === "strict") {
      const defaults = { nqn: profile.defaultHostNqn, id: profile.defaultHostId };
      if (registry.hasHostConflict(options.hostNqn, options.hostId, defaults)) return ERRNO.EINVAL;
    }
    // A link-local address whose zone is not an interface (inet_pton_with_scope in the kernel's net/core/utils.c).
    const overIp = options.transport === "tcp" || options.transport === "rdma";
    if (overIp && ![options.traddr, options.hostTraddr].every((text) => network.hasZoneOf(text))) return ERRNO.EINVAL;
    if (options.hostIface !== "" && !network.hasInterface(options.hostIface)) return ERRNO.ENODEV;
    if (options.duplicates === "reject" && registry.hasDuplicate(options)) return ERRNO.EALREADY;
    return 0;
  }

  #reply(call: ConnectCall, factor: number, result: FabricsResult, uid: number | undefined): void {
    this.#parts.clock.after(scaled(LATENCY.connectAfter, factor), () => {
      const errno = result.ok ? 0 : result.errno;
      this.#parts.observe({ kind: "connect-end", by: call.by, options: call.text, errno, uid });
      call.done(result);
    });
  }

  /** Waits for the mutex, first come, first served. */
  #enter(job: Job): void {
    if (this.#waiting.length - this.#head >= WAITING_MAX)
      throw new RangeError("too many callers wait for the fabrics mutex");
    this.#waiting.push(job);
    this.#pump();
  }

  #pump(): void {
    while (this.#held === "free") {
      const job = this.#waiting[this.#head];
      if (job === undefined) {
        this.#waiting.length = 0;
        this.#head = 0;
        return;
      }
      this.#head++;
      this.#held = "held";
      job(() => {
        this.#held = "free";
        this.#pump();
      });
    }
  }
}

interface ConnectOrder {
  readonly call: ConnectCall;
  readonly options: ConnectOptions;
  /** The factor for every latency of this connect. */
  readonly factor: number;
  readonly attributesAfter: Milliseconds;
}

interface ConnectExits {
  readonly release: () => void;
  readonly reply: (result: FabricsResult, uid: number | undefined) => void;
}

/** One connect under the mutex, from `add` on. */
class Connect {
  readonly #parts: KernelParts;
  readonly #order: ConnectOrder;
  readonly #exits: ConnectExits;
  readonly #controller: Controller;
  readonly #outcome: Attempt;

  constructor(parts: KernelParts, order: ConnectOrder, exits: ConnectExits) {
    this.#parts = parts;
    this.#order = order;
    this.#exits = exits;
    this.#outcome = attempt(parts, order.options);
    const accepted = this.#outcome.kind === "accepted" ? this.#outcome : undefined;
    this.#controller = parts.registry.make({
      madeBy: order.call.madeBy,
      role: accepted?.peer.role ?? order.options.kind,
      options: order.options,
      peer: accepted?.peer,
      listener: accepted?.listener,
      state: "connecting",
    });
  }

  /** Sends `add`, before a single packet has left (6.12-cloud.s1.log). */
  begin(): void {
    const { uevents, observe, clock } = this.#parts;
    const outcome = this.#outcome;
    uevents.controller("add", this.#controller);
    observe({ kind: "controller-added", by: this.#order.call.by, controller: viewOf(this.#controller) });
    const early = this.#earlyErrno();
    if (early !== 0) {
      clock.after(LATENCY.syscall, () => {
        this.#fail(early);
      });
      return;
    }
    const doubled = this.#parts.registry.isDoubled(this.#controller);
    if (outcome.kind === "accepted" && (doubled || !this.#isOfKind(outcome))) {
      this.#failLater(LATENCY.connectRejected, ERRNO.EINVAL);
      return;
    }
    if (outcome.kind === "rejected") this.#failLater(outcome.after, ERRNO.EIO);
    else if (outcome.kind === "failed") this.#failLater(outcome.after, outcome.errno);
    else this.#proceed(outcome);
  }

  #earlyErrno(): number {
    return this.#order.options.tls ? this.#parts.profile.tlsWithoutKey : 0;
  }

  /**
   * The `discovery` flag with the NQN of an I/O subsystem is EINVAL (6.12-cloud.s2.log). So is the unique NQN of a
   * discovery subsystem without the flag. Kernels that do not know the flag were not measured. Here they accept.
   */
  #isOfKind(outcome: Accepted): boolean {
    const { profile } = this.#parts;
    return this.#order.options.kind === outcome.peer.role || !profile.options.has("discovery");
  }

  #failLater(after: Milliseconds, errno: number): void {
    this.#parts.clock.after(scaled(after, this.#order.factor), () => {
      this.#fail(errno);
    });
  }

  #fail(errno: number): void {
    const uid = this.#controller.uid;
    vanish(this.#parts, this.#controller, { by: "kernel", cause: "connect-failed" });
    this.#endMaking();
    this.#exits.release();
    this.#exits.reply({ ok: false, errno }, uid);
  }

  #proceed(accepted: Accepted): void {
    const { clock } = this.#parts;
    const at = (nominal: number): Milliseconds =>
      scaled(nominal - LATENCY.connectAdd + accepted.wire, this.#order.factor);
    clock.after(at(LATENCY.connectSubsystem), () => {
      this.#join(accepted);
    });
    clock.after(at(LATENCY.connectConnected), () => {
      this.#connected(accepted);
    });
    clock.after(at(LATENCY.connectRelease), () => {
      this.#exits.release();
      const text = encodeConnectReply({ instance: this.#controller.instance, cntlid: this.#controller.cntlid });
      this.#exits.reply({ ok: true, text }, this.#controller.uid);
    });
  }

  #join(accepted: Accepted): void {
    const { subsystem, isNew } = this.#parts.registry.join(this.#controller, accepted.peer.nqn);
    if (isNew) this.#parts.uevents.subsystem("add", subsystem);
  }

  #connected(accepted: Accepted): void {
    const controller = this.#controller;
    becomeLive(this.#parts, controller, accepted);
    this.#fill();
    // One thread reads the socket and another writes the string, so either may be first (6.12-cloud.s4.log).
    const late = this.#parts.latency.overtakes() ? LATENCY.connectAfter + LATENCY.connectRelease : 0;
    if (late === 0) this.#announce();
    else
      later(this.#parts, scaled(late, this.#order.factor), controller, () => {
        this.#announce();
      });
    const count = accepted.peer.role === "io" ? accepted.peer.spec.namespaces : 0;
    later(this.#parts, scaled(LATENCY.namespaceAdd, this.#order.factor), controller, () => {
      this.#addNamespaces(count);
    });
    this.#endMaking();
    review(this.#parts, controller);
  }

  #announce(): void {
    this.#parts.uevents.controller("change", this.#controller, ["NVME_EVENT", "connected"]);
  }

  #fill(): void {
    const controller = this.#controller;
    const fill = (): void => {
      controller.isFilled = true;
      forget(controller);
    };
    if (this.#order.attributesAfter === 0) fill();
    else later(this.#parts, this.#order.attributesAfter, controller, fill);
  }

  /** Adds new disks one after the other, each as bdi, block, generic (6.12-cloud.s1.log). */
  #addNamespaces(count: number): void {
    const { registry, uevents } = this.#parts;
    const controller = this.#controller;
    const { subsystem } = controller;
    if (subsystem === undefined || controller.deletion !== undefined) return;
    for (const namespace of registry.attachNamespaces(controller, count)) {
      uevents.bdi("add", namespace);
      uevents.block("add", subsystem, namespace);
      uevents.generic("add", subsystem, namespace);
    }
  }

  #endMaking(): void {
    this.#controller.made = "done";
    for (const waiting of this.#controller.afterMade.splice(0)) waiting();
  }
}
