/** Finds which connect options the kernel knows, and handles connections that need others. */
import { parseSupportedOptions, unsupportedOptions } from "../codec/fabrics-options.js";
import { DecodeError } from "../codec/error.js";
import { CONNECTION_KEYS, CONNECTION_OPTIONS, isAccepted, isSet } from "../domain/connection-options.js";
import { advice } from "../domain/advice.js";
import { ERRNO, errnoName } from "../domain/errno.js";
import type { FabricsReplyEvent } from "../ports/fabrics.js";
import { newRequest, sayOnce, unsay, type Context } from "../state/context.js";
import type { Controller } from "../state/controller.js";

/** Mark of the warning about a missing `/dev/nvme-fabrics`. */
const DEVICE_ABSENT = "fabrics device";

/** Whether the kernel has answered. Asks once which options it knows. Connects wait for the answer. */
export function optionsKnown(context: Context): boolean {
  const { state, ports } = context;
  if (state.fabricsOptions === "not-asked") {
    state.fabricsOptions = "asked";
    ports.fabrics.readOptions(newRequest(context, { kind: "options" }));
  }
  return state.fabricsOptions !== "asked";
}

/** The kernel said which connect options it knows. Kernels before 5.17 do not say. */
export function onKernelOptions(context: Context, result: FabricsReplyEvent["result"]): void {
  const { ports, state } = context;
  state.fabricsOptions = "unknown";
  if (!result.ok && result.errno === ERRNO.ENOENT) {
    sayOnce(
      context,
      DEVICE_ABSENT,
      "warning",
      "/dev/nvme-fabrics does not exist, so nothing can be connected. Load the module nvme-fabrics, or the module of a " +
        "transport such as nvme-tcp. It is tried again with every connect.",
    );
    return;
  }
  if (!result.ok) {
    const why = result.stage === "open" ? advice("open", result.errno) : "kernels before 5.17 do not";
    ports.log.write({
      level: "info",
      text: `the kernel does not say which connect options it knows (${errnoName(result.errno)}: ${why})`,
    });
    return;
  }
  unsay(context, DEVICE_ABSENT);
  try {
    state.fabricsOptions = parseSupportedOptions(result.text);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    ports.log.write({ level: "warning", text: `the kernel's connect options cannot be read: ${error.problem}` });
  }
}

/** A connect found no `/dev/nvme-fabrics`. The kernel has not said its options, and the next connect asks again. */
export function onDeviceAbsent(context: Context): void {
  if (context.state.fabricsOptions === "unknown") context.state.fabricsOptions = "not-asked";
}

/**
 * Why a connection cannot be protected as configured: an option that protects is not known to the kernel, or not accepted over
 * this transport. `undefined` if it can. The host's key does not count: it is only a default.
 */
export function whyUnprotected(lacking: ReadonlySet<string>, { options, tid }: Controller): string | undefined {
  for (const key of CONNECTION_KEYS) {
    const { kernel, protects } = CONNECTION_OPTIONS[key];
    if (!protects || !isSet(options, key)) continue;
    if (!isAccepted(tid.transport, key)) return `connections over ${tid.transport} do not support the option ${kernel}`;
    if (lacking.has(kernel)) return `this kernel does not support the connect option ${kernel}`;
  }
  return undefined;
}

/** The options of a connect string that the kernel does not know. */
export function lackingOptions({ state }: Context, connectString: string): ReadonlySet<string> {
  const { fabricsOptions } = state;
  return typeof fabricsOptions === "string" ? new Set() : new Set(unsupportedOptions(connectString, fabricsOptions));
}

/** Removes options that the kernel does not know from a connect string. Logs each option once. */
export function withoutOptions(context: Context, connectString: string, names: ReadonlySet<string>): string {
  for (const name of names)
    sayOnce(
      context,
      `option ${name}`,
      "warning",
      `this kernel does not know the connect option ${name}: it is left out`,
    );
  if (names.size === 0) return connectString;
  return connectString
    .split(",")
    .filter((part) => !names.has(part.split("=", 1)[0] ?? ""))
    .join(",");
}
