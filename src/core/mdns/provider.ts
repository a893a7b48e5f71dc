/** The provider of services: Avahi over D-Bus, or our own queries. Starts, stops and switches between them. */
import { arm, disarm, log, sayOnce, unsay, type Context } from "../state/context.js";
import { AVAHI_WAKE_UP, MDNS_SOAK } from "../domain/limits.js";
import type { DnssdFoundEvent, DnssdLostEvent } from "../ports/dnssd.js";
import type { MdnsDatagramEvent } from "../ports/mdns.js";
import { requestReconcile } from "../state/soak.js";
import { wakeTargets } from "./reach.js";
import type { Way } from "../controller/wake.js";
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

/** Applies the configuration. One that could not be read starts and stops nothing. */
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

/** The service stops: ends all browsing, probing and dropping. */
export function stopMdns(context: Context): void {
  stopListening(context);
  disarm(context, { kind: "mdns-reach" });
  disarm(context, { kind: "mdns-purge" });
  disarm(context, { kind: "mdns-watch" });
}

/** Looks for a missing Avahi. This also starts one that is started on demand. */
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

/** Stops the current provider. The table keeps its services until another provider has had time to confirm them. */
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

/** Gives the new provider time to confirm what is already known. */
function startSoak(context: Context): void {
  markUnconfirmed(context);
  arm(context, { kind: "mdns-soak" }, MDNS_SOAK);
}

/** What discovery lacks to have told all services: time, or a provider. `undefined` if it has, or is not wanted. */
export function mdnsLacks({ state: { mdns, staf } }: Context): "time" | "provider" | undefined {
  if (staf?.config.zeroconf !== true || mdns.settled) return undefined;
  return mdns.listening.at === "avahi" && mdns.listening.daemon === "gone" ? "provider" : "time";
}

/** Avahi answered a browse, or its name came or went on the bus. */
export function onAvahi(context: Context, up: boolean): void {
  const { mdns, staf } = context.state;
  const { listening } = mdns;
  if (listening.at === "off" || (listening.at === "builtin" && listening.because === "configured")) return;
  if (up) {
    unsay(context, "mdns avahi");
    if (listening.at === "avahi" && listening.daemon === "up") return;
    log(context, "info", "mDNS: Avahi is available: staf takes services from it");
    closeLinks(context);
    mdns.listening = { at: "avahi", daemon: "up" };
    disarm(context, { kind: "mdns-avahi" });
    startSoak(context);
    return;
  }
  arm(context, { kind: "mdns-avahi" }, AVAHI_WAKE_UP);
  if (listening.at === "builtin") return;
  if (listening.daemon === "up") {
    log(context, "warning", "mDNS: Avahi went away: staf keeps the known services and looks for Avahi again");
    mdns.listening = { at: "avahi", daemon: "gone" };
    disarm(context, { kind: "mdns-soak" });
  } else if (staf?.config.mdnsProvider === "auto") {
    log(context, "info", "mDNS: there is no Avahi: staf sends its own queries");
    listenBuiltin(context, "no-avahi");
  } else {
    mdns.listening = { at: "avahi", daemon: "gone" };
    sayOnce(context, "mdns avahi", "warning", "mDNS: there is no Avahi: nothing is discovered until it starts");
  }
}

export function onFound(context: Context, { service }: DnssdFoundEvent): void {
  if (context.state.mdns.listening.at !== "avahi") return;
  serviceFound(context, service);
}

/** Avahi does not say why a service is lost, so it counts as a goodbye. */
export function onLost(context: Context, lost: DnssdLostEvent): void {
  if (context.state.mdns.listening.at !== "avahi") return;
  serviceLost(context, serviceKey(lost), "goodbye");
}

/** An mDNS datagram arrived. */
export function onMdnsDatagram(context: Context, event: MdnsDatagramEvent): void {
  onDatagram(context, event);
}

export function onNetworkChanged(context: Context, ways: readonly Way[]): void {
  wakeTargets(context, ways);
  if (context.state.mdns.listening.at === "builtin") followInterfaces(context);
  loseVanished(context);
}

/** A provider has had its time to tell everything. */
export function onTold(context: Context): void {
  loseUnconfirmed(context);
  context.state.mdns.settled = true;
  judgeAll(context);
  requestReconcile(context, "staf");
}
