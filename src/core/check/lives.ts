/** Controllers, and the indexes under which they are found. */
import { placeOf } from "../controller/adoption.js";
import { nameOf } from "../controller/life.js";
import { transportIdKey, type TransportId } from "../domain/transport-id.js";
import type { ServiceName } from "../ports/bus.js";
import { controllerKey, lineOf, LINES, type Controller, type ControllerId } from "../state/controller.js";
import type { CoreState } from "../state/state.js";
import { violation } from "./violation.js";

/** Every controller is found by its id, by its key, by its place and in the line of its state; nothing else is. */
export function checkLives(state: CoreState): void {
  const { controllers, byKey, lines } = state;
  for (const [id, controller] of controllers) checkController(state, id, controller);
  if (byKey.size !== controllers.size) violation("a key leads to a controller that does not exist");
  checkPlaces(state);
  let standing = 0;
  for (const line of LINES) {
    for (const id of lines[line]) {
      const controller = controllers.get(id);
      if (controller === undefined) violation(`${id} stands in the line ${line} and does not exist`);
      if (lineOf(controller.life) !== line) violation(`${id} stands in the line ${line} and is ${controller.life.at}`);
    }
    standing += lines[line].size;
  }
  if (standing !== controllers.size) violation("a controller stands in no line");
}

function checkController(state: CoreState, id: ControllerId, controller: Controller): void {
  const { byKey, byPlace } = state;
  if (controller.id !== id) violation(`${id} is entered as ${controller.id}`);
  if (state[controller.service] === undefined)
    violation(`${id} belongs to ${controller.service}, which does not run here`);
  const { key, place } = foundUnder(controller);
  if (byKey.get(key) !== id) violation(`${id} (${nameOf(controller)}) is not found by its key`);
  if (byPlace.get(place)?.has(id) !== true) violation(`${id} (${nameOf(controller)}) is not found at its place`);
}

interface FoundUnder {
  readonly service: ServiceName;
  readonly key: string;
  readonly place: string;
}

/** To make these texts would be most of the cost of a check. They depend on the transport id and the service alone. */
const FOUND_UNDER = new WeakMap<TransportId, FoundUnder>();

function foundUnder(controller: Controller): FoundUnder {
  const { service, tid } = controller;
  const known = FOUND_UNDER.get(tid);
  if (known?.service === service) return known;
  const found = { service, key: controllerKey(service, transportIdKey(tid)), place: placeOf(controller) };
  FOUND_UNDER.set(tid, found);
  return found;
}

function checkPlaces({ controllers, byPlace }: CoreState): void {
  let placed = 0;
  for (const ids of byPlace.values()) {
    if (ids.size === 0) violation("a place of no controller is kept");
    placed += ids.size;
  }
  if (placed !== controllers.size) violation("a place leads to a controller that is elsewhere, or does not exist");
}

/** staf reads from a discovery controller, and registers with it, only while it is connected. */
export function checkConversations({ controllers }: CoreState): void {
  for (const controller of controllers.values()) {
    if (controller.service !== "staf" || controller.life.at === "connected") continue;
    if (controller.reading.at !== "idle") violation(`${controller.id} is ${controller.life.at} while its page is read`);
    if (controller.registration.at === "command")
      violation(`${controller.id} is ${controller.life.at} while a registration is in flight`);
  }
}
