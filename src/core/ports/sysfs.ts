import type { OsFailure, RequestId } from "./request.js";

/** The attributes of `/sys/class/nvme/nvmeN` that decisions read. */
export const CONTROLLER_ATTRIBUTES = [
  "address",
  "cntlid",
  "cntrltype",
  "dctype",
  "hostid",
  "hostnqn",
  "state",
  "subsysnqn",
  "transport",
] as const;

export type ControllerAttribute = (typeof CONTROLLER_ATTRIBUTES)[number];

/** One controller as the kernel shows it: raw text, newline included. An attribute the kernel lacks is absent. */
export interface SysfsRecord {
  /** `nvme0` */
  readonly name: string;
  readonly attributes: Readonly<Partial<Record<ControllerAttribute, string>>>;
}

/** What the audit compares: cheap to read for every controller of the host. Raw text. */
export interface SysfsSummary {
  readonly name: string;
  readonly state: string;
  readonly subsysnqn: string;
  readonly address: string;
}

declare const handleBrand: unique symbol;

/** An open controller. It stays with that one controller even when the kernel reuses its name. */
export type HandleId = number & { readonly [handleBrand]: "handle" };

/** `admin` opens `/dev/nvmeN` (EAGAIN while it connects); `delete` opens its `delete_controller`. */
export type HandlePurpose = "admin" | "delete";

export type OpenResult =
  | {
      readonly ok: true;
      readonly handle: HandleId;
      readonly record: SysfsRecord;
    }
  | OsFailure;

export interface SysfsPort {
  /** Every controller of the host, in no particular order. */
  list(): readonly SysfsSummary[];
  /** One controller, or `undefined` where it is gone. */
  read(name: string): SysfsRecord | undefined;
  /** Opens a controller, then reads its identity, so that the caller can compare it with what was decided. */
  open(name: string, purpose: HandlePurpose): OpenResult;
  close(handle: HandleId): void;
  /** Deletes the controller behind a handle opened for `delete`. Takes 10 ms to 63 s (6.12-cloud.s7.log). */
  delete(request: RequestId, handle: HandleId): void;
}

/** A delete ended. ENODEV or ENOENT: it was gone already. */
export interface DeletedEvent {
  readonly kind: "deleted";
  readonly request: RequestId;
  readonly result: { readonly ok: true } | OsFailure;
}
