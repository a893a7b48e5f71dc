/** Explains why a connect or its probe failed, and says what to look at. */
import { hostIdFor, hostNqnFor } from "../boot/tables.js";
import { advice, type Peer } from "../domain/advice.js";
import type { Context } from "../state/context.js";
import { ERRNO, errnoName } from "../domain/errno.js";
import type { FabricsFailure } from "../ports/fabrics.js";
import type { Controller } from "../state/controller.js";

/** Names the errno, then says what it means here and what to do. */
export function explainConnect(context: Context, controller: Controller, { errno, stage }: FabricsFailure): string {
  const conflict = errno === ERRNO.EINVAL && stage === undefined ? identityConflict(context, controller) : undefined;
  const words = conflict ?? advice(stage ?? "connect", errno, peerOf(context, controller));
  return `${errnoName(errno)} from the kernel: ${words}`;
}

/** The same for the probe of an address. */
export function explainProbe(context: Context, controller: Controller, errno: number): string {
  return `${errnoName(errno)} from the probe of its address: ${advice("probe", errno, peerOf(context, controller))}`;
}

function peerOf({ state }: Context, { tid, service, connectedWith, options }: Controller): Peer {
  const { tls, dhchapSecret, dhchapCtrlSecret } = connectedWith ?? options;
  return {
    tid,
    role: service === "staf" ? "discovery" : "io",
    hostNqn: hostNqnFor(state, tid),
    tls,
    secret: dhchapSecret !== undefined || dhchapCtrlSecret !== undefined,
  };
}

/** The kernel accepts one host id per host NQN. It refuses another pair while either is in use (6.12-cloud.s3.log). */
function identityConflict({ state }: Context, controller: Controller): string | undefined {
  const hostNqn = hostNqnFor(state, controller.tid);
  const hostId = hostIdFor(state, controller.tid.hostNqn);
  for (const { controller: other } of state.kernel.byName.values()) {
    if (other.hostId === "" || other.hostNqn === "") continue;
    const sameId = other.hostId.toLowerCase() === hostId.toLowerCase();
    const sameNqn = other.hostNqn === hostNqn;
    if (sameId === sameNqn) continue;
    const [shared, own, theirs] = sameId
      ? [`host id ${hostId}`, `host NQN ${hostNqn}`, `host NQN ${other.hostNqn}`]
      : [`host NQN ${hostNqn}`, `host id ${hostId}`, `host id ${other.hostId}`];
    return `${other.name} uses ${shared} with ${theirs}, not with ${own}, and this kernel accepts only one pair: in /etc/nvme or sys.conf, give both the same pair, or each its own host id`;
  }
  return undefined;
}
