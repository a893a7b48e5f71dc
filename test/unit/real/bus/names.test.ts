import { describe, expect, it } from "vitest";
import { Milliseconds } from "../../../../src/core/domain/units.js";
import { join, joined, lines, startBus } from "./kit.js";

const STAF = "org.nvmexpress.staf";
const STAC = "org.nvmexpress.stac";

describe("the names of the services", () => {
  it("belong to the process that runs the services, and are free once it leaves", async () => {
    const bus = await startBus();
    const { bus: both, log } = await joined(bus, ["staf", "stac"]);
    expect(bus.ownerOf(STAF)).toMatch(/^:1\./);
    expect(bus.ownerOf(STAC)).toBe(bus.ownerOf(STAF));
    expect(log.all).toEqual([]);
    both.close();
    await bus.until(() => bus.ownerOf(STAF) === undefined && bus.ownerOf(STAC) === undefined);
  });

  it("that another process owns give an error that says what to do, and are taken once free", async () => {
    const bus = await startBus();
    const other = bus.join(() => undefined);
    bus.own(STAF, other);
    const { log } = await joined(bus, ["stac"]);
    const { log: ofStaf } = join(bus.address, ["staf"]);
    await ofStaf.next(({ level }) => level === "error");
    expect(bus.ownerOf(STAF)).toBe(other);
    bus.release(STAF);
    await bus.until(() => bus.ownerOf(STAF)?.startsWith(":1.") === true);
    expect(lines(ofStaf.all)).toEqual([
      "error another daemon (pid 4711) owns org.nvmexpress.staf on D-Bus. Stop it first. This daemon " +
        "takes the name as soon as it is free",
    ]);
    expect(log.all).toEqual([]);
  });

  it("that another process owns are reported to a start, which logs nothing and takes none", async () => {
    const bus = await startBus();
    const other = bus.join(() => undefined);
    bus.own(STAF, other);
    const { bus: second, log } = join(bus.address, ["staf"]);
    expect(await second.claim(0)).toEqual([{ holds: "name", what: STAF, pid: 4711 }]);
    expect(log.all).toEqual([]);
    expect(bus.ownerOf(STAF)).toBe(other);
  });

  it("are claimed at once if they are free or refused, if their owner leaves in time, and without a bus", async () => {
    const bus = await startBus();
    expect(await join(bus.address, ["staf"]).bus.claim(60_000)).toEqual([]);
    const leaving = join(bus.address, ["staf"]).bus.claim(60_000);
    await bus.until(() => bus.asked.filter((asked) => asked === `GetNameOwner ${STAF}`).length === 2);
    bus.release(STAF);
    expect(await leaving).toEqual([]);
    bus.refused.add(STAC);
    expect(await join(bus.address, ["stac"]).bus.claim(60_000)).toEqual([]);
    expect(await join("unix:path=/nowhere", ["stac"]).bus.claim(60_000)).toEqual([]);
  });

  it("that the bus refuses are requested again, and logged once", async () => {
    const bus = await startBus();
    bus.refused.add(STAF);
    const { log, events } = join(bus.address, ["staf"]);
    const requests = () => bus.asked.filter((asked) => asked === `RequestName ${STAF}`).length;
    await bus.until(() => requests() >= 3);
    expect(lines(log.all)).toEqual([
      "error the bus does not let this process own org.nvmexpress.staf (org.freedesktop.DBus.Error.AccessDenied), so " +
        "clients cannot find it: copy etc/dbus-1/system.d/org.nvmexpress.stas.conf of this project to /usr/share/dbus-1/system.d and reload the bus " +
        "(systemctl reload dbus)",
    ]);
    bus.refused.delete(STAF);
    await bus.until(() => bus.ownerOf(STAF) !== undefined);
    expect(events.all).toEqual([{ kind: "bus-state", up: true }]);
  });

  it("are requested without a place in the queue of the bus", async () => {
    const bus = await startBus();
    const requests: unknown[] = [];
    bus.onDriver = ({ member, body }) => {
      if (member === "RequestName") requests.push(body);
    };
    await joined(bus, ["staf"], { nameRetry: Milliseconds(60_000) });
    expect(requests).toEqual([[STAF, 4]]);
  });
});
