/** Who tells of services: Avahi over D-Bus, or queries of our own. Started, stopped, and changed between. */
import { arm, disarm, log, sayOnce, unsay, type Context } from "../state/context.js";
import { AVAHI_WAKE_UP, MDNS_SOAK } from "../domain/limits.js";
import type { DnssdFoundEvent, DnssdLostEvent } from "../ports/dnssd.js";
import type { MdnsDatagramEvent } from "../ports/mdns.js";
import { requestReconcile } from "../state/soak.js";
import { judgeAll, judgeAbsences } from "./absence.js";
import { SERVICE_TYPES } from "../dnssd/browsed.js";
import { closeLinks, followInterfaces, onDatagram, openLinks } from "./builtin.js";
import {
  clearTable,
  loseUnconfirmed,
  loseVanished,
  markUnconfirmed,
  reviewServices,
  serviceFound,
  serviceLost,
} from "./table.js";
import { serviceKey } from "../state/mdns.js";

/** Does as the configuration says, now that it was read. One that could not be read starts nothing and stops nothing. */
export function configureMdns(context: Context): void {
  const { mdns, staf } = context.state;
  if (staf?.configKnown !== true) return;
  const { zeroconf, mdnsProvider } = staf.config;
  const { listening } = mdns;
  const stays =
    listening.at === "avahi"
      ? zeroconf && mdnsProvider !== "builtin"
      : listening.at === "builtin" &&
        zeroconf &&
        (listening.because === "configured" ? mdnsProvider === "builtin" : mdnsProvider === "auto");
  if (stays) wakeAvahi(context);
  else {
    stopListening(context);
    if (!zeroconf) clearTable(context);
    else if (mdnsProvider === "builtin") listenBuiltin(context, "configured");
    else askAvahi(context);
  }
  reviewServices(context);
  judgeAll(context);
  judgeAbsences(context);
}

/** The service stops: nothing is browsed, probed or dropped any more. */
export function stopMdns(context: Context): void {
  stopListening(context);
  disarm(context, { kind: "mdns-reach" });
  disarm(context, { kind: "mdns-purge" });
  disarm(context, { kind: "mdns-watch" });
}

/** Looks for an Avahi that is not there, which also starts one that is started on demand. */
export function wakeAvahi(context: Context): void {
  const { listening } = context.state.mdns;
  const isMissing =
    listening.at === "avahi"
      ? listening.daemon === "gone"
      : listening.at === "builtin" && listening.because === "no-avahi";
  if (isMissing) context.ports.dnssd.browse(SERVICE_TYPES);
}

function askAvahi(context: Context): void {
  context.state.mdns.listening = { at: "avahi", daemon: "asked" };
  context.ports.dnssd.browse(SERVICE_TYPES);
}

/** Ends whatever is under way; what is in the table stays until somebody else had the time to confirm it. */
function stopListening(context: Context): void {
  const { mdns } = context.state;
  switch (mdns.listening.at) {
    case "off":
      return;
    case "avahi":
      context.ports.dnssd.browse([]);
      break;
    case "builtin":
      closeLinks(context);
      if (mdns.listening.because === "no-avahi") context.ports.dnssd.browse([]);
      break;
  }
  mdns.listening = { at: "off" };
  mdns.settled = false;
  disarm(context, { kind: "mdns-avahi" });
  disarm(context, { kind: "mdns-soak" });
}

function listenBuiltin(context: Context, because: "configured" | "no-avahi"): void {
  context.state.mdns.listening = { at: "builtin", because };
  openLinks(context);
  startSoak(context);
}

/** What is known already has to be told again by whoever tells from now on. */
function startSoak(context: Context): void {
  markUnconfirmed(context);
  arm(context, { kind: "mdns-soak" }, MDNS_SOAK);
}

/** Avahi answered a browse, or its name came or went on the bus. */
export function onAvahi(context: Context, up: boolean): void {
  const { mdns, staf } = context.state;
  const { listening } = mdns;
  if (listening.at === "off" || (listening.at === "builtin" && listening.because === "configured")) return;
  if (up) {
    unsay(context, "mdns avahi");
    if (listening.at === "avahi" && listening.daemon === "up") return;
    log(context, "info", "mDNS: Avahi is there: services are taken from it");
    closeLinks(context);
    mdns.listening = { at: "avahi", daemon: "up" };
    disarm(context, { kind: "mdns-avahi" });
    startSoak(context);
    return;
  }
  arm(context, { kind: "mdns-avahi" }, AVAHI_WAKE_UP);
  if (listening.at === "builtin") return;
  if (listening.daemon === "up") {
    log(context, "warning", "mDNS: Avahi went away: what it told stays, and it is looked for again");
    mdns.listening = { at: "avahi", daemon: "gone" };
    disarm(context, { kind: "mdns-soak" });
  } else if (staf?.config.mdnsProvider === "auto") {
    log(context, "info", "mDNS: there is no Avahi: queries are our own");
    listenBuiltin(context, "no-avahi");
  } else {
    mdns.listening = { at: "avahi", daemon: "gone" };
    sayOnce(context, "mdns avahi", "warning", "mDNS: there is no Avahi, and nothing is discovered until there is");
  }
}

export function onFound(context: Context, { service }: DnssdFoundEvent): void {
  if (context.state.mdns.listening.at !== "avahi") return;
  serviceFound(context, service);
}

/** Avahi does not say why: its word is taken for a goodbye. */
export function onLost(context: Context, lost: DnssdLostEvent): void {
  if (context.state.mdns.listening.at !== "avahi") return;
  serviceLost(context, serviceKey(lost), "goodbye");
}

/** A datagram of somebody's mDNS came in. */
export function onMdnsDatagram(context: Context, event: MdnsDatagramEvent): void {
  onDatagram(context, event);
}

export function onNetworkChanged(context: Context): void {
  if (context.state.mdns.listening.at === "builtin") followInterfaces(context);
  loseVanished(context);
}

/** A provider had its time to tell everything. */
export function onTold(context: Context): void {
  loseUnconfirmed(context);
  context.state.mdns.settled = true;
  judgeAll(context);
  requestReconcile(context, "staf");
}
