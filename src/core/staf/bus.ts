/** Answers staf's methods on the bus. */
import type { Context } from "../state/context.js";
import { deviceOf } from "../controller/life.js";
import { controllerKey, knownEntries, standingOf, type Page } from "../state/controller.js";
import type { BusCallEvent, BusResult, BusValue } from "../ports/bus.js";
import type { StafState } from "../state/state.js";
import { controllerToBus, entryToBus } from "../codec/bus-format.js";
import { openToBus, sourceToBus } from "../codec/bus-source.js";
import { pageKey, sourceKey, type OpenSource } from "../domain/open-source.js";
import { discoveryControllers, stafView } from "./service.js";

const UNKNOWN_METHOD = "org.freedesktop.DBus.Error.UnknownMethod";
const INVALID_ARGS = "org.freedesktop.DBus.Error.InvalidArgs";
/** staf does not know enough to answer. An empty answer would mean "nothing discovered". */
const NOT_KNOWN = "org.nvmexpress.staf.Error.NotKnown";

export function answerStaf(context: Context, staf: StafState, call: BusCallEvent): BusResult {
  switch (call.method) {
    case "list_controllers":
      return ok(discoveryControllers(context).map((dc) => controllerToBus(dc.tid, deviceOf(dc))));
    case "get_log_pages":
      return logPages(context, call.args);
    case "get_all_log_pages": {
      const view = stafView(context, staf);
      return view.kind === "unknown" ? { ok: false, error: NOT_KNOWN } : ok(allLogPages(context, view.open));
    }
    default:
      return { ok: false, error: UNKNOWN_METHOD };
  }
}

function ok(value: BusValue): BusResult {
  return { ok: true, values: [value] };
}

/** The page of the discovery controller with these seven fields. Empty if it is not known. */
function logPages(context: Context, args: readonly BusValue[]): BusResult {
  const fields = args.filter((field) => typeof field === "string");
  if (fields.length !== 7 || args.length !== 7) return { ok: false, error: INVALID_ARGS };
  const id = context.state.byKey.get(controllerKey("staf", fields.join(",")));
  const controller = id === undefined ? undefined : context.state.controllers.get(id);
  return ok(controller?.service === "staf" ? entriesToBus(controller.page) : []);
}

/**
 * Every discovery controller with its page, and whether the page is known, as JSON. What may lead to more has an element like a
 * discovery controller with an empty page, which is how the stacd of nvme-stas reads it. Under `open` it says what it waits for.
 */
function allLogPages(context: Context, open: readonly OpenSource[]): string {
  const now = context.ports.clock.now();
  const waiting = new Map(open.map((one) => [sourceKey(one.source), one]));
  const elements: object[] = [];
  for (const dc of discoveryControllers(context)) {
    if (standingOf(dc) === "leaving") continue;
    const key = pageKey(dc.tid);
    const source = waiting.get(key);
    waiting.delete(key);
    elements.push({
      "discovery-controller": controllerToBus(dc.tid, deviceOf(dc)),
      "log-pages": entriesToBus(dc.page),
      state: dc.page.known === "yes" ? "known" : "unknown",
      ...(source === undefined ? {} : { open: openToBus(source, now) }),
    });
  }
  for (const source of waiting.values()) {
    const shown = { "discovery-controller": sourceToBus(source.source), "log-pages": [], state: "unknown" };
    elements.push({ ...shown, open: openToBus(source, now) });
  }
  return JSON.stringify(elements);
}

function entriesToBus(page: Page) {
  return (knownEntries(page) ?? []).map(entryToBus);
}
