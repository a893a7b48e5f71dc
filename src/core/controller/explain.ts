/** Explains why the kernel refused a connect, as far as that is known. */
import { hostIdFor, hostNqnFor } from "../boot/tables.js";
import type { Context } from "../state/context.js";
import { ERRNO } from "../domain/errno.js";
import type { Controller } from "../state/controller.js";

/** The end of a sentence that names the errno. Empty if the errno says it all. */
export function explainConnect(context: Context, controller: Controller, errno: number): string {
  const { tls, dhchapSecret, dhchapCtrlSecret } = controller.connectedWith ?? controller.options;
  switch (errno) {
    case ERRNO.EINVAL:
      return identityConflict(context, controller);
    // Without TLS, this is the errno of 6.12 if a target asks for authentication (lab check of the secrets).
    case ERRNO.ENOKEY:
      if (!tls) return ": the subsystem requires authentication, and no secret is configured for it";
      return ": TLS needs a key of this host for this subsystem in the kernel's keyring .nvme, and there is none (tlshd or keyctl can add one)";
    case ERRNO.EACCES:
    case ERRNO.EKEYREJECTED:
      if (dhchapSecret !== undefined || dhchapCtrlSecret !== undefined)
        return ": the DH-HMAC-CHAP secret is not the one that the subsystem has for this host";
      return tls ? ": the two sides did not agree on TLS" : ": the subsystem does not admit this host";
    default:
      return "";
  }
}

/** The kernel accepts one host id per host NQN. It refuses another pair while either is in use (6.12-cloud.s3.log). */
function identityConflict({ state }: Context, controller: Controller): string {
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
    return `: ${other.name} uses ${shared} with ${theirs}, not with ${own}, and this kernel accepts only one pair. In /etc/nvme or sys.conf, give both the same pair, or each its own host id`;
  }
  return "";
}
