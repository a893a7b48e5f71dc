import { describe, expect, test } from "vitest";
import type { KernelVersion } from "../../../src/adapters/sim/spec.js";
import { HOST, Lab, LAB_FABRIC, linesOf, NQN_A, NQN_B, recordedUevents, WELL_KNOWN } from "./kernel-lab.js";

const IO = (nqn: string, more = ""): string => `nqn=${nqn},transport=tcp,traddr=127.0.0.1,trsvcid=4420,${HOST}${more}`;
const DC2 = (more: string): string => `nqn=${WELL_KNOWN},transport=tcp,traddr=192.168.77.1,trsvcid=8009,${HOST}${more}`;

/** The recorder of s2 to s6 left out bdi messages: the logs lack their sequence numbers. */
function withoutBdi(lab: Lab): string[][] {
  return lab.uevents.map(({ message }) => linesOf(message)).filter((lines) => !lines.includes("SUBSYSTEM=bdi"));
}

function unlink(lab: Lab, id: string, index: number): void {
  lab.apply({ kind: "listener", id, index, state: "refuses" });
}

function link(lab: Lab, id: string, index: number): void {
  lab.apply({ kind: "listener", id, index, state: "up" });
}

/** Replays scenario s4 of the lab, step by step. `private` did not listen there at that time. */
function replayS4(version: KernelVersion): Lab {
  const subsystems = LAB_FABRIC.subsystems.filter(({ id }) => id !== "private");
  const lab = new Lab({ version, fabric: { ...LAB_FABRIC, subsystems } });
  lab.connected(IO(NQN_A, ",ctrl_loss_tmo=5,reconnect_delay=1,keep_alive_tmo=5"));
  lab.run(500);
  unlink(lab, "a", 2);
  lab.run(6000);
  lab.connected(IO(NQN_B, ",ctrl_loss_tmo=5,reconnect_delay=1,keep_alive_tmo=5"));
  lab.run(500);
  unlink(lab, "b", 1);
  lab.run(1500);
  lab.connect(IO(NQN_B));
  lab.run(5000);
  link(lab, "b", 1);
  lab.connected(IO(NQN_B, ",ctrl_loss_tmo=60,reconnect_delay=1,keep_alive_tmo=5"));
  lab.run(500);
  unlink(lab, "b", 1);
  lab.run(2500);
  link(lab, "b", 1);
  lab.run(1500);
  unlink(lab, "b", 1);
  lab.run(1500);
  lab.delete("nvme0");
  link(lab, "b", 1);
  lab.run(300);
  lab.connected(DC2(",ctrl_loss_tmo=60,reconnect_delay=1,keep_alive_tmo=5"));
  lab.run(400);
  unlink(lab, "port2", 0);
  unlink(lab, "a", 1);
  lab.run(3000);
  link(lab, "port2", 0);
  link(lab, "a", 1);
  lab.run(700);
  lab.delete("nvme0");
  lab.run(10);
  lab.connected(DC2(",ctrl_loss_tmo=5,reconnect_delay=1,keep_alive_tmo=5"));
  lab.run(400);
  unlink(lab, "port2", 0);
  unlink(lab, "a", 1);
  lab.run(5500);
  lab.connected(IO(NQN_B, ",ctrl_loss_tmo=-1,reconnect_delay=1"));
  lab.run(20);
  lab.delete("nvme0");
  lab.run(10);
  lab.connected(IO(NQN_B, ",ctrl_loss_tmo=0,reconnect_delay=1"));
  lab.run(300);
  unlink(lab, "b", 1);
  lab.run(400);
  link(lab, "b", 1);
  lab.connected(IO(NQN_B, ",ctrl_loss_tmo=5,reconnect_delay=1"));
  lab.run(1300);
  lab.apply({ kind: "allow-hosts", subsystem: "b", hosts: [] });
  lab.apply({ kind: "reset-device", target: "nvme0" });
  lab.run(6000);
  return lab;
}

/** In the logs, uevents and the recorder's own lines differ in order only if a write returned in between. */
describe("uevents match the logs, byte for byte", () => {
  test.each([
    ["6.12", "6.12-cloud.s4"],
    ["6.1", "6.1-cloud.s4"],
  ] as const)("reconnects and removals on %s (%s)", (version, log) => {
    const lab = replayS4(version);
    const recorded = recordedUevents(log).map(linesOf);
    const sent = withoutBdi(lab);
    for (const [index, lines] of recorded.entries()) expect(sent[index], `message ${String(index)}`).toEqual(lines);
    expect(sent.length).toBe(recorded.length);
  });

  test("bdi, block and generic follow `connected` on an I/O connect (6.12-cloud.s1)", () => {
    const lab = new Lab();
    lab.connected(`nqn=${WELL_KNOWN},transport=tcp,traddr=127.0.0.1,trsvcid=8009,${HOST},keep_alive_tmo=30`);
    lab.connected(IO(NQN_A));
    lab.run(500);
    const lines = lab.uevents.map(({ message }) => linesOf(message));
    const recorded = recordedUevents("6.12-cloud.s1").map(linesOf);
    expect(lines.slice(0, 6)).toEqual(recorded.slice(0, 6));
    expect(lines.slice(6)).toEqual([
      [
        "add@/devices/virtual/bdi/259:1",
        "ACTION=add",
        "DEVPATH=/devices/virtual/bdi/259:1",
        "SUBSYSTEM=bdi",
        "SEQNUM=699",
      ],
      [
        "add@/devices/virtual/nvme-subsystem/nvme-subsys1/nvme1n1",
        "ACTION=add",
        "DEVPATH=/devices/virtual/nvme-subsystem/nvme-subsys1/nvme1n1",
        "SUBSYSTEM=block",
        "MAJOR=259",
        "MINOR=1",
        "DEVNAME=nvme1n1",
        "DEVTYPE=disk",
        "DISKSEQ=14",
        "SEQNUM=700",
      ],
      [
        "add@/devices/virtual/nvme-subsystem/nvme-subsys1/ng1n1",
        "ACTION=add",
        "DEVPATH=/devices/virtual/nvme-subsystem/nvme-subsys1/ng1n1",
        "SUBSYSTEM=nvme-generic",
        "MAJOR=245",
        "MINOR=0",
        "DEVNAME=ng1n1",
        "SEQNUM=701",
      ],
    ]);
  });

  test("a delete removes generic, bdi, block, controller and subsystem, in this order (6.12-cloud.s1)", () => {
    const lab = new Lab();
    lab.connected(IO(NQN_A));
    lab.run(500);
    lab.uevents.length = 0;
    lab.delete("nvme0");
    lab.run(500);
    expect(lab.headers()).toEqual([
      "remove@/devices/virtual/nvme-subsystem/nvme-subsys0/ng0n1",
      "remove@/devices/virtual/bdi/259:1",
      "remove@/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1",
      "remove@/devices/virtual/nvme-fabrics/ctl/nvme0",
      "remove@/devices/virtual/nvme-subsystem/nvme-subsys0",
    ]);
  });

  test("a loop controller's traddr is (null), and its trsvcid none (6.12.s3)", () => {
    const lab = new Lab();
    lab.connect(`nqn=${WELL_KNOWN},transport=loop,${HOST}`);
    const first = lab.uevents[0];
    expect(first === undefined ? [] : linesOf(first.message)).toEqual(
      expect.arrayContaining(["NVME_TRTYPE=loop", "NVME_TRADDR=(null)", "NVME_TRSVCID=none"]),
    );
  });

  test("a second path adds no devices, and the last path removes them (6.12-cloud.s3)", () => {
    const lab = new Lab();
    const other = IO(NQN_A).replaceAll("11111111", "99999999");
    lab.connected(IO(NQN_A));
    lab.run(100);
    lab.uevents.length = 0;
    lab.connected(other);
    lab.run(100);
    lab.delete("nvme0");
    lab.run(100);
    expect(lab.headers()).toEqual([
      "add@/devices/virtual/nvme-fabrics/ctl/nvme1",
      "change@/devices/virtual/nvme-fabrics/ctl/nvme1",
      "remove@/devices/virtual/nvme-fabrics/ctl/nvme0",
    ]);
    lab.delete("nvme1");
    lab.run(100);
    expect(lab.headers().slice(3)).toEqual([
      "remove@/devices/virtual/nvme-subsystem/nvme-subsys0/ng0n1",
      "remove@/devices/virtual/bdi/259:1",
      "remove@/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1",
      "remove@/devices/virtual/nvme-fabrics/ctl/nvme1",
      "remove@/devices/virtual/nvme-subsystem/nvme-subsys0",
    ]);
  });
});
