/**
 * What the boot firmware says about this host (NVMe Boot Specification): the discovery controllers for staf, and the
 * connections that the host booted from, which must never be disconnected.
 */
import { decodeNbft } from "../codec/nbft.js";
import { DecodeError } from "../codec/error.js";
import { sayOnce, type Context } from "../state/context.js";
import type { CommonConfig } from "../config/types.js";
import { unreadable } from "../domain/advice.js";
import { sameAddress } from "../domain/ip-address.js";
import type { NbftSubsystem, NbftTable } from "../domain/nbft.js";
import type { TransportId } from "../domain/transport-id.js";
import { discoveryControllersOf, type NbftDc } from "./nbft.js";
import type { CoreState } from "../state/state.js";

export const BOOT_TABLES = "/sys/firmware/acpi/tables";

function tablesOf({ bootTables }: CoreState): readonly NbftTable[] {
  return [...bootTables.values()].filter((table) => typeof table !== "string");
}

/** Whether every existing table could be read. */
function bootKnown({ bootTables }: CoreState): boolean {
  return [...bootTables.values()].every((table) => typeof table !== "string");
}

/** The tables that exist and could never be read. One that is not valid has said all that it ever will. */
export function unreadTables({ bootTables }: CoreState): readonly string[] {
  return [...bootTables].flatMap(([path, table]) => (table === "unread" ? [path] : []));
}

/** Reads every table. A problem with one table is logged once and does not affect the others. */
export function readBootTables(context: Context): void {
  const { store } = context.ports;
  const { bootTables } = context.state;
  const paths = store
    .list(BOOT_TABLES)
    .filter((name) => /^NBFT\d*$/u.test(name))
    .map((name) => `${BOOT_TABLES}/${name}`);
  for (const path of paths) {
    if (!bootTables.has(path)) bootTables.set(path, "unread");
    const read = store.readBytes(path);
    if (!read.ok) {
      sayOnce(context, `boot ${path}`, "error", `${path} cannot be read (${unreadable(read.errno)})`);
      continue;
    }
    try {
      const table = decodeNbft(read.bytes);
      bootTables.set(path, table);
      for (const { problem } of table.faults)
        sayOnce(context, `boot ${path} ${problem}`, "warning", `${path}: ${problem}`);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      if (typeof bootTables.get(path) === "string") bootTables.set(path, "not-valid");
      sayOnce(context, `boot ${path}`, "error", `${path} is not valid: ${error.problem}`);
    }
  }
}

/** Whether every subsystem that the host may have booted from is known. */
export function bootSubsystemsKnown(state: CoreState): boolean {
  return bootKnown(state) && tablesOf(state).every(({ faults }) => faults.every(({ list }) => list !== "subsystem"));
}

/** The discovery controllers that the tables ask for. Ignored records and remarks are logged once. */
export function bootControllers(context: Context, { ignoreIface }: CommonConfig): readonly NbftDc[] {
  const { bootTables, identity, interfaces } = context.state;
  const found: NbftDc[] = [];
  for (const [path, table] of bootTables) {
    if (typeof table === "string") continue;
    const { controllers, leftOut } = discoveryControllersOf(table, interfaces, ignoreIface);
    // Omit the host's own NQN: otherwise one connection would have two ids.
    const asOwn = (tid: TransportId): TransportId =>
      tid.hostNqn === identity?.hostNqn ? { ...tid, hostNqn: "" } : tid;
    found.push(...controllers.map((dc) => ({ ...dc, tid: asOwn(dc.tid) })));
    for (const { record, because } of leftOut)
      sayOnce(context, `boot ${path} ${record} ${because}`, "warning", `${path}: ${record} is ignored: ${because}`);
    for (const { record, remarks } of controllers)
      for (const remark of remarks)
        sayOnce(
          context,
          `boot ${path} ${String(record)} ${remark}`,
          "info",
          `${path}: discovery record ${String(record)}: ${remark}`,
        );
  }
  return found;
}

/** The host NQN of a connection: its own, or else this host's. */
export function hostNqnFor({ identity }: CoreState, { hostNqn }: Pick<TransportId, "hostNqn">): string {
  return hostNqn === "" ? (identity?.hostNqn ?? "") : hostNqn;
}

/** The host id for a host NQN. A table's NQN needs the table's id: the kernel refuses another (6.12-cloud.s3.log). */
export function hostIdFor(state: CoreState, hostNqn: string): string {
  for (const { host } of tablesOf(state)) {
    if (hostNqn !== "" && host.nqnConfigured && host.nqn === hostNqn && host.id !== "") return host.id;
  }
  return state.identity?.hostId ?? "";
}

type Connection = Pick<TransportId, "traddr" | "trsvcid" | "subsysnqn"> & { readonly transport: string };

/** Whether the host may have booted from a connection: a table names its subsystem at its address. */
export function isBootConnection(state: CoreState, connection: Connection): boolean {
  const isSame = (boot: NbftSubsystem): boolean =>
    boot.transport === connection.transport &&
    boot.subsysnqn === connection.subsysnqn &&
    (boot.trsvcid === "" || boot.trsvcid === connection.trsvcid) &&
    sameAddress(boot.traddr, connection.traddr);
  for (const { subsystems } of tablesOf(state)) if (subsystems.some(isSame)) return true;
  return false;
}
