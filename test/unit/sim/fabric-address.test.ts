import { describe, expect, test } from "vitest";
import { FabricModel } from "../../../src/adapters/sim/fabric/fabric.js";
import { NetworkModel } from "../../../src/adapters/sim/net/paths.js";
import { discoveryController, Lab, subsystem, tcp } from "./kernel-lab.js";

const FC = "nn-0x1000000000000001:pn-0x2000000000000001";

/** A fabric, and the peers whose listeners it says have changed. */
function fabric() {
  const network = new NetworkModel({ links: [], routes: [], names: {}, responders: [], avahi: "absent" }, []);
  const model = new FabricModel(
    {
      discoveryControllers: [discoveryController("dc1", [tcp("192.0.2.20", "8009"), tcp("192.0.2.21", "8009")])],
      subsystems: [
        subsystem("vol1", "nqn.2024-01.io.example:vol1", [
          tcp("::ffff:192.0.2.20", "4420"),
          { transport: "rdma", traddr: "192.0.2.20", trsvcid: "4421", state: "refuses" },
        ]),
        subsystem("vol2", "nqn.2024-01.io.example:vol2", [tcp("192.0.2.2", "4420")]),
        subsystem("vol3", "nqn.2024-01.io.example:vol3", [{ transport: "fc", traddr: FC, trsvcid: "", state: "up" }]),
      ],
    },
    network,
  );
  const changed: string[] = [];
  model.onListenerChanged((peer) => changed.push(peer));
  const states = (peer: string) => model.peer(peer)?.listeners.map(({ state }) => state);
  return { model, changed, states };
}

describe("an address whose state is set", () => {
  test("is that of every peer, port, transport and spelling", () => {
    const { model, changed, states } = fabric();
    expect(model.apply({ kind: "address", address: "192.0.2.20", state: "unreachable" })).toBeUndefined();
    expect(states("dc1")).toEqual(["unreachable", "up"]);
    expect(states("vol1")).toEqual(["unreachable", "unreachable"]);
    expect(states("vol2")).toEqual(["up"]);
    expect(changed).toEqual(["dc1", "vol1"]);
  });

  test("may be of Fibre Channel, with or without 0x", () => {
    const { model, states } = fabric();
    expect(model.apply({ kind: "address", address: FC.replaceAll("0x", ""), state: "silent" })).toBeUndefined();
    expect(states("vol3")).toEqual(["silent"]);
  });

  test("is named where nobody listens", () => {
    const { model, changed } = fabric();
    expect(model.apply({ kind: "address", address: "192.0.2.99", state: "silent" })).toBe("192.0.2.99");
    expect(changed).toEqual([]);
  });

  test("takes the connections of all peers there at one moment", () => {
    const lab = new Lab();
    const nvme = lab.connected(
      "transport=tcp,traddr=10.99.0.2,trsvcid=8009,nqn=nqn.2014-08.org.nvmexpress.discovery,keep_alive_tmo=30",
    );
    lab.run(100);
    lab.apply({ kind: "address", address: "10.99.0.2", state: "unreachable" });
    lab.run(60_000);
    expect(lab.states(nvme).map(({ to }) => to)).toContain("connecting");
    expect(lab.state(nvme)).not.toBe("live");
  });
});
