/** Hands each completion to the code that made the request. */
import { onLogPage } from "../controller/discovery.js";
import { onKernelOptions } from "../controller/kernel-options.js";
import { onConnectReply, onDeleted, onProbed } from "../controller/machine.js";
import { onRegistered } from "../controller/registration.js";
import { placeOf } from "../controller/adoption.js";
import { connectEnded, deviceKnown, deviceSeen } from "../devices/events.js";
import { assert, AssertionError } from "../domain/assertion.js";
import { advice } from "../domain/advice.js";
import { errnoName } from "../domain/errno.js";
import { onIdentified } from "../kernel/refresh.js";
import { onReached } from "../mdns/reach.js";
import { onResolved } from "../names/resolving.js";
import type { CompletionEvent } from "../ports/index.js";
import type { DeletedEvent } from "../ports/sysfs.js";
import { onSaved } from "../record/saving.js";
import { onStafAnswer } from "../stac/view.js";
import { log, type Context } from "../state/context.js";
import type { Controller, ControllerId, DiscoveryControllerState } from "../state/controller.js";
import { requestReconcile } from "../state/soak.js";
import type { Pending } from "../state/state.js";

type CompletionKind = CompletionEvent["kind"];
type Completion<Kind extends CompletionKind> = Extract<CompletionEvent, { readonly kind: Kind }>;

/** The request number says what a completion belongs to. A second completion of one request is dropped. */
export function onCompletion(context: Context, event: CompletionEvent): void {
  const { requests, nextRequest } = context.state;
  assert(event.request < nextRequest, "a port completes only requests that the core made");
  const pending = requests.get(event.request);
  if (pending === undefined) return;
  requests.delete(event.request);
  complete(context, pending, event);
}

/**
 * A controller waits for its connect and its delete. The maker of any other call may be gone or may have moved on: each
 * handler checks that itself.
 */
function complete(context: Context, pending: Pending, event: CompletionEvent): void {
  const { request } = event;
  switch (pending.kind) {
    case "options":
      onKernelOptions(context, as(event, "fabrics-reply").result);
      return;
    case "probe": {
      const { result } = as(event, "probed");
      const controller = controllerOf(context, pending.controller);
      if (controller !== undefined) onProbed(context, controller, request, result);
      return;
    }
    case "connect": {
      const { result } = as(event, "fabrics-reply");
      const controller = controllerOf(context, pending.controller);
      assert(controller !== undefined, "a controller outlives its connect");
      onConnectReply(context, controller, request, result);
      connectEnded(context, placeOf(controller));
      return;
    }
    case "delete":
      completeDelete(context, pending, as(event, "deleted"));
      return;
    case "log-page": {
      const { result } = as(event, "admin-reply");
      onLogPage(context, discoveryController(context, pending.controller), pending.handle, request, result);
      return;
    }
    case "register": {
      const { result } = as(event, "admin-reply");
      onRegistered(context, discoveryController(context, pending.controller), pending.handle, request, result);
      return;
    }
    case "identify": {
      const { result } = as(event, "admin-reply");
      const present = onIdentified(context, pending, request, result);
      if (present !== undefined) deviceKnown(context, present);
      requestReconcile(context, "stac");
      return;
    }
    case "save":
      onSaved(context, pending.service, pending.sequence, as(event, "written").result);
      return;
    case "resolve":
      onResolved(context, pending.name, as(event, "resolved").result);
      return;
    case "reach":
      onReached(context, pending.target, request, as(event, "probed").result);
      return;
    case "ask-staf":
      onStafAnswer(context, request, as(event, "bus-reply").result);
      return;
  }
}

/** A completion, as the kind that its request expects. Another kind is a bug in a port. */
function as<Kind extends CompletionKind>(event: CompletionEvent, kind: Kind): Completion<Kind> {
  if (isOfKind(event, kind)) return event;
  throw new AssertionError(`a request that ends with ${kind} was completed by ${event.kind}`);
}

function isOfKind<Kind extends CompletionKind>(event: CompletionEvent, kind: Kind): event is Completion<Kind> {
  return event.kind === kind;
}

function completeDelete(
  context: Context,
  pending: Extract<Pending, { readonly kind: "delete" }>,
  { request, result }: DeletedEvent,
): void {
  context.ports.sysfs.close(pending.handle);
  const controller = controllerOf(context, pending.controller);
  if (controller !== undefined) onDeleted(context, controller, request, result);
  else if (!result.ok)
    log(
      context,
      "info",
      `the delete of ${pending.device} ended with ${errnoName(result.errno)}: ${advice("delete", result.errno)}`,
    );
  // Its uevent may be lost. The index must not keep a deleted device, or a service could adopt it.
  deviceSeen(context, pending.device);
}

function controllerOf({ state }: Context, id: ControllerId | undefined): Controller | undefined {
  return id === undefined ? undefined : state.controllers.get(id);
}

function discoveryController(context: Context, id: ControllerId): DiscoveryControllerState | undefined {
  const controller = controllerOf(context, id);
  return controller?.service === "staf" ? controller : undefined;
}
