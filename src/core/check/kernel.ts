/** The index of the kernel's controllers, and what it carries of ours. */
import { deviceOf } from "../controller/life.js";
import type { CoreState } from "../state/state.js";
import { violation } from "./violation.js";

/** Every device is found by its name and at its places, and nowhere else. */
export function checkKernelIndex({ kernel, handOns }: CoreState): void {
  let places = 0;
  for (const [name, present] of kernel.byName) {
    if (present.controller.name !== name) violation(`${name} is entered as ${present.controller.name}`);
    for (const place of present.places)
      if (kernel.byPlace.get(place)?.has(name) !== true) violation(`${name} is not found at its place ${place}`);
    places += present.places.length;
  }
  let found = 0;
  for (const [place, names] of kernel.byPlace) {
    if (names.size === 0) violation(`the place ${place} of no device is kept`);
    found += names.size;
  }
  if (found !== places) violation("a place leads to a device that is elsewhere, or is gone");
  for (const device of handOns.keys())
    if (!kernel.byName.has(device)) violation(`nvme-cli is told about ${device}, which is gone`);
}

/**
 * Each controller that a device carries stands on that device. The reverse holds while it is connected, or the kernel reconnects
 * it; a controller that is being disconnected may outlive its device.
 */
export function checkBindings({ kernel, controllers }: CoreState): void {
  for (const [name, { bound }] of kernel.byName) {
    for (const id of bound) {
      const controller = controllers.get(id);
      if (controller === undefined) violation(`${name} carries ${id}, which does not exist`);
      if (deviceOf(controller) !== name) violation(`${name} carries ${id}, which is ${controller.life.at} elsewhere`);
    }
  }
  for (const { id, life } of controllers.values()) {
    if (life.at !== "connected" && life.at !== "reconnecting") continue;
    if (kernel.byName.get(life.device)?.bound.has(id) !== true)
      violation(`${id} is ${life.at} on ${life.device}, which does not carry it`);
  }
}
