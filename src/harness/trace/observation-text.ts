/** One trace body per kind of observation. Keys have a fixed order. The `switch` is exhaustive. */
import type { ConnectionView, WorldObservation } from "../../adapters/sim/observation.js";
import { busResultText } from "./event-text.js";
import { quote, quoteName } from "./text.js";

function connectionText(view: ConnectionView): string {
  const { uid, name, peer, madeBy, role, state, transport, traddr, trsvcid, subsysnqn } = view;
  const who = `"uid":${String(uid)},"name":${quoteName(name)},"peer":${peer === undefined ? "null" : quoteName(peer)},"madeBy":"${madeBy}","role":"${role}","state":"${state}"`;
  const where = `"transport":${quoteName(transport)},"traddr":${quoteName(traddr)},"trsvcid":${quoteName(trsvcid)},"subsysnqn":${quoteName(subsysnqn)}`;
  const host = `"hostTraddr":${quoteName(view.hostTraddr)},"hostIface":${quoteName(view.hostIface)},"hostNqn":${quoteName(view.hostNqn)}`;
  return `${who},${where},${host}`;
}

/** The body of the record of something that happened in the world. */
export function observationText(seen: WorldObservation): string {
  const head = `"seen":"${seen.kind}"`;
  switch (seen.kind) {
    case "uevent":
      return `${head},"fate":"${seen.fate}","header":${quoteName(seen.header)}`;
    case "connect-begin":
      return `${head},"by":"${seen.by}","options":${quoteName(seen.options)},"peer":${orNull(seen.peer)}`;
    case "connect-end":
      return `${head},"by":"${seen.by}","options":${quoteName(seen.options)},"errno":${String(seen.errno)},"uid":${String(seen.uid ?? null)}`;
    case "controller-added":
      return `${head},"by":"${seen.by}",${connectionText(seen.controller)}`;
    case "controller-state":
      return `${head},"uid":${String(seen.uid)},"name":${quoteName(seen.name)},"from":"${seen.from}","to":"${seen.to}"`;
    case "delete-begin":
      return `${head},"by":"${seen.by}","uid":${String(seen.uid)},"name":${quoteName(seen.name)}`;
    case "controller-removed":
      return `${head},"by":"${seen.by}","cause":"${seen.cause}",${connectionText(seen.controller)}`;
    case "registered":
      return `${head},"peer":${quoteName(seen.peer)},"hostNqn":${quoteName(seen.hostNqn)},"symname":${quote(seen.symname)}`;
    case "file-written":
      return `${head},"by":"${seen.by}","path":${quoteName(seen.path)},"bytes":${String(seen.bytes)}`;
    case "file-failed":
      return `${head},"by":"${seen.by}","path":${quoteName(seen.path)},"errno":${String(seen.errno)}`;
    case "unit-job":
      return `${head},"unit":${quote(seen.unit)},"job":"${seen.job}","fate":"${seen.fate}"`;
    case "bus-reply":
      return `${head},"service":"${seen.service}","method":${quoteName(seen.method)},"uid":${String(seen.uid)},"result":${busResultText(seen.result)}`;
    case "ignored":
      return `${head},"action":"${seen.action}","target":${quoteName(seen.target)}`;
    case "process":
      return `${head},"process":"${seen.process}","phase":"${seen.phase}","status":${String(seen.status ?? null)}`;
  }
}

function orNull(name: string | undefined): string {
  return name === undefined ? "null" : quoteName(name);
}
