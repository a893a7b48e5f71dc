/** Probes over Node's sockets, for a machine on which koffi does not load. */
import { connect, type Socket } from "node:net";
import { ERRNO } from "../../../core/domain/errno.js";
import { formatIp, isLinkLocal } from "../../../core/domain/ip-address.js";
import type { ProbeTarget } from "../../../core/ports/network.js";
import { errnoOf } from "../../shared/os-error.js";
import { encodeIcReq, judgeIcResp } from "./icreq.js";
import type { ProbeDone, Prober, ProbeResult } from "./probe.js";
import { parseTarget, type ProbePlace } from "./target.js";

/**
 * Node cannot bind a socket to an interface, so a target with an interface is answered `ok` without a probe: a probe over another
 * route proves nothing, and its failure would keep a good controller disconnected for good. (For a link-local peer the scope
 * names the interface, so the probe works.)
 */
export class PlainProber implements Prober {
  readonly #sockets = new Set<Socket>();

  probe(target: ProbeTarget, done: ProbeDone): void {
    const parsed = parseTarget(target);
    if (!parsed.ok) {
      done(parsed);
      return;
    }
    const { peer, device } = parsed.place;
    if (device !== "" && !isLinkLocal(peer.text)) done({ ok: true });
    else this.#try(parsed.place, target, done);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  #try({ peer, port, source, device }: ProbePlace, { depth, timeout }: ProbeTarget, done: ProbeDone): void {
    const scoped = peer.scope === "" ? { ...peer, scope: device } : peer;
    const socket = connect({
      host: formatIp(scoped),
      port,
      ...(source === undefined ? {} : { localAddress: formatIp(source) }),
    });
    this.#sockets.add(socket);
    const finish = (result: ProbeResult): void => {
      if (!this.#sockets.delete(socket)) return;
      socket.destroy();
      done(result);
    };
    const timer = setTimeout(() => {
      finish({ ok: false, errno: ERRNO.ETIMEDOUT });
    }, timeout);
    socket.once("close", () => {
      clearTimeout(timer);
      finish({ ok: false, errno: ERRNO.ECONNRESET });
    });
    socket.once("error", (error) => {
      const errno = errnoOf(error);
      finish({ ok: false, errno: errno === ERRNO.EPIPE ? ERRNO.ECONNRESET : errno });
    });
    socket.once("connect", () => {
      if (depth === "tcp") finish({ ok: true });
      else exchange(socket, finish);
    });
  }
}

function exchange(socket: Socket, finish: (result: ProbeResult) => void): void {
  let received = Buffer.alloc(0);
  socket.on("data", (bytes) => {
    received = Buffer.concat([received, bytes]);
    const verdict = judgeIcResp(received);
    if (verdict === "valid") finish({ ok: true });
    else if (verdict === "invalid") finish({ ok: false, errno: ERRNO.EBADMSG });
  });
  socket.write(encodeIcReq());
}
