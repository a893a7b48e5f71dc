import type { OsFailure, RequestId } from "./request.js";

/** The attributes of `/sys/class/nvme/nvmeN` that the core uses. */
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

/** One controller as the kernel shows it: raw text, newline included. Attributes that the kernel lacks are absent. */
export interface SysfsRecord {
  /** `nvme0` */
  readonly name: string;
  readonly attributes: Readonly<Partial<Record<ControllerAttribute, string>>>;
}

/** What the audit compares, as raw text. It is cheap to read for every controller of the host. */
export interface SysfsSummary {
  readonly name: string;
  readonly state: string;
  readonly subsysnqn: string;
  readonly address: string;
}

declare const handleBrand: unique symbol;

/** An open controller. It stays bound to that controller even if the kernel reuses the name. */
export type HandleId = number & { readonly [handleBrand]: "handle" };

/** `admin` opens `/dev/nvmeN` (EAGAIN while the controller connects); `delete` opens its `delete_controller`. */
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
  /** One controller, or `undefined` if it is gone. */
  read(name: string): SysfsRecord | undefined;
  /** Opens a controller, then reads its identity, so that the caller can check that it is still the one intended. */
  open(name: string, purpose: HandlePurpose): OpenResult;
  close(handle: HandleId): void;
  /** Deletes the controller behind a handle opened for `delete`. Takes 10 ms to 63 s (6.12-cloud.s7.log). */
  delete(request: RequestId, handle: HandleId): void;
}

/** A delete ended. ENODEV or ENOENT: the controller was already gone. */
export interface DeletedEvent {
  readonly kind: "deleted";
  readonly request: RequestId;
  readonly result: { readonly ok: true } | OsFailure;
}
