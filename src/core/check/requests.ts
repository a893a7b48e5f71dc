/** Requests in flight, and those who wait for them. */
import type { RequestId } from "../ports/request.js";
import type { Controller } from "../state/controller.js";
import type { CoreState, Pending } from "../state/state.js";
import { violation } from "./violation.js";

/**
 * Every request in flight has an owner that waits for it. The owner of a probe, a registration, a page read or an Identify may
 * have moved on: then the reply is dropped.
 */
export function checkRequests(state: CoreState): void {
  const { requests, nextRequest } = state;
  for (const [request, pending] of requests) {
    if (request >= nextRequest) violation(`request ${String(request)} was never given out`);
    if (!isAwaited(state, request, pending)) violation(`nobody waits for request ${String(request)} (${pending.kind})`);
  }
}

function isAwaited(state: CoreState, request: RequestId, pending: Pending): boolean {
  switch (pending.kind) {
    case "options":
      return state.fabricsOptions === "asked";
    case "connect": {
      const life = state.controllers.get(pending.controller)?.life;
      return life?.at === "connecting" && life.request === request;
    }
    case "delete": {
      if (pending.controller === undefined) return true;
      const life = state.controllers.get(pending.controller)?.life;
      return life?.at === "disconnecting" && life.request === request && life.device === pending.device;
    }
    case "save": {
      const record = state[pending.service]?.record;
      return record?.attempted === pending.sequence && record.durable !== pending.sequence;
    }
    case "ask-staf": {
      const asking = state.stac?.asking;
      return asking?.at === "calling" && asking.request === request;
    }
    case "probe":
    case "log-page":
    case "register":
    case "identify":
    case "resolve":
    case "reach":
      return true;
  }
}

/** What waits for a request has it in flight. */
export function checkWaiting(state: CoreState): void {
  for (const controller of state.controllers.values()) {
    checkLifeWaits(state, controller);
    if (controller.service === "staf") checkConversationWaits(state, controller);
  }
  for (const [key, { reach }] of state.mdns.targets) {
    if (reach.at !== "probing") continue;
    const pending = state.requests.get(reach.request);
    if (pending?.kind !== "reach" || pending.target !== key) violation(`the target ${key} has no probe in flight`);
  }
  checkServicesWait(state);
  checkIdentifies(state);
}

function checkLifeWaits({ requests }: CoreState, { id, life }: Controller): void {
  switch (life.at) {
    case "probing":
    case "connecting":
    case "disconnecting": {
      const pending = requests.get(life.request);
      const kind = { probing: "probe", connecting: "connect", disconnecting: "delete" }[life.at];
      if (pending?.kind !== kind || !("controller" in pending) || pending.controller !== id)
        violation(`${id} is ${life.at} and has no ${kind} in flight`);
      return;
    }
    case "queued":
    case "ready":
    case "waiting":
    case "given-up":
    case "remembered":
    case "connected":
    case "reconnecting":
      return;
  }
}

function checkConversationWaits(
  { requests }: CoreState,
  { id, reading, registration }: Extract<Controller, { readonly service: "staf" }>,
): void {
  if (reading.at === "command") {
    const { request, handle } = reading.read;
    const pending = requests.get(request);
    if (pending?.kind !== "log-page" || pending.controller !== id || pending.handle !== handle)
      violation(`the page read of ${id} has no command in flight`);
  }
  if (registration.at === "command") {
    const pending = requests.get(registration.request);
    if (pending?.kind !== "register" || pending.controller !== id)
      violation(`the registration with ${id} has no command in flight`);
  }
}

function checkServicesWait(state: CoreState): void {
  const { stac, requests } = state;
  for (const service of ["staf", "stac"] as const) {
    const record = state[service]?.record;
    if (record === undefined) continue;
    const { durable, attempted, sequence } = record;
    if (durable > attempted || attempted > sequence) violation(`the record of ${service} is ahead of what changed`);
    if (durable !== attempted && !isPending(state, (one) => one.kind === "save" && one.service === service))
      violation(`the record of ${service} has no write in flight`);
  }
  if (stac?.asking.at === "calling" && requests.get(stac.asking.request)?.kind !== "ask-staf")
    violation("stac has no call to staf in flight");
  if (state.fabricsOptions === "asked" && !isPending(state, ({ kind }) => kind === "options"))
    violation("connects wait for the connect options, and no request for them is in flight");
}

/** A device names its Identify while that is in flight, and is `asking` no longer. */
function checkIdentifies({ kernel, requests }: CoreState): void {
  for (const [name, { kind, identify }] of kernel.byName) {
    const pending = identify === undefined ? undefined : requests.get(identify);
    if (identify !== undefined && (pending?.kind !== "identify" || pending.device !== name))
      violation(`${name} has no Identify in flight`);
    if (kind === "asking" && identify === undefined) violation(`${name} is asking, and nothing was asked`);
  }
}

function isPending({ requests }: CoreState, matches: (pending: Pending) => boolean): boolean {
  for (const pending of requests.values()) if (matches(pending)) return true;
  return false;
}
