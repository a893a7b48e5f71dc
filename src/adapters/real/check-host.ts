/** Runs `stas-daemon --check` on this host. */
import { readdirSync } from "node:fs";
import { ERRNO } from "../../core/domain/errno.js";
import { RequestId } from "../../core/ports/request.js";
import type { OsFailure } from "../../core/ports/request.js";
import { attempt } from "../shared/os-error.js";
import { SecretVault } from "../shared/secrets.js";
import { AVAHI } from "./avahi/wire.js";
import { findName, tryBus } from "./bus/try.js";
import { checkHost, type Finding } from "./check.js";
import { servicesOf, type DaemonOptions } from "./daemon.js";
import { RealFabrics } from "./fabrics.js";
import { HandleTable } from "./handles.js";
import { loadLibc } from "./libc.js";
import { FABRICS_DEVICE, missingDevice, missingRoot } from "./requirements.js";
import { RealStore } from "./store.js";
import { lockHolders } from "./run-lock.js";

/** Checks this host and its files, and changes nothing. */
export function checkThisHost(options: DaemonOptions): Promise<readonly Finding[]> {
  const services = servicesOf(options.services);
  const loaded = loadLibc();
  const libc = loaded.ok ? loaded.libc : undefined;
  const store = new RealStore(() => undefined, new SecretVault(), options.roots);
  return checkHost({
    services,
    missingRoot: missingRoot(),
    missingDevice: missingDevice(FABRICS_DEVICE),
    store,
    locate: (path) => store.locate(path),
    readOptionLine,
    tryBus: () => tryBus(options.bus, services),
    findAvahi: () => findName(options.bus, AVAHI),
    interfaces: interfaceNames(),
    lockHolders: lockHolders({ libc, runDir: options.roots.run, services }),
    nativeCalls: loaded.ok,
  });
}

/** Every interface of the host. (os.networkInterfaces() leaves out those without an address.) */
function interfaceNames(): readonly string[] {
  const names = attempt(() => readdirSync("/sys/class/net"));
  return names.ok ? names.value : [];
}

/** Reads the option line through the daemon's own adapter. */
function readOptionLine(): Promise<{ readonly ok: true; readonly text: string } | OsFailure> {
  return new Promise((resolve) => {
    const fabrics = new RealFabrics({
      handles: new HandleTable(),
      vault: new SecretVault(),
      libc: undefined,
      deliver: (event) => {
        resolve(event.kind === "fabrics-reply" ? event.result : { ok: false, errno: ERRNO.EIO });
      },
    });
    fabrics.readOptions(RequestId(1));
  });
}
