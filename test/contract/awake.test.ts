/** The suite is awake: one errno, or one text, that is not the kernel's turns it red. */
import { expect, test } from "vitest";
import { ERRNO } from "../../src/core/domain/errno.js";
import type { CoreEvent } from "../../src/core/ports/index.js";
import { expectedOn, isSame, observe, runsOn } from "./behaviour.js";
import { SimContractHost } from "./sim-host.js";
import { BEHAVIOURS } from "./suites.js";

/** Names of the behaviours that a tampered world fails. */
async function failing(tamper: (event: CoreEvent) => CoreEvent): Promise<readonly string[]> {
  const names: string[] = [];
  for (const behaviour of BEHAVIOURS.filter((one) => runsOn(one, "6.12"))) {
    const { observed } = await observe(behaviour, new SimContractHost("6.12", tamper));
    const expected = expectedOn(behaviour.differs?.simulated ?? behaviour.expected, "6.12");
    if (!isSame(observed, expected)) names.push(`${behaviour.port}: ${behaviour.name}`);
  }
  return names;
}

function inUevents(text: string, instead: string): (event: CoreEvent) => CoreEvent {
  return (event) => {
    if (event.kind !== "uevent") return event;
    const message = Buffer.from(event.message).toString("latin1").replaceAll(text, instead);
    return { ...event, message: Buffer.from(message, "latin1") };
  };
}

function errnoOfConnects(errno: number, instead: number): (event: CoreEvent) => CoreEvent {
  return (event) =>
    event.kind === "fabrics-reply" && !event.result.ok && event.result.errno === errno
      ? { ...event, result: { ok: false, errno: instead } }
      : event;
}

test("untouched, nothing fails", async () => {
  expect(await failing((event) => event)).toEqual([]);
});

test("another errno of a refused connect", async () => {
  expect(await failing(errnoOfConnects(ERRNO.ECONNREFUSED, ERRNO.EHOSTUNREACH))).toEqual([
    "fabrics: connect where nobody listens",
  ]);
});

test("another errno of a duplicate", async () => {
  expect(await failing(errnoOfConnects(ERRNO.EALREADY, ERRNO.EEXIST))).toEqual([
    "fabrics: a discovery subsystem with an NQN of its own: the well-known NQN shows it; with the discovery flag it takes many controllers, without one",
    "fabrics: a second connect to a subsystem",
    "fabrics: a duplicate of a controller that is reconnecting",
  ]);
});

test("another text of an event", async () => {
  expect(await failing(inUevents("NVME_EVENT=rediscover", "NVME_EVENT=rediscovered"))).toEqual([
    "sysfs: a port that goes and comes back: nothing announces the loss, then rediscover and connected of a discovery controller, connected of an I/O controller",
    "sysfs: a link that dies silently",
    "udev: a reset of a discovery controller: rediscover first, then connected",
    "udev: the text of a rediscover",
  ]);
});

test("another property of an event", async () => {
  const names = await failing(inUevents("NVME_HOST_IFACE=none", "NVME_HOST_IFACE="));
  expect(names).toContain("udev: the text of an add");
  expect(names).not.toContain("udev: the text of a remove, with host_traddr and host_iface");
});
