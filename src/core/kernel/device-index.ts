/** The index of the kernel's controllers. The cost of a lookup does not grow with their number. */
import type { KernelController } from "../codec/sysfs.js";
import type { ControllerId } from "../state/controller.js";
import type { SysfsSummary } from "../ports/sysfs.js";
import type { DeviceIndex, DeviceKind, Device } from "../state/device.js";
import { DCTYPE_READS_MAX } from "../domain/limits.js";
import { addressKey, subsystemKey } from "./match.js";

export function emptyIndex(): DeviceIndex {
  return { byName: new Map(), byPlace: new Map() };
}

/** Whether a controller shows the same as before. Ignores `src_addr`, which comes and goes with the connection. */
export function sameSummary(one: SysfsSummary, other: SysfsSummary): boolean {
  if (one.state !== other.state || one.subsysnqn !== other.subsysnqn) return false;
  return one.address === other.address || withoutSource(one.address) === withoutSource(other.address);
}

function withoutSource(address: string): string {
  return address.replace(/,?src_addr=[^,\n]*/u, "");
}

function isAtSamePlace(one: KernelController, other: KernelController): boolean {
  return (
    one.traddr === other.traddr &&
    one.subsysnqn === other.subsysnqn &&
    one.trsvcid === other.trsvcid &&
    one.transport === other.transport
  );
}

function placesOf(controller: KernelController): readonly string[] {
  return [addressKey(controller), subsystemKey(controller)];
}

/** Enters or updates a controller. Keeps its bindings, which last as long as the name. */
export function enter(
  index: DeviceIndex,
  controller: KernelController,
  kind: DeviceKind,
  summary: SysfsSummary,
): Device {
  const { name } = controller;
  const present = index.byName.get(name);
  if (present === undefined) {
    const places = placesOf(controller);
    const entered: Device = {
      controller,
      kind,
      places,
      incompleteReads: 0,
      summary,
      identify: undefined,
      identifiedDctype: "",
      bound: new Set(),
    };
    index.byName.set(name, entered);
    for (const place of places) addTo(index.byPlace, place, name);
    return entered;
  }
  if (!isAtSamePlace(present.controller, controller)) {
    present.identify = undefined;
    present.identifiedDctype = "";
    for (const place of present.places) removeFrom(index.byPlace, place, name);
    present.places = placesOf(controller);
    for (const place of present.places) addTo(index.byPlace, place, name);
  }
  present.controller = controller;
  present.kind = kind;
  present.summary = summary;
  return present;
}

export function remove(index: DeviceIndex, name: string): Device | undefined {
  const present = index.byName.get(name);
  if (present === undefined) return undefined;
  index.byName.delete(name);
  for (const place of present.places) removeFrom(index.byPlace, place, name);
  return present;
}

/** Whether it is a live I/O controller to which none of ours is bound. */
export function isStray({ controller, kind, bound }: Device): boolean {
  return kind === "io" && bound.size === 0 && controller.complete && controller.state === "live";
}

/** `cdc`, `ddc` or `none`. Empty while that is not known: before the attributes are filled in, the kernel shows `none`. */
export function dctypeOf({ controller, identifiedDctype }: Device): string {
  return controller.complete ? controller.dctype || identifiedDctype : "";
}

/** Whether it will soon be known of a discovery controller whether it is a CDC or a DDC. */
export function isDctypeComing(present: Device): boolean {
  if (!present.controller.complete) return present.incompleteReads <= DCTYPE_READS_MAX;
  return dctypeOf(present) === "" && present.identify !== undefined;
}

/** The controllers at one place, in the order they were seen. */
export function atPlace(index: DeviceIndex, place: string): readonly Device[] {
  const found: Device[] = [];
  for (const name of index.byPlace.get(place) ?? []) {
    const present = index.byName.get(name);
    if (present !== undefined) found.push(present);
  }
  return found;
}

export function bind(index: DeviceIndex, device: string, id: ControllerId): void {
  index.byName.get(device)?.bound.add(id);
}

export function unbind(index: DeviceIndex, device: string, id: ControllerId): void {
  index.byName.get(device)?.bound.delete(id);
}

/** Adds to a set in a map of sets. Makes the set if there is none. */
export function addTo<K, V>(sets: Map<K, Set<V>>, key: K, value: V): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([value]));
  else set.add(value);
}

/** Removes from a set in a map of sets. Removes a set that becomes empty. */
export function removeFrom<K, V>(sets: Map<K, Set<V>>, key: K, value: V): void {
  const set = sets.get(key);
  if (set?.delete(value) === true && set.size === 0) sets.delete(key);
}
