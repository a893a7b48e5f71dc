/** Armed timers, and those who need one. */
import { waitsForDctype } from "../controller/page-options.js";
import { INCOMPLETE_READS_MAX, REACH_PROBES_MAX } from "../domain/limits.js";
import { dropAt } from "../mdns/absence.js";
import type { Controller } from "../state/controller.js";
import type { CoreState } from "../state/state.js";
import { isArmed, timerId, type Timer } from "../state/timers.js";
import { violation } from "./violation.js";

/** Every armed timer stands under its own id, and something waits for it. */
export function checkTimers(state: CoreState): void {
  for (const [id, { timer }] of state.timers) {
    if (timerId(timer) !== id) violation(`the timer ${timerId(timer)} stands under ${id}`);
    if (!isWanted(state, timer)) violation(`nothing waits for the timer ${id}`);
  }
}

function isWanted(state: CoreState, timer: Timer): boolean {
  const { mdns, stac } = state;
  switch (timer.kind) {
    case "stop":
      return state.phase === "stopping";
    case "save":
    case "soak":
      return state[timer.service] !== undefined;
    case "audit":
    case "add":
    case "names":
      return true;
    case "ask-staf":
      return state.staf === undefined && stac?.asking.at === "idle" && stac.view.kind === "unknown";
    case "last-path":
      return stac?.holdsPaths === true;
    case "retry": {
      const at = state.controllers.get(timer.controller)?.life.at;
      return at === "waiting" || at === "remembered";
    }
    case "page": {
      const controller = state.controllers.get(timer.controller);
      return controller?.service === "staf" && controller.reading.at === "retry";
    }
    case "refresh": {
      const controller = state.controllers.get(timer.controller);
      return controller?.service === "staf" && controller.life.at === "connected";
    }
    case "register": {
      const controller = state.controllers.get(timer.controller);
      // The timer of a registration that was not answered outlives its controller, and does nothing then.
      return controller === undefined || (controller.service === "staf" && registrationWaits(controller));
    }
    case "hand-on":
      return state.handOns.has(timer.device);
    case "mdns-reach":
      return [...mdns.targets.values()].some(({ reach }) => reach.at === "waiting");
    case "mdns-cache":
      return mdns.links.size > 0;
    case "mdns-avahi":
      return mdns.listening.at === "avahi"
        ? mdns.listening.daemon !== "up"
        : mdns.listening.at === "builtin" && mdns.listening.because === "no-avahi";
    case "mdns-soak":
      return isTelling(state);
    case "mdns-watch":
    case "mdns-purge":
      return mdns.absences.size > 0;
  }
}

function registrationWaits({ registration }: Extract<Controller, { readonly service: "staf" }>): boolean {
  return registration.at === "retry" || (registration.at === "command" && registration.page === "waits");
}

/** Whether a provider tells of services now. */
function isTelling({ mdns: { listening } }: CoreState): boolean {
  return listening.at === "builtin" || (listening.at === "avahi" && listening.daemon === "up");
}

/** While a core runs, what goes on by a timer has it armed. */
export function checkArmed(state: CoreState): void {
  const { phase, handOns, controllers, kernel } = state;
  if (phase === "stopped") return;
  if (phase === "stopping" && !isArmed(state, { kind: "stop" })) violation("the core stops without a limit");
  for (const [device, { due }] of handOns)
    if (!due && !isArmed(state, { kind: "hand-on", device })) violation(`${device} was handed on and has no timer`);
  if (phase !== "running") return;
  if (!isArmed(state, { kind: "audit" })) violation("no audit is armed");
  for (const controller of controllers.values()) checkControllerArmed(state, controller);
  for (const [name, { incompleteReads }] of kernel.byName) {
    const isReadAgain = incompleteReads > 0 && incompleteReads <= INCOMPLETE_READS_MAX;
    if (isReadAgain && !isArmed(state, { kind: "add" })) violation(`${name} is not filled in and has no timer`);
  }
  checkMdnsArmed(state);
}

function checkControllerArmed(state: CoreState, controller: Controller): void {
  const { id, life } = controller;
  // A discovery controller may outlive its time, since its page still counts: then it waits for a plan.
  const waitsForPlan = life.at === "remembered" && life.fate.kind === "keep" && controller.service === "staf";
  const isTimed = life.at === "waiting" || (life.at === "remembered" && !waitsForPlan);
  if (isTimed && !isArmed(state, { kind: "retry", controller: id })) violation(`${id} is ${life.at} and has no timer`);
  if (controller.service !== "staf") return;
  // While the page waits for a registration, its own timer may have fired.
  const isReadAgain = controller.reading.at === "retry" && controller.registration.at !== "command";
  if (isReadAgain && !isArmed(state, { kind: "page", controller: id }))
    violation(`the page of ${id} waits to be read again and has no timer`);
  const waitsFirst = registrationWaits(controller) || waitsForDctype(state, controller);
  const isConfirmed = life.at === "connected" && controller.reading.at === "idle" && !waitsFirst;
  if (
    isConfirmed &&
    state.staf?.config.logPageRefresh !== undefined &&
    !isArmed(state, { kind: "refresh", controller: id })
  )
    violation(`the page of ${id} is never looked at again`);
  if (registrationWaits(controller) && !isArmed(state, { kind: "register", controller: id }))
    violation(`the registration with ${id} waits and has no timer`);
}

function checkMdnsArmed(state: CoreState): void {
  const { mdns, controllers } = state;
  if (isTelling(state) && !mdns.settled && !isArmed(state, { kind: "mdns-soak" }))
    violation("a provider tells of services without a time limit");
  if (mdns.links.size > 0 && !isArmed(state, { kind: "mdns-cache" }))
    violation("queries are to be sent and no timer runs");
  let waiting = 0;
  let probing = 0;
  for (const { reach } of mdns.targets.values()) {
    if (reach.at === "waiting") waiting += 1;
    else if (reach.at === "probing") probing += 1;
  }
  // Those that are due and find no room wait for the end of a probe.
  if (waiting > 0 && probing < REACH_PROBES_MAX && !isArmed(state, { kind: "mdns-reach" }))
    violation("an announced address waits for a probe and has no timer");
  const isPurged = isArmed(state, { kind: "mdns-purge" }) || isArmed(state, { kind: "soak", service: "staf" });
  for (const id of mdns.absences.keys()) {
    const dc = controllers.get(id);
    if (dc?.service === "staf" && dropAt(state, dc) !== undefined && !isPurged)
      violation(`${id} waits to be dropped and has no timer`);
  }
}
