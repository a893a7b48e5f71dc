/** What the simulated kernel and target do beyond the contract, on the real ones: few controllers, and names of interfaces. */
import { ERRNO } from "../../../src/core/domain/errno.js";
import { Seconds } from "../../../src/core/domain/units.js";
import type { Check } from "../check.js";
import { connect, controller } from "../guest/fabrics.js";
import { run } from "../guest/run.js";
import { pass, waitFor } from "../guest/wait.js";
import { CABLE, connectByHand, FAR, HOME, IDENTITY, serve, serveFar, volume } from "./steps/storage.js";

const fewControllers: Check = {
  name: "a subsystem with two controller ids rejects a third connection with EIO",
  guest: "options",
  async run({ target, expect }) {
    const nqn = volume(1);
    serve(target, [nqn]);
    target.subsystemAttribute(nqn, "attr_cntlid_max", 2);
    const again = (): ReturnType<typeof connect> => {
      const place = `transport=tcp,traddr=${HOME.traddr},trsvcid=${HOME.trsvcid}`;
      return connect(`nqn=${nqn},${place},nr_io_queues=1,${IDENTITY},duplicate_connect`);
    };
    const made = [again(), again()];
    expect.equal(
      "two connections",
      made.map(({ ok }) => ok),
      [true, true],
    );
    expect.equal("a third connection", again(), { ok: false, errno: ERRNO.EIO });
  },
};

const names: Check = {
  name: "an alternative name is accepted as host_iface, and a renamed interface keeps its connections",
  guest: "options",
  async run(lab) {
    const nqn = volume(1);
    serveFar(lab, [nqn]);
    run("ip", ["link", "property", "add", "dev", CABLE, "altname", "storage0"]);
    const device = connectByHand(nqn, FAR, ",host_iface=storage0,reconnect_delay=1");
    const other = connectByHand(nqn, FAR, `,host_iface=${CABLE},reconnect_delay=1`);
    const rename = (from: string, to: string): void => {
      run("ip", ["link", "set", from, "down"]);
      run("ip", ["link", "set", from, "name", to]);
      run("ip", ["link", "set", to, "up"]);
    };
    rename(CABLE, "renamed");
    await pass(Seconds(8), "longer than the keep-alive timeout");
    const states = (): readonly (string | undefined)[] => [device, other].map((name) => controller(name)?.state);
    lab.expect.equal("after the new name", states(), ["live", "live"]);
    for (const name of [device, other]) run("sh", ["-c", `echo 1 > /sys/class/nvme/${name}/reset_controller || true`]);
    await waitFor(
      "the one by its alternative name alone to be live",
      Seconds(20),
      () => states().join() === "live,connecting",
    );
    rename("renamed", CABLE);
    await waitFor("both to be live again", Seconds(20), () => states().join() === "live,live");
  },
};

export const targetsChecks: readonly Check[] = [fewControllers, names];
