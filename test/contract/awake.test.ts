/** The suite is awake: one errno or one text that differs from the kernel's makes it fail. */
import { expect, test } from "vitest";
import { ERRNO } from "../../src/core/domain/errno.js";
import type { CoreEvent } from "../../src/core/ports/index.js";
import { expectedOn, isSame, observe, runsOn } from "./behaviour.js";
import { SimContractHost } from "./sim-host.js";
import { BEHAVIOURS } from "./suites.js";

/** Names of the behaviours that fail in a tampered world. */
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

test("nothing fails without tampering", async () => {
  expect(await failing((event) => event)).toEqual([]);
});

test("a wrong errno for a refused connect fails", async () => {
  expect(await failing(errnoOfConnects(ERRNO.ECONNREFUSED, ERRNO.EHOSTUNREACH))).toEqual([
    "fabrics: connect to a port without a listener",
  ]);
});

test("a wrong errno for a duplicate connect fails", async () => {
  expect(await failing(errnoOfConnects(ERRNO.EALREADY, ERRNO.EEXIST))).toEqual([
    "fabrics: a discovery subsystem with a unique NQN: a connect to the well-known NQN shows it; only with the discovery flag does it accept duplicates",
    "fabrics: a second connect to a subsystem",
    "fabrics: a duplicate of a reconnecting controller",
  ]);
});

test("a wrong event name in a uevent fails", async () => {
  expect(await failing(inUevents("NVME_EVENT=rediscover", "NVME_EVENT=rediscovered"))).toEqual([
    "sysfs: a port goes away and comes back: no uevent for the loss, then rediscover and connected for a discovery controller, connected for an I/O controller",
    "sysfs: a link that dies silently",
    "udev: a reset of a discovery controller: rediscover first, then connected",
    "udev: the text of a rediscover event",
  ]);
});

test("a wrong property in a uevent fails", async () => {
  const names = await failing(inUevents("NVME_HOST_IFACE=none", "NVME_HOST_IFACE="));
  expect(names).toContain("udev: the text of an add event");
  expect(names).not.toContain("udev: the text of a remove event, with host_traddr and host_iface");
});
