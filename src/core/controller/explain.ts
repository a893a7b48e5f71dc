/** Why the kernel refused a connect, in words, where that can be told. */
import { hostIdFor, hostNqnFor } from "../boot/boot.js";
import type { Context } from "../state/context.js";
import { ERRNO } from "../domain/errno.js";
import type { Controller } from "../state/controller.js";

/** Ends a sentence that names the errno; empty where the errno says all there is. */
export function explainConnect(context: Context, controller: Controller, errno: number): string {
  const { tls, dhchapSecret, dhchapCtrlSecret } = controller.connectedWith ?? controller.options;
  switch (errno) {
    case ERRNO.EINVAL:
      return identityConflict(context, controller);
    // Without TLS it is what 6.12 says of a target that asks for authentication (lab check of the secrets).
    case ERRNO.ENOKEY:
      if (!tls) return ": the subsystem asks for authentication, and no secret is configured for it";
      return ": TLS needs a key of this host for this subsystem in the kernel's keyring .nvme, and none is there (tlshd and keyctl put one there)";
    case ERRNO.EACCES:
    case ERRNO.EKEYREJECTED:
      if (dhchapSecret !== undefined || dhchapCtrlSecret !== undefined)
        return ": the DH-HMAC-CHAP secret is not the one that the subsystem knows for this host";
      return tls ? ": TLS was not agreed upon" : ": the subsystem does not let this host in";
    default:
      return "";
  }
}

/** One host id stands with one host NQN: the kernel refuses another pair while either is in use (6.12-cloud.s3.log). */
function identityConflict({ state }: Context, controller: Controller): string {
  const hostNqn = hostNqnFor(state, controller.tid);
  const hostId = hostIdFor(state, controller.tid.hostNqn);
  for (const { controller: other } of state.kernel.byName.values()) {
    if (other.hostid === "" || other.hostnqn === "") continue;
    const sameId = other.hostid.toLowerCase() === hostId.toLowerCase();
    const sameNqn = other.hostnqn === hostNqn;
    if (sameId === sameNqn) continue;
    const [shared, own, theirs] = sameId
      ? [`host id ${hostId}`, `host NQN ${hostNqn}`, `host NQN ${other.hostnqn}`]
      : [`host NQN ${hostNqn}`, `host id ${hostId}`, `host id ${other.hostid}`];
    return `: ${other.name} has the ${shared} with the ${theirs}, and not with the ${own}, which this kernel does not allow. Give both the same pair, in /etc/nvme or sys.conf, or a host id of its own`;
  }
  return "";
}
